"""A BERT-shaped sentence model as an ONNX graph, written from its weights. onnx and safetensors are imported here only.

The graph is made of the operators that onnxruntime's own optimiser would arrive at (one for attention, one for each sum
with its normalisation), so nothing has to find them again and torch has no part in it:

    ids, mask: int32[n, t] -> hidden: float32[n, t, d]   mask is 1 for tokens and then 0 for what fills the row up

With `int8` the matrices are whole numbers, one scale for each column; what goes in is brought to whole numbers for each
call. Pooling is the caller's.

Large weights stand in a file of their own beside the graph, as ONNX has it for external data: onnxruntime maps it into
memory and reads only the rows of the words that were met, instead of holding all of it twice while it loads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Whole = NDArray[np.int8]

_CONTRIB = "com.microsoft"
_IR, _OPSET = 9, 18  # old enough for every onnxruntime that is supported
# Of int8, to each side. On processors without VNNI two products are added in 16 bits, which 127 steps would overflow;
# with 63 every processor counts the same, and the worst cosine falls from 0.973 to 0.967.
STEPS = 63
_LARGE = 1024  # bytes from which an array stands in the file of weights
_PAGE = 4096  # arrays begin at multiples of it, so that they can be mapped


class Shape(NamedTuple):
    """What of a model's settings finding needs. tokens: the most it reads at once, with those that begin and end."""

    dimension: int
    tokens: int
    pooling: str  # "mean" or "cls"


class Exported(NamedTuple):
    """An ONNX file, and what is to stand in the file of weights that it names."""

    graph: bytes
    weights: bytes


class NotExportable(Exception):
    """Another architecture, or a setting that the graph does not know. The message says which."""


def shape(folder: Path) -> Shape:
    """What a folder of a sentence-transformers model holds, if it can be exported; NotExportable otherwise."""
    try:
        modules = [str(module["type"]).rsplit(".", 1)[-1] for module in _json(folder / "modules.json")]
        config, pooling = _json(folder / "config.json"), _json(folder / "1_Pooling" / "config.json")
        settings = _json(folder / "sentence_bert_config.json")
        own = _json(folder / "config_sentence_transformers.json")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotExportable(f"its settings cannot be read ({type(error).__name__})") from error
    needed = {
        "model_type": config.get("model_type") == "bert",
        "position_embedding_type": config.get("position_embedding_type", "absolute") == "absolute",
        "hidden_act": config.get("hidden_act") == "gelu",
        "is_decoder": not config.get("is_decoder", False),
        "modules": modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]),
        "do_lower_case": not settings.get("do_lower_case", False),
        "default_prompt_name": not own.get("default_prompt_name"),
        "pooling": _pooling(pooling) in ("mean", "cls"),
        "tokenizer.json": (folder / "tokenizer.json").is_file(),
        "model.safetensors": [path.name for path in folder.glob("*.safetensors")] == ["model.safetensors"],
    }
    if wrong := [name for name, fits in needed.items() if not fits]:
        raise NotExportable(f"it is of another kind ({', '.join(wrong)})")
    tokens = min(int(settings.get("max_seq_length") or 512), int(config["max_position_embeddings"]))
    return Shape(int(config["hidden_size"]), tokens, _pooling(pooling))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _pooling(config: dict[str, Any]) -> str:
    """The one way of pooling; "" if there are several, or one that tokens of a prompt are left out of."""
    if not config.get("include_prompt", True):
        return ""
    if "pooling_mode" in config:
        return str(config["pooling_mode"])
    modes = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    return modes.get(chosen[0], "") if len(chosen) == 1 else ""


def graph(folder: Path, weights: str, *, int8: bool) -> Exported:
    """The model in a folder as an ONNX file whose weights will be in the file called `weights` beside it.
    NotExportable if a weight is missing or of a kind that numpy lacks."""
    from safetensors.numpy import load_file

    try:
        shape(folder)
        return _Graph(load_file(folder / "model.safetensors"), _json(folder / "config.json"), weights, int8).built()
    except (KeyError, TypeError, ValueError) as error:
        raise NotExportable(f"its weights are not those of a BERT ({error})") from error


class _Graph:
    """Nodes and weights while they are put together."""

    def __init__(self, weights: dict[str, Any], config: dict[str, Any], beside: str, int8: bool) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._as_tensor = helper, numpy_helper.from_array
        prefix = "bert." if "bert.embeddings.word_embeddings.weight" in weights else ""
        self._weights = {name.removeprefix(prefix): weight for name, weight in weights.items()}
        self._config, self._int8 = config, int8
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []
        self._beside, self._large = beside, bytearray()

    def built(self) -> Exported:
        from onnx import TensorProto

        h, width = self._helper, self._config["hidden_size"]
        hidden = self._embeddings()
        for layer in range(self._config["num_hidden_layers"]):
            hidden = self._layer(f"encoder.layer.{layer}.", hidden)
        rows = [h.make_tensor_value_info(name, TensorProto.INT32, ["n", "t"]) for name in ("ids", "mask")]
        out = h.make_tensor_value_info(hidden, TensorProto.FLOAT, ["n", "t", width])
        made = h.make_model(
            h.make_graph(self._nodes, "sentence", rows, [out], self._tensors),
            opset_imports=[h.make_opsetid("", _OPSET), h.make_opsetid(_CONTRIB, 1)],
            ir_version=_IR,
        )
        return Exported(bytes(made.SerializeToString(deterministic=True)), bytes(self._large))

    def _embeddings(self) -> str:
        places = self._weight("embeddings.position_embeddings.weight")
        kind = self._weight("embeddings.token_type_embeddings.weight")[0]  # every token is of the first sentence
        ins = [
            "ids",
            "",
            self._put("words", self._weight("embeddings.word_embeddings.weight")),
            self._put("places", places + kind),
            "",
            *self._norm("embeddings.LayerNorm"),
            "mask",
        ]
        return self._node("EmbedLayerNormalization", ins, "embedded", "tokens", epsilon=self._config["layer_norm_eps"])

    def _layer(self, at: str, hidden: str) -> str:
        attended = self._attention(at, hidden)
        mixed = self._times(at + "attention.output.dense", attended)
        mixed = self._sum(at + "attention.output", mixed, hidden)
        wide = self._times(at + "intermediate.dense", mixed)
        bias = self._put(at + "wide.bias", self._weight(at + "intermediate.dense.bias"))
        wide = self._node("BiasGelu", [wide, bias], at + "gelu")
        return self._sum(at + "output", self._times(at + "output.dense", wide), mixed)

    def _attention(self, at: str, hidden: str) -> str:
        parts = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weight(part + ".weight").T for part in parts], axis=1)
        bias = self._put(at + "qkv.bias", np.concatenate([self._weight(part + ".bias") for part in parts]))
        heads = self._config["num_attention_heads"]
        if not self._int8:
            ins = [hidden, self._put(at + "qkv", matrix), bias, "tokens"]
            return self._node("Attention", ins, at + "attended", num_heads=heads)
        whole, scale, zero = self._quantised(at + "qkv", matrix)
        x, x_scale, x_zero = (f"{at}in.{part}" for part in ("whole", "scale", "zero"))
        self._node("DynamicQuantizeLinear", [hidden], x, x_scale, x_zero, domain="")
        ins = [x, whole, bias, x_scale, scale, "tokens", x_zero, zero]
        return self._node("QAttention", ins, at + "attended", num_heads=heads)

    def _times(self, name: str, hidden: str) -> str:
        """`hidden` times a matrix, without its bias."""
        matrix = self._weight(name + ".weight").T
        if self._int8:
            return self._node("DynamicQuantizeMatMul", [hidden, *self._quantised(name, matrix)], name)
        return self._node("MatMul", [hidden, self._put(name + ".matrix", matrix)], name, domain="")

    def _sum(self, name: str, a: str, b: str) -> str:
        """The sum of both and of a bias, normalised."""
        bias = self._put(name + ".bias", self._weight(name + ".dense.bias"))
        ins = [a, b, *self._norm(name + ".LayerNorm"), bias]
        return self._node("SkipLayerNormalization", ins, name + ".sum", epsilon=self._config["layer_norm_eps"])

    def _norm(self, name: str) -> list[str]:
        return [self._put(f"{name}.{part}", self._weight(f"{name}.{part}")) for part in ("weight", "bias")]

    def _quantised(self, name: str, matrix: Floats) -> list[str]:
        scale = (np.abs(matrix).max(axis=0) / STEPS).astype(np.float32)
        scale = np.where(scale == 0, np.float32(1), scale)
        whole: Whole = np.round(matrix / scale).astype(np.int8)
        zero = np.zeros(scale.shape, np.int8)
        return [self._put(f"{name}.{part}", a) for part, a in (("whole", whole), ("scale", scale), ("zero", zero))]

    def _weight(self, name: str) -> Floats:
        return np.asarray(self._weights[name], dtype=np.float32)

    def _put(self, name: str, array: NDArray[Any]) -> str:
        tensor = self._as_tensor(np.ascontiguousarray(array), name)
        if array.nbytes >= _LARGE:
            from onnx.external_data_helper import set_external_data

            self._large += bytes(-len(self._large) % _PAGE)
            set_external_data(tensor, self._beside, len(self._large), array.nbytes)
            self._large += tensor.raw_data
            tensor.ClearField("raw_data")
        self._tensors.append(tensor)
        return name

    def _node(self, kind: str, ins: list[str], *outs: str, domain: str = _CONTRIB, **settings: Any) -> str:
        self._nodes.append(self._helper.make_node(kind, ins, list(outs), domain=domain, **settings))
        return outs[0]
