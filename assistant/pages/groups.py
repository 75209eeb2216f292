"""Looking through the groups (`/groups`), the page of one group, and its meetings as a calendar file.

What somebody chooses travels in the body of a form and is kept nowhere: no address holds more than a group's id.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.conversation import GroupCard
from assistant.group_cards import city_of, group_card
from assistant.pages import groups_form as gf
from assistant.pages.render import draw
from assistant.pages.routes import frame, lang_of
from assistant.pages.talk import Room, note
from assistant.words import keys, label, say, variants
from assistant.words.local import commas
from corpus.groups import calendar_out, codes
from corpus.store import utc_now
from corpus.types import Group
from index.browse import Directory, Hit
from index.places import Town, miles

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings

PAGE = 25  # groups at once


@lru_cache(maxsize=8)
def words_for_scripts(lang: str) -> str:
    """The sentences that the browser says by itself on these pages, as JSON."""
    wanted = ("page.group.next.", "page.groups.failed", "page.groups.busy", "page.groups.copied")
    return json.dumps({k.removeprefix("page."): variants(k, lang)[0] for k in keys("en") if k.startswith(wanted)})


def add(app: FastAPI, parts: Parts, room: Room, settings: Settings, directory: Directory) -> None:
    def page(template: str, request: Request, status: int = 200, country: str = "", **more: Any) -> HTMLResponse:
        lang, values = frame(request, room, settings, {"country": country})
        values["words_json"] = words_for_scripts(lang)
        return HTMLResponse(draw(template, lang, **{**values, **more}), status)

    def sorry(request: Request, error: Exception) -> HTMLResponse:
        note(error)
        return page("sorry.html", request, 500)

    def looked(request: Request, asked: gf.Asked) -> HTMLResponse:
        lang = lang_of(request)
        offers = directory.offers()
        asked = gf.known(asked, offers)
        towns = directory.towns(asked["near"]) if asked["near"] else ()
        values: dict[str, Any] = {
            "asked": asked,
            "towns": towns,
            "sent": request.method == "POST" and asked["only"] != "list",
        }
        if asked["near"] and len(towns) != 1:
            # Neither is guessed: an unknown place shows no list, and of several that share a name one is chosen.
            values |= {"place": "which" if towns else "unknown", "total": 0, "cards": (), "pages": 1, "at": 1}
        else:
            values |= {"place": "", **listed(asked, towns[0] if towns else None, lang)}
        values["said"] = gf.said(asked, offers, towns[0] if len(towns) == 1 else None, lang)
        values["hidden"] = asked.hidden
        if asked["only"] == "list":
            return page("groups_found.html", request, country=asked["country"], **values)
        values |= {
            "facets": gf.facets(asked, offers, lang), "within": gf.WITHIN, "names": offers.towns,
            "clocks": [(zone, city_of(zone)) for zone in offers.clocks],
        }  # fmt: skip
        return page("groups.html", request, country=asked["country"], **values)

    def listed(asked: gf.Asked, town: Town | None, lang: str) -> dict[str, Any]:
        choice = gf.choice_of(asked, town)
        found = directory.look(choice, (asked.page - 1) * PAGE, PAGE)
        pages = max(1, -(-found.total // PAGE))
        at = min(asked.page, pages)
        if at != asked.page:
            found = directory.look(choice, (at - 1) * PAGE, PAGE)
        return {"total": found.total, "pages": pages, "at": at, "cards": drawn(found.hits, town, lang)}

    def drawn(hits: tuple[Hit, ...], town: Town | None, lang: str) -> list[tuple[GroupCard, str]]:
        """The cards as the groups are at this moment, each with its rough distance in words."""
        there = parts.store.visible_groups([hit.id for hit in hits])
        doubted = parts.store.doubted_groups()
        return [
            (card(there[hit.id], lang, doubted), near(hit.km, town, lang)) for hit in hits
            if hit.id in there and there[hit.id].status == "active"
        ]  # fmt: skip

    def card(group: Group, lang: str, doubted: frozenset[str]) -> GroupCard:
        made = group_card(group, themes=(), lang=lang, now=utc_now(), doubted=group.id in doubted)
        return made.model_copy(update={"why": ()})  # nothing was said, so there is no reason to give

    @app.get("/groups")
    def groups(request: Request) -> HTMLResponse:
        try:
            return looked(request, gf.NOTHING)
        except Exception as error:
            return sorry(request, error)

    @app.post("/groups")
    async def choose(request: Request) -> HTMLResponse:
        """By POST, so that no address, history or log says what was looked for. The answer is of this address too."""
        body = await request.body()
        try:
            asked = gf.read(body)
        except ValueError:  # more fields than this form has
            asked = gf.NOTHING
        try:
            return await run_in_threadpool(looked, request, asked)
        except Exception as error:
            return sorry(request, error)

    @app.get("/groups/{id}.ics")
    def calendar(id: str, request: Request, title: str = "") -> Response:
        try:
            return calendar_of(id, request, title == "name")
        except Exception as error:
            return sorry(request, error)

    def calendar_of(id: str, request: Request, with_name: bool) -> Response:
        if (group := one(id)) is None:
            return show(request, f"{id}.ics")  # an id may end like this
        now = utc_now()
        if calendar_out.refusal(group, now):
            return show(request, id, 404)
        lang = lang_of(request)
        about = say("page.groups.ics.about", lang, address=address_of(request, id))
        named = group.name if with_name else say("page.groups.ics.meeting", lang)
        made = calendar_out.calendar(group, now, title=named, about=about)
        # The file's name is as discreet as its title: it stays in the list of downloads.
        return Response(
            made, media_type="text/calendar", headers={"content-disposition": 'attachment; filename="meeting.ics"'}
        )

    @app.get("/groups/{id}")
    def group_page(id: str, request: Request) -> HTMLResponse:
        return show(request, id)

    def one(id: str) -> Group | None:
        return parts.store.visible_groups([id]).get(id)

    def address_of(request: Request, id: str) -> str:
        here = (*settings.allowed_origins, str(request.base_url))[
            0
        ]  # behind a proxy our own name is not the public one
        return f"{here.rstrip('/')}/groups/{id}"

    def show(request: Request, id: str, status: int = 200) -> HTMLResponse:
        try:
            group = one(id)
            if group is None:
                return page("group_gone.html", request, 404)
            lang = lang_of(request)
            drawn = card(group, lang, parts.store.doubted_groups())
            return page(
                "group_page.html", request, status, group=group, card=drawn, more=facts(group, lang),
                address=address_of(request, id), refusal=calendar_out.refusal(group, utc_now()),
            )  # fmt: skip
        except Exception as error:
            return sorry(request, error)


def near(km: int | None, town: Town | None, lang: str) -> str:
    """A rough distance in words; "" where no town was named."""
    if km is None or town is None:
        return ""
    key = "page.groups.near.close" if km <= 5 else "page.groups.near.about"
    return say(key, lang, km=km, miles=miles(km), town=town.label)


def facts(group: Group, lang: str) -> list[tuple[str, str]]:
    """What a card has no room for and anybody may see: (what it is, how it is)."""
    place = group.place
    rows = {
        "themes": commas((label("themes", theme, lang) for theme in group.themes), lang),
        "audience": commas((label("contexts", one, lang) for one in group.audience), lang),
        "openness": say(f"page.groups.openness.{group.openness}", lang) if group.openness != "unknown" else "",
        "formats": ", ".join(
            say("page.groups.code", lang, code=one) if codes.unexplained(one) else one for one in group.formats
        ),
        "organisation": group.organisation,
        "peer_led": say(f"page.groups.peer_led.{'yes' if group.peer_led else 'no'}", lang)
        if group.peer_led is not None
        else "",
        "postcode": (place.postal_code or "") if place else "",
        "directions": (place.directions or "") if place else "",
        "rough": say("page.groups.rough.words", lang) if place and place.precision == "approximate" else "",
    }
    return [(say(f"page.groups.{name}", lang), words) for name, words in rows.items() if words]
