"""Suggesting groups, measured: needs written for the sample directories, what people chose, and judgments."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from corpus.samples.directories import read_groups
from corpus.types import Group
from index.embed import Embedder
from index.evaluation.measures import NAMES, compare, mean, per_query
from index.evaluation.samples import FOLDER
from index.evaluation.task import Asked, asked_of, judgments_of
from index.facets import Choice, Listed, row_of
from index.pipelines import pipeline
from index.rank import Ranker
from index.suggest import Wanted, group_text, suggested, wanted_of

NAME = "groups"
DEFAULT = "conversation"
WAYS = {
    DEFAULT: "as a conversation does: what was said, the language, a town that was named, what was chosen of groups",
    "unchosen": "the same of somebody who chose nothing: what was said, the language, a town that was named in it",
    "said": "what was said alone, with the themes that it is near to",
    "meaning": "the vector alone, as a vector store does it",
}
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # an evaluation is always of the same day
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Needs:
    groups: Mapping[str, Group]
    queries: tuple[Asked, ...]
    judgments: Mapping[str, Mapping[str, int]]


def labelled() -> Needs:
    groups = {group.id: group for group in read_groups().good}
    asked = asked_of(FOLDER / "needs.jsonl")
    given = judgments_of(FOLDER / "need_judgments.tsv", asked, groups)
    return Needs(groups, tuple(asked.values()), {id: given.get(id, {}) for id in asked})


def choice_of(facts: Mapping[str, Any]) -> Choice:
    """What somebody chose, as a conversation holds it."""
    chosen = facts.get("choices") or {}
    kinds, times, openness = chosen.get("kind"), chosen.get("time"), chosen.get("openness")
    ways = {way for one in chosen.get("attendance", ()) for way in ("in_person", "online") if one in (way, "hybrid")}
    return Choice(
        kinds=frozenset([kinds] if kinds else []),
        ways=frozenset(ways | ({"phone"} & set(chosen.get("attendance", ())))),
        languages=frozenset(tag.split("-")[0] for tag in chosen.get("languages", ())),
        days=frozenset(chosen.get("days", ())),
        times=frozenset([times] if times else []),
        audience=frozenset(chosen.get("audience", ())),
        openness=frozenset([openness] if openness else []),
        free=bool(chosen.get("free")),
    )


def evaluate(embedder: Embedder, needs: Needs | None = None) -> dict[str, Any]:
    """The record of figures, in the form of `index.evaluation.evaluate`. Ranks are those before programmes take turns,
    to which the sample directories give no cause."""
    needs = needs or labelled()
    groups = list(needs.groups.values())
    vectors = embedder.encode([group_text(group) for group in groups])
    ranker = Ranker(embedder, pipeline("dense"))
    places = {group.id: group.place for group in groups if group.place}
    gazetteer = Listed({group.id: row_of(group) for group in groups}, places, {}).gazetteer
    ranked: dict[str, dict[str, list[str]]] = {name: {} for name in WAYS}
    cpu: dict[str, list[float]] = {name: [] for name in WAYS}
    for asked in needs.queries:
        began = time.process_time()
        sense = ranker.sense(asked.text)
        cosines = vectors @ sense.vector
        embedding = time.process_time() - began
        found = [(group, float(cosine)) for group, cosine in zip(groups, cosines, strict=True)]
        near = (asked.facts.get("choices") or {}).get("near")
        for name in WAYS:
            began = time.process_time()
            if name == "meaning":
                order = [group.id for group, _ in sorted(found, key=lambda one: -one[1])]
            else:
                wanted = Wanted(sense.near)
                if name != "said":
                    chose = name == DEFAULT
                    wanted = wanted_of(
                        sense.near, asked.turns, gazetteer.find,
                        languages=(str(asked.facts.get("language", "en")),),
                        choice=choice_of(asked.facts) if chose else Choice(),
                        places=(near,) if near and chose else (),
                    )  # fmt: skip
                order = [group.id for _, group in suggested(found, wanted, NOW)]
            ranked[name][asked.id] = order
            cpu[name].append((time.process_time() - began + embedding) * 1000)
    return _record(embedder, needs, ranked, cpu)


def _record(
    embedder: Embedder, needs: Needs, ranked: Mapping[str, Mapping[str, list[str]]], cpu: Mapping[str, list[float]]
) -> dict[str, Any]:
    queries = [q.id for q in needs.queries if max(needs.judgments[q.id].values(), default=0) >= 2]
    none = [q.id for q in needs.queries if not needs.judgments[q.id]]
    values = {name: per_query(needs.judgments, run, queries) for name, run in ranked.items()}
    return {
        "task": NAME,
        "default": DEFAULT,
        "model": embedder.name,
        "n_queries": len(queries),
        "n_docs": len(needs.groups),
        "n_without_an_answer": len(none),
        "python": platform.python_version(),
        "pipelines": {
            name: {
                **{measure: mean(values[name][measure]).as_dict() for measure in NAMES},
                "cpu_ms_per_query": round(float(np.mean(cpu[name])), 2),
                "cpu_ms_p95": round(float(np.percentile(cpu[name], 95)), 2),
            }
            for name in ranked
        },
        "comparisons": [
            compare(DEFAULT, name, "ndcg@10", values[DEFAULT]["ndcg@10"], values[name]["ndcg@10"]).as_dict()
            for name in ranked
            if name != DEFAULT
        ],
        "exposure": {},
        "voices": _by_voice(needs, values[DEFAULT]["ndcg@10"], queries),
        "shown": _grades(needs, ranked[DEFAULT]),
        "per_query": {
            name: dict(zip(queries, (round(float(v), 4) for v in values[name]["ndcg@10"]), strict=True))
            for name in ranked
        },
    }


def _by_voice(needs: Needs, ndcg: Any, queries: Sequence[str]) -> dict[str, Any]:
    """nDCG@10 of each writer's needs."""
    voices: dict[str, list[float]] = {}
    of = {q.id: str(q.facts.get("voice", "")) for q in needs.queries}
    for id, value in zip(queries, ndcg, strict=True):
        voices.setdefault(of[id], []).append(float(value))
    return {voice: {"queries": len(v), "ndcg@10": mean(np.asarray(v)).as_dict()} for voice, v in sorted(voices.items())}


def _grades(needs: Needs, ranked: Mapping[str, list[str]]) -> dict[str, float]:
    """Of all groups that would be shown, the share of each grade; what was not graded is nothing of it."""
    grades = [needs.judgments[q.id].get(id, 0) for q in needs.queries for id in ranked[q.id][:_SHOWN]]
    return {str(grade): round(grades.count(grade) / max(1, len(grades)), 4) for grade in sorted(set(grades))}
