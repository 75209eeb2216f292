"""What is counted: numbers for each story, written now and then, never at the cost of an answer."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from browser import fakes

from assistant.care import Screen, help_for, yearly
from assistant.conversation import Reply, Session
from assistant.counts import MOST, Counts
from assistant.pages.sessions import Talks
from assistant.pages.talk import Room
from assistant.words import say
from corpus.custody import Counted, Noticed
from corpus.errors import DatabaseBusy
from corpus.store import Store
from index.query import Dials
from tests.conftest import Clock, make_story, publish


class Recorder:
    """A store that only takes counts, and may be busy."""

    def __init__(self) -> None:
        self.got: list[dict[tuple[str, Counted], int]] = []
        self.noticed: dict[Noticed, int] = {}
        self.trouble: Exception | None = None

    def count(self, seen: Mapping[tuple[str, Counted], int]) -> None:
        if self.trouble:
            raise self.trouble
        self.got.append(dict(seen))

    def count_care(self, seen: Mapping[Noticed, int]) -> None:
        if self.trouble:
            raise self.trouble
        for what, n in seen.items():
            self.noticed[what] = self.noticed.get(what, 0) + n


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
    counts.felt("b", Counted.LESS_ALONE)
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
        counts.felt("a", Counted.LESS_ALONE)
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


def test_what_a_story_left_somebody_feeling_is_counted_once(room: Room, counts: Counts, recorder: Recorder) -> None:
    room.say("k", "hello", "en", None)
    counts.flush()
    page = room.read("k", "one", "en", None)
    assert pressed(page) == []
    assert say("page.reading.felt_thanks") + "</p>" not in page
    for _ in range(3):
        room.felt("k", "one", "less_alone", "en", None)
    room.felt("other", "one", "less_alone", "en", None)  # another conversation
    room.felt("k", "one", "shown", "en", None)  # no feeling
    room.felt("k", "one", "<b>", "en", None)
    assert written(counts, recorder) == {("one", Counted.READ): 1, ("one", Counted.LESS_ALONE): 2}
    again = room.read("k", "one", "en", None)
    assert pressed(again) == ["less_alone"]
    assert say("page.reading.felt_thanks") + "</p>" in again


def test_why_a_story_was_put_aside_is_counted_once_and_not_today_is_not(
    room: Room, counts: Counts, recorder: Recorder
) -> None:
    room.say("k", "hello", "en", None)
    room.why_not("k", "one", "too_heavy", "en", None)  # nobody asked
    counts.flush()
    assert not any(key in batch for batch in recorder.got for key in [("one", Counted.TOO_HEAVY)])
    room.not_for_me("k", "one", "en", None)
    counts.flush()
    recorder.got.clear()
    for _ in range(3):
        room.why_not("k", "one", "too_rosy", "en", None)
    room.not_for_me("k", "two", "en", None)
    room.why_not("k", "two", "not_today", "en", None)
    said = {key: n for key, n in written(counts, recorder).items() if key[1] is not Counted.SHOWN}
    assert said == {("one", Counted.TOO_ROSY): 1}


@pytest.mark.parametrize("lang", ["en", "es", "fr", "de", "pt", "ar"])
def test_the_notice_names_what_readers_say_of_a_story(lang: str) -> None:
    notice = say("page.notice.counts", lang)
    inside = re.search(r"\(([^()]*)[,،]([^()]*)\)", notice)  # (what it left somebody feeling, why it was not for them)
    assert inside, notice


def pressed(page: str) -> list[str]:
    return re.findall(r'aria-pressed="true" data-read="felt" data-id="one" data-what="(\w+)"', page)


def test_another_press_moves_the_count_before_and_after_it_was_written(
    room: Room, counts: Counts, recorder: Recorder
) -> None:
    room.felt("k", "one", "heavier", "en", None)
    room.felt("k", "one", "no_change", "en", None)
    assert written(counts, recorder) == {("one", Counted.NO_CHANGE): 1}
    recorder.got.clear()
    room.felt("k", "one", "more_hopeful", "en", None)
    assert written(counts, recorder) == {("one", Counted.NO_CHANGE): -1, ("one", Counted.MORE_HOPEFUL): 1}
    assert pressed(room.read("k", "one", "en", None)) == ["more_hopeful"]


def test_heavier_makes_what_comes_next_lighter_until_it_is_said_of_no_story(room: Room) -> None:
    def session() -> Session:
        talk = room.talks.get("k")
        assert talk
        return talk.session

    room.say("k", "hello", "en", None)
    for what in ("less_alone", "more_hopeful", "no_change"):
        room.felt("k", "one", what, "en", None)
        assert not session().lighter
    room.talks.get("k").session = session().model_copy(update={"franker": True})  # type: ignore[union-attr]
    for id in ("one", "two"):
        room.felt("k", id, "heavier", "en", None)
        assert (session().lighter, session().franker) == (True, False)
    room.felt("k", "one", "no_change", "en", None)
    assert session().lighter
    room.felt("k", "two", "no_change", "en", None)
    assert not session().lighter
    room.talks.get("k").session = session().model_copy(update={"lighter": True})  # type: ignore[union-attr]
    room.felt("k", "one", "heavier", "en", None)
    room.felt("k", "one", "no_change", "en", None)
    assert session().lighter, "it was asked for"


def test_a_note_is_left_out_of_this_conversation_and_comes_back(room: Room) -> None:
    room.say("k", "hello", "en", None)
    talk = room.talks.get("k")
    assert talk
    turns, drawn = list(talk.turns), talk.steps
    for note in ("death:suicide", "nonsense", "", "death"):
        room.without("k", note, True, "en", None)
    assert talk.session.dials == Dials(without=frozenset({"death", "death:suicide"}))
    room.without("k", "death", False, "en", None)
    room.without("k", "death", False, "en", None)
    assert talk.session.dials == Dials(without=frozenset({"death:suicide"}))
    assert (talk.turns, talk.steps) == (turns, drawn), "nothing else happens"


def test_a_story_that_is_gone_is_neither_read_nor_felt(room: Room, counts: Counts, recorder: Recorder) -> None:
    room.turns.gone.add("one")  # type: ignore[attr-defined]
    assert "less_alone" not in room.read("k", "one", "en", None)
    room.felt("k", "one", "less_alone", "en", None)
    assert written(counts, recorder) == {}


def test_forgetting_forgets_what_was_felt(room: Room) -> None:
    room.felt("k", "one", "heavier", "en", None)
    assert len(room._told) == 1
    room.talks.forget("k")
    assert len(room._told) == 0


def test_nothing_is_asked_where_nothing_is_counted() -> None:
    room = Room(fakes.FakeTurn(), Talks(60), Counts(enabled=False))
    assert "/missing" not in room.say("k", "hello", "en", None)
    assert "less_alone" not in room.read("k", "one", "en", None)
    room.felt("k", "one", "heavier", "en", None)
    assert "k" not in room.talks or not room.talks.get("k").session.lighter  # type: ignore[union-attr]
    assert len(room._told) == 0


def test_the_way_to_a_missing_theme_stands_under_stories_and_never_beside_help(room: Room) -> None:
    assert 'href="/missing"' in room.say("k", "hello", "en", None)
    assert 'href="/missing"' in room.not_for_me("k", "one", "en", None)  # still there when an answer is drawn again
    risk = Screen(tier=1, categories=("suicidal",), clinical=False, stopping=False, who="self", why=())
    reply = Reply(kind="stories", cards=(fakes.card(),), help=help_for(risk, "GB", "en"))
    room.turns.respond = lambda _session, _text: (Session(), reply)  # type: ignore[method-assign]
    assert "/missing" not in room.say("other", "hello", "en", None)


# --- of care ------------------------------------------------------------------------------------------------------


def answering(room: Room, seen: Screen) -> None:
    """Let the next answers be those to a message that calls for `seen`."""
    card = help_for(seen, "GB", "en") if seen.tier or seen.clinical else None
    reply = Reply(kind="help" if seen.tier > 1 else "stories", help=card, lead=("Heard.",))
    room.turns.respond = lambda _session, _text: (Session(screens=(seen,)), reply)  # type: ignore[method-assign]


@pytest.mark.parametrize("tier", [0, 1, 2, 3])
def test_what_a_message_called_for_is_counted_and_that_lines_were_named(
    room: Room, counts: Counts, recorder: Recorder, tier: int
) -> None:
    answering(room, Screen(tier=tier, categories=("suicidal",) if tier else ()))
    room.say("k", "words of somebody", "en", "GB")
    counts.flush()
    assert recorder.noticed == ({Noticed(f"tier_{tier}"): 1, Noticed.REFERRAL: 1} if tier else {})


def test_a_question_for_a_clinician_is_no_referral(room: Room, counts: Counts, recorder: Recorder) -> None:
    answering(room, Screen(clinical=True, stopping=True))
    room.say("k", "words of somebody", "en", "GB")
    counts.flush()
    assert recorder.noticed == {Noticed.CLINICAL: 1}


def test_ways_to_help_are_counted_by_kind_and_an_unknown_one_is_nothing(counts: Counts, recorder: Recorder) -> None:
    for kind in ("call", "call", "chat", "../etc/passwd", "", "door_call"):
        counts.door(kind)
    assert counts.flush()
    assert recorder.noticed == {Noticed.DOOR_CALL: 2, Noticed.DOOR_CHAT: 1}


def test_care_is_not_counted_twice_after_a_busy_moment_nor_where_nothing_is_counted(recorder: Recorder) -> None:
    counts, off = Counts(recorder), Counts(recorder, enabled=False)  # type: ignore[arg-type]
    for one in (counts, off):
        one.screened(Screen(tier=2, clinical=True))
        one.door("text")
    recorder.trouble = DatabaseBusy("later")
    assert not counts.flush()
    recorder.trouble = None
    assert counts.flush()
    assert counts.flush()
    assert off.flush()
    assert recorder.noticed == {Noticed.CRISIS: 1, Noticed.CLINICAL: 1, Noticed.DOOR_TEXT: 1}


def test_the_yearly_report_tells_nothing_below_the_floor_and_says_when_nothing_is_counted() -> None:
    sums = dict.fromkeys(Noticed, 0) | {Noticed.REFERRAL: 12, Noticed.CRISIS: 4}
    told = yearly.yearly(2027, sums, counting=True)
    assert told["crisis_service_provider_referral_notifications"] == 12
    assert told["also_counted"]["tier_2"] is None
    assert "fewer than 5" in yearly.as_text(told)
    assert all(len(line) > 20 for line in told["protocols_to_detect_remove_and_respond"])
    silent = yearly.yearly(2027, sums, counting=False)
    assert silent["crisis_service_provider_referral_notifications"] is None
    assert "not counted" in yearly.as_text(silent)


# --- in the tables ------------------------------------------------------------------------------------------------


def test_the_tables_hold_a_story_a_week_and_a_number(store: Store, clock: Clock) -> None:
    publish(store, make_story("one"))
    counts = Counts(store)
    secret = "words that somebody wrote in a conversation"
    room = Room(fakes.FakeTurn(), Talks(60), counts)
    room.say("k-visitor-key", secret, "en", "GB")
    for _ in range(5):
        room.read("k-visitor-key", "one", "en", "GB")
    room.felt("k-visitor-key", "one", "less_alone", "en", "GB")
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
