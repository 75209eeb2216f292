"""Days and times as directories write them, and where a meeting ends."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SUNDAY_FIRST = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
LONGEST_SESSION = 6 * 60  # minutes; longer ones are nearly always a slip between morning and evening
_WORDS = {
    "monday": "MO", "tuesday": "TU", "wednesday": "WE", "thursday": "TH", "friday": "FR", "saturday": "SA",
    "sunday": "SU", "mon": "MO", "tue": "TU", "tues": "TU", "wed": "WE", "weds": "WE", "thu": "TH", "thur": "TH",
    "thurs": "TH", "thursay": "TH", "fri": "FR", "sat": "SA", "sun": "SU", "mo": "MO", "tu": "TU", "we": "WE",
    "th": "TH", "fr": "FR", "sa": "SA", "su": "SU", "wendesday": "WE", "wednesay": "WE", "tuseday": "TU",
    "lunes": "MO", "martes": "TU", "miércoles": "WE", "miercoles": "WE", "jueves": "TH", "viernes": "FR",
    "sábado": "SA", "sabado": "SA", "domingo": "SU", "lundi": "MO", "mardi": "TU", "mercredi": "WE", "jeudi": "TH",
    "vendredi": "FR", "samedi": "SA", "dimanche": "SU", "montag": "MO", "dienstag": "TU", "mittwoch": "WE",
    "donnerstag": "TH", "freitag": "FR", "samstag": "SA", "sonnabend": "SA", "sonntag": "SU", "segunda": "MO",
    "segunda-feira": "MO", "terça": "TU", "terça-feira": "TU", "quarta": "WE", "quarta-feira": "WE", "quinta": "TH",
    "quinta-feira": "TH", "sexta": "FR", "sexta-feira": "FR",
}  # fmt: skip
_TIME = re.compile(
    r"(\d{1,2})\s*(?:[:.h]\s*(\d{2}))?(?::\d{2})?(?:\.\d+)?\s*(?:([ap])\.?\s?m\.?|(noon|midnight|uhr|h))?"
    r"\s*(?:Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_GLUED = re.compile(r"\d{3,4}")
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
    "argentina standard time": "America/Argentina/Buenos_Aires", "sa pacific standard time": "America/Bogota",
}  # fmt: skip


@lru_cache(maxsize=2048)
def zone(name: str) -> str | None:
    """The IANA name that is meant, or None: "America/New_York", in any case, and Windows' own names. An offset
    (`UTC+2`, `-05:00`) or an abbreviation (`EST`) is none: it says nothing of summer time."""
    plain = name.strip().strip('"').replace(" ", "_")
    if not plain or len(plain) > 60:
        return None
    known = _zones().get(plain.lower())
    if known is None:
        known = _WINDOWS.get(name.strip().lower())
    if known is None or not ("/" in known or known == "UTC") or known.startswith("Etc/GMT"):
        return None
    ZoneInfo(known)
    return known


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {z.lower(): z for z in available_timezones() if not z.startswith(("posix/", "right/"))}


def days(value: Any, first: tuple[str, ...] = SUNDAY_FIRST, base: int = 0) -> tuple[tuple[str, ...], str]:
    """(days as MO…SU in the order of the week, words that were not read).

    Numbers count from `base`, which is `first[0]`; one past the end is the first day again (7 for Sunday). Words of the
    five languages are read in any case; of "Saturday - only 2nd Saturday" the rest comes back as words.
    """
    pieces = list(value) if isinstance(value, list | tuple) else [value]
    found: set[str] = set()
    rest: list[str] = []
    for piece in pieces:
        if piece is None or isinstance(piece, bool | dict):
            continue
        words = str(piece).strip()
        if not words:
            continue
        number = re.fullmatch(r"(\d)(?:\.0)?", words)
        if number and base <= int(number[1]) <= base + 7:
            found.add(first[(int(number[1]) - base) % 7])
            continue
        if words.lower() in ("daily", "every day", "everyday", "7 days", "all days", "todos los días", "täglich"):
            found.update(DAYS)
            continue
        span = re.fullmatch(r"([^\W\d_]+)\s*(?:-|–|to|through|thru|bis|a|à)\s*([^\W\d_]+)", words.lower())
        if span and _day(span[1]) and _day(span[2]):
            at, end = DAYS.index(_day(span[1]) or ""), DAYS.index(_day(span[2]) or "")
            found.update(DAYS[(at + n) % 7] for n in range((end - at) % 7 + 1))
            continue
        left: list[str] = []
        named = 0
        for word in re.split(r"[\s,;/&+|]+|\band\b", words):
            day = _day(word)
            if day and not left:
                found.add(day)
                named += 1
            elif word and word not in ("-", "–"):
                left.append(word)
        if left and (named or not found):
            rest.append(words)
    return tuple(d for d in DAYS if d in found), "; ".join(rest)


def _day(word: str) -> str | None:
    word = word.lower().strip(".:,()")
    return _WORDS.get(word) or (_WORDS.get(word[:-1]) if word.endswith("s") else None)


def clock(value: Any) -> str | None:
    """HH:MM of the wall clock out of "19:30", "7:30 PM", "0730", "19:30:00", "19h30", "noon"; None when it is none."""
    if isinstance(value, datetime):
        return f"{value.hour:02d}:{value.minute:02d}"
    if value is None or isinstance(value, bool | dict | list):
        return None
    words = str(value).strip().lower()
    if words in ("noon", "12 noon", "mittag", "midi"):
        return "12:00"
    if words in ("midnight", "12 midnight"):
        return "00:00"
    if _GLUED.fullmatch(words):
        words = f"{words[:-2]}:{words[-2:]}"
    found = _TIME.fullmatch(words)
    if not found:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    half = found[3]
    if found[2] is None and half is None and not (found[4] and found[4] != "noon"):
        return None  # "7": morning or evening?
    if half:
        if not 1 <= hour <= 12:
            return None if hour > 23 else f"{hour:02d}:{minute:02d}" if minute < 60 and hour > 12 else None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        hour = 0
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


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


def day_of(value: Any) -> date | None:
    """A date out of "2026-04-12", "2026-04-1216:50:58", "4/12/26" (month first, as these directories write it), or a
    moment; None when it is none or lies before 1990."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    words = str(value or "").strip()
    found: date | None = None
    try:
        if match := re.match(r"(\d{4})-(\d{2})-(\d{2})", words):
            found = date(int(match[1]), int(match[2]), int(match[3]))
        elif match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})(?:\s.*)?", words):
            year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
            found = date(year, int(match[1]), int(match[2]))
    except ValueError:
        return None
    return found if found and 1990 <= found.year <= 2100 else None
