"""A narrator's own page, step by step without scripts: what a code opens, what it changes, and what never leaks."""

from __future__ import annotations

import asyncio
import html
import itertools
import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from browser import fakes
from conftest import START, Clock, approve, make_consent, make_story, reviewers
from hypothesis import given
from hypothesis import strategies as st

from assistant.counts import Counts
from assistant.pages.diff import Piece, compare, diff
from assistant.words import say
from corpus import codes, desk, narrator, wording
from corpus.custody import Counted, Declined, Held, Removal
from corpus.errors import DatabaseBusy, ScrubBlocked
from corpus.hashing import hash_secret
from corpus.narrator import CodeRow
from corpus.store import Store, open_store
from corpus.types import Part, PartText, Provenance, Purpose, Span, State

NASTY = "<img src=x onerror=alert(1)> \" ' </textarea><script>alert(1)</script> {{7*7}} مرحبا \u202e"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('yours')}/journey.db", clock=clock)
    reviewers(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store, clock: Clock) -> Iterator[Any]:
    from assistant.pages import build, yours

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yours, "utc_now", clock)
        yield build(fakes.parts(store), fakes.settings(), writes=(10_000, 1000))


@pytest.fixture
def fresh(store: Store) -> Any:
    """An application of its own for a test in which requests wait for each other: a semaphore belongs to one loop."""
    from assistant.pages import build

    return build(fakes.parts(store), fakes.settings(), writes=(10_000, 1000))


class Narrator:
    """Somebody with a story in the program's care and the code to it; each comes from an address of their own."""

    def __init__(self, app: Any, store: Store, *, cooling: float = 0, state: State = State.PENDING, **changes: Any):
        self.app, self.store = app, store
        number = next(_numbers)
        self.code = codes.new_code()
        self.ip = f"10.0.{number // 250}.{number % 250}"
        self.id = f"mine-{number}"
        row = CodeRow(self.code.locator, hash_secret(self.code.secret))
        held = Held(submitted_at=START, cools_until=START + timedelta(hours=cooling), code=row)
        consent = (
            make_consent() if state is State.PENDING else make_consent().model_copy(update={"purposes": frozenset()})
        )
        store.add(make_story(self.id, **changes), consent, held, "test", state)

    def send(self, act: str, status: int = 200, code: str | None = None, ip: str | None = None, **data: Any) -> str:
        sent = {"code": str(self.code) if code is None else code, "act": act, **data}
        answer = post(self.app, sent, ip or self.ip)
        assert answer.status_code == status, answer.text[-3000:]
        return answer.text

    @property
    def dossier(self) -> Any:
        return self.store.dossier(self.id)


def post(app: Any, data: Any, ip: str = "10.9.9.9", method: str = "POST", path: str = "/yours") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(ip, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1", "accept-language": "en-GB"}
            body: dict[str, Any] = {"content": data} if isinstance(data, bytes) else {"data": data}
            if isinstance(data, bytes):
                head["content-type"] = "application/x-www-form-urlencoded"
            return await client.request(method, path, headers=head, **(body if method == "POST" else {}))

    return asyncio.run(once())


def seen(page: str) -> str:
    """The text of a page as it is read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page.split("<main")[1])))


def sent(key: str, **slots: object) -> str:
    return say(f"page.yours.{key}", **slots)


@pytest.fixture
def one(app: Any, store: Store) -> Narrator:
    return Narrator(app, store)


@pytest.fixture
def published(app: Any, store: Store) -> Narrator:
    mine = Narrator(app, store)
    approve(store, mine.id)
    return mine


# --- opening --------------------------------------------------------------------------------------------------------


def test_the_first_page_asks_for_one_thing_and_reads_nothing_from_its_address(app: Any) -> None:
    page = post(app, {}, method="GET", path="/yours?code=apple-bench-cloud-daisy-eagle-fern&act=withdraw-now").text
    assert "apple" not in page
    box = re.search(r'<input type="text"[^>]*>', page)
    assert box
    for wanted in ('name="code"', 'autocomplete="off"', 'spellcheck="false"', 'value=""', 'autocapitalize="none"'):
        assert wanted in box[0]
    assert len(re.findall(r'<button[^>]*name="act"', page)) == 2
    assert 'method="post"' in page
    assert 'href="tel:999"' in page
    assert "<title>Reading page</title>" in page


def test_a_code_opens_its_story_however_it_is_typed(app: Any, store: Store) -> None:
    parts = (PartText(part=Part.WHOLE, text="It rained."),)
    one = Narrator(app, store, title="Rain", parts=parts)
    for typed in (str(one.code), str(one.code).upper().replace("-", ", "), f"  {str(one.code).replace('-', ' ')}\n"):
        page = one.send("open", code=typed)
        assert sent("state.pending") in page
        assert one.id not in page, "the id is the program's own"


def test_what_opens_nothing_is_answered_alike_and_costs_the_same(
    one: Narrator, app: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[object] = []
    verify = narrator.verify_secret
    monkeypatch.setattr(narrator, "verify_secret", lambda s, h: hashed.append(h) or verify(s, h))
    other = codes.new_code()
    wrong = (str(other), f"{one.code.locator}-{other.secret}", "not six words at all", "\x00 \u202e", "a" * 5000)
    pages, times = [], []
    for n, typed in enumerate(wrong):
        start = time.perf_counter()
        answer = post(app, {"code": typed, "act": "open"}, f"10.8.0.{n}")
        times.append(time.perf_counter() - start)
        assert answer.status_code == 404
        kept = html.escape(typed[:400], quote=False)
        assert f'value="{kept}"' in answer.text
        pages.append(answer.text.replace(kept, "TYPED"))
    assert len(set(pages)) == 1
    assert len(hashed) == len(wrong), "one check of a hash for each, also where there is none to check"
    assert sum(h is None for h in hashed) == len(wrong) - 1
    assert min(times) > max(times) / 5
    lines = store.audit(len(wrong))
    assert {line.verb for line in lines} == {"code:failed"}
    assert not any(word in str(lines) for word in (other.secret, "six words"))


def test_after_some_failures_an_address_rests_and_nothing_is_checked(
    one: Narrator, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.pages import yours

    hashed: list[object] = []
    monkeypatch.setattr(narrator, "verify_secret", lambda *given: hashed.append(given[1]))
    guess = f"{one.code.locator}-{codes.new_code().secret}"
    for _ in range(yours.TRIES[0]):
        assert post(app, {"code": guess}, "10.8.1.1").status_code == 404
    assert len(hashed) == yours.TRIES[0]
    answer = post(app, {"code": str(one.code), "act": "withdraw-now"}, "10.8.1.1")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert len(hashed) == yours.TRIES[0]
    assert "rests before the next try" in answer.text
    assert f'value="{one.code}"' in answer.text
    assert one.dossier is not None
    # whoever shares the address and has a code of their own is not held up, until it is tried very often
    assert post(app, {"code": str(codes.new_code())}, "10.8.1.1").status_code == 404
    for _ in range(yours.SPRAYED[0] - len(hashed)):
        assert post(app, {"code": str(codes.new_code())}, "10.8.1.1").status_code == 404
    assert post(app, {"code": str(codes.new_code())}, "10.8.1.1").status_code == 429
    for n in range(yours.SPRAYED[0]):  # one household counts as one, however many addresses it has
        post(app, {"code": str(codes.new_code())}, f"2001:db8:1:1::{n:x}")
    assert post(app, {"code": str(codes.new_code())}, "2001:db8:1:1::ffff").status_code == 429
    monkeypatch.undo()
    one.send("open")  # another address is not held up


def test_a_right_code_does_not_wipe_the_count_of_wrong_ones(one: Narrator, app: Any) -> None:
    from assistant.pages import yours

    for _ in range(yours.TRIES[0] - 1):
        post(app, {"code": "a b c d e f"}, "10.8.2.1")
    one.send("open", ip="10.8.2.1")
    assert post(app, {"code": "a b c d e f"}, "10.8.2.1").status_code == 404
    assert post(app, {"code": "a b c d e f"}, "10.8.2.1").status_code == 429


def test_only_a_few_codes_are_checked_at_once(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.pages import yours

    now, most = [0], [0]

    def slow(_store: Store, _typed: str) -> Any:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.05)
        now[0] -= 1
        raise DatabaseBusy("busy")

    monkeypatch.setattr(narrator, "open_story", slow)

    async def crowd() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(fresh), base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1"}
            tasks = [client.post("/yours", data={"code": "a b"}, headers=head) for _ in range(16)]
            return [answer.status_code for answer in await asyncio.gather(*tasks)]

    assert set(asyncio.run(crowd())) == {503}
    assert 1 < most[0] <= yours.AT_ONCE


def test_a_burst_of_wrong_codes_from_one_address_is_stopped_in_time(
    fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were already waiting when the last allowed one failed are not evaluated either."""
    from assistant.pages import yours

    checked: list[str] = []

    def fails(_store: Store, typed: str) -> Any:
        checked.append(typed)
        time.sleep(0.01)
        raise narrator.errors.CodeUnknown("no")

    monkeypatch.setattr(narrator, "open_story", fails)

    async def crowd() -> list[int]:
        transport = httpx.ASGITransport(fresh, client=("10.8.3.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1"}
            tasks = [client.post("/yours", data={"code": "a b"}, headers=head) for _ in range(40)]
            return [answer.status_code for answer in await asyncio.gather(*tasks)]

    answers = asyncio.run(crowd())
    assert len(checked) == yours.TRIES[0]
    assert answers.count(429) == 40 - len(checked)


@pytest.mark.parametrize(
    "body",
    [b"", b"code=", b"act=open", b"code=%00&act=%00", b"code=%ED%A0%80&act=open", b"\xff\xfe=\xff", b"&" * 500, b"code=a;act=b",
     b"=&".join(b"f%d" % n for n in range(200)), b"code=" + b"%F0%9F%8C%B3" * 4000, b'{"code": 1}'],
)  # fmt: skip
def test_any_body_at_all_is_answered(app: Any, body: bytes) -> None:
    assert post(app, body, f"10.7.0.{next(_numbers) % 250}").status_code in (400, 404)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_the_state_is_told_in_plain_words_and_without_names(app: Any, store: Store) -> None:
    mine = Narrator(app, store, cooling=72)
    page = seen(mine.send("open"))
    assert sent("state.cooling", day="4 November 2026", time="12:00") in page
    assert sent("state.reviewers", n=0, of=2) in page
    store.approve(mine.id, "ann", 1, "reads well")
    page = seen(mine.send("open"))
    assert sent("state.reviewers", n=1, of=2) in page
    assert "ann" not in re.split(r"\W+", page)
    assert "reads well" not in page
    store.approve(mine.id, "ben", 1, "reads well too")
    assert sent("state.reviewers", n=2, of=2) not in seen(mine.send("open")), "what is done is not waited for"
    assert sent("state.until", day="1 November 2027") in seen(mine.send("open"))


def test_a_published_story_says_since_when_and_how_it_was_used(published: Narrator, store: Store) -> None:
    page = seen(published.send("open"))
    assert sent("state.since", day="1 November 2026") in page
    assert page.count(sent("use.few", floor=5)) == 3
    store.count(
        {(published.id, Counted.SHOWN): 12, (published.id, Counted.READ): 5, (published.id, Counted.LESS_ALONE): 4}
    )
    page = seen(published.send("open"))
    assert sent("use.times", n=12) in page
    assert sent("use.times", n=5) in page
    assert page.count(sent("use.few", floor=5)) == 1


def test_where_nothing_is_counted_the_page_says_so(
    published: Narrator, app: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.room, "counts", Counts(store, enabled=False))
    page = seen(published.send("open"))
    assert sent("use.off") in page
    assert sent("use.few", floor=5) not in page


def test_the_story_stands_there_byte_for_byte_and_everything_is_escaped(app: Any, store: Store) -> None:
    text = f"First line.\n\n  two spaces {NASTY}"
    mine = Narrator(app, store, title=NASTY, narrator="<b>Sam</b>", parts=(PartText(part=Part.WHOLE, text=text),))
    store.ask(mine.id, "ann", NASTY)
    page = mine.send("open")
    shown = re.search(r'<div class="sj-words"[^>]*>(.*?)</div>', page, re.S)
    assert shown
    assert html.unescape(re.sub(r"<[^>]+>", "", shown[1])) == text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>Sam" not in page
    assert 'dir="auto"' in page


def test_words_that_were_taken_out_are_told(published: Narrator, store: Store) -> None:
    part = published.dossier.story.parts[0]
    gone = Removal(span=Span(part=part.part, start=0, end=6), words=part.text[:6])
    desk.redact(store, published.dossier, "ann", [gone], "a name")
    page = seen(published.send("open"))
    assert sent("state.redacted_one", day="1 November 2026") in page
    assert "[…]" in page
    assert part.text[:6] not in page
    assert sent("state.pending") in page


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


def propose(store: Store, mine: Narrator, **changes: Any) -> str:
    story = mine.dossier.story
    desk.propose(store, mine.dossier, "ann", story.model_copy(update=changes), "so that nobody is named")
    return str(mine.dossier.proposal.at.isoformat())


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
    assert re.findall(r'name="act" value="([\w-]+)"', sure) == ["withdraw-now", "open"]
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
            assert not any(word in address for word in str(one.code).split("-")), address
    assert one.code.secret not in caplog.text
    for path in store.path.parent.iterdir():  # type: ignore[attr-defined]
        assert one.code.secret.encode() not in path.read_bytes(), path.name
    with sqlite3.connect(store.path) as c:  # type: ignore[attr-defined]
        dump = "\n".join(c.iterdump())
    assert one.code.locator in dump
    assert one.code.secret.split("-")[0] + "-" + one.code.secret.split("-")[1] not in dump


# --- a story that was declined, and one that was imported ---------------------------------------------------------------


@pytest.mark.parametrize("reason", list(Declined))
def test_a_declined_story_tells_its_reason_and_can_be_forgotten(store: Store, one: Narrator, reason: Declined) -> None:
    desk.decline(store, one.dossier, "ann", reason, f"Thank you for it. {NASTY}")
    page = one.send("open")
    assert sent(f"declined.why.{reason.value}") in html.unescape(page)
    assert "Thank you for it." in page
    assert "<script>alert" not in page
    assert sent("declined.until", day="30 January 2027") in seen(page)
    assert sent("declined.why.not_lived") not in page or reason is Declined.NOT_LIVED
    one.send("pause")  # nothing but removing it is there
    assert sent("sure.declined_title") in one.send("withdraw")
    assert sent("gone.declined_title") in one.send("withdraw-now")
    one.send("open", 404)


def test_an_imported_story_waits_for_a_yes_to_the_whole_text(app: Any, store: Store) -> None:
    text = wording.current()
    mine = Narrator(app, store, state=State.HELD, provenance=Provenance.PROGRAM)
    page = mine.send("open")
    for section in text.sections:
        assert all(line in html.unescape(page) for line in (section.heading, *section.paragraphs))
    assert re.findall(r'name="purpose" value="(\w+)" checked', page) == ["surface"]
    for act in ("switches", "renew", "pause", "answer"):
        mine.send(act, wording=text.id, months=12, purpose="surface")
        assert mine.dossier.state is State.HELD, act
    assert sent("error.not_shown") in mine.send("confirm", 409, wording=text.id, months=12, purpose="quote")
    mine.send("confirm", 409, wording=text.id, purpose="surface")
    assert sent("error.outdated_wording") in mine.send("confirm", 409, wording="x", months=12, purpose="surface")
    assert mine.dossier.state is State.HELD
    page = mine.send("confirm", wording=text.id, months=24, purpose=["surface", "quote"])
    assert sent("done.confirm") in page
    assert mine.dossier.state is State.PENDING
    assert mine.dossier.consent.purposes == {Purpose.SURFACE, Purpose.QUOTE}
    assert mine.dossier.consent.expires_at.isoformat()[:10] == "2028-11-01"
    assert sent("error.confirmed_before") in mine.send("confirm", 409, wording=text.id, months=12, purpose="surface")


def test_an_imported_story_can_be_taken_back_at_once(app: Any, store: Store) -> None:
    mine = Narrator(app, store, state=State.HELD)
    assert sent("gone.title") in mine.send("withdraw-now")
    assert mine.dossier is None


def test_every_page_has_help_a_way_out_one_heading_and_labels(app: Any, store: Store, published: Narrator) -> None:
    held = Narrator(app, store, state=State.HELD)
    store.ask(published.id, "ann", "And?")
    propose(store, published, title="Other")
    for page in (
        held.send("open"),
        published.send("open"),
        published.send("withdraw"),
        published.send("open", 404, code="x"),
    ):
        main = page.split("<main")[1]
        assert page.index("data-leave") < page.index("<main")
        assert len(re.findall(r"<h1[ >]", main)) == 1
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(set(ids)) == len(ids)
        for names in re.findall(r'aria-describedby="([^"]+)"', main):
            assert set(names.split()) <= set(ids), names
        for target in re.findall(r'href="#([^"]+)"', page):
            assert target in ids
        for field in re.findall(
            r'<(?:textarea|input type="text")[^>]* id="([^"]+)"|<(?:textarea|input type="text") id="([^"]+)"', main
        ):
            assert f'for="{field[0] or field[1]}"' in main
        for form in re.findall(r"<form.*?</form>", main, re.S):
            assert 'method="post"' in form
            assert 'name="code"' in form
        assert len(re.findall(r"autofocus", main)) <= 1


# --- two wordings beside each other -------------------------------------------------------------------------------------


def both(pieces: tuple[Piece, ...]) -> tuple[str, str]:
    old = "".join(p.text for p in pieces if p.kind != "new")
    new = "".join(p.text for p in pieces if p.kind != "gone")
    return old, new


WORDS = st.lists(st.sampled_from(["one", "two", "two", "three,", " ", "\n\n", ".", "été", "नमस्ते", "你好。", ""])).map(
    " ".join
)


@given(st.text(max_size=200) | WORDS, st.text(max_size=200) | WORDS)
def test_a_diff_loses_and_invents_no_character(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert both(pieces) == (old, new)
    assert all(piece.text for piece in pieces)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(pieces))
    if old == new:
        assert all(piece.kind == "same" for piece in pieces)


@given(
    st.lists(st.integers(0, 40), min_size=150, max_size=400), st.lists(st.integers(0, 40), min_size=150, max_size=400)
)
def test_long_texts_are_divided_and_still_whole(a: list[int], b: list[int]) -> None:
    old, new = (" ".join(f"w{n}" for n in numbers) for numbers in (a, b))
    assert both(compare(old, new)) == (old, new)


def test_words_are_compared_and_never_cut() -> None:
    assert compare("I went to the shop, and home.", "I went to a market, and home.") == (
        Piece("same", "I went to "), Piece("gone", "the shop"), Piece("new", "a market"), Piece("same", ", and home."),
    )  # fmt: skip
    assert compare("", "new") == (Piece("new", "new"),)
    assert compare("cafe\u0301 x", "cafe x") == (Piece("gone", "cafe\u0301"), Piece("new", "cafe"), Piece("same", " x"))


def test_one_change_in_a_long_text_is_one_change() -> None:
    words = [f"word{n % 700}" for n in range(6000)]
    old = " ".join(words)
    words[3000] = "different"
    changed = [p for p in compare(old, " ".join(words)) if p.kind != "same"]
    assert changed == [Piece("gone", f"word{3000 % 700}"), Piece("new", "different")]
    far = [f"once{n}" for n in range(3000)]
    old = " ".join(far)
    far[5] = far[2990] = "different"
    assert len([p for p in compare(old, " ".join(far)) if p.kind != "same"]) == 4, "each change by itself"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b " * 10_000, "b a " * 10_000),
        ("\n" * 40_000, "x\n" * 20_000),
        (" ".join(f"w{n}" for n in range(7000)), " ".join(f"w{n}" for n in reversed(range(7000)))),
        (" ".join(f"w{n * 7 % 100}" for n in range(10_000)), " ".join(f"w{n * 11 % 100}" for n in range(10_000))),
    ],
)
def test_the_longest_texts_cost_little(old: str, new: str) -> None:
    start = time.process_time()
    assert both(compare(old[:40_000], new[:40_000])) == (old[:40_000], new[:40_000])
    assert time.process_time() - start < 2


def test_every_fact_of_a_story_is_compared() -> None:
    old = make_story("one", themes=("grief", "sleep"), hope=2, setbacks=True, stage="in_the_middle")
    new = old.model_copy(
        update={
            "title": "Another", "narrator": "Kim", "language": "fr", "themes": ("sleep", "grief"), "hope": 3, "setbacks": None,
            "stage": None, "content_notes": ("death",), "context": ("parent",), "pathways": ("nature",),
            "parts": (PartText(part=Part.NOW, text="Now."),),
        }
    )  # fmt: skip
    changes = {one.field: one for one in diff(old, new)}
    facts = set(old.model_fields_set) | set(type(old).model_fields)
    assert facts - {"id", "provenance", "parts"} <= set(changes)
    assert all(one.changed for one in changes.values())
    assert changes["going_on"].pieces == (Piece("gone", old.text(Part.GOING_ON) or ""),)
    assert changes["now"].pieces == (Piece("new", "Now."),)
    assert not any(one.changed for one in diff(old, old))
    for name in changes:
        say(f"page.yours.diff.field.{name}")
    assert [one.field for one in diff(old, old)][:2] == ["title", "narrator"]
