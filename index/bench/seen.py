"""What was measured of several contenders, and its tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

NOTHING = "–"
Column = tuple[str, Callable[[str], str]]  # heading; a contender's name → its cell


class Seen:
    """Figures by contender and step, a figure a round; rounds of one step belong together."""

    def __init__(self) -> None:
        self._figures: dict[tuple[str, str], dict[int, float]] = {}
        self.reasons: dict[tuple[str, str], str] = {}  # (contender, step) → why there is nothing

    def add(self, who: str, step: str, turn: int, figure: float) -> None:
        self._figures.setdefault((who, step), {})[turn] = figure

    def of(self, who: str, step: str) -> list[float]:
        return list(self._figures.get((who, step), {}).values())

    def median(self, who: str, step: str) -> float | None:
        found = self.of(who, step)
        return statistics.median(found) if found else None

    def spread(self, who: str, step: str, digits: int = 1) -> str:
        """`median (lowest–highest)`."""
        return _spread(self.of(who, step), digits)

    def ratios(self, who: str, to: str, steps: Sequence[str]) -> list[float]:
        """For each round that both have whole: the figures of `who` over those of `to`, the steps taken together."""
        rounds = set.intersection(*(set(self._figures.get((one, s), {})) for one in (who, to) for s in steps))
        return [
            sum(self._figures[who, s][n] for s in steps) / sum(self._figures[to, s][n] for s in steps)
            for n in sorted(rounds)
        ]

    def ratio(self, who: str, to: str, steps: Sequence[str]) -> str:
        return _spread(self.ratios(who, to, steps), 2)


def _spread(figures: Sequence[float], digits: int) -> str:
    if not figures:
        return NOTHING
    middle, least, most = (f"{n:.{digits}f}" for n in (statistics.median(figures), min(figures), max(figures)))
    return f"{middle} ({least}–{most})" if len(figures) > 1 else middle


def table(first: str, names: Sequence[str], columns: Sequence[Column]) -> str:
    """A row for each name, a column for each function of it."""
    lines = [f"| {first} | {' | '.join(heading for heading, _ in columns)} |", f"|{' --- |' * (len(columns) + 1)}"]
    lines += [f"| {name} | {' | '.join(cell(name) for _, cell in columns)} |" for name in names]
    return "\n".join(lines)
