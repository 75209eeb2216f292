"""The exported model: the same vectors as the original, made once, whole or not at all, and torch whenever it is not."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import exported
from index.embed import SentenceTransformerEmbedder, load
from index.exported import BARS, Bar, opened
from index.kept_lines import encoded
from index.onnx_embed import _AT_ONCE, OnnxEmbedder, together
from index.onnx_graph import NotExportable, shape
from index.settings import IndexSettings, bundled, open_embedder
from tests.conftest import copied

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.model
TEXTS = [
    "",
    "hi",
    "My mum died in March and I cannot sleep, the house is quiet.",
    "  Ça va MAL 😔 и 我累了\n\n",
    "I went to the shop and came home again. " * 120,
    "x" * 2000,
]
WORDS = "[PAD] [UNK] [CLS] [SEP] my mum died in march and i cannot sleep the house is quiet went to shop came home again . ##s x ##x"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model of two small layers with weights by chance: pooled by its first token, not normalised, 16 tokens long."""
    return make_tiny(tmp_path / "tiny")


def make_tiny(folder: Path, **changes: Any) -> Path:
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    (folder / "1_Pooling").mkdir(parents=True)
    vocabulary = {word: i for i, word in enumerate(WORDS.split())}
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": 32, "intermediate_size": 64,
        "layer_norm_eps": 1e-12, "max_position_embeddings": 20, "num_attention_heads": 4, "num_hidden_layers": 2,
        "type_vocab_size": 2, "vocab_size": len(vocabulary), "pad_token_id": 0, **changes,
    }  # fmt: skip
    module = "sentence_transformers.models."
    for name, value in {
        "config.json": config,
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": module + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": module + "Pooling"},
        ],
        "sentence_bert_config.json": {"max_seq_length": 16, "do_lower_case": False},
        "config_sentence_transformers.json": {},
        "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "do_lower_case": True},
        "1_Pooling/config.json": {"word_embedding_dimension": 32, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
    }.items():  # fmt: skip
        (folder / name).write_text(json.dumps(value))
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    chance = np.random.default_rng(4)
    wide = {"intermediate.dense": (64, 32), "output.dense": (32, 64)}
    weights = {f"embeddings.{k}_embeddings.weight": (n, 32) for k, n in (("word", len(vocabulary)), ("position", 20), ("token_type", 2))}  # fmt: skip
    for layer in ("encoder.layer.0.", "encoder.layer.1."):
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            *wide,
        ):
            weights[f"{layer}{part}.weight"] = wide.get(part, (32, 32))
            weights[f"{layer}{part}.bias"] = wide.get(part, (32, 32))[:1]
    weights |= {"pooler.dense.weight": (32, 32), "pooler.dense.bias": (32,)}  # not used; without it there is a warning
    norms = ["embeddings", *(f"encoder.layer.{i}.{part}" for i in (0, 1) for part in ("attention.output", "output"))]
    weights |= {f"{norm}.LayerNorm.{part}": (32,) for norm in norms for part in ("weight", "bias")}
    save_file({name: chance.normal(0, 0.4, size).astype(np.float32) for name, size in weights.items()}, str(folder / "model.safetensors"))  # fmt: skip
    return folder


@pytest.fixture
def in_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Exports are made in this process, which has torch already; the list has a runtime for each."""
    made: list[str] = []

    def export(folder: Path, name: str, kept: Path, runtime: str) -> None:
        made.append(runtime)
        exported.export(folder, name, kept, runtime)

    monkeypatch.setattr(exported, "_export_apart", export)
    return made


# --- the same vectors ---


def test_the_exported_bundled_model_gives_the_vectors_of_the_original(embedded: Path) -> None:
    fast, original = open_embedder(IndexSettings(data=embedded)), load()
    assert isinstance(fast, OnnxEmbedder)
    assert isinstance(original, SentenceTransformerEmbedder)
    assert (fast.name, fast.dimension) == (original.name, original.dimension)
    shares = [json.loads(line) for line in (ROOT / "corpus/samples/labelled/shares.jsonl").open(encoding="utf-8")]
    texts = TEXTS + [share["text"] for share in shares if "text" in share][:60]
    np.testing.assert_allclose(fast.encode(texts), original.encode(texts), atol=2e-6)
    assert fast.encode([]).shape == (0, 384)
    for text in texts[:12]:
        assert fast._windows(text) == original._windows(text)


def test_a_small_model_of_another_make_too(tiny: Path, tmp_path: Path, in_here: list[str]) -> None:
    fast = load(str(tiny), runtime="onnx", kept=tmp_path / "kept")
    original = load(str(tiny))
    assert in_here == ["onnx"]
    assert isinstance(fast, OnnxEmbedder)
    assert fast.name == original.name
    np.testing.assert_allclose(fast.encode(TEXTS), original.encode(TEXTS), atol=1e-5)
    assert len(fast._windows(TEXTS[4])) > 50


def test_int8_is_near_and_has_another_name(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BARS, "int8", Bar(0.9, 0.3))  # to weights by chance, all passages are about equally near
    one = load(str(tiny), runtime="onnx", kept=tmp_path)
    two = load(str(tiny), runtime="int8", kept=tmp_path)
    assert two.name == f"{one.name}-int8"
    cosines = (one.encode(TEXTS) * two.encode(TEXTS)).sum(1)
    assert 0.9 < cosines.min() < 0.99999
    assert in_here == ["onnx", "int8"]


def test_care_reads_by_the_bundled_model_in_full_precision(tmp_path: Path) -> None:
    for given, wanted in (("int8", "onnx"), ("onnx", "onnx"), ("torch", "torch")):
        settings = bundled(IndexSettings(data=tmp_path, model="./mine", model_runtime=given))
        assert (settings.model, settings.model_runtime) == ("all-MiniLM-L6-v2", wanted)


def test_threads_get_what_one_alone_gets(embedded: Path) -> None:
    fast = open_embedder(IndexSettings(data=embedded))
    texts = [f"{'number ' * (i + 1)}{i}" for i in range(40)]
    alone = np.concatenate([fast.encode([text]) for text in texts])
    got: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda i=i: got.update({i: fast.encode(texts)})) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    for vectors in got.values():
        np.testing.assert_allclose(vectors, alone, atol=2e-6)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says so")
def test_what_many_texts_were_worked_out_in_is_given_back(embedded: Path) -> None:
    """Else the process of a first start would hold half as much again for as long as it serves."""
    code = """
import ctypes, sys
from pathlib import Path
from index.settings import IndexSettings, open_embedder
def held():
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(open("/proc/self/statm").read().split()[1]) * 4 / 1024
embedder = open_embedder(IndexSettings(data=Path(sys.argv[1])))
embedder.encode(["hello"])
before = held()
for _ in range(2):
    embedder.encode(["I have not slept properly since my mum died in March. " * 8] * 60)
print(held() - before)
"""
    said = subprocess.run([sys.executable, "-c", code, str(embedded)], check=True, capture_output=True, text=True)
    assert float(said.stdout) < 35  # 9 to 18, and 60 without


def test_calls_are_of_like_lengths_and_bounded() -> None:
    lengths = [int(n) for n in np.random.default_rng(1).integers(2, 256, 300)] + [2 * _AT_ONCE]
    batches = list(together(lengths))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= _AT_ONCE for batch in batches)
    assert sum(len(b) * max(lengths[i] for i in b) for b in batches) < 1.1 * sum(lengths)  # little is filled up
    assert list(together([])) == []


def test_short_texts_that_wait_together_are_computed_together_and_come_to_their_owners(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = load(str(tiny), runtime="onnx", kept=tmp_path / "kept")
    assert isinstance(fast, OnnxEmbedder)
    fast._places = threading.Semaphore(1)
    texts = [f"{'my mum died in march '[: 4 + i]} house" for i in range(6)] + ["house " * 200]
    alone = [fast.encode([text]) for text in texts]
    run, calls, may_go = fast._run, [], threading.Event()

    def slow(rows: Any, *_: Any) -> Any:
        calls.append(len(rows))
        assert may_go.wait(30)
        return run(rows)

    monkeypatch.setattr(fast, "_run", slow)
    got: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda i=i, t=t: got.update({i: fast.encode([t])})) for i, t in enumerate(texts[:6])
    ]
    threads[0].start()
    while not calls:  # the first is computed by itself, at once
        threading.Event().wait(0.01)
    for thread in threads[1:]:
        thread.start()
    while len(fast._waiting) < 5:
        threading.Event().wait(0.01)
    may_go.set()
    for thread in threads:
        thread.join()
    assert calls[0] == 1
    assert len(calls) < 6
    assert sum(calls) == 6
    for i, vectors in got.items():
        np.testing.assert_allclose(vectors, alone[i], atol=2e-5)
    assert not fast._waiting
    assert in_here == ["onnx"]


def test_a_call_that_fails_fails_for_all_of_it_and_for_nobody_else(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = load(str(tiny), runtime="onnx", kept=tmp_path / "kept")
    assert isinstance(fast, OnnxEmbedder)
    assert in_here == ["onnx"]

    def fails(*_: Any) -> Any:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(fast, "_run", fails)
        with pytest.raises(MemoryError):
            fast.encode(["house"])
    assert fast.encode(["house"]).shape == (1, 32)


def test_our_own_lines_are_encoded_once_and_again_when_a_file_is_damaged(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = load(str(tiny), runtime="onnx", kept=tmp_path / "kept")
    first = encoded(fast, TEXTS)
    (file,) = (tmp_path / "kept").glob("lines-*.bin")
    whole = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(fast, "encode", lambda _: pytest.fail("it is kept"))
        np.testing.assert_array_equal(encoded(fast, TEXTS), first)
    for damaged in (whole[:-4], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:], b""):
        file.write_bytes(damaged)
        np.testing.assert_allclose(encoded(fast, TEXTS), first, atol=1e-6)
        assert file.read_bytes() == whole
    assert len(encoded(fast, TEXTS[:2])) == 2
    assert len(list((tmp_path / "kept").glob("lines-*.bin"))) == 2
    assert in_here == ["onnx"]


# --- no torch where people are served ---


def test_a_program_that_serves_never_imports_torch(data: Path) -> None:
    code = """
import sys
from pathlib import Path
from assistant.settings import Settings, open_parts
with open_parts(Settings(data=Path(sys.argv[1]))) as parts:
    session, _ = parts.turn.start()
    assert parts.turn.respond(session, "My sister died and the house is so quiet")[1].cards
    assert parts.turn.respond(session, "I want to end it all tonight")[1].help
print([m for m in ("torch", "sentence_transformers", "transformers", "onnx") if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(data)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert "torch" not in done.stderr


# --- files ---


def files(kept: Path) -> list[str]:
    return sorted(path.name.split("-", 1)[-1] for path in kept.iterdir())


def test_an_export_is_made_once_and_again_when_anything_is_not_as_it_was(
    tiny: Path, tmp_path: Path, in_here: list[str]
) -> None:
    kept = tmp_path / "kept"

    def vectors() -> Any:
        found = opened(tiny, "tiny@1", kept, "onnx")
        assert found is not None
        return found.encode(TEXTS)

    first = vectors()
    np.testing.assert_array_equal(vectors(), first)
    assert in_here == ["onnx"]
    file = kept / "tiny@1-onnx.onnx"
    whole = file.read_bytes()
    for damaged in (whole[:-7], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], b""):
        file.write_bytes(damaged)
        np.testing.assert_array_equal(vectors(), first)
        assert file.read_bytes() == whole
    for other in ("{", "[]", "{}"):
        file.with_suffix(".json").write_text(other)
        vectors()
    assert len(in_here) == 7
    large = file.with_suffix(".weights")
    assert large.stat().st_size > 5 * file.stat().st_size  # what can be mapped is not in the graph
    weights = large.read_bytes()
    for damaged in (weights[:-7], weights[:5000] + bytes([weights[5000] ^ 1]) + weights[5001:], b""):
        large.unlink()  # not in place: the old ones are mapped
        large.write_bytes(damaged)
        np.testing.assert_array_equal(vectors(), first)
        assert large.read_bytes() == weights
    assert len(in_here) == 10
    (tiny / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')  # another setting: other vectors
    assert not np.allclose(vectors(), first)
    assert len(in_here) == 11
    assert files(kept) == ["onnx.json", "onnx.onnx", "onnx.weights"]


def test_two_exports_at_once_leave_one_whole_file(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, together_now, replace = tmp_path / "kept", threading.Barrier(3), os.replace
    done: list[object] = []

    def all_have_written(part: Path, path: Path) -> None:
        together_now.wait(60)
        replace(part, path)

    monkeypatch.setattr("os.replace", all_have_written)
    threads = [
        threading.Thread(target=lambda: done.append(exported.export(tiny, "tiny@1", kept, "onnx"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 3
    assert files(kept) == ["onnx.json", "onnx.onnx", "onnx.weights"]
    assert exported._card(tiny, "tiny@1", kept, "onnx") is not None


def test_an_export_in_a_process_of_its_own(tiny: Path, tmp_path: Path) -> None:
    assert isinstance(opened(tiny, "tiny@1", tmp_path / "kept", "onnx"), OnnxEmbedder)


# --- torch when it cannot be ---


def test_what_comes_out_too_far_is_refused_and_not_tried_again(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(BARS, "int8", Bar(0.9999999, 0.5))
    for _ in range(2):
        caplog.clear()
        used = load(str(tiny), runtime="int8", kept=tmp_path / "kept")
        assert isinstance(used, SentenceTransformerEmbedder)
        assert "-int8" not in used.name
        assert "computed by torch" in caplog.text
        assert "too far from the original" in caplog.text
    assert in_here == ["int8"]
    assert files(tmp_path / "kept") == ["int8.json"]  # no graph


@pytest.mark.parametrize(
    ("file", "value", "why"),
    [
        ("config.json", {"model_type": "mpnet"}, "model_type"),
        ("config.json", {"hidden_act": "relu"}, "hidden_act"),
        ("config.json", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "do_lower_case"),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "default_prompt_name"),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": True}, "pooling"),  # both
        ("1_Pooling/config.json", {"include_prompt": False}, "pooling"),
    ],
)
def test_what_the_graph_does_not_know_is_not_exported(tiny: Path, file: str, value: Any, why: str) -> None:
    shape(tiny)
    path = tiny / file
    path.write_text(json.dumps(json.loads(path.read_text()) | value))
    with pytest.raises(NotExportable, match=why):
        shape(tiny)


def test_another_architecture_is_computed_by_torch(
    tmp_path: Path, in_here: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_tiny(tmp_path / "tiny", hidden_act="relu")
    used = load(str(folder), runtime="onnx", kept=tmp_path / "kept")
    assert isinstance(used, SentenceTransformerEmbedder)
    assert used.encode(TEXTS).shape == (len(TEXTS), 32)
    assert "hidden_act" in caplog.text
    assert in_here == []


def test_without_room_torch_does_it_and_nothing_half_written_stays(
    tiny: Path, tmp_path: Path, in_here: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = tmp_path / "kept"

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        assert opened(tiny, "tiny@1", kept, "onnx") is None
    assert "No space left on device" in caplog.text
    assert list(kept.iterdir()) == []
    assert isinstance(opened(tiny, "tiny@1", kept, "onnx"), OnnxEmbedder)  # with room, it is tried again
    assert in_here == ["onnx", "onnx"]


def test_without_onnxruntime_torch_does_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with caplog.at_level(logging.WARNING):
        assert opened(tiny, "tiny@1", tmp_path, "onnx") is None
    assert "onnxruntime" in caplog.text


def test_weights_that_are_not_those_of_a_bert(tiny: Path, tmp_path: Path, in_here: list[str]) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(tiny / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.bias")
    save_file(weights, str(tiny / "model.safetensors"))
    assert opened(tiny, "tiny@1", tmp_path / "kept", "onnx") is None
    assert in_here == ["onnx"]


def test_a_linked_data_folder_needs_no_export(embedded: Path, tmp_path: Path, in_here: list[str]) -> None:
    open_embedder(IndexSettings(data=copied(embedded, tmp_path / "data", only_models=True)))
    assert in_here == []
