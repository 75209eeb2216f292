"""What the ways of computing the model cost, side by side: `python -m index bench`.

Each way has a process of its own, and they take turns, so that a busy machine is as busy for one as for the other and
no way pays for threads that another left spinning. Trust the ratios more than the milliseconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from index.settings import IndexSettings, open_embedder

LENGTHS = (5, 30, 120, 250)  # in tokens
RUNTIMES = ("torch", "onnx", "int8")
_STORIES = 12  # whose passages are embedded at once
_ROUNDS, _BULK_ROUNDS = 21, 3


def bench(settings: IndexSettings, write: Callable[[str], None]) -> None:
    """Print a table in Markdown. Models that are not exported yet are exported first."""
    for runtime in RUNTIMES[1:]:
        open_embedder(settings.model_copy(update={"model_runtime": runtime}))
    ways = {runtime: _Way(runtime, settings) for runtime in RUNTIMES}
    try:
        for tokens in LENGTHS:
            for _ in range(_ROUNDS):
                for way in ways.values():
                    way.measure(tokens)
        for _ in range(_BULK_ROUNDS):
            for way in ways.values():
                way.measure(0)
    finally:
        for way in ways.values():
            way.close()
    columns = (*(f"{n} tokens" for n in LENGTHS), "passages of 12 stories", "first answer", "memory MB")
    write(f"| CPU ms / wall ms | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}")
    for way in ways.values():
        cells = [way.cell(n, ways["torch"]) for n in (*LENGTHS, 0)]
        write(f"| `{way.runtime}` | {' | '.join(cells)} | {way.first[0]:.0f} / {way.first[1]:.0f} | {way.memory} |")


class _Way:
    """One runtime in its own process."""

    def __init__(self, runtime: str, settings: IndexSettings) -> None:
        self.runtime = runtime
        self.seen: dict[int, list[tuple[float, float]]] = {}
        began = time.perf_counter()
        given = settings.model_copy(update={"model_runtime": runtime}).model_dump_json()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "index.bench.models", given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._hear()
        self.first = ready["cpu"], (time.perf_counter() - began) * 1e3
        self.memory = ready["memory"]

    def _hear(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def measure(self, tokens: int) -> None:
        """Embed a text of so many tokens, or many passages for 0."""
        assert self._process.stdin
        self._process.stdin.write(f"{tokens}\n")
        self._process.stdin.flush()
        told = self._hear()
        self.seen.setdefault(tokens, []).append((told["cpu"], told["wall"]))

    def cell(self, tokens: int, reference: _Way) -> str:
        cpu, wall = self._median(tokens)
        ratio = reference._median(tokens)[0] / cpu
        return f"{cpu:.1f} / {wall:.1f}" + ("" if self is reference else f" ({ratio:.1f}×)")

    def _median(self, tokens: int) -> tuple[float, float]:
        cpu, wall = zip(*self.seen[tokens], strict=True)
        return statistics.median(cpu), statistics.median(wall)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


def _serve(settings: IndexSettings) -> None:
    """The other side of `_Way`: answers each line of standard input until there is none."""
    from corpus.samples.read import read_stories
    from index.passages import cut

    embedder: Any = open_embedder(settings)
    embedder.encode(["hello"])
    say: dict[str, Any] = {"cpu": time.process_time() * 1e3, "memory": _memory()}
    stories = sorted(read_stories().good, key=lambda story: story.id)[:_STORIES]
    many = [span.of(story) for story in stories for span in cut(story)]
    words = " ".join(many).split()
    print(json.dumps(say), flush=True)
    for line in sys.stdin:
        tokens, count = int(line), 1
        while tokens and embedder._windows(" ".join(words[: count + 1]))[0][1] + 2 <= tokens:
            count += 1
        texts = [" ".join(words[:count])] if tokens else many
        cpu, wall = time.process_time(), time.perf_counter()
        embedder.encode(texts)
        spent = {"cpu": (time.process_time() - cpu) * 1e3, "wall": (time.perf_counter() - wall) * 1e3}
        print(json.dumps(spent), flush=True)


def _memory() -> int | str:
    """The most memory that this process ever had, in MB; "?" where the system does not say."""
    try:
        import resource
    except ImportError:
        return "?"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10))


if __name__ == "__main__":
    _serve(IndexSettings.model_validate_json(sys.argv[1]))
