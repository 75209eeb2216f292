"""The figures of care in words: for a terminal, docs/care.md and the page /safety."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.care.measuring import BARS, Bar, reached

FILE = Path(__file__).with_name("figures.json")


@lru_cache(maxsize=1)
def published() -> dict[str, Any]:
    """The figures that were published last: what `evaluate-care --publish` wrote."""
    record: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return record


def percent(figure: dict[str, Any]) -> str:
    """ "91.2 % [88.0, 93.7] of 410", or that there was nothing to measure on."""
    if figure["share"] is None:
        return "not measured"
    return f"{figure['share']:.1%} [{figure['lo']:.1%}, {figure['hi']:.1%}] of {figure['n']:,}".replace("%", "\u00a0%")


DOCUMENT = Path(__file__).parents[2] / "docs" / "care.md"


def document(record: dict[str, Any]) -> str:
    """docs/care.md: what stands in preamble.md, then the tables."""
    preamble = Path(__file__).with_name("preamble.md").read_text(encoding="utf-8")
    return f"{preamble.rstrip()}\n\n## Figures of {record['measured_on']}\n\n{markdown(record)}\n"


def against(record: dict[str, Any]) -> list[tuple[Bar, str, str, bool | None]]:
    """Each bar, what should be, what was measured, and whether it is reached (None: not measured)."""
    found = []
    for bar in BARS:
        figure = record["bars"][bar.name]
        should = f"{'≥' if bar.least else '≤'} {bar.value:.0%}".replace("%", "\u00a0%")
        found.append((bar, should, percent(figure), reached(bar, figure)))
    return found


def markdown(record: dict[str, Any]) -> str:
    """Tables of one record of `measuring.measure`."""
    languages = list(record["by_language"])
    out = [
        f"{record['lines']:,} lines of {record['voices']} voices that nothing was trained or tuned on.",
        "",
        "| bar | should be | measured | reached |",
        "| --- | --- | --- | --- |",
    ]
    said = {None: "not measured", True: "yes", False: "no"}
    out += [f"| {bar.name} | {should} | {measured} | {said[held]} |" for bar, should, measured, held in against(record)]
    out += ["", "| by language | " + " | ".join(languages) + " |", "| --- " * (len(languages) + 1) + "|"]
    for bar in BARS:
        cells = [percent(record["by_language"][lang][bar.name]) for lang in languages]
        out.append(f"| {bar.name} | " + " | ".join(cells) + " |")
    out += ["", *_tiers("kind of line", record["by_kind"])]
    shares = record["at_least_the_tier"]
    out += ["", f"Of lines of risk that call for tier 1, 2, 3, at least that tier: {percent(shares['1'])}; "
            f"{percent(shares['2'])}; {percent(shares['3'])}. The right category among those named: "
            f"{percent(record['right_category'])}."]  # fmt: skip
    for key, title in (("posts_by_severity", "forum posts, severity"), ("questions_by_topic", "counselling topic")):
        if key in record:
            out += ["", *_tiers(title, record[key])]
    ms = record["milliseconds"]
    out += ["", f"One message: {ms['p50']} ms (median), {ms['p95']} ms (95th percentile), {ms['most']} ms (most)."]
    return "\n".join(out)


def _tiers(title: str, groups: dict[str, Any]) -> list[str]:
    rows = [f"| {title} | n | tier 1 and above | tier 2 and above | clinical |", "| --- | --- | --- | --- | --- |"]
    for name, figures in groups.items():
        cells = [percent(figures[key]).rsplit(" of ", 1)[0] for key in ("tier_1_up", "tier_2_up", "clinical")]
        rows.append(f"| {name} | {figures['n']} | " + " | ".join(cells) + " |")
    return rows
