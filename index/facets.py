"""By what groups can be looked through: a compact row of each, what somebody chose, and whether the two fit.

Nobody is guessed at and nothing is chosen beforehand. Between facets both must hold, within one any of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from corpus.groups.codes import programmes
from corpus.groups.hours import minutes
from corpus.groups.times import length
from corpus.groups.weekdays import DAYS
from corpus.types import Group, Place, Schedule, zone_of
from index.places import Gazetteer, Point, Town, coarse, distance, plain, point_of

WAYS = ("in_person", "online", "phone")
# They overlap, as people's days do: (from, to) in hours of the wall clock.
TIMES: dict[str, tuple[tuple[int, int], ...]] = {
    "morning": ((4, 12),), "afternoon": ((11, 17),), "evening": ((16, 21),), "night": ((20, 24), (0, 5)),
}  # fmt: skip
# What somebody needs to be there, and words of a directory that say so; each directory has its own.
NEEDS: dict[str, tuple[str, ...]] = {
    "wheelchair": ("wheelchair", "step-free", "step free", "ramp"), "captions": ("caption", "subtitle"),
    "signing": ("sign language",), "hearing": ("hearing loop", "induction loop"),
    "camera_off": ("camera off", "sound only", "chat only"),
}  # fmt: skip
# What somebody may want to do without, and words of a group's name, text or place that say so.
MARKS: dict[str, tuple[str, ...]] = {
    "church": ("church", "chapel", "cathedral", "parish", "mosque", "synagogue", "temple", "faith based", "faith-based",
               "kirche", "kirchengemeinde", "iglesia", "eglise", "igreja", "christian", "bible"),
    "twelve_step": ("12 step", "12-step", "twelve step", "twelve-step", "12 steps", "twelve steps"),
}  # fmt: skip
_NOT_TWELVE_STEPS = frozenset({"rd", "rr", "pal"})  # programmes with codes of their own that go another way
_DENIED = re.compile(r"\b(?:not|no|non|nor|without|isn't)\b(?: [\w-]+){1,4}")  # "we are not a church"
MOST_ACCESS = 40  # words of access that are offered; every directory has its own
NEVER = float("inf")
_QUARTER = 15  # minutes: the grain of the week
_WEEK = 7 * 24 * 60 // _QUARTER
_ALL = (1 << _WEEK) - 1


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody looks for; empty everywhere is everything."""

    kinds: frozenset[str] = frozenset()
    ways: frozenset[str] = frozenset()  # of WAYS; a group in person and online is both
    languages: frozenset[str] = frozenset()  # primary subtags
    days: frozenset[str] = frozenset()  # MO … SU; with `times` both hold of one meeting
    times: frozenset[str] = frozenset()  # of TIMES, by the group's own clock
    audience: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    openness: frozenset[str] = frozenset()
    access: frozenset[str] = frozenset()  # keys of `Offers.access`
    needs: frozenset[str] = frozenset()  # of NEEDS, all of them
    free: bool = False
    without: frozenset[tuple[str, str]] = frozenset()  # (field or "marks", value) that a group must not be: not on MO
    clock: str | None = None  # a zone by whose clock days and times are meant instead
    words: tuple[str, ...] = ()  # each stands in the group's name or description; as `plain` writes them
    town: Town | None = None  # only groups that one can go to
    within: int | None = None  # km from the town; None: any distance


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be chosen: only what a listed group has, each facet in an order for reading."""

    kinds: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    openness: tuple[str, ...] = ()
    access: Mapping[str, str] = field(default_factory=dict)  # key: the directory's own words
    free: bool = False
    clocks: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()


@dataclass(slots=True)
class Row:
    """What is known of one group for choosing and for order; what changes with time is kept up by the directory."""

    id: str
    name: str
    programme: str
    kind: str
    ways: frozenset[str]
    languages: frozenset[str]
    audience: frozenset[str]
    themes: frozenset[str]
    access: frozenset[str]
    openness: str
    free: bool
    always: bool
    text: str
    weeks: tuple[tuple[str, int, date | None], ...]  # (zone, quarters in which it begins or is open, last day)
    schedules: tuple[Schedule, ...]  # empty where no next time may be said
    checked_on: date | None
    point: Point | None
    goes_to: bool  # whether there is a place to go to
    marks: frozenset[str] = frozenset()  # of MARKS, and its programme: what somebody may want to do without
    stale: bool = field(default=False, compare=False)  # nobody checked it for long
    start: float = field(default=NEVER, compare=False)  # of the meeting that is happening or comes next, seconds
    until: float = field(default=0.0, compare=False)  # until when `start` is true


def row_of(group: Group) -> Row:
    certain = not group.always_open and all(s.certain for s in group.schedules)
    ways = {"hybrid": {"in_person", "online"}, "unknown": set()}.get(group.attendance, {group.attendance})
    if group.kind == "warmline" and group.phone:
        ways |= {"phone"}
    return Row(
        id=group.id, name=plain(group.name), programme=group.programme, kind=group.kind, ways=frozenset(ways),
        languages=frozenset(tag.split("-")[0].lower() for tag in group.languages), audience=frozenset(group.audience),
        themes=frozenset(group.themes), access=frozenset(map(plain, group.access)), openness=group.openness,
        free=group.cost.free is True, always=group.always_open,
        text=plain(f"{group.name} {group.organisation} {group.description}"),
        weeks=tuple((s.timezone, _week(s), s.until) for s in group.schedules if s.timezone),
        schedules=group.schedules if certain else (), checked_on=group.checked_on, point=point_of(group.place),
        goes_to=group.place is not None and group.attendance in ("in_person", "hybrid", "unknown"), marks=_marks(group),
    )  # fmt: skip


def _marks(group: Group) -> frozenset[str]:
    venue = (group.place.name or "") if group.place else ""
    said = _DENIED.sub(" ", plain(" ".join((group.name, group.organisation, group.description, venue))))
    said = " ".join(re.sub(r"[^\w-]+", " ", said).split())
    found = {mark for mark, words in MARKS.items() if any(f" {word} " in f" {said} " for word in words)}
    if group.programme:
        found.add(group.programme)
        if group.programme in programmes() and group.programme not in _NOT_TWELVE_STEPS:
            found.add("twelve_step")
    if "faith_community" in group.audience:
        found.add("church")
    return frozenset(found)


# --- the week, in quarters of an hour --------------------------------------------------------------------------------


def _turned(bits: int, by: int) -> int:
    """The same quarters so many later, over the end of the week to its beginning."""
    by %= _WEEK
    return ((bits << by) | (bits >> (_WEEK - by))) & _ALL


def _week(schedule: Schedule) -> int:
    """When it begins; for hours of opening when it is open."""
    lasts = length(schedule) if schedule.hours else None
    quarters = max(1, -(-int(lasts.total_seconds()) // (60 * _QUARTER))) if lasts else 1
    bits = 0
    for day in schedule.days:
        bits |= _turned((1 << quarters) - 1, (DAYS.index(day) * 1440 + minutes(schedule.start)) // _QUARTER)
    return bits


def _meant(days: Iterable[str], times: Iterable[str]) -> int:
    """The quarters of the week that days and times of the day name together; one that is empty names all."""
    spans = [span for name in times for span in TIMES[name]] or [(0, 24)]
    bits = 0
    for day in days or DAYS:
        for start, end in spans:
            quarters = (end - start) * 60 // _QUARTER
            bits |= ((1 << quarters) - 1) << ((DAYS.index(day) * 1440 + start * 60) // _QUARTER)
    return bits


class _Hours:
    """Days and times that were chosen, as they stand on the clock of each zone at this moment."""

    def __init__(self, choice: Choice, now: datetime) -> None:
        self._bits = _meant(choice.days, choice.times)
        for name, value in choice.without:
            if name in ("days", "times"):
                self._bits &= ~_meant(*(((value,), ()) if name == "days" else ((), (value,))))
        self._clock = zone_of(choice.clock) if choice.clock else None
        self._now = now
        self._zones: dict[str, int] = {}

    def fit(self, row: Row) -> bool:
        if row.always:
            return True
        today = self._now.date()
        return any(bits & self._of(zone) and (last is None or last >= today) for zone, bits, last in row.weeks)

    def _of(self, zone: str) -> int:
        if self._clock is None:
            return self._bits
        if zone not in self._zones:
            there, here = (self._now.astimezone(z).utcoffset() for z in (zone_of(zone), self._clock))
            assert there is not None
            assert here is not None
            self._zones[zone] = _turned(self._bits, round((there - here).total_seconds() / 60 / _QUARTER))
        return self._zones[zone]


# --- choosing --------------------------------------------------------------------------------------------------------


def chosen(rows: Sequence[Row], choice: Choice, now: datetime) -> list[tuple[Row, int | None]]:
    """The rows that fit, in the order given, each with its coarse distance (km) from the town that was named."""
    if choice.kinds:
        rows = [row for row in rows if row.kind in choice.kinds]
    if choice.openness:
        rows = [row for row in rows if row.openness in choice.openness]
    if choice.free:
        rows = [row for row in rows if row.free]
    for name in ("ways", "languages", "audience", "themes", "access"):
        if wanted := getattr(choice, name):
            rows = [row for row in rows if not wanted.isdisjoint(getattr(row, name))]
    for need in choice.needs:
        rows = [row for row in rows if _has(row, need)]
    for word in choice.words:
        rows = [row for row in rows if word in row.text]
    if choice.without:
        rows = [row for row in rows if not any(_is(row, name, value) for name, value in choice.without)]
    if of_hours(choice):
        fit = _Hours(choice, now).fit
        rows = [row for row in rows if fit(row)]
    if choice.town is None:
        return [(row, None) for row in rows]
    near = ((row, _far(row, choice.town)) for row in rows)
    return [(row, km) for row, km in near if km is not None and (choice.within is None or km <= choice.within)]


def of_hours(choice: Choice) -> bool:
    """Whether days or times of day matter, those that it must not be among them."""
    return bool(choice.days or choice.times or any(name in ("days", "times") for name, _ in choice.without))


def _is(row: Row, name: str, value: str) -> bool:
    """Whether a group is what somebody wants to do without. One that can be joined another way, too, is not; days and
    times are for `_Hours`."""
    if name in ("ways", "languages"):
        return bool(getattr(row, name) == {value})
    if name in ("kinds", "openness"):
        return (row.kind if name == "kinds" else row.openness) == value
    return name in ("audience", "marks") and value in getattr(row, name)


def _has(row: Row, need: str) -> bool:
    """Whether a group says that it has what somebody needs; "no wheelchair access" says the opposite."""
    return any(
        word in said and not said.startswith(("no ", "not ", "without ")) for said in row.access for word in NEEDS[need]
    )


def _far(row: Row, town: Town) -> int | None:
    """Coarse km; None where there is nowhere to go to, or nobody knows how far it is."""
    if not row.goes_to:
        return None
    if row.point and town.middle:
        return coarse(distance(row.point, town.middle))
    return coarse(0) if row.id in town.ids else None


class Listed:
    """The rows of one revision, and what follows from them."""

    def __init__(
        self, rows: Mapping[str, Row], places: Mapping[str, Place], access: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.rows, self.places, self.access = rows, places, access

    @cached_property
    def gazetteer(self) -> Gazetteer:
        return Gazetteer({id: place for id, place in self.places.items() if self.rows[id].goes_to})

    @cached_property
    def offers(self) -> Offers:
        rows = tuple(self.rows.values())
        hours = 0
        for row in rows:
            for _, bits, _ in row.weeks:
                hours |= bits
        if any(row.always for row in rows):
            hours = _ALL

        def of(name: str) -> tuple[str, ...]:
            return tuple(sorted(set().union(*(getattr(row, name) for row in rows))))

        return Offers(
            kinds=tuple(sorted({row.kind for row in rows})),
            ways=tuple(way for way in WAYS if way in of("ways")),
            languages=of("languages"),
            days=tuple(day for day in DAYS if hours & _meant((day,), ())),
            times=tuple(name for name in TIMES if hours & _meant((), (name,))),
            audience=of("audience"),
            themes=of("themes"),
            openness=tuple(o for o in ("open", "closed") if any(row.openness == o for row in rows)),
            access=self._access(),
            free=any(row.free for row in rows),
            clocks=tuple(sorted({zone for row in rows for zone, _, _ in row.weeks})),
            towns=self.gazetteer.names,
        )

    def _access(self) -> dict[str, str]:
        """The words that most groups use, in the order of the alphabet."""
        spelt: dict[str, Counter[str]] = {}
        for words in self.access.values():
            for word in words:
                spelt.setdefault(plain(word), Counter())[word] += 1
        most = sorted(spelt, key=lambda key: (-spelt[key].total(), key))[:MOST_ACCESS]
        return {key: min(spelt[key], key=lambda word: (-spelt[key][word], word)) for key in sorted(most) if key}
