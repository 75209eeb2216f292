"""The protocol of a contender: a line of JSON in, a line of JSON out, until there is no more input.

Run as a script with the file or the name of a module that has a class `Contender`. Only the standard library and numpy
are imported here, so that any Python can run it. Every answer has the milliseconds that the step took: `wall`, and
`cpu` of all threads of the process; an `error` instead says why there is none.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

_MOST_LOOKS = 200  # until what was withdrawn has to be out of sight


class Contender(Protocol):
    """A collection of passages on the disk and in memory. Ids are whole numbers; vectors float32[d], unit norm."""

    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        """Make the collection out of `folder` (passages.jsonl: id, story, text, language; vectors.npy: float32[n, d],
        a row a line) and keep it in `state`."""

    def open(self, state: Path, given: dict[str, Any]) -> None:
        """Open what was built. given: `weights`, the folder of the model."""

    def turn(self, text: str) -> Sequence[int]:
        """Ids of the ten nearest passages to a message."""

    def search(self, vector: Any) -> Sequence[int]:
        """Ids of the ten nearest passages to a vector."""

    def filtered(self, vector: Any) -> Sequence[int]:
        """The same among those whose language is `es`."""

    def withdraw(self, passage: dict[str, Any]) -> None:
        """Take a passage away."""

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        """Take new passages in, under ids from `first` on if they can be chosen. Returns their ids."""


def load(what: str) -> Contender:
    """The contender of a module, by its name or by its file."""
    if what.endswith(".py"):
        spec = importlib.util.spec_from_file_location("contender", what)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(what)
    found: Contender = module.Contender()
    return found


def serve(what: str, source: TextIO, out: TextIO) -> None:
    """Answer each line of `source`."""
    contender: Contender | None = None
    for line in source:
        asked = json.loads(line)
        try:
            if contender is None:
                contender = load(what)
            answer = _answer(contender, asked)
        except NotImplementedError:
            answer = {"error": "it has no such thing"}
        except Exception as error:  # whatever a library raises is a line of the report
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        print(json.dumps(answer), file=out, flush=True)


def _answer(contender: Contender, asked: dict[str, Any]) -> dict[str, Any]:
    do = asked["do"]
    if do == "build":
        given = asked["given"]
        return _timed(lambda: contender.build(Path(asked["folder"]), Path(asked["state"]), given))
    if do == "open":
        return _timed(lambda: contender.open(Path(asked["state"]), asked["given"]))
    if do == "turn":
        return _timed(lambda: contender.turn(asked["text"]))
    if do == "together":
        with ThreadPoolExecutor(len(asked["texts"])) as pool:
            for _ in pool.map(time.sleep, [0.01] * len(asked["texts"])):  # its threads are there then
                pass
            return _timed(lambda: _all(pool, contender, asked["texts"]))
    if do in ("search", "filtered"):
        vector = np.asarray(asked["vector"], dtype=np.float32)
        return _timed(lambda: getattr(contender, do)(vector))
    if do == "withdraw":
        vector = np.asarray(asked["vector"], dtype=np.float32)
        looks: list[int] = []
        return {**_timed(lambda: looks.append(_withdrawn(contender, asked["passage"], vector))), "looks": looks[0]}
    if do == "add":
        vectors = np.asarray(asked["vectors"], dtype=np.float32)
        return _timed(lambda: _added(contender, asked["first"], asked["texts"], vectors))
    if do == "held":
        return {"memory": resident(), "cpu": time.process_time() * 1e3}
    raise ValueError(f"no such step: {do}")


def _timed(step: Callable[[], Sequence[int] | None]) -> dict[str, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    ids = step()
    wall = time.perf_counter() - wall
    cpu = time.process_time() - cpu
    spent: dict[str, Any] = {"cpu": cpu * 1e3, "wall": wall * 1e3}
    return spent if ids is None else {**spent, "ids": [int(id) for id in ids]}


def _all(pool: ThreadPoolExecutor, contender: Contender, texts: Sequence[str]) -> None:
    for _ in pool.map(contender.turn, texts):
        pass


def _withdrawn(contender: Contender, passage: dict[str, Any], vector: Any) -> int:
    """Take it away, and search for its own vector until it is not found. Returns how many searches that took."""
    contender.withdraw(passage)
    for looks in range(1, _MOST_LOOKS + 1):
        if passage["id"] not in [*contender.search(vector)]:
            return looks
    raise RuntimeError("what was withdrawn is still found")


def _added(contender: Contender, first: int, texts: Sequence[str], vectors: Any) -> None:
    """Take three in, and search for the vector of one until it is found."""
    ids = [*contender.add(first, texts, vectors)]
    for _ in range(_MOST_LOOKS):
        if ids[0] in [*contender.search(vectors[0])]:
            return
    raise RuntimeError("what was added is not found")


def resident() -> float | None:
    """What the process has in memory now, in MB; None where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return float(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    # Libraries print what they like: standard output is kept for answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin, answers)
