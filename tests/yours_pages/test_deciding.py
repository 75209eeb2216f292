"""What a narrator decides, and taking a story back."""

from __future__ import annotations

import html
import logging
import re
import sqlite3
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Clock, make_consent

from assistant.words import say
from corpus import codes, wording
from corpus.errors import DatabaseBusy, ScrubBlocked
from corpus.store import Store
from corpus.types import PartText, Purpose, State
from yours_pages.conftest import NASTY, Narrator, propose, seen, sent

# --- what a narrator decides ------------------------------------------------------------------------------------------


def test_an_answer_reaches_the_program_and_a_refused_one_stays_on_the_page(one: Narrator, store: Store) -> None:
    number = store.ask(one.id, "ann", "Is the harbour a real place?")
    page = one.send("open")
    assert "Is the harbour a real place?" in page
    assert sent("state.question") in page
    long = "é" * 2001
    page = one.send("answer", 409, question=number, text=long)
    assert f">\n{long}</textarea>" in page
    assert f'href="#sj-answer-{number}"' in page
    assert 'aria-invalid="true"' in page
    assert one.dossier.questions[0].answer is None
    one.send("answer", 409, question=number, text="   ")
    one.send("answer", 409, question=number + 999, text="x")
    one.send("answer", 409, question="x", text="x")
    page = one.send("answer", question=number, text=f"No,\r\nmade up. {NASTY}")
    assert sent("done.answer") in page
    assert one.dossier.questions[0].answer == f"No,\nmade up. {NASTY}".replace(" \u202e", "").strip()
    assert "<script>alert" not in page
    one.send("answer", 409, question=number, text="again")  # the same form sent twice


def test_an_answer_can_be_as_long_as_it_may(one: Narrator, store: Store) -> None:
    number = store.ask(one.id, "ann", "And?")
    one.send("answer", question=number, text="\r\n".join("x" * 99 for _ in range(20)))
    assert len(one.dossier.questions[0].answer) == 20 * 99 + 19


def test_an_edit_is_seen_whole_and_accepted(published: Narrator, store: Store) -> None:
    parts = published.dossier.story.parts
    changed = (PartText(part=parts[0].part, text=parts[0].text.replace("My cat left", "My cat walked off")), *parts[1:])
    at = propose(store, published, parts=changed, content_notes=("death",))
    page = published.send("open")
    assert sent("state.proposal") in seen(page)
    assert "so that nobody is named" in page
    assert re.search(r"<del><span[^>]*>\[removed: </span>left<span", page)
    assert re.search(r"<ins><span[^>]*>\[added: </span>walked off<span", page)
    assert sent("diff.field.content_notes") in page
    page = published.send("accept", at=at)
    assert sent("done.accept") in page
    assert published.dossier.story.parts == changed
    assert published.dossier.state is State.PENDING
    assert sent("state.reviewers", n=0, of=2) in seen(page)


def test_an_edit_is_refused(one: Narrator, store: Store) -> None:
    before = one.dossier.story
    at = propose(store, one, title="Another title")
    assert sent("done.refuse") in one.send("refuse", at=at)
    assert one.dossier.story == before
    assert one.dossier.proposal is None
    assert sent("error.outdated_edit") in one.send("refuse", 409, at=at)


@pytest.mark.parametrize("act", ["accept", "refuse"])
def test_only_the_edit_that_was_read_can_be_decided(one: Narrator, store: Store, clock: Clock, act: str) -> None:
    at = propose(store, one, title="The first title")
    store.drop_proposal(one.id, "ann", "propose:taken-back")
    clock.forward(seconds=1)
    propose(store, one, title="The second title")
    page = one.send(act, 409, at=at)
    assert sent("error.outdated_edit") in page
    assert "second" in page
    assert one.dossier.proposal is not None
    assert one.dossier.story.title == f"Title {one.id}"
    one.send(act, 409)


def test_each_switch_is_turned_by_itself(published: Narrator, store: Store) -> None:
    text = wording.current()
    page = published.send("open")
    for words in text.purposes.values():
        for line in (words.label, words.meaning, words.is_not):
            assert line in html.unescape(page)
    on = re.findall(r'name="purpose" value="(\w+)" checked', page)
    assert on == ["surface"]
    end = published.dossier.consent.expires_at
    page = published.send("switches", wording=text.id, purpose=["surface", "model"])
    assert sent("done.switches") in page
    assert re.findall(r'name="purpose" value="(\w+)" checked', page) == ["surface", "model"]
    assert published.dossier.consent.purposes == {Purpose.SURFACE, Purpose.MODEL}
    assert published.dossier.consent.expires_at == end
    assert published.dossier.consent.wording == text.id
    page = published.send("switches", wording=text.id)
    assert published.dossier.consent.purposes == frozenset()
    assert store.visible([published.id], Purpose.SURFACE) == {}
    assert sent("state.off") in page


@pytest.mark.parametrize("form", [{"purpose": "everything"}, {"purpose": ["surface", "<b>"]}, {"wording": "older"}])
def test_a_switch_that_is_not_there_changes_nothing(published: Narrator, form: dict[str, Any]) -> None:
    before = published.dossier.consent
    published.send("switches", 409, **{"wording": wording.current().id, "purpose": "surface", **form})
    assert published.dossier.consent == before


def test_the_time_is_renewed_by_the_narrator(one: Narrator) -> None:
    text = wording.current()
    page = seen(one.send("open"))
    assert sent("renew.choice", months=24, day="1 November 2028") in page
    one.send("renew", wording=text.id, months=24)
    assert one.dossier.consent.expires_at.isoformat()[:10] == "2028-11-01"
    assert one.dossier.consent.purposes == {Purpose.SURFACE}
    for months in ("36", "", "-1", "x", "12.5", "٢٤"):
        one.send("renew", 409, wording=text.id, months=months)
    one.send("renew", 409, months=12)
    assert one.dossier.consent.expires_at.isoformat()[:10] == "2028-11-01"


def test_pause_and_resume(published: Narrator, one: Narrator, store: Store) -> None:
    page = published.send("pause")
    assert sent("state.paused") in seen(page)
    assert store.visible([published.id], Purpose.SURFACE) == {}
    assert sent("pause.resume") in page
    published.send("pause", 409)
    page = published.send("resume")
    assert sent("done.resume") in page
    assert published.id in store.visible([published.id], Purpose.SURFACE)
    published.send("resume", 409)
    one.send("pause")
    assert sent("done.resume_waits") in one.send("resume")


def test_a_story_whose_time_is_over_says_so_until_it_leaves(app: Any, store: Store, clock: Clock) -> None:
    mine = Narrator(app, store)
    short = make_consent(days=2)
    store.set_consent(mine.id, short, "narrator")
    before = clock.now
    clock.forward(days=3)
    try:
        assert sent("state.over") in seen(mine.send("open"))
    finally:
        clock.now = before


def test_something_nobody_offers_changes_nothing(one: Narrator) -> None:
    before = one.dossier
    for act in ("", "publish", "approve", "delete", "<script>", "x" * 999):
        assert sent("state.title") in one.send(act)
    assert one.dossier == before


# --- taking it back ---------------------------------------------------------------------------------------------------


def test_taking_back_asks_once_and_then_it_is_gone(published: Narrator, store: Store) -> None:
    text = wording.current()
    sure = published.send("withdraw")
    assert published.dossier is not None
    assert re.findall(r'name="act" value="([\w-]+)"', sure.partition("<main")[2]) == ["withdraw-now", "open"]
    assert published.dossier.story.title not in sure
    page = published.send("withdraw-now")
    assert published.dossier is None
    assert store.visible([published.id], Purpose.SURFACE) == {}
    for line in (*text.removed, *text.not_removed):
        assert line in html.unescape(page)
    assert "why" not in seen(page).lower()
    assert "<form" not in page.split("<main")[1]
    assert str(published.code) not in page
    assert not store.scrub_is_due(), "the bytes went in the background"
    published.send("open", 404)
    published.send("withdraw-now", 404, ip="10.6.0.1")


def test_a_blocked_scrub_is_left_to_the_job_and_the_narrator_does_not_wait(
    published: Narrator, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def blocked() -> None:
        raise ScrubBlocked("a reader is open")

    monkeypatch.setattr(store, "scrub", blocked)
    assert sent("gone.title") in published.send("withdraw-now")
    assert store.scrub_is_due()
    assert caplog.text == ""


def test_a_busy_database_takes_nothing_back_and_keeps_the_words(
    published: Narrator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise DatabaseBusy("Another process holds the database.")

    monkeypatch.setattr(store, "withdraw", busy)
    page = published.send("withdraw-now", 503)
    assert f'value="{published.code}"' in page
    assert "Another process holds the database." in page
    monkeypatch.setattr(store, "pause", busy)
    assert "Another process holds the database." in published.send("pause", 503)


def test_an_error_inside_is_calm_and_quotes_nothing(
    published: Narrator, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(*_: Any) -> None:
        raise ValueError(f"quotes {published.code}")

    monkeypatch.setattr(store, "waits_for", broken)
    page = published.send("open", 500)
    assert say("page.trouble.plain") in page
    for word in (published.code.secret, str(published.code), "quotes"):
        assert word not in page
        assert word not in caplog.text
    assert "ValueError" in caplog.text


def test_a_code_is_in_no_address_no_log_and_no_file(
    one: Narrator, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    number = store.ask(one.id, "ann", "And?")
    for page in (
        one.send("open"), one.send("answer", question=number, text="yes"), one.send("pause"), one.send("withdraw"),
        one.send("open", 404, code=f"{one.code.locator} {codes.new_code().secret}"),
    ):  # fmt: skip
        for address in re.findall(r'(?:href|action|src)="([^"]*)"', page):
            # A path of ours may hold a word of the list ("share"); what belongs to somebody would stand after the "?".
            assert one.code.secret not in address
            assert not any(word in urlsplit(address).query for word in str(one.code).split("-")), address
    assert one.code.secret not in caplog.text
    for path in store.path.parent.iterdir():  # type: ignore[attr-defined]
        assert one.code.secret.encode() not in path.read_bytes(), path.name
    with sqlite3.connect(store.path) as c:  # type: ignore[attr-defined]
        dump = "\n".join(c.iterdump())
    assert one.code.locator in dump
    assert one.code.secret.split("-")[0] + "-" + one.code.secret.split("-")[1] not in dump
