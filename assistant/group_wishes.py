"""What a person chose of groups: how it changes by what they say, and how it is said back. Nothing is guessed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.group_requests import Wish
from assistant.words import say
from assistant.words.local import commas, either, language_name
from corpus.groups.weekdays import DAYS
from corpus.types import Group
from index.facets import TIMES, Choice, Row, of_hours, row_of
from index.places import Town
from index.suggest import WITHOUT, missed, outcomes, reached

ANY = Choice()
NEAR = "near"  # a wish that is no field of `Choice`: a place
HERE = "me"  # the place of somebody who did not say where they are
# Said without a word for a group these are of groups all the same: no story is online, free or near a town.
_OF_GROUPS_ONLY = frozenset({"kinds", "ways", "openness", "needs", "free", NEAR, "-kinds", "-ways", "-openness"})
_NAMES = ("kinds", "ways", "languages", "audience", "openness", "needs", "free")
_WEEKEND, _WEEK = frozenset(DAYS[5:]), frozenset(DAYS[:5])
MOST_CHIPS = 3
# What most people choose next, most usual first: (chip, what it sets).
NEXT: tuple[tuple[str, Choice], ...] = (
    ("chip.group.online", Choice(ways=frozenset({"online"}))),
    ("chip.group.in_person", Choice(ways=frozenset({"in_person"}))),
    ("chip.group.evening", Choice(times=frozenset({"evening"}))),
    ("chip.group.weekend", Choice(days=_WEEKEND)),
    ("chip.group.phone", Choice(ways=frozenset({"phone"}))),
    ("chip.group.free", Choice(free=True)),
)


def of_groups_only(wishes: Iterable[Wish]) -> bool:
    """Whether all of these can be wished of groups alone."""
    return all(name in _OF_GROUPS_ONLY for name, _ in wishes)


def changed(choice: Choice, wishes: Sequence[Wish]) -> Choice:
    """The choice after a request. Several values of one message are alternatives; they take the place of what was
    chosen of the same kind before. What a group should be without gathers, until that very thing is chosen."""
    said: dict[str, Any] = {}
    without = frozenset((name.removeprefix(WITHOUT), value) for name, value in wishes if name.startswith(WITHOUT))
    for name, value in wishes:
        if name.startswith(WITHOUT):
            continue
        if name == "free":
            said[name] = True
        elif name == "needs":  # each of them is needed
            said[name] = said.get(name, choice.needs) | {value}
        elif name != NEAR:
            said[name] = said.get(name, frozenset()) | {value}
    chosen = frozenset((name, value) for name, value in wishes if not name.startswith(WITHOUT))
    for name in {name for name, _ in without} - {"marks"}:  # chosen before, and now not wanted
        kept = frozenset(v for v in said.get(name, getattr(choice, name)) if (name, v) not in without)
        said[name] = kept
    return replace(choice, **said, without=(choice.without - chosen) | without)


def places(wishes: Iterable[Wish]) -> tuple[str, ...]:
    """Places that were named, in the person's words."""
    return tuple(value for name, value in wishes if name == NEAR and value != HERE)


def known(place: str, find: Callable[[str], Sequence[Town]]) -> tuple[str, ...]:
    """What the directory calls the towns that a place may be: of "leeds city centre" the first words will do."""
    words = place.split()
    for count in range(len(words), 0, -1):
        if found := find(" ".join(words[:count])):
            return tuple(dict.fromkeys(town.label for town in found))
    return ()


def _of(name: str, choice: Choice, lang: str) -> str:
    """One kind of thing that was chosen, in plain words: "online or in person"."""
    if name == "free":
        return say("group.wish.free", lang)
    if name == "times":  # with the days: both are of one meeting
        parts = [_days(choice.days, lang)] if choice.days else []
        if choice.times:
            given = [time for time in TIMES if time in choice.times]
            parts.append(either((say(f"group.wish.times.{time}", lang) for time in given), lang))
        parts = [" ".join(parts)] if parts else []
        parts += [_without(kind, choice, lang) for kind in ("days", "times") if _named(kind, choice)]
        return commas(parts, lang)
    if name.startswith(WITHOUT):
        return _without(name.removeprefix(WITHOUT), choice, lang)
    values = sorted(getattr(choice, name))
    if name == "languages":
        named = [say("group.wish.languages", lang, language=language_name(value, lang)) for value in values]
    else:
        named = [say(f"group.wish.{name}.{value}", lang) for value in values]
    return commas(named, lang) if name == "needs" else either(named, lang)


def _named(name: str, choice: Choice) -> list[str]:
    return sorted(value for kind, value in choice.without if kind == name)


def _without(name: str, choice: Choice, lang: str) -> str:
    """What a group should not be: "not online or by phone"."""
    values = _named(name, choice)
    if name == "days":
        wish = _days(frozenset(values), lang)
    elif name == "languages":
        wish = either((say("group.wish.languages", lang, language=language_name(v, lang)) for v in values), lang)
    else:
        wish = either((say(f"group.wish.{name}.{value}", lang) for value in values), lang)
    return say("group.wish.not", lang, wish=wish)


def _days(days: frozenset[str], lang: str) -> str:
    if days == _WEEKEND:
        return say("group.wish.days.weekend", lang)
    if days == _WEEK:
        return say("group.wish.days.week", lang)
    named = either((say(f"group.day.{day}", lang) for day in DAYS if day in days), lang)
    return say("group.wish.days", lang, days=named)


def in_words(choice: Choice, near: Sequence[str], lang: str) -> str:
    """Everything that was chosen, to stand inside a sentence; "" where nothing was."""
    named = [_of(name, choice, lang) for name in _NAMES if getattr(choice, name)]
    named += [_without(name, choice, lang) for name in sorted({n for n, _ in choice.without} - {"days", "times"})]
    if of_hours(choice):
        named.append(_of("times", choice, lang))
    towns = dict.fromkeys(label.partition(",")[0] if len(near) > 1 else label for label in near)
    if towns:
        named.append(say("group.wish.near", lang, town=either(towns, lang)))
    return commas(named, lang)


def why(
    group: Group, choice: Choice, near: Sequence[str], towns: Sequence[Town], lang: str, now: datetime
) -> list[str]:
    """Sentences on how a group and what was chosen fit: what it has, what it has not, and what it does not say.

    near: labels of towns that were named for groups. towns: all that were named, by which it was looked for."""
    row = row_of(group)
    has: list[str] = []
    differs: list[str] = []
    unsaid: list[str] = []
    for name, fits in outcomes(row, choice, now):
        said_so = _of(name, choice, lang)
        if name == "times" and choice.times and fits and group.attendance != "in_person":  # people come from elsewhere
            said_so = say("group.wish.own_clock", lang, wish=said_so)
        (has if fits else unsaid if _silent(name, group, row) else differs).append(said_so)
    if near and not any(reached(row, town) for town in towns):
        (differs if not row.goes_to or row.point else unsaid).append(in_words(ANY, near, lang))
    said = (("asked", has), ("differs", differs), ("unsaid", unsaid))
    return [say(f"group.why.{key}", lang, wishes=commas(wishes, lang)) for key, wishes in said if wishes]


def _silent(name: str, group: Group, row: Row) -> bool:
    """Whether a group says nothing of it: then nobody knows that it is not so."""
    if name == "free":
        return group.cost.free is None
    if name == "times":
        return not row.weeks
    if name.startswith(WITHOUT):
        return name == f"{WITHOUT}ways" and not row.ways
    if name == "openness":
        return row.openness == "unknown"
    return name == "needs" or not getattr(row, name, True)


def next_chips(shown: Sequence[Group], others: Sequence[Group], choice: Choice, now: datetime) -> tuple[str, ...]:
    """Keys of at most three chips that would bring one of the others, because not all that are shown have it."""
    here, there = ([row_of(group) for group in groups] for groups in (shown, others))
    found = []
    for chip, wish in NEXT:
        if any(getattr(wish, name) and getattr(choice, name) for name in ("ways", "days", "times", "free")):
            continue  # chosen already
        if not all(not missed(row, wish, now) for row in here) and any(not missed(row, wish, now) for row in there):
            found.append(chip)
    return tuple(found[:MOST_CHIPS])
