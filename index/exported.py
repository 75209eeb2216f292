"""Exported models in the data folder: made once from a model's weights, compared with the original, hashed.

Three files each: `NAME.onnx`, `NAME.weights`, and `NAME.json` with what they were made from, their checksums, and how
near they came to the original. Whatever cannot be exported, or comes out too far away, is computed by torch, and a line
in the log says so.
The folder may be deleted at any time.

    python -m index.exported FOLDER NAME KEPT RUNTIME      what `opened` runs, in a process of its own
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corpus.errors import ModelUnavailable
from index.embed import Embedder, SentenceTransformerEmbedder, Vectors, sha256, source
from index.onnx_graph import Exported, NotExportable, graph, shape

if TYPE_CHECKING:
    from index.onnx_embed import OnnxEmbedder

log = logging.getLogger("shared_journey.index")
FORMAT = 2  # of the graph: with another one, every model is exported anew
_STORIES, _EVERY = 20, 3  # of the samples, whose passages are looked through when models are compared; of the lines
_STALE = 3600  # seconds after which a file that an export left half-written is nobody's any more


class Bar(NamedTuple):
    """What an exported model must reach on the fixed sample. cosine: of each text with its original, the worst of them.
    overlap: part of the ten nearest passages that is the same, on average over all queries."""

    cosine: float
    overlap: float


# fp32 does the same arithmetic in another order: on the bundled model every vector is within 1e-12 of its original. A
# hundred-thousandth moves no score in the fourth decimal, which is what is printed and what the floors are set to.
# int8 is another model with another name, and its bar is only there to notice one that came out broken.
BARS = {"onnx": Bar(0.99999, 0.995), "int8": Bar(0.94, 0.75)}


class Compared(NamedTuple):
    """An export beside its original. cosine: the worst one. overlap: the mean over `queries`, of ten each."""

    cosine: float
    overlap: float
    texts: int
    queries: int

    def __str__(self) -> str:
        return (
            f"of {self.texts} texts the worst cosine with the original is 1 - {1 - self.cosine:.1e}; "
            f"of the ten nearest passages of {self.queries} lines {self.overlap:.1%} are the same"
        )


def opened(folder: Path, name: str, kept: Path, runtime: str) -> Embedder | None:
    """The exported model of a folder; exported first if it is not there, damaged, or of something else. None when torch
    has to do it, which is then logged with the reason.

    name: of the original. What `onnx` computes is compared with it and has the same name: vectors of both may be
    mixed, and nobody embeds anything again. `int8` is another model, with a name of its own.
    """
    if missing := [library for library in ("onnxruntime", "tokenizers") if importlib.util.find_spec(library) is None]:
        _by_torch(name, f"{', '.join(missing)} is not installed")
        return None
    try:
        shape(folder)
        card = _card(folder, name, kept, runtime)
        if card is None:
            print(f"Preparing {name} for fast answers; this is done once and takes up to a minute.", file=sys.stderr)
            _export_apart(folder, name, kept, runtime)
            card = _card(folder, name, kept, runtime)
        if card is None or "refused" in card:
            raise NotExportable(card["refused"] if card else "its export could not be read again")
        return _embedder(_file(name, kept, runtime), folder, name, runtime)
    except NotExportable as error:
        _by_torch(name, str(error))
    except Exception as error:  # whatever is wrong with a file or a library, the reference still works
        _by_torch(name, f"its export cannot be used: {error}".splitlines()[0])
    return None


def _by_torch(name: str, why: str) -> None:
    log.warning("The model %s is computed by torch, which is slower: %s.", name, why)


def _embedder(file: Path, folder: Path, name: str, runtime: str) -> OnnxEmbedder:
    from index.onnx_embed import OnnxEmbedder

    return OnnxEmbedder(file, folder, name if runtime == "onnx" else f"{name}-{runtime}", shape(folder))


def _export_apart(folder: Path, name: str, kept: Path, runtime: str) -> None:
    """Export in a process of its own: it needs the original, and with it torch, which this process then never loads."""
    command = [sys.executable, "-m", "index.exported", *map(str, (folder.absolute(), name, kept.absolute(), runtime))]
    here = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=here, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise NotExportable((done.stderr.strip().splitlines() or ["its export ended early"])[-1])


# --- files ---


def _file(name: str, kept: Path, runtime: str) -> Path:
    return kept / f"{name}-{runtime}.onnx"


def _weights(file: Path) -> Path:
    return file.with_suffix(".weights")


def _source(folder: Path, name: str) -> str:
    """What an export depends on. The checksum of the weights is in the name."""
    digest = hashlib.sha256(f"{FORMAT}\0{name}\0".encode())
    for path in sorted([*folder.glob("*.json"), folder / "1_Pooling" / "config.json"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _card(folder: Path, name: str, kept: Path, runtime: str) -> dict[str, Any] | None:
    """What stands beside an export, if it is of this model and its file is whole; None if it has to be made."""
    file = _file(name, kept, runtime)
    try:
        card: dict[str, Any] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        if card["source"] != _source(folder, name):
            return None
        if "refused" in card:
            return card
        whole = (sha256(file), sha256(_weights(file))) == (card["sha256"], card["weights"])
        return card if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, also when two processes do it at once: both write the same."""
    part = path.with_name(f"{path.name}.tmp-{os.getpid()}-{threading.get_ident()}")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise NotExportable(f"{path} cannot be written ({error.strerror})") from error


# --- exporting ---


def export(folder: Path, name: str, kept: Path, runtime: str) -> Compared:
    """Write the graph, compare it with the original, and keep it. NotExportable says why not; that it came out too far
    from the original is kept too, so that it is not tried at every start."""
    kept.mkdir(parents=True, exist_ok=True)
    for left in kept.glob("*.tmp-*"):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    file, bar = _file(name, kept, runtime), BARS[runtime]
    built = graph(folder, _weights(file).name, int8=runtime == "int8")
    found = _compared(built, folder, name, kept, runtime)
    about: dict[str, Any] = {"source": _source(folder, name), "compared": found._asdict()}
    if found.cosine < bar.cosine or found.overlap < bar.overlap:
        refused = f"exported, it is too far from the original ({found})"
        _write(file.with_suffix(".json"), _json(about | {"refused": refused}))
        raise NotExportable(refused)
    _write(_weights(file), built.weights)
    _write(file, built.graph)
    sums = {
        name: hashlib.sha256(data).hexdigest() for name, data in (("sha256", built.graph), ("weights", built.weights))
    }
    _write(file.with_suffix(".json"), _json(about | sums))
    return found


def _compared(built: Exported, folder: Path, name: str, kept: Path, runtime: str) -> Compared:
    """An export beside its original, before it is kept: both of its files are written for as long as that takes."""
    try:
        with tempfile.TemporaryDirectory(prefix="export.tmp-", dir=kept) as here:
            file = _file(name, Path(here), runtime)
            file.write_bytes(built.graph)
            _weights(file).write_bytes(built.weights)
            return compare(SentenceTransformerEmbedder(str(folder), name), _embedder(file, folder, name, runtime))
    except OSError as error:
        raise NotExportable(f"{kept} cannot be written ({error.strerror})") from error


def reexport(model: str, kept: Path, runtime: str) -> Compared:
    """Export the model of a setting, whether or not it is there. ModelUnavailable says why it cannot be."""
    found = source(model)
    if found is None:
        raise ModelUnavailable(f"{model} is a hub name: only a model in a folder of yours can be exported.")
    try:
        shape(found[0])
        return export(*found, kept, runtime)
    except NotExportable as error:
        raise ModelUnavailable(f"The model {found[1]} is not exported: {error}.") from error


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def compare(original: Embedder, other: Embedder) -> Compared:
    """Both on the fixed sample: the lines of the themes look for passages of sample stories, and some odd texts."""
    queries, passages, odd = sample()
    texts = [*queries, *passages, *odd]
    one, two = original.encode(texts), other.encode(texts)
    cosine = _cosines(one, two).min()
    at = len(queries), len(queries) + len(passages)
    near, also = (_nearest(v[: at[0]] @ v[at[0] : at[1]].T) for v in (one, two))
    overlap = np.mean([len(a & b) / len(a) for a, b in zip(near, also, strict=True)])
    return Compared(float(cosine), float(overlap), len(texts), len(queries))


def _cosines(a: Vectors, b: Vectors) -> Any:
    one, two = a.astype(np.float64), b.astype(np.float64)
    return (one * two).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)


def _nearest(scores: Vectors) -> list[set[int]]:
    return [set(row) for row in np.argsort(-scores, axis=1, kind="stable")[:, :10].tolist()]


def sample() -> tuple[list[str], list[str], list[str]]:
    """Lines, passages, and odd texts: nothing, other scripts, one word that fills windows, more than a model reads."""
    from corpus.samples.read import read_stories
    from index.passages import cut
    from index.themes import lines

    stories = sorted(read_stories().good, key=lambda story: story.id)[:_STORIES]
    passages = [span.of(story) for story in stories for span in cut(story)]
    odd = [
        "",
        " ",
        "no",
        "  I am HERE.\n\n",
        "ça va très mal 😔",
        "не могу спать",
        "我睡不着",
        "é" * 3000,
        "\u0000\u200b",
    ]
    return [line for theme in lines().values() for line in theme][::_EVERY], passages, [*odd, "\n\n".join(passages[:8])]


def main(arguments: Sequence[str]) -> int:
    folder, name, kept, runtime = arguments
    try:
        print(export(Path(folder), name, Path(kept), runtime))
    except NotExportable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
