"""A group as the fields of a form, and what somebody changed in them. Pure: the store decides what a group may be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, get_args

from corpus import vocabulary
from corpus.custody import GroupFile
from corpus.groups import clean
from corpus.groups.weekdays import DAYS
from corpus.types import Group

LINES = ("name", "organisation", "run_by", "listed_by", "phone")
AREAS = ("description", "eligibility", "how_to_join", "how_to_leave")
CHOICES = ("kind", "attendance", "openness", "contacts_emergency_services")
LISTS = ("languages", "formats", "access")  # on one line, with commas
TICKS: dict[str, vocabulary.Kind] = {"themes": "themes", "audience": "contexts"}
PLACE = ("name", "street", "city", "region", "postal_code", "country", "directions")
COST = {"": None, "yes": True, "no": False}
STATES = ("active", "temporarily_closed", "inactive")

Fields = Mapping[str, list[str]]


def options(field: str) -> tuple[str, ...]:
    """The values that a field can have."""
    return tuple(get_args(Group.model_fields[field].annotation))


def version(group: Group) -> str:
    """Changes with every change of a group: a form that was read before another one was sent is not taken."""
    return hashlib.sha256(group.model_dump_json().encode()).hexdigest()[:16]


def fields_of(group: Group) -> dict[str, list[str]]:
    """A group as its form shows it."""
    found = {name: [str(getattr(group, name) or "")] for name in (*LINES, *AREAS, *CHOICES)}
    found |= {name: [", ".join(getattr(group, name))] for name in LISTS}
    found |= {name: list(getattr(group, name)) for name in TICKS}
    found |= {f"place-{name}": [str(getattr(group.place, name, None) or "")] for name in PLACE}
    found["link"] = [group.online.url if group.online else ""]
    found["cost"] = [group.cost.text]
    found["cost_free"] = [next(word for word, value in COST.items() if value is group.cost.free)]
    for n, row in enumerate(group.schedules):
        found |= {f"days-{n}": list(row.days), f"start-{n}": [row.start], f"end-{n}": [row.end or ""]}
        found[f"zone-{n}"] = [row.timezone or ""]
    return found


def changed(file: GroupFile, typed: Fields) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(changes for `Store.edit_group`, names of fields that would show a passcode or are no link).

    A field that says again what the directory says is given back to it.
    """
    group = file.group
    before = fields_of(group)
    now = {name: [_plain(value) for value in typed.get(name, [])] for name in before}
    touched = {name for name in before if now[name] != [_plain(value) for value in before[name]]}
    wrong = tuple(sorted(name for name in touched if any(clean.without_secrets(v)[1] for v in now[name])))
    changes: dict[str, Any] = {
        name: now[name][0] if now[name] else "" for name in (*LINES, *AREAS, *CHOICES) if name in touched
    }
    changes |= {n: [w.strip() for w in (now[n] or [""])[0].split(",") if w.strip()] for n in LISTS if n in touched}
    changes |= {name: now[name] for name in TICKS if name in touched}
    if "link" in touched:
        written = (now["link"] or [""])[0]
        found = clean.address(written)
        if written and (found.secret or not found.url):
            wrong += ("link",)
        changes["online"] = {"url": found.url, "provider": None} if written else {}
    if touched & {"cost", "cost_free"}:
        changes["cost"] = {"text": (now["cost"] or [""])[0], "free": COST.get((now["cost_free"] or [""])[0])}
    if any(name.startswith("place-") for name in touched):
        old = group.place.model_dump(mode="json") if group.place else {}
        new = {name: (now[f"place-{name}"] or [""])[0] or None for name in PLACE}
        moved = {"latitude": None, "longitude": None} if touched & {"place-street", "place-city"} else {}
        changes["place"] = {**old, **new, **moved, "precision": "exact" if new["street"] else "approximate"}
        if not any(new.values()):
            changes["place"] = {}
    if any(re.fullmatch(r"(?:days|start|end|zone)-\d+", name) for name in touched):
        changes["schedules"] = [_schedule(group, n, now) for n in range(len(group.schedules))]
    imported = file.imported.model_dump(mode="json") if file.imported else {}
    same = {name for name, value in changes.items() if imported.get(name) in (value, None if value == {} else value)}
    return {name: None if name in same else value for name, value in changes.items()}, tuple(dict.fromkeys(wrong))


def _schedule(group: Group, n: int, now: Mapping[str, list[str]]) -> dict[str, Any]:
    row = group.schedules[n].model_dump(mode="json")
    zone = (now[f"zone-{n}"] or [""])[0] or None
    return {
        **row, "days": [day for day in DAYS if day in now[f"days-{n}"]], "start": (now[f"start-{n}"] or [""])[0],
        "end": (now[f"end-{n}"] or [""])[0] or None, "timezone": zone,
        "timezone_from": row["timezone_from"] if zone == row["timezone"] else "record" if zone else "unknown",
    }  # fmt: skip


def _plain(value: str) -> str:
    return clean.text(value, 20_000).strip()
