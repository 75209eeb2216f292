"""From a group to what is shown of it: who runs it, when it meets, how to get in. Only what anybody may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.conversation import GroupCard, NextMeeting
from assistant.voice import phrases
from assistant.words import say
from assistant.words.local import capital, country_name, isolated, listed
from corpus.groups.times import next_meeting, stale
from corpus.types import Group, Provenance, Schedule, zone_of
from index.facets import row_of
from index.places import Town
from index.suggest import reached

_COST = {True: "free", False: "some", None: "unknown"}
_WORKDAYS = ("MO", "TU", "WE", "TH", "FR")


def when(schedule: Schedule, lang: str = "en") -> str | None:
    """Wall time with the zone named, or None when the zone is unknown: then no clock time may be shown.

    Where weekly is only assumed, the directory's own words stand behind it; a rule without words has none here: the
    next meeting says it.
    """
    if not schedule.timezone:
        return None
    words = schedule.label or ""
    if schedule.rrule:  # not plainly weekly: the source's own words say which weeks
        if not words:
            return None
        days = words[:1].upper() + words[1:]
    elif not schedule.days:
        return None
    elif len(schedule.days) == 7:
        days = say("group.day.all", lang)
    elif schedule.days == _WORKDAYS:
        days = say("group.day.work", lang)
    else:
        days = listed((say(f"group.day.{day}", lang) for day in schedule.days), lang)
    until = f"–{schedule.end}" if schedule.end else ""
    time = isolated(f"{schedule.start}{until}", lang)
    said = say("group.when.at", lang, days=capital(days), time=time, city=city_of(schedule.timezone))
    if words and not schedule.certain:
        said += " " + say("group.when.unsure", lang, words=words)
    return said


def kind_name(kind: str, lang: str) -> str:
    """What a kind of group is called: "Warmline"."""
    return say(f"group.kind.{kind}", lang)


def city_of(zone: str) -> str:
    """The town that a zone is called after: "New York"."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def next_of(group: Group, now: datetime) -> NextMeeting | None:
    """The meeting that is happening or comes next. None where it cannot be known: no zone, or weekly only assumed."""
    if not all(schedule.certain for schedule in group.schedules):
        return None
    found = next_meeting(group, now)
    if found is None:
        return None
    there = found.start.astimezone(zone_of(found.zone))
    end = f"–{found.end.astimezone(zone_of(found.zone)):%H:%M}" if found.end else ""
    return NextMeeting(
        day=there.date().isoformat(),
        weekday=there.weekday() + 1,
        time=f"{there:%H:%M}{end}",
        city=city_of(found.zone),
        zone=found.zone,
        start=found.start.isoformat().replace("+00:00", "Z"),
        end=found.end.isoformat().replace("+00:00", "Z") if found.end else "",
        elsewhere=group.attendance != "in_person",
    )


def group_card(
    group: Group, *, themes: Sequence[str], lang: str, now: datetime, towns: Sequence[Town] = (), doubted: bool = False
) -> GroupCard:
    """What a card shows. themes: what was said is about these. now: aware; next times are worked out from it. towns:
    places that the person named. doubted: several people told that it may have changed."""
    told = [theme for theme in group.themes if theme in themes]
    why = say("group.why.themes", lang, themes=phrases(told, lang)) if told else say("group.why.words", lang)
    near = next((town for town in towns if reached(row_of(group), town)), None)
    if near:
        why += " " + say("group.why.near", lang, town=near.label)
    today = now.date()
    shown = [s for s in group.schedules if s.until is None or s.until >= today]
    times = tuple(dict.fromkeys(filter(None, (when(schedule, lang) for schedule in shown))))
    coming = next_of(group, now)
    if group.always_open:
        times = (say("group.when.always", lang),)
    elif not times and coming is None:
        times = (say("group.when.ask" if group.schedules else "group.when.appointment", lang),)
    place = group.place
    country = country_name(place.country, lang) if place and place.country else ""
    named = [place.name, place.street, place.city, place.region, country] if place else []
    where = ", ".join(dict.fromkeys(filter(None, named)))
    return GroupCard(
        id=group.id,
        name=group.name,
        sample=group.provenance is Provenance.SAMPLE,
        kind=kind_name(group.kind, lang),
        description=group.description,
        language=group.languages[0] if group.languages else "en",
        why=(why,),
        when=times,
        next=None if group.always_open else coming,
        where=" · ".join(filter(None, [say(f"group.attendance.{group.attendance}", lang), isolated(where, lang)])),
        how_to_join=group.how_to_join,
        how_to_leave=group.how_to_leave,
        link=group.online.url if group.online else None,
        phone=group.phone,
        cost=group.cost.text or say(f"group.cost.{_COST[group.cost.free]}", lang),
        who_for=group.eligibility,
        access=group.access,
        languages=group.languages,
        run_by=group.run_by,
        listed_by=group.listed_by,
        checked_on=group.checked_on.isoformat() if group.checked_on else "",
        stale=stale(group.checked_on, today),
        doubted=doubted,
        emergency_calls=say(f"group.calls.{group.contacts_emergency_services}", lang)
        if group.kind == "warmline"
        else None,
    )
