"""Days of the week as directories write them: numbers of a known order, words and short forms of seven languages.

What is not plainly a day comes back as words, and the caller shows them and promises no date. "di", "do" and "ma" are
different days in German or Dutch and in French, Italian or Spanish: the words beside them decide, or nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Directories write the same few days and times over and over. What is longer may hold a name or a number, which must
# not stay in the memory of the page's process when the file is gone.
LONGEST_REMEMBERED = 10
SUNDAY_FIRST = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_ENGLISH = {
    "MO": "monday mon mo", "TU": "tuesday tues tue tu tuseday", "WE": "wednesday weds wed we wendesday wednesay",
    "TH": "thursday thurs thur thu th thursay", "FR": "friday fri fr", "SA": "saturday satur sat sa",
    "SU": "sunday sun su",
}  # fmt: skip
_GERMANIC = {  # German, Dutch
    "MO": "montag maandag maa", "TU": "dienstag dinsdag die din", "WE": "mittwoch woensdag mi mit wo woe",
    "TH": "donnerstag donderdag don", "FR": "freitag vrijdag fre vr vrij",
    "SA": "samstag sonnabend zaterdag sam za zat",
    "SU": "sonntag zondag so son zo zon",
}  # fmt: skip
_ROMANCE = {  # Spanish, French, Portuguese, Italian
    "MO": "lunes lundi lunedi lun lu segunda segunda-feira seg", "TU": "martes mardi martedi mar terca terca-feira ter",
    "WE": "miercoles mercredi mercoledi mie mier mer me quarta quarta-feira qua",
    "TH": "jueves jeudi giovedi jue jeu ju je gio gi quinta quinta-feira qui",
    "FR": "viernes vendredi venerdi vie ven vi ve sexta sexta-feira sex", "SA": "sabado samedi sabato sab",
    "SU": "domingo dimanche domenica dom dim",
}  # fmt: skip
_EITHER = {"di": ("TU", "SU"), "do": ("TH", "SU"), "ma": ("MO", "TU"), "mi": ("WE", "WE"), "sam": ("SA", "SA")}
_TABLES = tuple(
    {word: day for day, words in table.items() for word in words.split()} for table in (_ENGLISH, _GERMANIC, _ROMANCE)
)
_SHORT_WORDS = frozenset("die din mit don son zon maa mer ter qui sex me je ve vi so wo".split())  # also other words
_ALL = re.compile(
    r"\b(?:daily|every ?day|7 days(?: a week)?|all (?:days|week)|each day|todos (?:los|os) d[ií]as|cada d[ií]a|"
    r"diario|diariamente|t(?:ä|ae)glich|jeden tag|tous les jours|chaque jour|quotidien|ogni giorno|dagelijks|"
    r"elke dag|7/7)\b"
)
_WORK = re.compile(r"\b(?:week ?days?|work(?:ing)? ?days|business days|werktags|jours ouvrables|doordeweeks)\b")
_END = re.compile(
    r"\b(?:week-?ends?|wochenenden?|fin(?:es)? de semana|fins? de semana|fine settimana)\b"
)  # fmt: skip
_LETTERS = re.compile(r"(?:(?:th|m|t|w|f)[ /,-]?){2,5}")
_WORD = re.compile(r"[^\W\d_]+(?:-feira)?|\d+(?:st|nd|rd|th|er|e|\.[ºª]?|[ºª])?|[-–—/,&+;|()]|[^\s]")
_TO = frozenset("- – — to through thru bis a à al au tot tm até ate until".split())
_AND = frozenset(", & + ; / | and und y et e en plus ( ) .".split())
_NOTHING = frozenset(
    "every each on weekly wkly week am le les chaque tous toutes el los las cada todos todas jeden jede jeder elke "
    "iedere ogni the evening evenings morning mornings afternoon afternoons night nights abend abends morgens soir "
    "matin noche noches tarde tardes manana mananas sera avond".split()
)
_NOT = frozenset("except excluding not but no closed außer ausser ohne kein sauf excepto menos exceto salvo tranne "
                 "behalve".split())  # fmt: skip


def _fold(word: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def day_of_word(word: str, tongue: str = "") -> str | None:
    """MO…SU of one word, or None. tongue: "germanic" or "romance" where the words beside it say so."""
    plain = _fold(word).strip(".:,()'’")
    if plain in _EITHER:
        germanic, romance = _EITHER[plain]
        return germanic if tongue == "germanic" or germanic == romance else romance if tongue == "romance" else None
    order = {"germanic": (1, 0, 2), "romance": (2, 0, 1)}.get(tongue, (0, 1, 2))
    if plain in _SHORT_WORDS and order[0] == 0 and plain not in ("so", "wo", "mer"):
        return None
    for one in (plain, plain[:-1] if plain.endswith("s") and len(plain) > 3 else ""):
        if found := next((_TABLES[n][one] for n in order if one in _TABLES[n]), None):
            return found
    return None


def tongue_of(cells: Iterable[Any]) -> str:
    """ "germanic", "romance" or "": which languages the days of these cells are written in, where only one fits."""
    words = {_fold(w).strip(".") for cell in cells for w in re.findall(r"[^\W\d_]+(?:-feira)?", str(cell or "")[:80])}
    counts = {
        name: sum(1 for w in words for one in (w, w[:-1]) if one in _TABLES[n] and one not in _TABLES[0])
        for n, name in ((1, "germanic"), (2, "romance"))
    }
    germanic, romance = counts["germanic"], counts["romance"]
    return "germanic" if germanic > romance else "romance" if romance > germanic else ""


def days(
    value: Any, first: tuple[str, ...] = SUNDAY_FIRST, base: int = 0, tongue: str = ""
) -> tuple[tuple[str, ...], str]:
    """(days as MO…SU in the order of the week, words that were not read).

    Numbers count from `base`, which is `first[0]`; one past the end is the first day again (7 for Sunday). Of
    "Saturday - only 2nd Saturday" the whole comes back as words, too. "Daily except Friday" leaves Friday out.
    """
    if isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= LONGEST_REMEMBERED:
        return _days(str(value), first, base, tongue)
    return _read(list(value) if isinstance(value, list | tuple) else [value], first, base, tongue)


@lru_cache(maxsize=4096)
def _days(words: str, first: tuple[str, ...], base: int, tongue: str) -> tuple[tuple[str, ...], str]:
    return _read([words], first, base, tongue)


def _read(pieces: Iterable[Any], first: tuple[str, ...], base: int, tongue: str) -> tuple[tuple[str, ...], str]:
    found: set[str] = set()
    rest: list[str] = []
    for piece in pieces:
        if piece is None or isinstance(piece, bool | dict):
            continue
        words = str(piece).strip()
        if not words:
            continue
        numbers = re.split(r"\s*[,;/&|]\s*|\s+", words)
        if all(re.fullmatch(r"\d(?:\.0)?", n) and base <= int(n[0]) <= base + 7 for n in numbers):
            found.update(first[(int(n[0]) - base) % 7] for n in numbers)
            continue
        some, unread = _in_words(words.lower(), tongue or tongue_of([words]))
        found |= some
        if unread:
            rest.append(words)
    return tuple(d for d in DAYS if d in found), "; ".join(rest)


def _in_words(words: str, tongue: str) -> tuple[set[str], bool]:
    """(days of a cell, whether something of it was not read)."""
    words = words.replace("t/m", " - ")
    if _LETTERS.fullmatch(words) and len(words) > 1 and tongue == "" and any(c in words for c in "wfh"):
        return _letters(words), False
    found: set[str] = set()
    for pattern, meant in ((_ALL, DAYS), (_WORK, DAYS[:5]), (_END, DAYS[5:])):
        words, count = pattern.subn(" ", words)
        found.update(meant if count else ())
    away: set[str] = set()
    into, unread, last, ranging = found, False, "", False
    for token in _WORD.findall(words):
        day = day_of_word(token, tongue)
        if day:
            span = {day}
            if ranging and last:
                at = DAYS.index(last)
                span = {DAYS[(at + n) % 7] for n in range((DAYS.index(day) - at) % 7 + 1)}
            into |= span
            last, ranging = day, False
        elif token in _NOT:
            into, last, ranging, unread = away, "", False, unread or not found
        elif token in _TO and last:
            ranging = True
        elif token in _AND or token in _NOTHING or token in _TO:
            ranging = False
        else:
            unread, ranging = True, False
    if unread and not found - away and away:
        return set(), True
    return found - away, unread


def _letters(words: str) -> set[str]:
    """Of "MWF", "T/Th" and "M-F"."""
    if re.fullmatch(r"m ?- ?f", words):
        return set(DAYS[:5])
    named = {"m": "MO", "t": "TU", "w": "WE", "th": "TH", "f": "FR"}
    return {named[letter] for letter in re.findall("th|m|t|w|f", words)}
