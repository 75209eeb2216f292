"""What a conversation does to finding: turns, "more like this", "not this", and the dials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from corpus.types import Story
from index.evaluation.measures import mean, per_query
from index.evaluation.run import SHOWN, Bench, Ranked
from index.evaluation.task import Asked
from index.facts import Facts
from index.pipelines import Pipeline
from index.query import Dials, Query
from index.rank import Ranker
from index.wishes import heaviness, met, rosiness

_GOOD = 2  # grade from which a story is one that the person would want


def measure(bench: Bench, how: Pipeline) -> dict[str, Any]:
    """Every part by itself; a part without a single query is left out."""
    ranker = bench.ranker(how)
    parts = {
        "what_is_looked_for": _turns(bench, ranker),
        "more_like_this": _more(bench, ranker),
        "not_this": _not_this(bench, ranker),
        "dials": _dials(bench, ranker),
    }
    return {name: part for name, part in parts.items() if part}


def _ndcg(ranked: dict[str, list[str]], judged: dict[str, dict[str, int]]) -> dict[str, Any]:
    values = per_query(judged, ranked, list(ranked))["ndcg@10"]
    return {"queries": len(ranked), "ndcg@10": mean(values).as_dict()}


def _ids(bench: Bench, ranker: Ranker, query: Query) -> list[str]:
    return [bench.of_task[c.id] for c in ranker.rank(query)]


def _turns(bench: Bench, ranker: Ranker) -> dict[str, Any]:
    """Of conversations: what to look for after all of it."""
    several = [q for q in bench.task.answerable() if len(q.turns) > 1]
    if not several:
        return {}
    ways: dict[str, Callable[[Asked], Asked]] = {
        "as the page does": lambda q: q,
        "the first turn": lambda q: replace(q, turns=q.turns[:1]),
        "the last turn": lambda q: replace(q, turns=q.turns[-1:]),
    }
    judged = {q.id: dict(bench.task.judgments[q.id]) for q in several}
    return {
        name: _ndcg(
            {q.id: _ids(bench, ranker, Query(ranker.sense(way(q).text), exclude=bench.shut(q))) for q in several},
            judged,
        )
        for name, way in ways.items()
    }


def _more(bench: Bench, ranker: Ranker) -> dict[str, Any]:
    """ "More like this" said of the best story of an answer that is a good one: does the rest of the answer get
    better?"""
    return _said_of_one(bench, ranker, lambda grade: (grade or 0) >= _GOOD, lambda own: {"like": (own,)})


def _not_this(bench: Bench, ranker: Ranker) -> dict[str, Any]:
    """ "Not this one" said of the first story of an answer that is none: does the rest get better?"""
    return _said_of_one(bench, ranker, lambda grade: grade == 0, lambda own: {"unlike": (own,)})


def _said_of_one(
    bench: Bench,
    ranker: Ranker,
    meant: Callable[[int | None], bool],
    said: Callable[[str], dict[str, Any]],
) -> dict[str, Any]:
    """The rest of each answer before and after something was said of the first shown story whose grade is `meant`."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    judged: dict[str, dict[str, int]] = {}
    for q in bench.task.answerable():
        sense = bench.sense(q)[0]
        grades = dict(bench.task.judgments[q.id])
        one = next((id for id in _ids(bench, ranker, Query(sense))[:SHOWN] if meant(grades.get(id))), None)
        rest = {id: grade for id, grade in grades.items() if id != one}
        if one is None or not any(grade > 0 for grade in rest.values()):
            continue
        own = bench.task.documents[one].id
        judged[q.id] = rest
        before[q.id] = _ids(bench, ranker, Query(sense, exclude=frozenset({own})))
        after[q.id] = _ids(bench, ranker, Query(sense, exclude=frozenset({own}), **said(own)))
    return {"before": _ndcg(before, judged), "after": _ndcg(after, judged)} if judged else {}


TURNED: dict[str, Query] = {
    "further along": Query(None, dials=Dials(along="further")),
    "near where I am": Query(None, dials=Dials(along="near")),
    "still in it": Query(None, dials=Dials(outcome="still_in_it")),
    "out the other side": Query(None, dials=Dials(outcome="out")),
    "short": Query(None, dials=Dials(length="short")),
    "long": Query(None, dials=Dials(length="long")),
    "with medication": Query(None, dials=Dials(pathways=frozenset({"medication"}))),
    "told by a parent": Query(None, dials=Dials(context=frozenset({"parent"}))),
    "without death": Query(None, dials=Dials(without=frozenset({"death"}))),
    "without a word (mother)": Query(None, dials=Dials(mute=("mother",))),
    "too heavy": Query(None, lighter=True),
    "too rosy": Query(None, franker=True),
    "more hopeful": Query(None, hopeful=True),
}


def _dials(bench: Bench, ranker: Ranker) -> dict[str, Any]:
    """For each dial: how much of what is shown meets it without and with it, and what it costs in nDCG@10."""
    asked = bench.task.answerable()
    judged = {q.id: dict(bench.task.judgments[q.id]) for q in asked}
    plain = {q.id: _shown(bench, ranker, Query(bench.sense(q)[0]), q) for q in asked}
    table = {}
    for name, turned in TURNED.items():
        got = {q.id: _shown(bench, ranker, replace(turned, sense=bench.sense(q)[0]), q) for q in asked}
        table[name] = {
            "met_without": round(_meeting(turned, [r for ranked in plain.values() for r in ranked[:SHOWN]]), 4),
            "met_with": round(_meeting(turned, [r for ranked in got.values() for r in ranked[:SHOWN]]), 4),
            "ndcg@10": _ndcg({id: [r.id for r in ranked] for id, ranked in got.items()}, judged)["ndcg@10"],
            "full": round(float(np.mean([len(ranked) >= SHOWN for ranked in got.values()])), 4),
        }
    return table


def _shown(bench: Bench, ranker: Ranker, query: Query, asked: Asked) -> tuple[Ranked, ...]:
    query = replace(query, exclude=bench.shut(asked))
    assert query.sense is not None
    return bench.order(ranker.rank(query), query.sense)


def _meeting(turned: Query, shown: Sequence[Ranked]) -> float:
    """The share of stories that meet what was turned; for a tone, the mean of how much they do (0 to 1)."""
    if not shown:
        return 0.0
    return float(np.mean([_meets(turned, match.story) for match in shown]))


def _meets(turned: Query, story: Story) -> float:
    facts = Facts.of(story)
    if turned.lighter:
        return 1 - heaviness(facts)
    if turned.franker:
        return 1 - rosiness(facts)
    if turned.hopeful:
        return float((facts.hope or 3) >= 4)
    if turned.dials.without:
        return float(not any(n.split(":")[0] in turned.dials.without for n in facts.content_notes))
    if turned.dials.mute:
        return float(not any(word in part.text.lower() for part in story.parts for word in turned.dials.mute))
    return float(bool(met(turned.dials, facts)))
