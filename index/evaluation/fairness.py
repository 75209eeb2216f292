"""Who is shown: exposure, relevance by group of narrators, variety of what is shown together, and honesty about
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from corpus.types import Story
from index.evaluation.measures import gini, mean
from index.evaluation.run import SHOWN, Ranked, Run
from index.evaluation.task import Task

LEAST = 10  # judged pairs of a group of narrators below which nothing is said of it


def exposure(task: Task, shown: Iterable[Sequence[Ranked]], floor: float = -1.0) -> dict[str, float]:
    """How showing is spread over the documents: Gini of how often each stands in the first three, the share that never
    does, in which share of the answers the most shown one stands, and how many times the mean that is. What is below
    the floor is not shown."""
    counts = dict.fromkeys(task.documents, 0)
    answers = 0
    for ranked in shown:
        seen = [match.id for match in ranked[:SHOWN] if match.nearness >= floor]
        answers += bool(seen)
        for id in seen:
            counts[id] += 1
    values = np.asarray(list(counts.values()), dtype=np.float64)
    return {
        "gini": round(gini(values), 4),
        "never_shown": round(float((values == 0).mean()), 4),
        "largest_share": round(float(values.max(initial=0) / max(1, answers)), 4),
        "largest_of_mean": round(float(values.max(initial=0) / max(values.mean(), 1e-9)), 2),
    }


GROUPS: dict[str, Callable[[Story], Iterable[str]]] = {
    "theme": lambda story: story.themes,
    "context": lambda story: story.context,
    "pathway": lambda story: story.pathways,
    "stage": lambda story: [story.stage] if story.stage else [],
    "language": lambda story: [story.language],
    "length": lambda story: [_length(story.words)],
}


def _length(words: int) -> str:
    return "under 300 words" if words < 300 else "300 to 449 words" if words < 450 else "450 words and more"


def by_group(task: Task, run: Run, least_grade: int = 2) -> dict[str, dict[str, dict[str, Any]]]:
    """Kind of group → group → of the judged answers (grade ≥ `least_grade`) told by it, the share that came among the
    first ten.

    Groups with fewer than LEAST such pairs are left out: not measured is not zero.
    """
    found: dict[str, dict[str, list[float]]] = {kind: {} for kind in GROUPS}
    for q in task.answerable():
        first = {match.id for match in run.ranked[q.id][:10]}
        for id, grade in task.judgments[q.id].items():
            if grade < least_grade:
                continue
            for kind, of in GROUPS.items():
                for group in of(task.documents[id]):
                    found[kind].setdefault(group, []).append(float(id in first))
    return {
        kind: {
            group: {"pairs": len(hits), "found": mean(np.asarray(hits)).as_dict()}
            for group, hits in sorted(groups.items())
            if len(hits) >= LEAST
        }
        for kind, groups in found.items()
    }


def variety(run: Run, floor: float) -> dict[str, float]:
    """Of the sets of (at most) three that a person would see: how many themes, stages and pathways they hold, and in
    which share of them there is hope (a narrator's own rating of 4 or 5) and honest struggle (a step back, little
    hope, or in the middle of it)."""
    themes, stages, pathways, hope, struggle = [], [], [], [], []
    for ranked in run.ranked.values():
        seen = [match.story for match in ranked[:SHOWN] if match.nearness >= floor]
        if len(seen) < 2:
            continue
        themes.append(len({theme for story in seen for theme in story.themes[:2]}))
        stages.append(len({story.stage for story in seen if story.stage}))
        pathways.append(len({pathway for story in seen for pathway in story.pathways}))
        hope.append(any((story.hope or 0) >= 4 for story in seen))
        struggle.append(
            any(story.setbacks or (story.hope or 3) <= 2 or story.stage == "in_the_middle" for story in seen)
        )
    if not themes:
        return {}
    names = ("sets", "themes", "stages", "pathways", "with_hope", "with_struggle")
    values = (len(themes), *(float(np.mean(v)) for v in (themes, stages, pathways, hope, struggle)))
    return {name: round(value, 4) for name, value in zip(names, values, strict=True)}


def honesty(task: Task, run: Run, floor: float, least_grade: int = 2) -> dict[str, Any]:
    """How true "nothing close" is when it is said. A share is answerable when some story was graded `least_grade` or
    more, and has no answer when none was graded above 0; what lies between is counted as neither.

    precision: of the times that it is said, how often there was no answer. recall: of the shares without an answer,
    how often it is said. `withheld`: of the answerable ones, how often it is said all the same.
    """
    said = {q.id: not any(m.nearness >= floor for m in run.ranked[q.id]) for q in task.queries}
    best = {q.id: max(task.judgments[q.id].values(), default=0) for q in task.queries}
    nothing = [said[q.id] for q in task.queries if best[q.id] <= 0]
    something = [said[q.id] for q in task.queries if best[q.id] >= least_grade]
    if not nothing or not something:
        return {}
    true, false = sum(nothing), sum(something)
    return {
        "without_an_answer": len(nothing),
        "answerable": len(something),
        "precision": round(true / (true + false), 4) if true + false else None,
        "recall": round(true / len(nothing), 4),
        "withheld": round(false / len(something), 4),
    }


def shown_grades(task: Task, run: Run, floor: float) -> dict[str, float]:
    """Of all stories that a person would see, the share of each grade (`unjudged` where nobody looked)."""
    counts: Counter[str] = Counter()
    for q in task.queries:
        for match in run.ranked[q.id][:SHOWN]:
            if match.nearness >= floor:
                grade: int | None = task.judgments[q.id].get(match.id)
                counts["unjudged" if grade is None else str(grade)] += 1
    total = sum(counts.values())
    return {grade: round(n / total, 4) for grade, n in sorted(counts.items())} if total else {}


def has_facts(task: Task) -> bool:
    """Whether the documents say who tells them (stories do, foreign texts mostly do not)."""
    return any(story.themes or story.stage for story in task.documents.values())


def merged(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each value over several."""
    rows = list(rows)
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
