"""Giving a story: sending it, once and not twice, whatever breaks."""

from __future__ import annotations

import concurrent.futures
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from assistant.pages import share_form as sf
from corpus import errors, narrator, wording
from corpus.store import Store
from corpus.types import Part
from share_pages.conftest import EMOJI, WORDS, Page, Walk, code_on, post, stored, waiting

# --- sending ----------------------------------------------------------------------------------------------------------


def test_sent_twice_is_one_story_with_one_code(walk: Walk, kept: Store) -> None:
    walk.to("preview")
    body, before = walk.body("send"), waiting(kept)
    first, second = (Page(post(walk.web, body).text) for _ in range(2))
    assert waiting(kept) == before + 1
    assert code_on(first) == code_on(second) != ""
    assert "It was stored once" not in first.text
    assert "The story was stored once" not in first.text
    assert "The story was stored once" in second.text


def test_sent_again_much_later_it_is_only_said_to_be_there(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to("preview")
    body = walk.body("send")
    code = code_on(Page(post(walk.web, body).text))
    monkeypatch.setattr(narrator, "SHOWN_AGAIN", narrator.SHOWN_AGAIN * -1)
    answer = post(walk.web, body)
    assert answer.status_code == 409
    assert Page(answer.text).step == "received"
    assert code.split("-")[5] not in answer.text
    assert "data-wipe" in answer.text


def test_eight_at_once_are_eight_stories(web: httpx.Client, kept: Store) -> None:
    before = waiting(kept)

    def one(n: int) -> str:
        with httpx.Client(base_url=web.base_url, headers=web.headers, timeout=60) as own:
            walk = Walk(own)
            walk.to("preview", going_on=f"{WORDS} Number {n}.")
            page = walk.go("send")
            assert stored(kept, page).story.text(Part.GOING_ON) == f"{WORDS} Number {n}."
            return code_on(page)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))
    assert len(set(found)) == 8
    assert waiting(kept) == before + 8


def test_the_same_form_eight_times_at_once_is_one_story(walk: Walk, kept: Store) -> None:
    walk.to("preview")
    body, before = walk.body("send"), waiting(kept)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(walk.web, body), range(8)))
    assert [a.status_code for a in answers] == [200] * 8
    assert len({code_on(Page(a.text)) for a in answers}) == 1
    assert waiting(kept) == before + 1


@pytest.mark.parametrize("seed", ["", "short", "x" * 500, "../../etc/passwd-and-some-more", "🙂" * 22])
def test_a_seed_that_is_none_is_drawn_anew_before_anything_is_sent(walk: Walk, kept: Store, seed: str) -> None:
    walk.to("preview")
    before = waiting(kept)
    page = walk.go("send", seed=seed)
    assert page.step == "preview"
    assert walk.answer.status_code == 409
    assert waiting(kept) == before
    assert page.one("seed") not in ("", seed)
    assert walk.go("send").step == "receipt"


def test_each_form_has_its_own_seed(web: httpx.Client) -> None:
    seeds = set()
    for _ in range(5):
        walk = Walk(web)
        walk.go("words")
        seeds.add(walk.page.one("seed"))
    assert len(seeds) == 5


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.DatabaseBusy("Somebody else is writing."), 503),
        (errors.DiskFull("There is no room left."), 503),
        (errors.BadRecord("That does not fit."), 422),
        (RuntimeError("quotes " + WORDS), 500),
    ],
)
def test_when_it_cannot_be_stored_it_is_said_and_can_be_sent_again(
    walk: Walk, kept: Store, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    walk.to("preview")
    before = waiting(kept)

    def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(narrator, "submit", fails)
        page = walk.go("send")
    assert walk.answer.status_code == status
    assert page.step == "preview"
    assert (str(error) in page.text) is (status != 500)
    assert WORDS not in caplog.text
    assert walk.go("send").step == "receipt"
    assert waiting(kept) == before + 1


def test_whatever_breaks_the_words_stay_and_it_can_go_on(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    walk.to("about", helped=EMOJI)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("quotes " + WORDS)

    with monkeypatch.context() as broken:
        broken.setattr("assistant.pages.share_views.review", fails)
        page = walk.go("check", title="A quiet house")
    assert walk.answer.status_code == 500
    assert page.step == "trouble"
    assert WORDS not in caplog.text
    assert page.one("helped") == EMOJI
    walk.answer = post(walk.web, urlencode([(n, v.replace("\n", "\r\n")) for n, v in page.fields]).encode())
    walk.page = Page(walk.answer.text)
    assert (walk.page.step, walk.page.one("helped"), walk.page.one("title")) == ("check", EMOJI, "A quiet house")


def test_writes_from_another_site_are_refused(web: httpx.Client) -> None:
    answer = web.post("/share", headers={"origin": "https://evil.example"}, content=b"go=words")
    assert answer.status_code == 403


def test_nothing_is_cached_or_set(walk: Walk) -> None:
    for step in (*sf.STEPS, "send"):
        walk.go(step, **({"going_on": WORDS} if step == "about" else {"title": "t"} if step == "check" else {}))
        assert walk.answer.headers["cache-control"].startswith("no-store")
        assert "set-cookie" not in walk.answer.headers
        assert "<title>Reading page</title>" in walk.page.html


def test_a_country_that_was_chosen_goes_along(web: httpx.Client) -> None:
    walk = Walk(web)
    walk.answer = web.get("/share?country=US")
    walk.page = Page(walk.answer.text)
    for step in ("words", "about"):
        page = walk.go(step, **({"going_on": WORDS} if step == "about" else {}))
        assert 'href="tel:911"' in page.html
        assert page.one("country") == "US"


def test_the_wording_can_be_read_on_its_own(web: httpx.Client) -> None:
    now = wording.current("en")
    answer = web.get("/share/wording")
    assert answer.status_code == 200
    assert now.sections[0].paragraphs[0] in Page(answer.text).text
    assert web.get(f"/share/wording?id={now.id}").status_code == 200
    for odd in ("../../../etc/passwd", "x", "%00", "é" * 100):
        assert web.get("/share/wording", params={"id": odd}).status_code == 404


def test_a_page_in_another_language_has_one_language(web: httpx.Client) -> None:
    answer = web.get("/share", headers={"accept-language": "es-ES,es"})
    assert '<html lang="es" dir="ltr"' in answer.text
    assert "Share your story" not in answer.text


def test_a_wait_of_no_hours_is_not_spoken_of(walk: Walk, settings: Any) -> None:
    settings.cooling_off_hours = 0
    try:
        assert " 0 hours" not in Page(walk.web.get("/share").text).text
        walk.to("preview")
        page = walk.go("send")
        assert "Until" not in page.text
        assert "No reader can see it yet" in page.text
    finally:
        settings.cooling_off_hours = 72
