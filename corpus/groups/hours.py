"""Zones, dates and lengths as directories write them, and where a meeting ends."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

LONGEST_SESSION = 6 * 60  # minutes; longer ones are nearly always a slip between morning and evening
_COMMON = {
    "est": "eastern", "cst": "central", "mst": "mountain", "pst": "pacific", "ast": "atlantic", "akst": "alaska",
    "hst": "hawaii", "gmt": "uk", "cet": "mez", "cest": "mesz",
}  # fmt: skip
# "2nd Sunday", "every other week": never a rule. "We moved last week" is none of these.
_ONLY_THEN = re.compile(
    r"\b(?:(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last)"
    r"(?:[\s,&/-]+(?:and|or|1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last|week|of|every|the))*"
    r"[\s,&/-]+(?:sun|mon(?!th)|tue|wed|thu|fri|sat)\w*|"
    r"(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth)(?:[\s,&/-]+(?:and|or|1st|2nd|3rd|4th|5th|first|second|"
    r"third|fourth|fifth|last))*[\s,&/-]+weeks?|last week of|(?:every other|alternate|alternating)[\s-]+"
    r"(?:week|sun|mon|tue|wed|thu|fri|sat)\w*|bi-?weekly|fortnightly|(?:once|twice) a month|monthly)\b",
    re.IGNORECASE,
)
_ONLY_THEN_ELSEWHERE = re.compile(
    r"\b(?:[1-5](?:\.|er|e|º|ª|°)|erste[rn]?|zweite[rn]?|dritte[rn]?|vierte[rn]?|letzte[rn]?|premiers?|deuxi[eè]mes?|"
    r"troisi[eè]mes?|derniers?|primer[oa]?|segundo|tercer|cuarto|[uú]ltim[oa]|primeir[oa]|terceir[oa]|primo|secondo|terzo|"
    r"eerste|tweede|derde|laatste)(?:[\s,&/-]+(?:und|et|y|e|en|[1-5](?:\.|er|e|º|ª|°)))*\s+"
    r"(?:mon?tag|dienst|mittw|donner|freit|sams|sonn|lun|mar|mer|jeu|ven|sam|dim|mi[eé]r|jue|vie|s[aá]b|dom|segunda|ter[cç]|"
    r"quart|quint|sext|gio|maan|dins|woen|dond|vrij|zat|zon)\w*|alle (?:14|vierzehn) tage|zweiw[oö]chentlich|monatlich|"
    r"quinzenal\w*|quincenal\w*|mensal\w*|mensual\w*|mensuel\w*|une fois par mois|tous les 15 jours|mensile|"
    r"tweewekelijks|maandelijks",
    re.IGNORECASE,
)
_STEMS = (
    "1st 2nd 3rd 4th 5th first second third fourth fifth last other altern week fortnight month erst zweit dritt viert "
    "letzt premi deuxi troisi dern prim segund terce ltim terzo eerst tweede derde laatst tage monat quin mens jours "
    "fois maandel"
).split() + [f"{n}{sign} " for n in range(1, 6) for sign in (".", "er", "e", "º", "ª", "°")]
_WINDOWS = {
    "eastern standard time": "America/New_York", "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver", "pacific standard time": "America/Los_Angeles",
    "us mountain standard time": "America/Phoenix", "alaskan standard time": "America/Anchorage",
    "hawaiian standard time": "Pacific/Honolulu", "atlantic standard time": "America/Halifax",
    "newfoundland standard time": "America/St_Johns", "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin", "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest", "central european standard time": "Europe/Warsaw",
    "e. south america standard time": "America/Sao_Paulo", "aus eastern standard time": "Australia/Sydney",
    "e. australia standard time": "Australia/Brisbane", "cen. australia standard time": "Australia/Adelaide",
    "w. australia standard time": "Australia/Perth", "new zealand standard time": "Pacific/Auckland",
    "india standard time": "Asia/Kolkata", "south africa standard time": "Africa/Johannesburg",
    "tokyo standard time": "Asia/Tokyo", "singapore standard time": "Asia/Singapore",
    "eastern time (us & canada)": "America/New_York", "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver", "pacific time (us & canada)": "America/Los_Angeles",
    "argentina standard time": "America/Argentina/Buenos_Aires", "sa pacific standard time": "America/Bogota",
}  # fmt: skip


def only_then(words: str) -> str:
    """The sentence in which words say that it does not meet every week ("2nd Sunday"), at most 120 characters, else
    "". Nearly always they tell of a business meeting or a birthday night, so no rule is made of them."""
    plain = words.lower()
    if not any(stem in plain for stem in _STEMS):  # most notes hold none, and the patterns are slow
        return ""
    found = _ONLY_THEN.search(words) or _ONLY_THEN_ELSEWHERE.search(words)
    if found is None:
        return ""
    start = max(words.rfind(mark, 0, found.start()) for mark in (". ", "\n", "; ", "! ")) + 1
    ends = [at for mark in (". ", "\n", "; ", "! ") if (at := words.find(mark, found.end())) >= 0]
    sentence = words[start : min(ends, default=len(words))].strip(" .;!\n")
    return sentence if len(sentence) <= 120 else found.group()[:120]


@lru_cache(maxsize=2048)
def zone(name: str) -> str | None:
    """The IANA name that is meant, or None: "America/New_York", in any case, and Windows' own names. An offset
    (`UTC+2`, `-05:00`) or an abbreviation (`EST`) is none: it says nothing of summer time."""
    plain = name.strip().strip('"').replace(" ", "_")
    if not plain or len(plain) > 60:
        return None
    known = _zones().get(plain.lower())
    if known is None:
        known = _WINDOWS.get(re.sub(r"^\((?:utc|gmt)[^)]*\)\s*", "", name.strip().lower()))
    if known is None or not ("/" in known or known == "UTC") or known.startswith("Etc/GMT"):
        return None
    ZoneInfo(known)
    return known


@lru_cache(maxsize=2048)
def may_mean(written: str, zone: str) -> bool:
    """Whether an abbreviation, a common name or an offset ("EST", "Pacific", "UTC-5") can stand for this zone: its
    clocks show it in January or in July. It never makes a zone by itself."""
    if not zone:
        return False
    shown = [datetime(2026, month, 1, tzinfo=ZoneInfo(zone)) for month in (1, 7)]
    plain = re.sub(r"[^a-z]", "", written.lower().replace("time", "").replace("standard", "").replace("daylight", ""))
    names = {str(moment.tzname()).lower() for moment in shown}
    short = {name[0] + name[-1] for name in names if len(name) == 3 and name.isalpha()}  # "ET" of EST and EDT
    common = {_COMMON[name] for name in names if name in _COMMON}
    offset = re.fullmatch(r"\(?(?:utc|gmt)?\s*([+-])(\d{1,2})(?::?(\d{2}))?\)?", written.strip().lower())
    if offset:
        minutes = (int(offset[2]) * 60 + int(offset[3] or 0)) * (-1 if offset[1] == "-" else 1)
        return any((m.utcoffset() or timedelta()).total_seconds() == minutes * 60 for m in shown)
    return bool(plain) and plain in names | short | common


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {z.lower(): z for z in available_timezones() if not z.startswith(("posix/", "right/"))}


def minutes(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:])


def end_of(start: str, end: str | None, opening: bool = False) -> tuple[str | None, bool, str | None]:
    """(end or None, whether it is open day and night, what is worth a warning).

    The difference counts modulo a day. No length at all is no end; 00:00 to 23:59 is day and night; a session that
    seems longer than six hours is tried twelve hours later; hours such as 10:00 to 4:00 end in the afternoon.
    """
    if end is None:
        return None, False, None
    if start == "00:00" and end in ("23:59", "00:00") and (opening or end == "23:59"):
        return None, True, None
    length = (minutes(end) - minutes(start)) % 1440
    if length == 0:
        return None, False, None
    if opening:
        if minutes(end) < minutes(start) and minutes(end) <= 12 * 60 and minutes(start) < 12 * 60:
            later = (minutes(end) + 720) % 1440
            if later > minutes(start):
                return f"{later // 60:02d}:{later % 60:02d}", False, "end_in_the_afternoon"
        return end, False, None
    if length > LONGEST_SESSION:
        if 15 <= (shorter := (length + 720) % 1440) <= 240:
            at = (minutes(start) + shorter) % 1440
            return f"{at // 60:02d}:{at % 60:02d}", False, "end_twelve_hours_off"
        return end, False, "long_session"
    return end, False, None


def after(start: str, duration: Any) -> str | None:
    """The end of a session of a length such as "01:30:00" or a number of minutes; None when there is none."""
    words = str(duration or "").strip()
    if match := re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", words):
        length = int(match[1]) * 60 + int(match[2])
    elif words.isdigit():
        length = int(words)
    else:
        return None
    if not 0 < length < 1440:
        return None
    at = (minutes(start) + length) % 1440
    return f"{at // 60:02d}:{at % 60:02d}"


_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{2})[-/.](\d{2})")
_IN_NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2}|\d{4})(?:[\s,].*)?")
_MONTH_IN_WORDS = re.compile(
    r"(?:(\d{1,2})\.?\s+([a-z]{3})[a-z]*\.?|([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?),?\s+(\d{4})"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def day_of(value: Any) -> date | None:
    """A date out of "2026-04-12", "2026-04-1216:50:58", "4/12/26" (month first, as these directories write it, unless
    there is no such month), "12.4.2026", "12 Apr 2026", or a moment; None when it is none or lies before 1990."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    words = str(value or "").strip()
    found: date | None = None
    try:
        if match := _YEAR_FIRST.match(words):
            found = date(int(match[1]), int(match[2]), int(match[3]))
        elif match := _IN_NUMBERS.fullmatch(words):
            year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
            month, day = int(match[1]), int(match[3])
            if match[2] == "." or month > 12:
                month, day = day, month
            found = date(year, month, day)
        elif match := _MONTH_IN_WORDS.fullmatch(words.lower()):
            found = date(int(match[5]), _MONTHS.index(match[2] or match[3]) + 1, int(match[1] or match[4]))
    except ValueError:
        return None
    return found if found and 1990 <= found.year <= 2100 else None
