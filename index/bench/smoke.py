"""Whether a change made this program dearer than the plain way to do the same: `python -m index bench --smoke`.

It compares with sentence-transformers and a flat FAISS index in a minute, and judges by ratios of CPU time within one
interleaved run, so that a slow or busy machine is no failure.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from index.bench.against import OURS, PLAIN, TURNS, Comparison, Entry, Rounds
from index.bench.made import make
from index.bench.seen import Seen
from index.settings import IndexSettings

_PASSAGES = 1_000
_ROUNDS = Rounds(turns=11, starts=1, crowds=0, changes=5)
_REFERENCE = PLAIN[0]


def smoke(settings: IndexSettings, write: Callable[[str], None]) -> list[str]:
    """What is worse than it should be, in sentences; once more before it is believed. Empty: nothing."""
    with tempfile.TemporaryDirectory() as folder:
        made = make(settings, _PASSAGES, Path(folder), lambda _: None, quick=True)
        wrong: list[str] = []
        for _ in range(2):
            entries = [Entry(OURS, "index.bench.ours"), Entry(*PLAIN)]
            seen = Comparison(settings, made, entries, Path(folder) / "running", _ROUNDS).run()
            wrong = judged(seen, write)
            if not wrong:
                break
        return wrong


def judged(seen: Seen, write: Callable[[str], None]) -> list[str]:
    """Each bar that is not met, in a sentence. `write` is told every figure."""
    wrong = [f"{who}, {step}: {why}" for (who, step), why in seen.reasons.items()]

    def bar(what: str, figure: float | None, least: float = 0.0, most: float = float("inf")) -> None:
        told = "nothing was measured" if figure is None else f"{figure:.2f}"
        limit = f"at least {least:g}" if least else f"at most {most:g}"
        write(f"{what}: {told} ({limit})")
        if figure is None or not least <= figure <= most:
            wrong.append(f"{what}: {told}, should be {limit}")

    bar("CPU of a turn, the plain way over ours", _middle(seen.ratios(_REFERENCE, OURS, TURNS)), least=1.3)
    bar("CPU until the first answer, the same", _middle(seen.ratios(_REFERENCE, OURS, ["start cpu"])), least=2)
    search, filtered = (seen.median(OURS, step) for step in ("search", "filtered"))
    # Who is beyond the limits is found out once between two changes; after that fewer vectors are read.
    bar("CPU of a search among 10 %, over one among all", filtered / search if filtered and search else None, most=1.5)
    for step in ("search", "filtered"):
        found = seen.of(OURS, f"{step} recall")
        bar(f"recall@10, {step}", statistics.mean(found) if found else None, least=0.99)
    bar("searches until what was withdrawn is not found", max(seen.of(OURS, "looks"), default=None), most=1)
    return wrong


def _middle(figures: list[float]) -> float | None:
    return statistics.median(figures) if figures else None
