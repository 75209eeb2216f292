"""The turn: what was asked, then stories that may be seen; and input of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation import Reply, Session
from assistant.turn import LONGEST, Turn
from assistant.voice import PlainVoice
from corpus.store import Store, open_store
from corpus.types import Part, Purpose
from index.embed import WordEmbedder
from index.find import Finder
from index.query import Dials
from tests.conftest import Clock, make_consent, make_story, publish
from tests.talking import SHARE, fill, said


def test_a_share_brings_three_stories_and_a_group(turn: Turn) -> None:
    session, reply = said(turn, SHARE)
    assert reply.kind == "stories"
    assert len(reply.cards) == 3
    assert [g.name for g in reply.groups] == ["Group tea"]
    assert reply.help is None
    assert 1 <= len(reply.lead) <= 2
    card = reply.cards[0]
    assert card.why
    assert card.excerpt.text[slice(*card.excerpt.mark)]
    assert not any(ch.isdigit() and "%" in why for why in card.why for ch in why)
    assert session.last == tuple(c.id for c in reply.cards)


def test_the_lead_names_no_theme_that_the_message_did_not_touch(turn: Turn) -> None:
    _, reply = said(turn, "I leave the radio on, a walk helped a little, number 3")
    assert reply.kind == "stories"
    assert not any("losing someone" in line for line in reply.lead)


def test_what_is_shown_is_a_slice_of_the_narrators_words(turn: Turn, store: Store) -> None:
    _, reply = said(turn, SHARE)
    for card in reply.cards:
        story = store.visible([card.id], Purpose.SURFACE)[card.id].story
        whole = story.text(Part(card.excerpt.part))
        assert whole
        assert card.excerpt.text in whole


def test_no_story_comes_twice_in_a_conversation(turn: Turn) -> None:
    session, seen = turn.start()[0], []
    for message in (SHARE, "more like that", "show me stories", "something more hopeful", "more"):
        session, reply = turn.respond(session, message)
        seen += [c.id for c in reply.cards]
    assert len(seen) == len(set(seen)) >= 7


def test_no_sentence_of_the_app_comes_twice(turn: Turn) -> None:
    session, leads = turn.start()[0], []
    for i in range(12):
        session, reply = turn.respond(session, f"{SHARE}, and the number is {i}")
        if reply.kind == "stories":
            assert reply.lead
            leads += reply.lead
    assert len(leads) == len(set(leads)) >= 5


def test_read_gives_the_whole_story_with_the_passage_marked(turn: Turn, store: Store) -> None:
    session, reply = said(turn, SHARE)
    card = reply.cards[0]
    view = turn.read(session, card.id)
    assert view
    story = store.visible([card.id], Purpose.SURFACE)[card.id].story
    assert [p.text for p in view.parts] == [p.text for p in story.parts]
    (marked,) = [p for p in view.parts if p.mark]
    assert marked.mark
    assert marked.text[slice(*marked.mark)] == card.excerpt.text[slice(*card.excerpt.mark)]
    assert turn.read(session, "nobody") is None


def test_a_story_that_left_cannot_be_read_any_more(turn: Turn, store: Store) -> None:
    session, reply = said(turn, SHARE)
    store.withdraw(reply.cards[0].id, "t")
    assert turn.read(session, reply.cards[0].id) is None
    assert turn.read(session, reply.cards[1].id)
    store.pause(reply.cards[1].id, "t")
    assert turn.read(session, reply.cards[1].id) is None


def test_not_for_me_puts_one_aside_and_offers_one_other(turn: Turn) -> None:
    session, first = said(turn, SHARE)
    session, reply = turn.not_for_me(session, first.cards[1].id)
    assert len(reply.cards) == 1
    assert reply.cards[0].id not in {c.id for c in first.cards}
    assert reply.groups == ()
    assert first.cards[1].id in session.refused
    assert first.cards[1].id not in session.last
    assert set(session.last) == {first.cards[0].id, first.cards[2].id, reply.cards[0].id}
    by_words, again = said(turn, "not the first one", session=said(turn, SHARE)[0])
    assert len(again.cards) == 1
    assert len(by_words.refused) == 1


def test_not_these_puts_all_aside(turn: Turn) -> None:
    session, first = said(turn, SHARE)
    session, reply = said(turn, "none of these", session=session)
    assert set(session.refused) == {c.id for c in first.cards}
    assert len(reply.cards) == 3


def test_more_like_the_second_one_means_the_second(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    session, first = said(turn, SHARE)
    asked = []
    find = turn._finder.find
    monkeypatch.setattr(turn._finder, "find", lambda query: asked.append(query) or find(query))
    said(turn, "more like the second one", session=session)
    said(turn, "more like the last", session=session)
    said(turn, "more like these", session=session)
    turn.more_like(session, "s5")
    ids = tuple(c.id for c in first.cards)
    assert [q.like for q in asked] == [(ids[1],), (ids[2],), ids, ("s5",)]


def test_something_more_hopeful_follows_the_narrators_rating(turn: Turn) -> None:
    plain = said(turn, SHARE)[0]
    _, reply = said(turn, "something more hopeful", session=plain.model_copy(update={"shown": ()}))
    assert {"s3", "s4"} <= {c.id for c in reply.cards}


def test_what_helped_them_begins_with_the_stories_shown_and_stands_by_kind(turn: Turn, store: Store) -> None:
    session, first = said(turn, SHARE)
    after, reply = said(turn, "what helped them?", session=session)
    assert reply.kind == "helped"
    assert {c.id for c in first.cards} <= {c.id for c in reply.cards}
    assert {c.excerpt.part for c in reply.cards} == {"helped"}
    assert len({c.id for c in reply.cards}) == len(reply.cards)  # nobody twice
    kinds = [c.heading for c in reply.cards]
    assert len(set(kinds)) == 3
    assert all(kinds)
    for card in reply.cards:
        whole = store.visible([card.id], Purpose.SURFACE)[card.id].story.text(Part.HELPED)
        assert whole
        assert card.excerpt.text in whole
    _, more = said(turn, "what helped people?", session=after)
    assert not {c.id for c in more.cards} & {c.id for c in reply.cards}  # no passage comes twice


def test_what_helped_one_of_them_is_that_part_of_that_story(turn: Turn) -> None:
    session, first = said(turn, SHARE)
    _, one = said(turn, "what helped the second one?", session=session)
    assert [c.id for c in one.cards] == [first.cards[1].id]
    _, before = said(turn, "what helped them?")
    assert before.kind == "question"
    _, far = said(turn, "Quokkas yodel beneath volcanic umbrellas", "what helped them?")
    assert far.cards == ()


def test_a_part_is_quoted_on_its_own_only_with_that_consent(turn: Turn, store: Store) -> None:
    session, first = said(turn, SHARE)
    store.set_consent(first.cards[0].id, make_consent(Purpose.SURFACE, days=9999), "t")
    _, reply = said(turn, "what helped them?", session=session)
    assert first.cards[1].id in {c.id for c in reply.cards}
    assert first.cards[0].id not in {c.id for c in reply.cards}
    _, one = said(turn, "what helped the first one?", session=session)
    assert one.cards == ()


# --- what the person chooses, and says of stories ---


def test_dials_are_turned_in_words_and_said_on_the_cards(turn: Turn, store: Store) -> None:
    along = make_story(
        "along", title="Radio", stage="further_along", themes=("grief",),
        parts=({"part": "whole", "text": "My mother died. The house is quiet, the radio is on. Years went by."},),
    )  # fmt: skip
    publish(store, along, make_consent(days=9999))
    session, _ = said(turn, SHARE)
    session = session.model_copy(update={"shown": (), "last": ()})
    session, reply = said(turn, "someone further along", session=session)
    assert session.dials.along == "further"
    assert reply.cards[0].id == "along"
    assert any("As you asked" in line for line in reply.cards[0].why)
    assert not any("As you asked" in line for card in reply.cards[1:] for line in card.why)
    session, _ = said(turn, "clear my choices", session=session)
    assert session.dials == Dials()


def test_a_card_names_what_was_asked_for_and_nothing_else_of_the_narrator(turn: Turn, store: Store) -> None:
    parts = ({"part": "whole", "text": "My mother died. The house is quiet, the radio is on."},)
    told = make_story("told", title="Radio", themes=("grief",), parts=parts, context=("parent", "lgbtq"))
    publish(store, told, make_consent(days=9999))
    session, _ = said(turn, SHARE)
    _, reply = said(turn, "told by a parent", session=session.model_copy(update={"shown": ()}))
    (why,) = [card.why for card in reply.cards if card.id == "told"]
    assert "As you asked, told by: parent." in why
    assert not any("LGBTQ" in line or "lgbtq" in line for line in why)


def test_limits_leave_answers_full(turn: Turn) -> None:
    session, _ = said(turn, SHARE)
    _, reply = said(turn, "no stories about the piano", session=session.model_copy(update={"shown": ()}))
    assert len(reply.cards) == 3
    assert "s1" not in {card.id for card in reply.cards}  # the one with the piano


def test_dials_before_anything_was_said_are_kept(turn: Turn) -> None:
    session, reply = said(turn, "someone still in it")
    assert reply.kind == "ok"
    assert session.dials.outcome == "still_in_it"
    session, _ = said(turn, SHARE, session=session)
    assert session.dials.outcome == "still_in_it"


@pytest.mark.parametrize(
    ("words", "field"),
    [("too heavy for me", "lighter"), ("these are too rosy", "franker"), ("they are nothing like me", "strangers")],
)
def test_feedback_puts_aside_and_changes_what_comes(turn: Turn, words: str, field: str) -> None:
    session, first = said(turn, SHARE)
    session, reply = said(turn, words, session=session)
    assert getattr(session, field)
    assert {c.id for c in first.cards} <= set(session.refused)
    assert not {c.id for c in first.cards} & {c.id for c in reply.cards}
    assert reply.cards
    _, before = said(turn, words)
    assert before.kind == "question"


def test_too_heavy_and_too_rosy_undo_each_other(turn: Turn) -> None:
    session, _ = said(turn, SHARE, "too heavy")
    assert (session.lighter, session.franker) == (True, False)
    session, _ = said(turn, "too rosy", session=session)
    assert (session.lighter, session.franker) == (False, True)


def test_of_one_story_only_that_one_is_put_aside(turn: Turn) -> None:
    session, first = said(turn, SHARE)
    after, reply = turn.feedback(session, "not_like_me", first.cards[1].id)
    assert after.refused == (first.cards[1].id,)
    assert first.cards[0].id in after.shown
    assert reply.cards


def test_groups_on_request_and_a_question_when_nothing_was_said(turn: Turn) -> None:
    _, reply = said(turn, "find me a group", session=said(turn, SHARE)[0].model_copy(update={"groups_shown": ()}))
    assert [g.id for g in reply.groups] == ["tea"]
    assert reply.cards == ()
    _, empty = said(turn, "find me a group")
    assert empty.kind == "question"


def test_nothing_close_says_so_and_shows_the_nearest_as_such(turn: Turn) -> None:
    _, reply = said(turn, "Quokkas yodel beneath volcanic umbrellas")
    assert reply.kind == "nothing_close"
    assert reply.lead
    assert len(reply.cards) <= 2
    for card in reply.cards:
        assert "not close" in card.why[0]


def test_when_all_close_stories_were_shown_it_says_so(turn: Turn) -> None:
    _, reply = said(turn, SHARE, "more", "more", "more", "more")
    assert reply.kind == "nothing_close"
    assert reply.cards == ()
    assert reply.lead


def test_just_listen_shows_no_story_until_asked(turn: Turn) -> None:
    session, reply = said(turn, "just listen")
    assert reply.kind == "listening"
    for message in (SHARE, "and nobody asks", "it has been weeks of this by now"):
        session, reply = turn.respond(session, message)
        assert reply.kind in ("listening", "question")
        assert reply.cards == ()
    _, reply = turn.respond(session, "show me stories")
    assert reply.kind == "stories"


def test_the_question_for_more_words_is_asked_once(turn: Turn) -> None:
    session, reply = said(turn, "just tired")
    assert reply.kind == "question"
    _, reply = turn.respond(session, "so sad")
    assert reply.kind in ("stories", "nothing_close")


def test_start_over_forgets_everything_but_language_and_country(turn: Turn) -> None:
    session, _ = turn.start("en", "GB")
    session, _ = turn.respond(session, SHARE)
    session, reply = turn.respond(session, "start over")
    assert reply.kind == "started_over"
    fresh = turn.start("en", "GB")[0]
    assert session.model_copy(update={"screens": ()}) == fresh
    assert not any(s.tier for s in session.screens)
    crisis, _ = turn.respond(fresh, "I want to kill myself")
    after, reply = turn.respond(crisis, "start over")
    assert after.shares == ()
    assert reply.help


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("hi", "hello"),
        ("are you a bot?", "about"),
        ("what do you keep?", "privacy"),
        ("thank you so much", "thanks"),
        ("I'm fine", "ok"),
        ("estoy muy triste desde que murió mi madre y no puedo dormir", "unread_language"),
        ("我最近很难过", "unread_language"),
        ("שלום, קשה לי מאוד בלילה", "unread_language"),
        ("", "question"),
        ("😢", "question"),
        ("\x00\x07\x1b[31m", "question"),
        ("a" * (LONGEST + 1), "too_long"),
        ("word " * 20_000, "too_long"),
    ],
)
def test_small_talk_and_odd_input_are_answered_kindly(turn: Turn, message: str, kind: str) -> None:
    _, reply = said(turn, message)
    assert reply.kind == kind
    assert reply.lead
    assert reply.cards == ()


@pytest.mark.parametrize(
    "message",
    [
        "<img src=x onerror=alert(1)> my mother died",
        "${7*7} my mother died and the house is quiet",
        "{{7*7}} {% raw %} my mother died {themes} {0}",
        "'; DROP TABLE story; -- my mother died",
        "\u202emy mother died\u202c and the house is quiet",
        "my mother died \ud800 and the house is quiet",
        "C:\\users\\me my mother died and the house is quiet",
        "my mother died\r\n\r\nand\tthe house is quiet " + "🏠" * 50,
    ],
)
def test_hostile_text_is_only_text(turn: Turn, store: Store, message: str) -> None:
    turn._finder.refresh()
    before = store.revision()
    session, reply = said(turn, message)
    assert reply.kind in ("stories", "nothing_close")
    assert not set("\u202e\u202c\ud800\r") & set(session.shares[0])
    reply.model_dump_json()  # nothing in it that cannot be sent
    assert store.revision() == before


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=120), max_size=4))
def test_no_text_whatever_breaks_a_turn(messages: list[str]) -> None:
    session = Session()
    for message in messages:
        session, reply = SHARED.respond(session, message)
        reply.model_dump_json()
        if reply.kind == "help":
            assert reply.cards == reply.groups == ()


class _Shared:
    """One turn for the property test: hypothesis may not use function-scoped fixtures."""

    _turn: Turn | None = None

    def respond(self, session: Session, text: str) -> tuple[Session, Reply]:
        if self._turn is None:
            import tempfile

            store = open_store(f"sqlite:///{tempfile.mkdtemp()}/j.db")
            fill(store)
            self._turn = Turn(store, Finder(store, WordEmbedder()), PlainVoice())
        return self._turn.respond(session, text)


SHARED = _Shared()


def test_nothing_of_a_conversation_reaches_the_database(turn: Turn, store: Store, tmp_path: Path) -> None:
    """Promise 4: after a talk, no file of the data folder holds a canary of what was written."""
    canary = "xylophonecanary"
    session, _ = said(
        turn, f"My mother died and {canary} is what she called me", "find me a group", "just listen", canary
    )
    turn.not_for_me(session, "s1")
    store.scrub()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path


def test_a_consent_that_ended_while_talking_is_respected(turn: Turn, clock: Clock) -> None:
    session, reply = said(turn, SHARE)
    clock.forward(days=99_999)
    assert turn.read(session, reply.cards[0].id) is None
    _, after = turn.respond(session, "more like the first")
    assert after.cards == ()


# --- the beginning, by the person's own clock ----------------------------------------------------------------------------


@pytest.mark.parametrize("hour", range(24))
def test_at_every_hour_there_are_three_ways_to_begin(turn: Turn, hour: int) -> None:
    _, opening = turn.start()
    offered = [chip for chip in opening.chips if chip.at(hour)]
    assert len(offered) == 3
    assert offered[-1].label == "Just listen"


def test_what_is_offered_at_night_is_of_the_night(turn: Turn) -> None:
    _, opening = turn.start()

    def at(hour: int) -> list[str]:
        return [chip.label for chip in opening.chips if chip.at(hour)]

    assert at(23) == at(3)
    assert "asleep" in at(3)[1]
    assert at(5) != at(4)
    assert at(21) != at(22)
    assert len({label for hour in (3, 8, 13, 19) for label in at(hour)}) == 9


def test_not_today_brings_no_other_story(turn: Turn) -> None:
    session, _ = said(turn, SHARE)
    session, reply = turn.not_today(session)
    assert (reply.kind, reply.cards, reply.groups) == ("ok", (), ())
    assert reply.lead
    session, _ = said(turn, "I am standing on the bridge and I am going to jump now", session=session)
    assert turn.not_today(session)[1].kind == "help"
