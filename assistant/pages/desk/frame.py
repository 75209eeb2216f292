"""What stands around every page of the desk: help and the way out, the ways through the desk, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from assistant.care import countries, doors, help_bar
from assistant.pages.render import draw, language_for
from assistant.pages.routes import country_of
from assistant.words import keys, say
from assistant.words.local import date_name
from corpus.custody import Role, SignedIn

if TYPE_CHECKING:
    from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Way:
    """A link of the desk's menu: its address, the name of its word, and who may go there."""

    path: str
    word: str
    role: Role


WAYS = (
    Way("/desk", "queue", Role.READ_ONLY),
    Way("/desk/calendar", "calendar", Role.READ_ONLY),
    Way("/desk/coverage", "coverage", Role.READ_ONLY),
    Way("/desk/groups", "groups", Role.READ_ONLY),
    Way("/desk/people", "people", Role.LEAD),
    Way("/desk/audit", "audit", Role.LEAD),
    Way("/desk/export", "export", Role.LEAD),
)


def lang_of(request: Request) -> str:
    """The language of the desk's pages: the browser's where the desk has words in it, else English."""
    lang = language_for(request.query_params.get("lang"), request.headers.get("accept-language"))
    return lang if "page.desk.name" in keys(lang) else "en"


def page(
    template: str, request: Request, settings: Settings, who: SignedIn | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the desk. Its template extends `desk/base.html`; `who` is None where nobody is signed in."""
    lang = lang_of(request)
    country = country_of(request.query_params, request.headers, settings)
    around = {
        "bar": help_bar(country or None, lang),
        "all_doors": doors(country, lang),
        "countries": countries(lang),
        "country": country,
        "exit_url": settings.exit_url,
        "who": who,
        "ways": tuple(way for way in WAYS if who is not None and who.role.may(way.role)),
        "here": request.url.path,
        "moment": lambda value: moment(value, lang),
    }
    return HTMLResponse(draw(template, lang, **{**around, **values}), status)


def moment(value: datetime, lang: str = "en") -> str:
    """A time as `20 November 2026, 14:05 UTC`: one clock for people in several places."""
    value = value.astimezone(UTC)
    return say("page.desk.moment", lang, date=date_name(value, lang), time=f"{value:%H:%M}")


def span(length: timedelta, lang: str = "en") -> str:
    """A length of time in its largest whole unit, up to days: `3 days`, `1 hour`, `less than a minute`."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if count := seconds // size:
            return say(f"page.desk.span.{unit}" if count == 1 else f"page.desk.span.{unit}s", lang, count=count)
    return say("page.desk.span.now", lang)
