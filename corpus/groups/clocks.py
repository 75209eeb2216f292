"""Clock times as directories write them, one or several in a cell, and the zone that stands behind one."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from corpus.groups import weekdays
from corpus.groups.weekdays import days

_NOON = "noon|midday|mittags?|midi|mediod[ií]a|meio[- ]dia|mezzogiorno"
_MIDNIGHT = "midnight|mitternacht|minuit|medianoche|meia[- ]noite|mezzanotte"
_NUMBER = (
    r"\d{1,2}\s?(?:[:.hu]\s?\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*"
    r"(?:[ap]\.?\s?m\b\.?|[ap]\b|uhr\b|uur\b|u\b|hrs?\b\.?|hs?\b\.?|(?:12 )?(?:noon|midnight)\b)?"
)
_GLUED = r"\d{3,4}\s*(?:[ap]\.?\s?m\b\.?|hrs?\b\.?|hs?\b\.?|uhr\b|uur\b)?"
_OFFSET = r"(?:\s*(?:Z|\+\d{2}:?\d{2})|(?<=:\d{2}:\d{2})-\d{2}:?\d{2})?"  # "9:00-10:30" is a span
_ONE = re.compile(rf"(?:({_NOON})|({_MIDNIGHT})|({_NUMBER}|{_GLUED})){_OFFSET}", re.IGNORECASE)
_PARTS = re.compile(
    r"(\d{1,2})\s?(?:[:.hu]\s?(\d{2})(?::\d{2}(?:\.\d+)?)?)?\s*"
    r"(?:([ap])\.?\s?m?\.?|(12 noon|12 midnight|noon|midnight)|(uhr|uur|u|hrs?\.?|hs?\.?))?",
    re.IGNORECASE,
)
_PART_OF_A_DAY = re.compile(r"0?\.\d{3,}")
_BEFORE = re.compile(r"^(?:at|from|starts?(?: at)?|um|ab|von|kl\.?|alle(?: ore)?|ore|a las?|de|às|as|à|om|@)\s+", re.I)
_ZONE = re.compile(
    r"[\s(]+((?:[ECMP][SD]?T|A[KS]?[SD]T|HST|GMT|UTC|BST|IST|CES?T|WES?T|EES?T|A[EWC][SD]T|NZ[SD]?T|SAST|JST)|"
    r"(?:eastern|central|mountain|pacific|atlantic|uk|irish|london)(?: (?:standard |daylight )?time)?)\)?$",
    re.IGNORECASE,
)
_CLOCK = (
    rf"(?:{_NOON}|{_MIDNIGHT}|\d{{1,2}}\s?[:.hu]\s?\d{{2}}(?::\d{{2}})?\s*(?:[ap]\.?\s?m\b\.?|uhr\b|uur\b|u\b|hrs?\b|hs?\b)?|"
    r"\d{1,2}\s*(?:[ap]\.?\s?m\b\.?|uhr\b|uur\b|u\b|hrs?\b|hs?\b)|\d{4}\s*(?:hrs?\b|h\b|[ap]m\b)?|0\d{3})"
)
_TO = r"\s*(?:-|–|—|to|till?|until|bis|a las?|à|a|al|au|tot|até|alle)\s*"
_SPAN = re.compile(rf"(?<![\w:.]) ?({_CLOCK}|\d{{1,2}}){_TO}({_CLOCK}|\d{{1,2}}(?=\s*$))(?![\d:])", re.IGNORECASE)
_SINGLE = re.compile(rf"(?<![\w:.])({_CLOCK})(?![\d:])", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:at|from|um|von|ab|at|a las?|à|às|alle|om|de|and|und|y|et|e)\s*$|[,;:@(&/\s-]+$", re.I)


class Times(NamedTuple):
    """spans: (start, end or None) of each time in a cell. words: the rest of it. zone: what was written of one."""

    spans: tuple[tuple[str, str | None], ...]
    words: str
    zone: str = ""


def clock(value: Any) -> str | None:
    """HH:MM of the wall clock out of "19:30", "7:30 PM", "0730", "19h30", "19 Uhr", "730pm", "noon", a spreadsheet's
    own time or part of a day; None when it is none, and for "7", which is morning or evening."""
    if isinstance(value, datetime | time):
        return f"{value.hour:02d}:{value.minute:02d}"
    if isinstance(value, timedelta):
        value = value.total_seconds() / 86400
    if value is None or isinstance(value, bool | dict | list | tuple):
        return None
    words = str(value).strip()
    if (isinstance(value, float) and 0 <= value < 1) or _PART_OF_A_DAY.fullmatch(words):
        minutes = round(float(words) * 1440)
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
    return _remembered(words) if len(words) <= weekdays.LONGEST_REMEMBERED else _clock_of(words)


def _clock_of(words: str) -> str | None:
    words, led = _BEFORE.subn("", words)
    words = _ZONE.sub("", words).strip()
    if led and re.fullmatch(r"1[3-9]|2[0-3]", words):
        return f"{words}:00"  # "ore 21"
    found = _ONE.fullmatch(words.strip())
    if found is None:
        return None
    if found[1]:
        return "12:00"
    return "00:00" if found[2] else _number(found[3].strip())


_remembered = lru_cache(maxsize=4096)(_clock_of)


def _number(words: str) -> str | None:
    if glued := re.fullmatch(r"(\d{1,2})(\d{2})(\s*\D.*)?", words):
        words = f"{glued[1]}:{glued[2]}{glued[3] or ''}" if ":" not in words and len(glued[1] + glued[2]) > 2 else words
    found = _PARTS.fullmatch(words)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    half = (found[3] or "").lower()
    named = (found[4] or "").lower()
    if named:
        return ("12:00" if "noon" in named else "00:00") if hour == 12 and minute == 0 else None
    if found[2] is None and not half and not found[5]:
        return None  # "7": morning or evening?
    if half:
        if not 1 <= hour <= 12:
            return None if hour > 23 else f"{hour:02d}:{minute:02d}" if minute < 60 and hour > 12 else None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        hour = 0
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def zone_in(value: Any) -> str:
    """What stands behind a time as a zone ("ET", "Pacific time"), as it is written; "" when nothing does."""
    found = _ZONE.search(str(value or "").strip())
    return found[1] if found else ""


def times(value: Any) -> Times:
    """Every time of a cell: "Mon & Thu 7-8:30pm" is 19:00 to 20:30 and the words "Mon & Thu". What stands in brackets
    beside a time ("doors 6:30") is words."""
    if (whole := clock(value)) is not None:
        return Times(((whole, None),), "", zone_in(value))
    words = str(value if value is not None else "").strip()[:400]
    zone = zone_in(words)
    words = _ZONE.sub("", words)
    aside = " ".join(re.findall(r"\([^()]*\)", words))
    spans: list[tuple[int, str, str | None]] = []

    def span(match: re.Match[str]) -> str:
        start, end = _pair(match[1], match[2])
        if start is None or end is None:
            return match.group()
        spans.append((match.start(), start, end))
        return " " * len(match.group())

    def single(match: re.Match[str]) -> str:
        start = clock(match[1])
        if start is None:
            return match.group()
        spans.append((match.start(), start, None))
        return " " * len(match.group())

    outside = re.sub(r"\([^()]*\)", lambda m: " " * len(m.group()), words)
    left = _SINGLE.sub(single, _SPAN.sub(span, outside))
    if not spans and aside:
        aside, left = "", _SINGLE.sub(single, _SPAN.sub(span, words))
    before = None
    while spans and before != left:
        before, left = left, _BETWEEN.sub("", left.strip())
    left = " ".join(f"{left} {aside}".split()).strip(" ,;:&@")
    return Times(tuple((s, e) for _, s, e in sorted(spans)), left, zone)


def sessions(value: Any, tongue: str = "") -> tuple[tuple[tuple[tuple[str, ...], str, str | None], ...], str, str]:
    """((days, start, end) of each line of a cell, words that were not read, zone). Days are () where a line names none.

    "Mon 7pm, Wed 6pm" is two; of several times with several days that cannot be told apart nothing is read.
    """
    pieces = [p for p in re.split(r"[;\n]|,(?=\s*[^\W\d])| and (?=[^\W\d])", str(value or "")[:400]) if p.strip()]
    apart = [(times(piece), piece) for piece in pieces]
    if len(apart) > 1 and all(len(t.spans) == 1 and days(t.words, tongue=tongue)[0] for t, _ in apart):
        read = [(days(t.words, tongue=tongue), t) for t, _ in apart]
        rest = "; ".join(dict.fromkeys(words for (_, words), _ in read if words))
        return tuple((on, *t.spans[0]) for (on, _), t in read), rest, next((t.zone for _, t in read if t.zone), "")
    found = times(value)
    on, rest = days(found.words, tongue=tongue)
    if not found.spans or (len(found.spans) > 1 and len(on) > 1):
        return (), "" if value is None else str(value).strip()[:400], found.zone
    return tuple((on, start, end) for start, end in found.spans), rest, found.zone


def _pair(first: str, last: str) -> tuple[str | None, str | None]:
    """Both ends of a span: of "7-8:30pm" and "11-1 pm" the half of the day is that of the end, or the one before it."""
    end = clock(last)
    start = clock(first)
    if end and start is None and (unit := re.search(r"(uhr|uur|u|hrs?|hs?)\.?$", last.strip(), re.IGNORECASE)):
        return clock(f"{first.strip()} {unit[1]}"), end  # "19-21 Uhr"
    half = re.search(r"([ap])\.?\s?m?\.?$", last.strip(), re.IGNORECASE)
    bare = not re.search(r"[a-z]", first, re.IGNORECASE) and not re.match(r"\s*0|\s*1[3-9]|\s*2", first)
    if end and half and bare:
        ways = [way for h in "ap" if (way := clock(f"{first.strip()} {h}m"))]
        ways.sort(key=lambda way: (_minutes(end) - _minutes(way)) % 1440 or 1440)
        return (ways[0] if ways else None), end
    if start and end is None and last.strip().isdigit() and (mine := re.search(r"([ap])\.?\s?m", first, re.I)):
        return start, clock(f"{last.strip()} {mine[1]}m")  # "7pm-9"
    return start, end


def _minutes(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:])
