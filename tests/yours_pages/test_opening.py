"""A narrator's own story by its code: opening it, and what is shown."""

from __future__ import annotations

import asyncio
import html
import re
import time
from typing import Any

import httpx
import pytest

from assistant.counts import Counts
from corpus import codes, desk, narrator
from corpus.custody import Counted, Removal
from corpus.errors import DatabaseBusy
from corpus.store import Store
from corpus.types import Part, PartText, Span
from yours_pages.conftest import NASTY, Narrator, _numbers, post, seen, sent

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
    assert sent("use.desk", floor=5) in page
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
