"""Every screen of the page, one after the other, for checks that look at all of them.

`house` is the page over a small collection, with rules in place of the model, so that the same words get the same answer
on every machine. Each walk comes to its screens as a person would and calls `see(name)` on each. Walks find their way by
what the parts of the page are, never by words, so that they go the same way in every language.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from browser import collection, fakes
from browser.conftest import Visit
from browser.test_yours import busy, take_in
from corpus import codes
from corpus.store import Store, open_store, utc_now
from corpus.types import State
from tests import talking
from tests.conftest import approve, make_group, make_story, publish, reviewers

See = Callable[[str], None]
WITH_ALL = "every-line"  # a group of which everything is known
# Stories that nobody has approved yet: one for each width at which a review is walked through
FOR_REVIEW = {390: "s-5c1f20ab97e4", 1280: "s-a40e6b9c3d71"}
DANGER = "I want to kill myself tonight"


@dataclass
class House:
    """The page where it is served, and the store behind it."""

    address: str
    store: Store
    made: int = field(default=0)

    def code(self, state: State = State.PUBLISHED) -> codes.Code:
        """The code of a new story of a narrator: published with everything waiting in it, or held."""
        self.made += 1
        id = f"mine-{self.made}"
        if state is State.HELD:
            return take_in(self.store, id, state)
        code = take_in(self.store, id)
        approve(self.store, id)
        busy(self.store, id)
        return code


def _groups(store: Store) -> None:
    hall = {"name": "Tea Hall", "city": "Ballina", "latitude": 54.11, "longitude": -9.15}
    weekly = {"days": ("TU",), "start": "19:00", "end": "20:30", "timezone": "Europe/Dublin"}
    store.put_group(
        make_group(
            WITH_ALL, name="Radio and Tea", attendance="hybrid", place=hall, schedules=(weekly,),
            online={"url": "https://video.example/j/1"}, phone="01 555 0100", access=("captions",), run_by="Peers",
            how_to_join="Ring and say hello.", how_to_leave="Just stop coming.", contacts_emergency_services="no",
            description="Tea and the radio for people whose mother died. The house is quiet.",
        ),
        "test",
    )  # fmt: skip
    for n in range(26):
        store.put_group(make_group(f"more-{n}", name=f"Kettle {n:02}", place=hall, attendance="in_person"), "test")


def furnish(folder: Path) -> Any:
    """The parts of the page over a collection in this (empty) folder, with words counted in place of the model."""
    from assistant.settings import Settings

    collection.fill(folder)
    store = open_store(Settings(data=folder).database_url)
    reviewers(store)
    _groups(store)
    parts = fakes.parts(store)
    parts.turn = talking.make_turn(store)
    publish(
        store,
        make_story(
            "heavy",
            title="The quiet heavy house",
            content_notes=("death", "death:suicide"),
            stage="finding_my_way",
        ),
    )
    return parts


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    """The page over a collection in this (empty) folder."""
    from assistant.pages import build
    from assistant.pages.server import warm

    parts = furnish(folder)
    warm(parts)
    try:
        with fakes.running(build(parts, fakes.settings(exit_url="/robots.txt"), writes=(1000, 1000))) as address:
            yield House(address, parts.store)
    finally:
        parts.store.close()


def signed_in(one: Visit, at: House, who: str = "lena") -> None:
    """The visitor is somebody of the desk from here on."""
    from assistant.pages.desk import access

    token = f"screens-{who}-{utc_now().timestamp()}"
    at.store.open_session(who, access.digest(token), "key" * 9, utc_now() + timedelta(hours=12))
    one.context.add_cookies([{"name": "sj-desk", "value": token, "url": at.address + "/desk"}])


def go(page: Any, where: str) -> None:
    """Press what leads to another page."""
    with page.expect_navigation():
        page.locator(where).first.click()


def unfold(page: Any) -> None:
    page.evaluate("document.querySelectorAll('main details, .sj-top details').forEach(d => { d.open = true; })")


def talk(one: Visit, see: See) -> None:
    """The conversation: its start, an answer, what helped, a story, the saved ones, a question back, help, trouble."""
    page = one.page
    one.open()
    see("start")
    page.locator(".sj-notice summary").click()
    page.locator(".sj-more > summary").click()
    see("start, all open")
    page.keyboard.press("Escape")
    one.say(talking.SHARE)
    assert page.locator("article[data-story]").count() == 3
    assert page.locator(".sj-group").count() >= 1
    page.locator(".sj-turn").last.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    see("answer")
    page.locator('[data-act="save"]').first.click()
    page.locator('#sj-tools [data-act="forget"]').click()
    see("answer, one saved, forgetting asked")
    page.locator('[data-act="forget-no"]').click()
    page.locator('article[data-story] [data-act="read"]').first.click()
    page.wait_for_selector(".sj-story")
    see("story")
    page.locator('.sj-story [data-act="close"]').click()
    one.say("My cat left in spring and the heavy house was quiet")
    assert page.locator(".sj-turn").last.locator(".sj-heavy").count() >= 1
    see("answer with something heavy")
    page.locator('#sj-tools [data-act="shelf"]').click()
    page.wait_for_selector("#sj-shelf-list li")
    see("saved")
    page.locator('#sj-shelf [data-act="wipe"]').click()
    see("saved, none")
    page.locator('#sj-shelf [data-act="close"]').click()
    one.press('article[data-story] [data-act="not"]')
    see("one set aside")
    one.say("what helped them?")
    see("what helped")
    one.say("find me a group")
    see("groups")
    one.say(DANGER)
    assert page.locator(".sj-turn").last.locator(".sj-help").count() == 1
    page.locator(".sj-turn").last.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    see("help")
    page.route("**/gradio_api/queue/join*", lambda route: route.abort())
    page.fill("#sj-box textarea", "words that do not arrive")
    page.click("#sj-send")
    page.wait_for_selector("#sj-trouble:not([hidden])")
    see("the connection is gone")
    page.unroute("**/gradio_api/queue/join*")


def plain(one: Visit, see: See) -> None:
    """The pages of one screen: help, safety, the simple page, what is missing, groups."""
    page, at = one.page, one.address
    for path in ("/help", "/help?country=IE", "/safety"):
        page.goto(at + path)
        see(path)
    unfold(page)
    page.goto(at + "/ask")
    see("/ask")
    go(page, ".sj-form button")
    see("/ask, refused")
    page.fill("#sj-ask", talking.SHARE)
    go(page, ".sj-form button")
    unfold(page)
    see("/ask, answered")
    go(page, '[action*="/story"] button')
    see("/story")
    page.goto(at + "/ask")
    page.fill("#sj-ask", DANGER)
    go(page, ".sj-form button")
    see("/ask, help")
    page.goto(at + "/missing")
    see("/missing")
    go(page, "main form button")
    see("/missing, refused")
    page.locator("[value='grief']").check()
    go(page, "main form button")
    see("/missing, thanks")
    page.goto(at + "/groups")
    see("/groups")
    unfold(page)
    see("/groups, all open")
    page.locator("[name='ways']").first.check()
    page.locator("[name='near']").fill("Nowhere at all")
    page.locator("#sj-groups-send button").click()
    page.wait_for_function("document.querySelector('#sj-status').textContent.trim()")
    see("/groups, an unknown town")
    page.goto(at + f"/groups/{WITH_ALL}")
    unfold(page)
    see("/groups/…")
    page.goto(at + f"/groups/{WITH_ALL}/wrong")
    see("/groups/…/wrong")
    go(page, "main form button")
    see("/groups/…/wrong, refused")
    page.locator("[name='reason']").first.check()
    go(page, "main form button")
    see("/groups/…/wrong, thanks")


def share(one: Visit, see: See) -> None:
    """Every step of the form for a story, and each of them refused once."""
    page, on = one.page, ".sj-steps .sj-first"
    page.goto(one.address + "/share/wording")
    see("wording")
    page.goto(one.address + "/share")
    see("intro")
    go(page, "[name='go'][value='words']")
    see("words")
    go(page, on)
    see("words, refused")
    page.fill("#sj-going_on", collection.WAITING[0].going_on)
    go(page, on)
    unfold(page)
    see("about")
    go(page, on)
    see("about, refused")
    page.fill("#sj-title", "Number 9, 12 Mill Lane")
    go(page, on)
    unfold(page)
    see("check")
    go(page, on)
    see("consent")
    page.locator("[name='purposes'][value='surface']").uncheck()
    go(page, on)
    see("consent, refused")
    page.locator("[name='purposes'][value='surface']").check()
    page.locator("[data-clear]").last.click()
    see("consent, clearing asked")
    page.locator("[data-clear-no]:visible").click()
    go(page, on)
    unfold(page)
    see("preview")
    go(page, on)
    see("receipt")


def yours(one: Visit, see: See, at: House) -> None:
    """A narrator's own pages, with everything waiting in them, refused, taken back; and a story that is held."""
    page = one.page

    def enter(code: codes.Code) -> None:
        page.goto(one.address + "/yours")
        page.fill("#sj-code", str(code).replace("-", " "))
        go(page, "[name='act'][value='open']")

    page.goto(one.address + "/yours")
    see("first")
    go(page, "[name='act'][value='open']")
    see("first, refused")
    enter(at.code())
    unfold(page)
    see("everything waits")
    go(page, "[name='act'][value='answer']")
    see("answer, refused")
    go(page, "[name='act'][value='pause']")
    see("paused")
    go(page, "[name='act'][value='withdraw']")
    see("sure")
    go(page, "[name='act'][value='withdraw-now']")
    see("gone")
    enter(at.code(State.HELD))
    see("held")
    page.locator("[name='purpose'][value='surface']").uncheck()
    go(page, "[name='act'][value='confirm']")
    see("held, refused")


def desk(one: Visit, see: See, at: House) -> None:
    """The desk of a lead: its lists, a story with marks, an edit, groups, and what is refused there."""
    page = one.page
    page.goto(one.address + "/desk/sign-in")
    see("sign in")
    page.locator("main form").evaluate("form => { form.noValidate = true; }")
    go(page, "main form button")
    see("sign in, refused")
    signed_in(one, at)
    for path in ("", "?theme=prison", "/calendar", "/coverage", "/people", "/audit", "/export", "/groups"):
        page.goto(one.address + "/desk" + path)
        unfold(page)
        see("/desk" + path)
    page.goto(one.address + f"/desk/groups/{WITH_ALL}")
    unfold(page)
    see("a group")
    page.goto(one.address + "/desk/export")
    go(page, "main form button.sj-first")
    see("export, refused")
    page.goto(one.address + f"/desk/story/{collection.WITH_EDIT}")
    unfold(page)
    see("an edit waits")
    page.goto(one.address + f"/desk/story/{collection.WITH_MARKS}")
    unfold(page)
    see("with marks")
    go(page, "[action*='/approve'] button")
    unfold(page)
    see("approve, refused")
    go(page, "[action*='/withdraw'] button")
    see("taking down, asked")
