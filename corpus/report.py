"""Who is missing (PRACTICE R22): what the collection tells of, what nobody was shown, what people say is not there.

Counts of published stories of people; samples are fiction and fill no gap. What is below the floor is not told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from corpus import vocabulary
from corpus.custody import FLOOR, Counted, Noticed, Usage
from corpus.store import Store, utc_now
from corpus.types import State

UNTOLD = "not told"  # a narrator did not say the stage, or no context


@dataclass(frozen=True, slots=True)
class Coverage:
    """One moment's picture of a collection. Names are ids of the vocabulary; a theme that nobody tells of counts 0."""

    stories: int  # published, of people
    waiting: int  # in the queue
    oldest_days: int | None  # age of the one that waits longest
    due: int  # consents that end within 14 days
    themes: dict[str, int]
    stages: dict[str, int]
    contexts: dict[str, int]
    languages: dict[str, int]
    theme_by_stage: dict[str, dict[str, int]]  # only themes that somebody tells of
    untold: tuple[str, ...]  # themes of the vocabulary without a story
    never_shown: tuple[str, ...]  # ids
    exposure: dict[str, Usage]  # id → counts above the floor
    gini: float | None  # of how often stories were shown: 0 all alike, 1 one has all; None below FLOOR stories
    missing: tuple[tuple[str, str, int], ...]  # (week, theme, how many people chose to say so)
    wrong: dict[str, int]  # id of a group → how often readers told that something is wrong, and nobody looked yet
    care: tuple[tuple[str, Noticed, int], ...]  # (week, what care saw or which way to help was opened, how often)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def coverage(store: Store, now: datetime | None = None) -> Coverage:
    """Read the collection as it is now."""
    now = now or utc_now()
    rows = store.queue()
    own = [row for row in rows if row.state is State.PUBLISHED]
    waiting = [row for row in rows if row.state is State.PENDING]
    themes, stages, contexts, languages = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    grid: dict[str, Counter[str]] = {}
    for row in own:
        stage = row.stage or UNTOLD
        themes.update(row.themes)
        stages[stage] += 1
        contexts.update(row.contexts or (UNTOLD,))
        languages[row.language] += 1
        for theme in row.themes:
            grid.setdefault(theme, Counter())[stage] += 1
    usage, unseen = store.usage(), store.never_shown()
    ids = [row.id for row in own]
    shown = [(usage[id].shown or 0) if id in usage else 0 for id in ids]
    every_stage = (*vocabulary.ids("stages"), UNTOLD)
    return Coverage(
        stories=len(own),
        waiting=len(waiting),
        oldest_days=max(((now - row.submitted_at).days for row in waiting), default=None),
        due=sum(row.expires_at is not None and 0 <= (row.expires_at - now).days < 14 for row in rows),
        themes={theme: themes[theme] for theme in vocabulary.ids("themes")},
        stages={stage: stages[stage] for stage in every_stage},
        contexts={context: contexts[context] for context in (*vocabulary.ids("contexts"), UNTOLD)},
        languages=dict(sorted(languages.items())),
        theme_by_stage={
            theme: {stage: grid[theme][stage] for stage in every_stage}
            for theme in vocabulary.ids("themes")
            if theme in grid
        },
        untold=tuple(theme for theme in vocabulary.ids("themes") if not themes[theme]),
        never_shown=tuple(id for id in ids if id in unseen),
        exposure={id: usage[id] for id in ids if id in usage},
        gini=gini(shown),
        missing=store.missing(),
        wrong={id: sum(told.counts.values()) for id, told in store.told_wrong().items()},
        care=store.care(),
    )


def gini(counts: list[int]) -> float | None:
    """How unequal counts are, in [0, 1]; None for fewer than FLOOR of them or when all are 0. Gini 1912."""
    n, total = len(counts), sum(counts)
    if n < FLOOR or not total:
        return None
    weighted = sum(place * count for place, count in enumerate(sorted(counts), 1))
    return round(2 * weighted / (n * total) - (n + 1) / n, 3)


def told(count: int | None) -> str:
    """A count as it may be told."""
    return f"fewer than {FLOOR}" if count is None else str(count)


def as_text(found: Coverage) -> str:
    """For a terminal: lines of plain words, bars of signs."""
    oldest = "" if found.oldest_days is None else f", the oldest for {found.oldest_days} days"
    lines = [
        f"{found.stories} published stories of people; {found.waiting} waiting{oldest}; "
        f"{found.due} consents end within 14 days.",
    ]
    for title, counts, kind in (
        ("Themes", found.themes, "themes"),
        ("Stages", found.stages, "stages"),
        ("Contexts", found.contexts, "contexts"),
        ("Languages", found.languages, None),
    ):
        lines += ["", title]
        for id, n in counts.items():
            if n:
                name = vocabulary.label(kind, id) if kind else id  # type: ignore[arg-type]
                lines.append(f"  {name:34} {'#' * min(n, 40)} {n}")
    lines += ["", "Nobody has told of", "  " + (", ".join(vocabulary.label("themes", t) for t in found.untold) or "-")]
    lines += ["", f"Never shown ({len(found.never_shown)})", "  " + (", ".join(found.never_shown) or "-")]
    lines += ["", "Shown, read, left somebody feeling: less alone, more hopeful, heavier, no change"]
    for id, usage in found.exposure.items():
        lines.append(f"  {id}: " + ", ".join(told(getattr(usage, what.value)) for what in Counted))
    lines.append(f"  Gini of shown: {'too few to tell' if found.gini is None else found.gini}")
    lines += ["", "People said this is missing"]
    lines += [f"  {week}  {vocabulary.label('themes', theme)}: {n}" for week, theme, n in found.missing] or ["  -"]
    lines += ["", f"Groups of which readers told that something is wrong, and nobody looked yet ({len(found.wrong)})"]
    lines += [f"  {id}: {n}" for id, n in found.wrong.items()] or ["  -"]
    lines += ["", "What care saw, and which ways to help were opened"]
    lines += [f"  {week}  {what}: {n}" for week, what, n in found.care] or ["  -"]
    return "\n".join(lines)
