"""The help that answers a screen: fixed texts, and doors to people. Nothing is ranked, guessed or written by a model.

`helplines.yaml` is the hand-kept table of crisis lines, one row per country; the texts are in `words/<lang>/care.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from assistant import words
from assistant.care.screen import Screen
from assistant.words.local import by_name, country_name, either
from corpus.yaml_file import read_yaml

TABLE = Path(__file__).parent / "helplines.yaml"
EVERY_COUNTRY = "/help"  # the page of this app that lists the lines of all countries

Kind = Literal["emergency", "call", "text", "chat", "email", "list"]  # list: the page with every country


class Door(BaseModel, frozen=True):
    """One way to reach people. href: tel:, sms:, mailto:, https: or a page of this app; None where no link can work.

    name: who answers. label: what stands on the button, in the reader's language. hours: as the provider says, local
    time; "" when not confirmed. languages: BCP-47 primary subtags.
    """

    kind: Kind
    name: str
    label: str
    href: str | None
    hours: str
    languages: tuple[str, ...]
    note: str = ""


class Line(BaseModel, frozen=True):
    """A country's row of the table, as kept by hand. `doors` as written there; `help_for` makes `Door`s of them."""

    code: str  # ISO 3166-1 alpha-2
    country: str
    name: str
    hours: str
    languages: tuple[str, ...]
    emergency: tuple[str, ...]
    doors: tuple[dict[str, Any], ...]
    sources: tuple[str, ...]
    verified_on: date
    recheck: str = ""


class Help(BaseModel, frozen=True):
    """A help block or a compact card, top to bottom: title, lines, question, doors, barriers, what comes after.

    verified_on: when the country's numbers were last checked; None when the country is not known.
    """

    key: str
    title: str
    lines: tuple[str, ...]
    ask: str | None
    doors: tuple[Door, ...]
    barriers: tuple[tuple[str, str], ...]
    after: tuple[str, ...]
    compact: bool
    verified_on: date | None


@lru_cache(maxsize=1)
def _table() -> dict[str, Line]:
    rows = read_yaml(TABLE)["lines"]
    return {row["code"]: Line(**row) for row in rows}


@lru_cache(maxsize=16)
def countries(lang: str = words.DEFAULT) -> tuple[tuple[str, str], ...]:
    """(ISO code, name in a language) of every country in the table, by name."""
    return tuple(by_name((code, country_name(code, lang)) for code in _table()))


def helplines(country: str) -> Line | None:
    """The row of a country (ISO 3166-1 alpha-2, any case); None when the table has none."""
    return _table().get((country or "").strip().upper())


def guess_country(accept_language: str | None) -> str | None:
    """The region of the most wanted language tag that has one ("en-GB,en;q=0.9" -> "GB"), if the table knows it.

    Only ever from the browser's languages, never from an address. When the first region is not in the table the answer
    is None, not a later region: another country's number would not connect.
    """
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:1000].split(",")):
        tag, _, rest = part.strip().partition(";")
        quality = re.search(r"q\s*=\s*([01](?:\.\d+)?)", rest)
        region = next((p.upper() for p in tag.split("-")[1:] if re.fullmatch("[A-Za-z]{2}", p)), None)
        if region and (not quality or float(quality[1]) > 0):
            wanted.append((-float(quality[1]) if quality else -1.0, place, region))
    first = min(wanted, default=None)
    return first[2] if first and first[2] in _table() else None


# --- doors ------------------------------------------------------------------------------------------------------------


def _digits(number: str) -> str:
    """Only what a phone can dial: digits, and a leading * or + where the number has one."""
    return re.sub(r"(?<!^)[*+]|[^\d*+]", "", number.strip())


def _emergency(numbers: Iterable[str], lang: str) -> list[Door]:
    return [
        Door(
            kind="emergency",
            name="",
            label=words.say("care.door.emergency", lang, number=number),
            href=f"tel:{_digits(number)}",
            hours="24/7",
            languages=(),
        )
        for number in numbers
    ]


def _door(written: dict[str, Any], line: Line, lang: str) -> Door:
    """One door of the table as a button: a number to call or text, or a place to chat or write."""
    say = words.say
    kind: Kind
    if "call" in written:
        kind, href = "call", f"tel:{_digits(written['call'])}"
        label = say("care.door.call", lang, number=written["call"])
    elif "text" in written:
        kind, href = "text", f"sms:{_digits(written['text'])}"
        label = say("care.door.text", lang, number=written["text"])
        if written.get("word"):
            label = say("care.door.text_word", lang, number=written["text"], word=written["word"])
    elif "whatsapp" in written:
        kind, href = "text", f"https://wa.me/{_digits(written['number'])}"
        label = say("care.door.whatsapp", lang, number=written["whatsapp"])
    elif "chat" in written:
        kind, href = "chat", f"https://{written['chat']}"
        label = say("care.door.chat", lang, host=written["chat"])
    else:
        kind, href = "email", f"mailto:{written['email']}"
        label = say("care.door.email", lang, address=written["email"])
    inherits = kind in ("call", "text") and "name" not in written
    hours = written.get("hours", line.hours if inherits else "")
    notes = [say("care.door.limited", lang)] if written.get("limited") else []
    if not hours and kind == "call" and not notes:
        notes.append(say("care.door.unconfirmed", lang))
    return Door(
        kind=kind,
        name=written.get("name", line.name),
        label=label,
        href=href,
        hours=hours,
        languages=tuple(written.get("languages", line.languages)),
        note=", ".join(notes),
    )


def _everywhere(lang: str) -> Door:
    label = words.say("care.door.all", lang)
    return Door(kind="list", name="", label=label, href=EVERY_COUNTRY, hours="", languages=())


def _doors(line: Line | None, lang: str) -> list[Door]:
    """Every door of a country: emergency first, then as in the table, those in the reader's language before others."""
    if line is None:
        return [*_emergency(("112",), lang), _everywhere(lang)]
    made = [_door(written, line, lang) for written in line.doors]
    made.sort(key=lambda d: bool(d.languages) and lang not in d.languages)  # stable: the table's order otherwise
    return [*_emergency(line.emergency, lang), *made]


def doors(country: str | None, lang: str) -> tuple[Door, ...]:
    """Every way to reach people in a country, emergency first; for an unknown country, the way to the whole list."""
    return tuple(_doors(helplines(country or ""), lang))


def help_bar(country: str | None, lang: str) -> tuple[Door, ...]:
    """What stands on every page before anything is said: one emergency number and the country's main line.

    Two links fit beside the way out on a phone; a country's second emergency number stands with all its doors.
    """
    line = helplines(country or "")
    found = _doors(line, lang)
    emergency = [d for d in found if d.kind == "emergency"]
    return (*emergency[:1], *[d for d in found if d.kind in ("call", "list")][:1])


# --- texts ------------------------------------------------------------------------------------------------------------

# Which text answers which categories, most pressing first. At tier 3 `EMERGENCY` decides, at tiers 1 and 2 `TEXTS`.
EMERGENCY = (
    ("violence_from_other", "emergency_violence"),
    ("overdose", "emergency_overdose"),
    ("medical_emergency", "emergency"),
    ("self_harm", "emergency"),
    ("suicidal", "emergency_suicidal"),
)
TEXTS = (
    ("overdose", "overdose"),
    ("violence_from_other", "violence"),
    ("minor_at_risk", "minor"),
    ("danger_to_others", "others"),
    ("command_voices", "voices"),
    ("medical_emergency", "medical"),
    ("eating_danger", "eating"),
    ("suicide_bereavement", "bereavement"),
)
BARRIERS = ("what_happens", "hospital", "privacy", "cost", "credit", "voice", "seen", "language", "useless")
OWN_LIFE = frozenset({"suicidal", "suicidal_passive", "self_harm"})
DISCREET = ("seen", "privacy", "cost", "voice", "language")  # the barriers that are shown beside the violence text


def _key(screen: Screen) -> str:
    named = set(screen.categories)
    if screen.tier == 3:
        if screen.who == "other" and not named & {"overdose", "medical_emergency", "violence_from_other"}:
            return "emergency_other"
        return next((key for category, key in EMERGENCY if category in named), "emergency")
    if screen.tier == 0:
        return "clinical"
    if screen.who == "other" and named & {"worry_about_other", *OWN_LIFE}:
        return "other"
    if named & OWN_LIFE:
        return "crisis" if screen.tier == 2 else "check_in"
    if "worry_about_other" in named:
        return "other"
    return next((key for category, key in TEXTS if category in named), "crisis" if screen.tier == 2 else "check_in")


def help_for(screen: Screen, country: str | None, lang: str) -> Help | None:
    """The help that a screen calls for; None when it is ordinary and no question for a clinician.

    Tier 3: the emergency number and short lines, nothing else. Tier 2: the whole block. Tier 1: one sentence and a
    compact card. Clinical: who can answer; the warning about stopping is added at every tier when it applies.
    """
    if screen.tier == 0 and not (screen.clinical or screen.stopping):
        return None
    line = helplines(country or "")
    key = _key(screen)
    number = words.say("care.emergency_unknown", lang)
    if line:
        number = either(line.emergency, lang)
    found = _doors(line, lang)

    def texts(name: str) -> tuple[str, ...]:
        try:
            written = words.variants(f"care.{key}.{name}", lang)
        except KeyError:
            return ()
        return tuple(words.fill(text, emergency=number) for text in written)

    title = "".join(texts("title"))
    verified = line.verified_on if line else None
    stopping = tuple(words.fill(t, emergency=number) for t in words.variants("care.clinical.stopping", lang))
    stopping = stopping if screen.stopping else ()
    if screen.tier == 3:
        urgent = tuple(d for d in found if d.kind == "emergency")
        return Help(key=key, title=title, lines=texts("lines"), ask=None, doors=urgent, barriers=(), after=(),
                    compact=False, verified_on=verified)  # fmt: skip
    if screen.tier == 0:
        only_urgent = tuple(d for d in found if d.kind == "emergency") if stopping else ()
        return Help(key=key, title=title, lines=(*stopping, *texts("lines")), ask=None, doors=only_urgent, barriers=(),
                    after=texts("after"), compact=False, verified_on=verified if only_urgent else None)  # fmt: skip
    extra: tuple[str, ...] = ()
    if "minor_at_risk" in screen.categories and key != "minor":
        extra = words.variants("care.minor.extra", lang)
    if screen.tier == 1:
        ask = texts("ask") if key != "check_in" or set(screen.categories) & OWN_LIFE else ()
        return Help(key=key, title=title, lines=(*stopping, *texts("short"), *extra), ask="".join(ask) or None,
                    doors=tuple(found), barriers=(), after=(), compact=True, verified_on=verified)  # fmt: skip
    named = DISCREET if key == "violence" else BARRIERS
    barriers = tuple((words.say(f"care.barrier.{b}.q", lang), words.say(f"care.barrier.{b}.a", lang)) for b in named)
    return Help(
        key=key,
        title=title,
        lines=(*stopping, *texts("lines"), *extra),
        ask="".join(texts("ask")) or None,
        doors=tuple(found),
        barriers=barriers,
        after=texts("after"),
        compact=False,
        verified_on=verified,
    )
