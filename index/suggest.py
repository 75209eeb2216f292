"""Which groups to suggest: by what somebody said and by what they chose, never by a guess about who they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from corpus.groups.times import stale
from corpus.types import Group
from corpus.vocabulary import phrase
from index.facets import Choice, Row, chosen, row_of
from index.places import Town, distance, plain

# Nearness of what was said to a group below which the group is not offered at all.
GROUP_FLOOR = 0.25
_OF_EACH_DIRECTORY = 100  # groups of one directory that are looked at; some have thousands
_TOLD = 0.04  # for each of a group's themes that the stories found are about
_ABROAD = 0.10  # for meeting only in another country than the person's: lower, never hidden
_MISSED = 0.10  # for each thing that was chosen and that the group has not
_STRANGE = 0.20  # for speaking neither the language that the person writes nor one that they chose
_FAR = 0.12  # for meeting only in a room out of reach of a place that the person named
_NEAR = 0.06  # for a room within reach of it
REACH = 40.0  # km
_STALE = 0.03  # for not having been checked in a year: lower, never hidden
_NOTHING = Choice()
WITHOUT = "-"  # before the name of a field: what somebody wants to do without
_FACETS = ("kinds", "ways", "languages", "audience", "openness", "needs", "free")
# How somebody says where they are, or where a group should be. Not every "in", "at" or "from": many towns are called
# like something else, and "from reading all night" is no place.
_HERE = (
    r"(?:i'?m|i am|we'?re|we are|am|are|live|lives|living|based|stay|staying|stuck|here|me|us|group|groups|meeting|"
    r"meetings|one|ones|something|anything|someone|anyone|somewhere|people|others|place)"
)
_BEFORE = re.compile(
    rf"\b(?:{_HERE} (?:in|near|around|outside|from)|near|close to|outside of)\s+((?:[^\W\d_][\w'’.-]*\s?){{1,3}})"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of somebody's wish, all of it said or chosen by themselves.

    near: theme → cosine of what was said with how people say it. told: themes of the stories that were found. choice:
    what was ticked. languages: primary subtags of what the person writes; () when nobody knows. towns: places that they
    named. country: ISO 3166 code that they chose.
    """

    near: Mapping[str, float]
    told: Sequence[str] = ()
    choice: Choice = field(default_factory=Choice)
    languages: tuple[str, ...] = ()
    towns: tuple[Town, ...] = ()
    country: str | None = None


def wanted_of(
    near: Mapping[str, float],
    turns: Iterable[str],
    find: Callable[[str], Sequence[Town]],
    *,
    languages: tuple[str, ...],
    choice: Choice = _NOTHING,
    places: Iterable[str] = (),
    told: Sequence[str] = (),
    country: str | None = None,
) -> Wanted:
    """The wish of a conversation. turns: what the person wrote. find: the gazetteer's. places: towns that they named
    for groups; where one is known, towns that they named elsewhere do not count."""
    named = tuple(dict.fromkeys(town for place in places for town in find(place)))
    return Wanted(near, told, choice, languages, named or towns_said(" ".join(turns), find), country)


def group_text(group: Group) -> str:
    """What the vector of a group stands for: only what anybody may see of it."""
    about = ", ".join(phrase(theme) for theme in group.themes)
    return "\n".join(filter(None, [group.name, group.description, group.eligibility, ", ".join(group.formats), about]))


def suggested(found: Iterable[tuple[Group, float]], wanted: Wanted, now: datetime) -> list[tuple[float, Group]]:
    """(score, group), best first, of those that are near enough to what was said. found: each with its cosine."""
    ranked = []
    for group, cosine in found:
        about = max((wanted.near.get(theme, 0.0) for theme in group.themes), default=cosine)
        score = (cosine + about) / 2 + _TOLD * min(2, sum(theme in wanted.told for theme in group.themes))
        if group.status == "active" and score >= GROUP_FLOOR:
            ranked.append((score - _lower(group, wanted, now), group))
    ranked.sort(key=lambda item: (-item[0], item[1].id))
    return ranked


def _lower(group: Group, wanted: Wanted, now: datetime) -> float:
    """How much lower a group stands for what does not fit."""
    lower = 0.0
    tags = {tag.split("-")[0].lower() for tag in group.languages}
    if wanted.languages and not wanted.choice.languages and tags.isdisjoint(wanted.languages):
        lower += _STRANGE
    only_there = group.attendance == "in_person"
    if wanted.country and only_there and group.place and group.place.country != wanted.country:
        lower += _ABROAD
    if stale(group.checked_on, now.date()):
        lower += _STALE
    if wanted.towns or wanted.choice != _NOTHING:  # a row costs more than all the rest of this
        row = row_of(group)
        lower += _MISSED * missed(row, wanted.choice, now)
        if any(reached(row, town) for town in wanted.towns):
            lower -= _NEAR
        elif wanted.towns and only_there:
            lower += _FAR
    return lower


def outcomes(row: Row, choice: Choice, now: datetime) -> list[tuple[str, bool]]:
    """Each thing that was chosen, by its name in `Choice`, and whether a group has it; days and time of day are one,
    "times". What it should be without stands behind WITHOUT ("-ways")."""
    ones = [(name, replace(Choice(), **{name: value})) for name in _FACETS if (value := getattr(choice, name))]
    hours = frozenset(one for one in choice.without if one[0] in ("days", "times"))
    if choice.days or choice.times or hours:
        ones.append(("times", Choice(days=choice.days, times=choice.times, clock=choice.clock, without=hours)))
    if choice.without - hours:
        ones += [(f"{WITHOUT}{name}", Choice(without=frozenset(values))) for name, values in _by_field(choice, hours)]
    return [(name, bool(chosen((row,), one, now))) for name, one in ones]


def _by_field(choice: Choice, but: frozenset[tuple[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    names = sorted({name for name, _ in choice.without - but})
    return [(name, [one for one in choice.without if one[0] == name]) for name in names]


def missed(row: Row, choice: Choice, now: datetime) -> int:
    """How many of the things that were chosen a group has not."""
    return sum(not has for _, has in outcomes(row, choice, now))


def reached(row: Row, town: Town) -> bool:
    """Whether one can go there from a town, as far as the directory knows."""
    if not row.goes_to:
        return False
    if row.point and town.middle:
        return distance(row.point, town.middle) <= REACH
    return row.id in town.ids


def towns_said(text: str, find: Callable[[str], Sequence[Town]]) -> tuple[Town, ...]:
    """Towns of the directory that somebody named as where they are ("i'm in leeds"). find: the gazetteer's.

    Only after words that say so (`_HERE`).
    """
    said: list[Town] = []
    for match in _BEFORE.finditer(plain(text)):
        words = match.group(1).rstrip(" .,").split()
        for count in range(len(words), 0, -1):
            if found := find(" ".join(words[:count]).strip(".,")):
                said += [town for town in found if town not in said]
                break
    return tuple(said)


def nearest_of_each(found: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """The nearest of each directory, which is the first part of an id: thousands of one must not hide all others."""
    taken: Counter[str] = Counter()
    kept = []
    for id, cosine in found:
        feed = id.partition(":")[0] if ":" in id else ""
        taken[feed] += 1
        if taken[feed] <= _OF_EACH_DIRECTORY:
            kept.append((id, cosine))
    return kept


def by_turns(ranked: Sequence[Group], count: int) -> list[Group]:
    """The first of each programme before a second one of any: a directory of thousands must not fill every place."""
    seen: set[str] = set()
    first: list[Group] = []
    rest: list[Group] = []
    for group in ranked:
        (rest if group.programme and group.programme in seen else first).append(group)
        seen.add(group.programme)
    return [*first, *rest][:count]
