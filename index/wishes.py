"""How dials and feedback change a story's place: pure functions over facts, without words and without a store.

Each works by retrieval: a wish moves stories up among those that are close. What takes stories out is in
`index/limits.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from corpus.vocabulary import ids
from index.facts import Facts
from index.query import Dials, Query

# A wish that is met moves a story up by more than words usually do: stories that meet it come first among those that
# are close, and one that is about something else stays behind. docs/evaluation.md says how much of what is shown
# meets it.
WISH = 0.15
_STAGES: dict[str, frozenset[str]] = {
    "near": frozenset({"in_the_middle", "finding_my_way"}),
    "further": frozenset({"further_along"}),
    "still_in_it": frozenset({"in_the_middle"}),
    "out": frozenset({"further_along"}),
}
SHORT = 350  # words; below it a story is short, from it on long
# How heavy a content note is to meet. What is not named weighs nothing.
_WEIGHT = {
    "death:suicide": 1.0,
    "death:child": 1.0,
    "abuse:child": 1.0,
    "sex:assault": 1.0,
    "mental_health:suicide": 0.8,
    "mental_health:self_harm": 0.7,
    "abuse": 0.7,
    "violence": 0.6,
    "death": 0.6,
    "disturbing": 0.6,
    "mental_health:eating": 0.4,
    "crime": 0.2,
    "risky_behaviour:substances": 0.2,
    "stigma": 0.2,
}
_TONE = 0.12  # what the whole distance between a light and a heavy, or a frank and a rosy story is worth
_HOPE = 0.04  # a step on the narrator's own scale of hope, for somebody who asked for hope
_STRANGER = 0.03  # for each thing that a narrator shares with one who was "not like me"


_UNTOUCHED = Dials()


def met(dials: Dials, facts: Facts) -> tuple[str, ...]:
    """The names of the dials that were turned and that this story meets."""
    found = []
    if dials.along and facts.stage in _STAGES[dials.along]:
        found.append("along")
    if dials.outcome and facts.stage in _STAGES[dials.outcome]:
        found.append("outcome")
    if dials.length and (facts.words < SHORT) == (dials.length == "short"):
        found.append("length")
    if dials.pathways & facts.pathways:
        found.append("pathways")
    if dials.context & facts.context:
        found.append("context")
    return tuple(found)


def heaviness(facts: Facts) -> float:
    """In [0, 1]: by content notes, and a little by how little hope the narrator has."""
    heaviest = max((_WEIGHT.get(note, 0.0) for note in facts.content_notes), default=0.0)
    little_hope = (5 - (facts.hope or 3)) / 4
    return min(1.0, 0.8 * heaviest + 0.2 * little_hope)


def rosiness(facts: Facts) -> float:
    """In [0, 1]: much hope, no step back told, and past it all."""
    return (
        0.5 * ((facts.hope or 3) - 1) / 4 + 0.25 * (facts.setbacks is False) + 0.25 * (facts.stage == "further_along")
    )


def asked_for(query: Query) -> bool:
    """Whether anything was chosen or said by which `moved` moves stories."""
    return query.dials != _UNTOUCHED or query.hopeful or query.lighter or query.franker or bool(query.strangers)


def moved(facts: Facts, query: Query, strangers: Iterable[Facts] = ()) -> float:
    """What is added to a story's score for what the person chose and said. strangers: who was "not like me"."""
    change = 0.0
    if query.dials != _UNTOUCHED:
        change += WISH * len(met(query.dials, facts))
    if query.hopeful:
        change += _HOPE * ((facts.hope or 3) - 3)
    if query.lighter:
        change -= _TONE * heaviness(facts)
    if query.franker:
        change -= _TONE * rosiness(facts)
    for other in strangers:
        change -= _STRANGER * len(facts.context & other.context)
    return change


def known(dials: Dials) -> tuple[str, ...]:
    """What of the dials is not in the vocabulary, as plain sentences; empty when all is."""
    wrong = [f"no such pathway: {id}" for id in sorted(dials.pathways - set(ids("pathways")))]
    wrong += [f"no such context: {id}" for id in sorted(dials.context - set(ids("contexts")))]
    wrong += [f"no such content note: {id}" for id in sorted(dials.without - set(ids("content_notes")))]
    return tuple(wrong)
