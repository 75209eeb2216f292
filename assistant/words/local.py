"""What every program says alike in a language: dates, days, lists, and the names of languages and countries.

They come from the Unicode CLDR by way of Babel, which is imported in this file only, and only when it is needed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

_REGION = {"en": "en_GB"}  # a language whose dates and lists are written as in one region: "20 November 2026"


@lru_cache(maxsize=64)
def _locale(lang: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(_REGION.get(lang, lang.replace("-", "_")))
    except (UnknownLocaleError, ValueError):  # a story may be in a language that the CLDR does not have
        return Locale.parse(_REGION["en"])


def date_name(value: date, lang: str) -> str:
    """A day as it is written out: "20 November 2026"."""
    from babel.dates import format_date

    return format_date(value, "long", locale=_locale(lang))


def weekday_name(number: int, lang: str) -> str:
    """The name of a day of the week, 1 (Monday) to 7."""
    from babel.dates import get_day_names

    return str(get_day_names("wide", "stand-alone", _locale(lang))[number - 1])


def month_name(number: int, lang: str) -> str:
    """The name of a month, 1 to 12."""
    from babel.dates import get_month_names

    return str(get_month_names("wide", "stand-alone", _locale(lang))[number])


def language_name(code: str, lang: str) -> str:
    """The name of a language (BCP-47, regions aside) to stand inside a sentence of `lang`; an unknown code as it is."""
    primary = code.replace("_", "-").split("-")[0].lower()
    return str(_locale(lang).languages.get(primary, code))


def country_name(code: str, lang: str) -> str:
    """The name of a country (ISO 3166-1 alpha-2); an unknown code as it is."""
    return str(_locale(lang).territories.get(code, code))


def listed(items: Iterable[str], lang: str) -> str:
    """ "a, b and c"."""
    from babel.lists import format_list

    return format_list(list(items), "standard", _locale(lang))


def either(items: Iterable[str], lang: str) -> str:
    """ "a, b or c"."""
    from babel.lists import format_list

    return format_list(list(items), "or", _locale(lang))


def commas(items: Iterable[str], lang: str) -> str:
    """Names side by side, where no sentence joins them: "a, b, c"."""
    return ("، " if direction(lang) == "rtl" else ", ").join(items)


def direction(lang: str) -> str:
    """Which way a language (BCP-47) is written: "ltr" or "rtl"."""
    return str(_locale(lang).text_direction)


def isolated(text: str, lang: str) -> str:
    """A time, a number or somebody's words inside a sentence: where lines run from right to left, they stay in order by
    themselves (U+2068 FIRST STRONG ISOLATE); elsewhere nothing is added."""
    return f"\u2068{text}\u2069" if text and direction(lang) == "rtl" else text


def capital(text: str) -> str:
    """A name to stand alone on a button or in a list of choices. Nothing but the first letter changes."""
    return text[:1].upper() + text[1:]


def by_name(pairs: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """(id, name) in the order of the names, accents aside: "Österreich" stands among the O's."""

    def plain(pair: tuple[str, str]) -> str:
        return "".join(c for c in unicodedata.normalize("NFKD", pair[1]).casefold() if not unicodedata.combining(c))

    return sorted(pairs, key=plain)
