"""What is counted: numbers for each story, written now and then, never at the cost of an answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from browser import fakes

from assistant.counts import MOST, Counts
from assistant.pages.sessions import Talks
from assistant.pages.talk import Room
from corpus.custody import Counted
from corpus.errors import DatabaseBusy
from corpus.store import Store
from tests.conftest import Clock, make_story, publish


class Recorder:
    """A store that only takes counts, and may be busy."""

    def __init__(self) -> None:
        self.got: list[dict[tuple[str, Counted], int]] = []
        self.trouble: Exception | None = None

    def count(self, seen: Mapping[tuple[str, Counted], int]) -> None:
        if self.trouble:
            raise self.trouble
        self.got.append(dict(seen))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def counts(recorder: Recorder) -> Counts:
    return Counts(recorder)  # type: ignore[arg-type]


@pytest.fixture
def room(counts: Counts) -> Room:
    return Room(fakes.FakeTurn(), Talks(60), counts)


def written(counts: Counts, recorder: Recorder) -> dict[tuple[str, Counted], int]:
    assert counts.flush()
    return recorder.got[-1] if recorder.got else {}


def test_numbers_add_up_and_are_written_once(counts: Counts, recorder: Recorder) -> None:
    counts.shown(["a", "b"])
    counts.shown(["a"])
    counts.read("a")
    counts.less_alone("b")
    assert written(counts, recorder) == {
        ("a", Counted.SHOWN): 2, ("b", Counted.SHOWN): 1, ("a", Counted.READ): 1, ("b", Counted.LESS_ALONE): 1,
    }  # fmt: skip
    assert counts.flush()
    assert len(recorder.got) == 1


@pytest.mark.parametrize("error", [DatabaseBusy("later"), ValueError("unforeseen")])
def test_a_store_that_cannot_take_them_loses_nothing(counts: Counts, recorder: Recorder, error: Exception) -> None:
    counts.shown(["a"])
    recorder.trouble = error
    assert not counts.flush()
    counts.shown(["a"])
    recorder.trouble = None
    assert written(counts, recorder) == {("a", Counted.SHOWN): 2}


def test_when_it_is_off_nothing_is_held(recorder: Recorder) -> None:
    for counts in (Counts(recorder, enabled=False), Counts(enabled=True)):  # type: ignore[arg-type]
        assert not counts.enabled
        counts.shown(["a"])
        counts.read("a")
        counts.less_alone("a")
        assert counts.flush()
    assert recorder.got == []


def test_it_cannot_be_filled(counts: Counts, recorder: Recorder) -> None:
    counts.shown(str(n) for n in range(MOST + 500))
    counts.shown(["0"])
    got = written(counts, recorder)
    assert len(got) == MOST
    assert got["0", Counted.SHOWN] == 2


def test_many_threads_lose_no_count(counts: Counts, recorder: Recorder) -> None:
    def add() -> None:
        for _ in range(500):
            counts.shown(["a"])
            counts.flush()

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.flush()
    assert sum(batch["a", Counted.SHOWN] for batch in recorder.got) == 3000


# --- in a conversation --------------------------------------------------------------------------------------------


def test_a_card_counts_once_for_its_answer_and_not_when_it_is_drawn_again(
    room: Room, counts: Counts, recorder: Recorder
) -> None:
    room.open("k", "en", None)
    room.say("k", "hello", "en", None)
    first = {("one", Counted.SHOWN): 1, ("two", Counted.SHOWN): 1, ("three", Counted.SHOWN): 1}
    assert written(counts, recorder) == first
    room.not_for_me("k", "one", "en", None)  # draws every card again, one of them folded
    assert written(counts, recorder) == {("five", Counted.SHOWN): 1}
    room.more_like("k", "two", "en", None)
    assert written(counts, recorder) == {("four", Counted.SHOWN): 1}


def test_a_story_that_left_before_its_card_was_drawn_is_not_counted(
    room: Room, counts: Counts, recorder: Recorder
) -> None:
    room.turns.gone.add("two")  # type: ignore[attr-defined]
    room.say("k", "hello", "en", None)
    assert set(written(counts, recorder)) == {("one", Counted.SHOWN), ("three", Counted.SHOWN)}


def test_an_answer_that_nobody_sees_counts_nothing(room: Room, counts: Counts, recorder: Recorder) -> None:
    room.open("k", "en", None)
    respond = room.turns.respond

    def forgotten(session: Any, text: str) -> Any:
        room.talks.forget("k")
        return respond(session, text)

    room.turns.respond = forgotten  # type: ignore[method-assign]
    assert room.say("k", "hello", "en", None) == ""
    assert written(counts, recorder) == {}


def test_a_story_is_read_and_may_leave_somebody_less_alone_once(room: Room, counts: Counts, recorder: Recorder) -> None:
    room.say("k", "hello", "en", None)
    counts.flush()
    page = room.read("k", "one", "en", None)
    assert 'data-act="less_alone"' in page
    assert 'data-id="one" hidden' not in page
    for _ in range(3):
        room.less_alone("k", "one", "en", None)
    room.less_alone("other", "one", "en", None)  # another conversation
    assert written(counts, recorder) == {("one", Counted.READ): 1, ("one", Counted.LESS_ALONE): 2}
    again = room.read("k", "one", "en", None)
    assert '<button type="button" class="sj-button" data-act="less_alone" data-id="one" hidden>' in again
    assert '<p class="sj-felt-thanks" role="status" tabindex="-1">' in again


def test_a_story_that_is_gone_is_neither_read_nor_felt(room: Room, counts: Counts, recorder: Recorder) -> None:
    room.turns.gone.add("one")  # type: ignore[attr-defined]
    assert "less_alone" not in room.read("k", "one", "en", None)
    room.less_alone("k", "one", "en", None)
    assert written(counts, recorder) == {}


def test_forgetting_forgets_what_was_felt(room: Room) -> None:
    room.less_alone("k", "one", "en", None)
    assert len(room._felt) == 1
    room.talks.forget("k")
    assert len(room._felt) == 0


def test_nothing_is_asked_where_nothing_is_counted() -> None:
    room = Room(fakes.FakeTurn(), Talks(60), Counts(enabled=False))
    assert "/missing" not in room.say("k", "hello", "en", None)
    assert "less_alone" not in room.read("k", "one", "en", None)
    room.less_alone("k", "one", "en", None)
    assert len(room._felt) == 0


def test_the_way_to_a_missing_theme_stands_under_stories_and_never_beside_help(room: Room) -> None:
    assert 'href="/missing"' in room.say("k", "hello", "en", None)
    assert 'href="/missing"' in room.not_for_me("k", "one", "en", None)  # still there when an answer is drawn again
    from assistant.care import Screen, help_for
    from assistant.conversation import Reply, Session

    risk = Screen(tier=1, categories=("suicidal",), clinical=False, stopping=False, who="self", why=())
    reply = Reply(kind="stories", cards=(fakes.card(),), help=help_for(risk, "GB", "en"))
    room.turns.respond = lambda _session, _text: (Session(), reply)  # type: ignore[method-assign]
    assert "/missing" not in room.say("other", "hello", "en", None)


# --- in the tables ------------------------------------------------------------------------------------------------


def test_the_tables_hold_a_story_a_week_and_a_number(store: Store, clock: Clock) -> None:
    publish(store, make_story("one"))
    counts = Counts(store)
    secret = "words that somebody wrote in a conversation"
    room = Room(fakes.FakeTurn(), Talks(60), counts)
    room.say("k-visitor-key", secret, "en", "GB")
    for _ in range(5):
        room.read("k-visitor-key", "one", "en", "GB")
    room.less_alone("k-visitor-key", "one", "en", "GB")
    assert counts.flush()
    usage = store.usage()["one"]
    assert (usage.shown, usage.read, usage.less_alone) == (None, 5, None)
    assert set(store.usage()) == {"one"}  # ids that are no story (any more) leave no row
    store.close()
    with sqlite3.connect(store.path) as c:  # type: ignore[attr-defined]
        rows = c.execute("select * from usage order by what").fetchall()
        dump = "\n".join(c.iterdump())
    assert sorted(rows) == [("one", "less_alone", "2026-W44", 1), ("one", "read", "2026-W44", 5), ("one", "shown", "2026-W44", 1)]  # fmt: skip
    assert "visitor-key" not in dump
    assert secret not in dump
    assert clock.now.strftime("%H:%M") not in str(rows)
