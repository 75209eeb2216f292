"""Conversations in memory: each its own, forgotten when told, and never brought back by a late answer."""

from __future__ import annotations

import html
import json
import logging
import re
import threading
import time

import pytest
from browser import fakes
from conftest import Clock, make_consent, make_story, publish

from assistant.conversation import Reply, Session
from assistant.pages.sessions import REMIND_AFTER, TURNS_SHOWN, Talks
from assistant.pages.talk import AGAIN, REASONS, Room, Trouble
from assistant.turn import Turn as RealTurn
from assistant.voice import PlainVoice
from corpus.store import Store
from index.embed import WordEmbedder
from index.find import Finder
from index.query import Dials


@pytest.fixture
def turns() -> fakes.FakeTurn:
    return fakes.FakeTurn()


@pytest.fixture
def room(turns: fakes.FakeTurn) -> Room:
    return Room(turns, Talks(900))


def test_two_pages_never_see_each_other(room: Room) -> None:
    room.open("a", "en", "GB")
    room.open("b", "en", None)
    room.say("a", "my secret alpha", "en", "GB")
    other = room.say("b", "something else", "en", None)
    assert "alpha" not in other
    assert "number 1" in other
    assert "number 2" in room.say("a", "again", "en", "GB")


def test_the_whole_conversation_is_drawn_oldest_first(room: Room) -> None:
    room.open("a", "en", None)
    room.say("a", "first words", "en", None)
    page = room.say("a", "second words", "en", None)
    assert page.index("first words") < page.index("second words")
    assert 'data-notice="Three stories and a group."' in page


def test_a_chip_shows_its_label_and_sends_its_words(room: Room) -> None:
    page = room.say("a", "just listen", "en", None, label="Just listen, please")
    assert "You chose" in page
    assert "Just listen, please" in page
    assert "Heard, number 1, in no country: just listen" in page


def test_why_not_may_be_said_once_and_changes_what_comes(room: Room) -> None:
    room.say("a", "x", "en", None)
    asked = room.not_for_me("a", "one", "en", None)
    assert re.findall(r'data-why="(\w+)"', asked) == list(REASONS)
    told = room.why_not("a", "one", "too_heavy", "en", None)
    assert "Differently from here on: lighter, one." in told
    assert 'You chose</h2><p dir="auto">Too heavy' in told
    assert "data-why" not in told, "what was answered is not asked again"
    room.not_for_me("a", "two", "en", None)
    assert "Not today, then." in room.why_not("a", "two", "not_today", "en", None)


def test_help_asks_for_no_reason(room: Room, turns: fakes.FakeTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    room.say("a", "x", "en", None)
    monkeypatch.setattr(turns, "not_for_me", lambda session, _: (session, Reply(kind="help", lead=("Help first.",))))
    assert "data-why" not in room.not_for_me("a", "one", "en", None)


def test_choices_are_said_shown_and_held(room: Room) -> None:
    room.say("a", "x", "en", None)
    page = room.choose("a", Dials(along="further", mute=("snow",)), "en", None)
    assert "You chose: Further along; without the words snow" in page
    assert html.unescape(re.findall(r'data-dials="([^"]*)"', page)[0]) == '{"along": "further", "mute": "snow"}'
    assert re.findall(r'data-chosen="([^"]*)"', page)[0] == "You chose: Further along; without the words snow"
    assert 'data-chosen=""' in room.choose("a", Dials(), "en", None)


def test_the_page_can_say_how_much_is_held(room: Room) -> None:
    def held(page: str) -> dict[str, int]:
        return dict(json.loads(html.unescape(re.findall(r'data-memory="([^"]*)"', page)[0])))

    assert held(room.open("a", "en", None)) == {"messages": 0, "stories": 0, "groups": 0}
    room.say("a", "first", "en", None)
    assert held(room.say("a", "second", "en", None))["messages"] == 2
    assert held(room.say("a", "just listen", "en", None, label="Just listen"))["messages"] == 3, "it was a share here"


def test_the_same_words_sent_again_at_once_are_one_message(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that broke off before the answer: the page sends once more by itself."""
    first = room.say("a", "my words, once", "en", None)
    again = room.say("a", "my words, once", "en", None)
    assert again.count("Heard, number") == 1
    assert again != first, "a browser that shows the first answer already must see that one came"
    later = time.monotonic() + AGAIN + 1
    monkeypatch.setattr("assistant.pages.sessions.time.monotonic", lambda: later)
    assert room.say("a", "my words, once", "en", None).count("Heard, number") == 2
    assert room.say("a", "other words", "en", None).count("Heard, number") == 3


def test_what_is_sent_again_passes_the_consent_gate_again(room: Room, turns: fakes.FakeTurn) -> None:
    assert "The kitchen floor" in room.say("a", "my words, once", "en", None)
    turns.gone.update(("one", "two", "three"))
    again = room.say("a", "my words, once", "en", None)
    assert again.count("Heard, number") == 1
    assert "The kitchen floor" not in again
    assert fakes.TEXT[:30] not in again


def test_not_for_me_folds_the_card_in_every_answer(room: Room) -> None:
    room.say("a", "x", "en", None)
    page = room.not_for_me("a", "one", "en", None)
    assert 'data-story="one"' not in page
    assert "Set aside, “The kitchen floor”" in page
    assert 'data-story="two"' in page


def test_more_like_names_the_story(room: Room) -> None:
    room.say("a", "x", "en", None)
    assert "More like “The kitchen floor”" in room.more_like("a", "one", "en", None)


def test_reading_asks_the_gate_each_time(room: Room, turns: fakes.FakeTurn) -> None:
    assert "counted the tiles" in room.read("a", "one", "en", None)
    turns.gone.add("one")
    gone = room.read("a", "one", "en", None)
    assert "no longer here" in gone
    assert "tiles" not in gone


def test_a_story_withdrawn_between_two_messages_is_never_sent_again(room: Room, turns: fakes.FakeTurn) -> None:
    assert "counted the tiles" in room.say("a", "x", "en", None)
    assert "More like “The kitchen floor”" in room.more_like("a", "one", "en", None)
    turns.gone.update({"one", "two", "three"})
    page = room.more_like("a", "four", "en", None)
    assert "counted the tiles" in page, "the fourth story is still there"
    for words in ("The kitchen floor", "Back row", "The long way", 'data-story="one"'):
        assert words not in page
    assert page.count("The person who told it took it back") == 3
    talk = room.talks.get("a")
    assert talk
    held = repr(talk.turns)
    for words in ("The kitchen floor", "Back row", "The long way"):
        assert words not in held, "nor is it held in memory"
    left = [card for turn in talk.turns for card in turn.reply.cards if card.id in turns.gone]
    assert [card.excerpt.text for card in left] == ["", "", ""]
    turns.gone.clear()
    assert "Back row" not in room.more_like("a", "four", "en", None), "what was let go does not come back by itself"


def test_a_story_that_leaves_leaves_a_conversation_that_nobody_goes_on_with(store: Store, finder: Finder) -> None:
    publish(store, make_story("one"), make_consent(days=300))
    finder.build()
    room = Room(RealTurn(store, finder, PlainVoice()), Talks(900))
    room.say("a", "my cat left in spring and the house was quiet", "en", None)
    talk = room.talks.get("a")
    assert talk
    room.let_go()
    assert "one house" in repr(talk.turns)
    store.withdraw("one", "test")
    with talk.lock:
        room.let_go()  # it is being answered: that does it by itself
    assert "one house" in repr(talk.turns)
    room.let_go()
    assert "one house" not in repr(talk.turns)


@pytest.mark.parametrize("how", ["withdrawn", "paused", "expired"])
def test_a_story_that_leaves_the_real_store_leaves_the_conversation(
    store: Store, clock: Clock, finder: Finder, how: str
) -> None:
    publish(store, make_story("one"), make_consent(days=2))
    publish(store, make_story("two"), make_consent(days=300))
    finder.build()
    room = Room(RealTurn(store, finder, PlainVoice()), Talks(900))
    page = room.say("a", "my cat left in spring and the house was quiet, I have soup with a neighbour", "en", None)
    assert "Title one" in page
    assert "Title two" in page
    if how == "withdrawn":
        store.withdraw("one", "test")
    elif how == "paused":
        store.pause("one", "test")
    else:
        clock.forward(days=3)
    page = room.say("a", "thank you", "en", None)
    assert "Title one" not in page
    assert "one house" not in page
    assert "The person who told it took it back" in page
    assert "Title two" in page
    assert "one house" not in repr(room.talks.get("a").turns)  # type: ignore[union-attr]


def test_a_story_withdrawn_while_its_answer_is_made_is_not_shown(room: Room, turns: fakes.FakeTurn) -> None:
    turns.gone.add("one")
    page = room.say("a", "x", "en", None)
    assert 'data-story="one"' not in page
    assert 'data-story="two"' in page


def test_when_the_gate_does_not_answer_nothing_is_shown_and_nothing_changes(room: Room, turns: fakes.FakeTurn) -> None:
    room.say("a", "x", "en", None)
    turns.unsure = True
    with pytest.raises(Trouble):
        room.say("a", "y", "en", None)
    turns.unsure = False
    assert "number 2" in room.say("a", "y", "en", None)


def test_a_forgotten_conversation_starts_anew_and_says_so(room: Room) -> None:
    room.say("a", "earlier-words", "en", None)
    room.talks.forget("a")
    page = room.say("a", "second", "en", None)
    assert "earlier-words" not in page
    assert "number 1" in page
    assert "what came before is forgotten" in page


def test_an_answer_that_comes_after_forgetting_is_dropped(room: Room, turns: fakes.FakeTurn) -> None:
    room.open("a", "en", None)
    turns.wait = threading.Event()
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(room.say("a", "late words", "en", None)))
    thread.start()
    while not room.talks.get("a").lock.locked():  # type: ignore[union-attr]
        pass
    room.talks.forget("a")
    turns.wait.set()
    thread.join(5)
    assert got == [""]
    assert "a" not in room.talks


def test_quiet_conversations_are_forgotten() -> None:
    now = [0.0]
    talks = Talks(900, clock=lambda: now[0])
    talks.put("a", Session())
    now[0] = 800
    assert talks.get("a")
    now[0] = 1650
    assert talks.idle() == []
    now[0] = 1701
    assert talks.idle() == ["a"]
    assert talks.get("a") is None
    assert len(talks) == 0


def test_at_most_so_many_conversations_are_held() -> None:
    talks = Talks(900, most=3)
    for n in range(10):
        talks.put(str(n), Session())
    assert len(talks) == 3
    assert talks.key_of("nothing") is None
    assert len(talks._by_token) == 3


def test_a_conversation_is_named_by_a_token_that_only_its_page_has(room: Room) -> None:
    room.open("a", "en", None)
    room.open("b", "en", None)
    token = room.talks.get("a").token  # type: ignore[union-attr]
    assert room.talks.key_of(token) == "a"
    assert len(token) >= 32


def test_old_answers_leave_the_page(room: Room) -> None:
    for n in range(TURNS_SHOWN + 5):
        page = room.say("a", f"message-{n:03}", "en", None)
    assert page.count('class="sj-turn"') == TURNS_SHOWN
    assert "Earlier parts" in page
    assert "message-000" not in page


def test_after_three_hours_it_says_again_that_it_is_a_program(room: Room) -> None:
    room.say("a", "x", "en", None)
    talk = room.talks.get("a")
    assert talk
    talk.reminded -= REMIND_AFTER + 1
    assert "computer program" in room.say("a", "y", "en", None)
    assert room.say("a", "z", "en", None).count("some hours have gone by") == 1


def test_where_asked_for_a_reminder_stands_in_new_yorks_words_too(turns: fakes.FakeTurn) -> None:
    for room, wanted in ((Room(turns, Talks(60), new_york=True), 1), (Room(turns, Talks(60)), 0)):
        assert "unable to feel human emotion" not in room.open("a", "en", None)  # the page itself begins with it
        room.talks.get("a").reminded -= REMIND_AFTER + 1  # type: ignore[union-attr]
        assert room.say("a", "y", "en", None).count("unable to feel human emotion") == wanted
        room.talks.forget("a")
        fresh = room.say("a", "back after a week", "en", None)
        assert fresh.count("unable to feel human emotion") == wanted
        assert "a computer program and not a human being" in fresh


def test_an_error_is_logged_without_what_was_written(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.open("a", "en", None)
    with caplog.at_level(logging.DEBUG), pytest.raises(Trouble):
        room.say("a", "break", "en", None)
    assert "ValueError" in caplog.text
    assert "quotes" not in caplog.text


def test_the_country_can_be_chosen(room: Room) -> None:
    room.open("a", "en", "GB")
    room.country("a", "en", "US")
    assert "in US" in room.say("a", "x", "en", "GB")


def test_what_is_shown_of_a_message_is_what_was_understood(room: Room) -> None:
    page = room.say("a", "before \ud83d after \u202e\x07 end " + "x" * 20_000, "en", None)
    page.encode("utf-8")  # half a letter would end the answer, and every later one of this conversation
    assert "before" in page
    assert "\u202e" not in page
    assert page.count("x") < 30_000  # the fake answer repeats all 20,000; what the person wrote is shown to its limit


def test_starting_over_takes_everything_off_the_page(store: Store) -> None:
    room = Room(RealTurn(store, Finder(store, WordEmbedder()), PlainVoice()), Talks(900))
    room.open("a", "en", None)
    room.say("a", "a canary sang in my kitchen all winter", "en", None)
    page = room.say("a", "start over", "en", None)
    assert "canary" not in page
    assert "start over" not in page
    assert "canary" not in room.say("a", "hello", "en", None)


def test_one_page_cannot_take_every_place(room: Room) -> None:
    room.open("a", "en", None)
    talk = room.talks.get("a")
    assert talk is not None
    with talk.lock:  # an answer is being made
        waits = threading.Thread(target=room.say, args=("a", "second", "en", None))
        running = talk.places.acquire(blocking=False)  # the place of the one being answered
        assert running
        waits.start()
        while talk.places.acquire(blocking=False):
            talk.places.release()
        with pytest.raises(Trouble):
            room.say("a", "third", "en", None)
        talk.places.release()
    waits.join(5)
    assert "fourth" in room.say("a", "fourth", "en", None)
