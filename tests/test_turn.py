"""The turn: care first, then what was asked, then stories that may be seen; and input of every kind."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import __main__ as terminal
from assistant.cards import excerpt, shared_words, when
from assistant.care import check_reply
from assistant.conversation import Reply, Session
from assistant.language import unread_language
from assistant.turn import LONGEST, Turn, tidy
from assistant.understand import FILE as UNDERSTAND
from assistant.understand import feeling, understand
from assistant.voice import ModelVoice, PlainVoice, Telling, make_voice
from corpus.errors import SettingsWrong
from corpus.store import Store, open_store
from corpus.types import Online, Part, PartText, Place, Purpose, Schedule, Span, State
from index.embed import WordEmbedder
from index.find import Finder
from tests.conftest import Clock, make_consent, make_group, make_story

TODAY = date(2026, 11, 20)
SHARE = "My mother died last month and the house is so quiet that I leave the radio on"


def fill(store: Store, consent=None) -> None:  # type: ignore[no-untyped-def]
    """Seven stories of loss and one about trains, each in parts."""
    for i, hope in enumerate((1, 2, 3, 4, 5, 3, 2)):
        parts = (
            PartText(
                part=Part.GOING_ON,
                text=f"My mother died last winter, number {i}. The house is quiet. I leave the radio on.",
            ),
            PartText(
                part=Part.HELPED, text=f"A walk with the radio on helped a little, number {i}. The house is quiet."
            ),
        )
        story = make_story(f"s{i}", title=f"The quiet house {i}", parts=parts, hope=hope, themes=("grief",))
        shown = consent or make_consent(Purpose.SURFACE, Purpose.QUOTE, days=9999)
        store.add(story, shown, State.PUBLISHED, "t")
    trains = (PartText(part=Part.GOING_ON, text="Zebra timetables delight engineers."),)
    store.add(
        make_story("trains", title="Engines", parts=trains, themes=("study",)),
        make_consent(days=9999),
        State.PUBLISHED,
        "t",
    )
    store.put_group(
        make_group("tea", description="Tea and the radio for people whose mother died. The house is quiet."), "t"
    )


@pytest.fixture
def turn(store: Store) -> Turn:
    fill(store)
    return Turn(store, Finder(store, WordEmbedder(), floor=0.2), PlainVoice(), today=lambda: TODAY)


def said(turn: Turn, *messages: str, session: Session | None = None) -> tuple[Session, Reply]:
    session = session or turn.start()[0]
    reply = Reply(kind="hello")
    for message in messages:
        session, reply = turn.respond(session, message)
    return session, reply


# --- the main job ---


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
    store.move(reply.cards[1].id, State.PAUSED, "t")
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


def test_what_helped_them_shows_that_part_of_the_stories_shown(turn: Turn) -> None:
    session, first = said(turn, SHARE)
    session, reply = said(turn, "what helped them?", session=session)
    assert reply.kind == "helped"
    assert [c.id for c in reply.cards] == [c.id for c in first.cards]
    assert {c.excerpt.part for c in reply.cards} == {"helped"}
    _, one = said(turn, "what helped the second one?", session=session)
    assert [c.id for c in one.cards] == [first.cards[1].id]
    _, before = said(turn, "what helped them?")
    assert before.kind == "question"


def test_a_part_is_quoted_on_its_own_only_with_that_consent(turn: Turn, store: Store) -> None:
    session, first = said(turn, SHARE)
    store.set_consent(first.cards[0].id, make_consent(Purpose.SURFACE, days=9999), "t")
    _, reply = said(turn, "what helped them?", session=session)
    assert [c.id for c in reply.cards] == [c.id for c in first.cards[1:]]


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


# --- care comes first ---


@pytest.mark.parametrize(
    "message", ["I want to kill myself", "I took all my pills just now", "quiero suicidarme esta noche"]
)
def test_help_comes_first_and_stories_stop(turn: Turn, message: str) -> None:
    session, _ = turn.start("en", "GB")
    session, reply = turn.respond(session, message)
    assert reply.kind == "help"
    assert reply.help
    assert any("999" in door.label or door.href == "tel:999" for door in reply.help.doors)
    assert reply.cards == reply.groups == ()


@pytest.mark.parametrize("press", ["more_like", "not_for_me"])
def test_a_button_pressed_after_a_crisis_brings_the_card_along(turn: Turn, press: str) -> None:
    session, first = said(turn, SHARE)
    session, _ = turn.respond(session, "I want to kill myself tonight")
    _, reply = getattr(turn, press)(session, first.cards[0].id)
    assert reply.help
    assert reply.help.compact


@pytest.mark.parametrize("press", ["more_like", "not_for_me"])
def test_a_button_pressed_in_an_emergency_brings_help_and_no_story(turn: Turn, press: str) -> None:
    session, first = said(turn, SHARE)
    session, _ = turn.respond(session, "I took all my pills just now")
    assert session.screens[-1].tier == 3
    _, reply = getattr(turn, press)(session, first.cards[0].id)
    assert reply.kind == "help"
    assert reply.help
    assert reply.cards == reply.groups == ()


def test_what_may_be_shown_again_is_asked_of_the_gate(turn: Turn, store: Store) -> None:
    _, reply = said(turn, SHARE)
    ids = [c.id for c in reply.cards]
    assert turn.visible(ids) == set(ids)
    store.withdraw(ids[0], "t")
    assert turn.visible(ids) == set(ids[1:])


@pytest.mark.parametrize(
    "message",
    ["😢", "hi", "thank you", "ok", "no stories please", "what helped them?", "find me a group", "x" * 9000, "more"],
)
def test_an_answer_is_never_empty_however_often_one_asks(turn: Turn, message: str) -> None:
    session, _ = turn.start()
    for _ in range(15):
        session, reply = turn.respond(session, message)
        assert reply.lead or reply.help
    session, _ = said(turn, SHARE)
    for _ in range(15):
        session, reply = turn.respond(session, message)
        assert reply.lead or reply.cards or reply.help


def test_another_language_is_answered_in_it_with_the_help_that_its_words_call_for(turn: Turn) -> None:
    _, plain = said(turn, "ich kann nicht mehr schlafen seit meine Mutter gestorben ist")
    assert plain.lang == "de"
    assert "Englisch" in plain.lead[0]
    assert plain.help
    _, loss = said(turn, "mi hermano se suicidó el año pasado y no puedo dormir por las noches")
    assert loss.help
    assert plain.help.key != loss.help.key


def test_a_wish_for_hope_is_remembered(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    session, _ = said(turn, SHARE, "something more hopeful")
    asked = []
    find = turn._finder.find
    monkeypatch.setattr(turn._finder, "find", lambda query: asked.append(query) or find(query))
    said(turn, "more", session=session)
    assert asked[0].hopeful


def test_after_a_crisis_the_person_may_choose_stories_and_the_card_stays(turn: Turn) -> None:
    session, _ = said(turn, SHARE + " and I want to kill myself")
    _, reply = turn.respond(session, "show me stories")
    assert reply.kind == "stories"
    assert reply.help


def test_a_death_by_suicide_is_not_shown_to_a_person_at_risk(turn: Turn, store: Store) -> None:
    loss = make_story("loss", title="The quiet house", themes=("depression",), content_notes=("death:suicide",),
                      parts=(PartText(part=Part.WHOLE, text=SHARE),))  # fmt: skip
    store.add(loss, make_consent(days=9999), State.PUBLISHED, "t")
    assert "loss" in {c.id for c in said(turn, SHARE)[1].cards}
    session, _ = said(turn, "I do not want to be alive any more")
    for message in ("show me stories", SHARE, "more", "more"):
        session, reply = turn.respond(session, message)
        assert "loss" not in {c.id for c in reply.cards}


def test_a_clinical_question_is_not_answered(turn: Turn) -> None:
    _, reply = said(turn, "can I just stop taking my diazepam tomorrow?")
    assert reply.kind == "help"
    assert reply.help
    assert reply.cards == ()


# --- understanding ---


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hello there", "hello"),
        ("Are you human?", "about"),
        ("am I talking to a real person", "about"),
        ("is this private?", "privacy"),
        ("do you save what I write?", "privacy"),
        ("who can see this", "privacy"),
        ("I just need to vent", "listen"),
        ("no stories please", "listen"),
        ("more like the 2nd one", "more_like"),
        ("another like that", "more_like"),
        ("something a bit lighter", "hopeful"),
        ("that's too heavy for me", "hopeful"),
        ("how did they get through it?", "helped"),
        ("is there a group for this?", "groups"),
        ("support group near me", "groups"),
        ("not for me", "not_this"),
        ("something else please", "not_this"),
        ("yes, show me stories", "stories"),
        ("forget everything", "start_over"),
        ("ok", "ack"),
        ("sad", "little"),
        ("...", "wordless"),
        ("My group of friends stopped talking to me after the wedding", "share"),
        ("what helped me before was running but now I cannot run and everything is grey again", "share"),
        ("I want to see my kids", "share"),
        ("are you kidding, he left me with three children", "share"),
        ("thank god the funeral is over but now the house is empty and I cannot sleep at all", "share"),
        ("no one listens", "share"),
        ("hello I am new here and my brother is in prison", "share"),
        ("we lost our baby", "share"),
        ("I am so worn out and drink too much", "share"),
    ],
)
def test_requests_are_told_from_shares(text: str, intent: str) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    "entry", yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["requests"], ids=lambda e: e["intent"]
)
def test_the_examples_of_each_request_are_understood_as_it(entry: dict[str, list[str]]) -> None:
    for example in entry["examples"]:
        assert understand(example).intent == entry["intent"], example


@pytest.mark.parametrize(
    "entry", yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["requests"], ids=lambda e: e["intent"]
)
def test_what_looks_like_a_request_and_is_a_share(entry: dict[str, list[str]]) -> None:
    for text in entry.get("not", ()):
        assert understand(text).intent in ("share", "little"), text


def test_which_one_is_meant() -> None:
    assert understand("more like the second one").position == 1
    assert understand("not the last one").position == -1
    assert understand("more like this").position is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I feel so lonely here", "lonely"),
        ("I'm ashamed of it", "ashamed"),
        ("I am not lonely, only tired", None),
        ("he is angry at me", None),
        ("I lost my job", None),
        ("I feel lost", "lost"),
        ("nothing of the kind", None),
        ("my phone is broken", None),
    ],
)
def test_only_a_feeling_that_was_written_is_said_back(text: str, word: str | None) -> None:
    assert feeling(text) == word


def test_english_is_never_called_unread() -> None:
    for text in (
        "im so tierd al the time",
        "i dey feel lonely since i relocate",
        "wallah bro idk man",
        "my abuela died last week",
    ):
        assert unread_language(text) is None
    assert unread_language("ich kann nicht mehr schlafen seit meine Mutter tot ist") == "de"
    assert unread_language("") is None


def test_tidy_takes_out_what_cannot_be_seen_and_nothing_else() -> None:
    assert tidy(" a\x00b\r\nc\td\u202e\u2066 ") == "ab\nc\td"
    assert tidy("مرحبا “q” 👩‍👧 é") == "مرحبا “q” 👩‍👧 é"


# --- voices ---

TELLING = Telling(said="I feel ashamed", themes=("grief",), stories=(), count=3, lang="en")


def test_the_plain_voice_reflects_a_feeling_once() -> None:
    voice = PlainVoice()
    first = voice.lead(TELLING, ())
    assert "ashamed" in first[0]
    assert "losing someone" in first[1]
    second = voice.lead(TELLING, first)
    assert "ashamed" not in second[0]
    assert not set(first) & set(second)


def test_every_sentence_of_the_plain_voice_keeps_the_rules() -> None:
    used: tuple[str, ...] = ()
    for count in (3, 1) * 12:
        lead = PlainVoice().lead(Telling("x", ("grief", "sleep"), (), count, "en"), used)
        used += lead
    assert len(set(used)) == len(used) > 20
    assert [s for s in used if check_reply(s)] == []


class Scripted:
    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.prompts: list[object] = []

    def invoke(self, messages: object) -> object:
        self.prompts.append(messages)
        if isinstance(self.answer, Exception):
            raise self.answer
        return type("Answer", (), {"text": self.answer, "content": self.answer})


@pytest.mark.parametrize(
    "answer",
    [
        "You should call your doctor and stop drinking.",
        "I've been there too, and it gets better.",
        "It sounds like you have depression.",
        "Ring 0800 123 456. Others tell of it below.",
        "See https://evil.example for more.",
        "My name is Anna and others tell of it.",
        "One. Two. Three sentences are too many.",
        "“The house is quiet”, one of them says below.",
        "",
        "x" * 1000,
        RuntimeError("no network"),
    ],
)
def test_a_model_that_breaks_the_rules_is_not_heard(turn: Turn, answer: str | Exception) -> None:
    turn._voice = ModelVoice(Scripted(answer), "scripted")
    _, reply = said(turn, SHARE)
    assert reply.lead == said(Turn(turn._store, turn._finder, PlainVoice()), SHARE)[1].lead


def test_a_model_that_keeps_them_is_and_is_named_before_the_first_message(turn: Turn) -> None:
    turn._voice = ModelVoice(Scripted("A quiet house is a loud thing. Others tell of theirs below."), "scripted:model")
    assert any("scripted:model" in line for line in turn.start()[1].lead)
    assert said(turn, SHARE)[1].lead == ("A quiet house is a loud thing. Others tell of theirs below.",)
    assert any("scripted:model" in line for line in said(turn, "what do you keep?")[1].lead)


def test_a_model_sees_a_story_only_if_its_consent_says_so(turn: Turn, store: Store) -> None:
    model = Scripted("Fine.")
    turn._voice = ModelVoice(model, "scripted")
    said(turn, SHARE)
    assert "The quiet house" not in str(model.prompts)
    for i in range(7):
        store.set_consent(f"s{i}", make_consent(Purpose.SURFACE, Purpose.QUOTE, Purpose.MODEL, days=9999), "t")
    said(turn, SHARE)
    assert "The quiet house" in str(model.prompts[-1])
    assert "radio on helped" not in str(model.prompts[-1])  # titles only: nothing to paraphrase


def test_after_a_sign_of_danger_no_model_hears_the_conversation(turn: Turn) -> None:
    model = Scripted("Fine.")
    turn._voice = ModelVoice(model, "scripted")
    _, reply = said(turn, SHARE + " and I want to kill myself", "show me stories")
    assert reply.cards
    assert model.prompts == []


def test_a_crisis_never_reaches_a_model(turn: Turn) -> None:
    model = Scripted("Hello.")
    turn._voice = ModelVoice(model, "scripted")
    said(turn, "I want to kill myself")
    assert model.prompts == []


def test_a_chat_model_that_cannot_be_used_says_what_to_do() -> None:
    with pytest.raises(SettingsWrong, match="SHARED_JOURNEY_CHAT_MODEL"):
        make_voice("nobody:nothing")
    assert make_voice("").name == ""


# --- cards ---


def test_an_excerpt_grows_to_about_ninety_words_and_keeps_its_mark() -> None:
    text = " ".join(f"Sentence {i} has six words." for i in range(60))
    story = make_story(parts=(PartText(part=Part.GOING_ON, text=text),))
    start = text.index("Sentence 30")
    cut = excerpt(story, Span(part=Part.GOING_ON, start=start, end=start + 27))
    assert cut.text in text
    assert cut.text[slice(*cut.mark)] == text[start : start + 27]
    assert 80 <= len(cut.text.split()) <= 100
    assert cut.before
    assert cut.after
    short = excerpt(make_story(), Span(part=Part.HELPED, start=0, end=5))
    assert not short.before
    assert not short.after


def test_shared_words_are_in_both_and_mean_something() -> None:
    assert shared_words("I was drinking with my sister because of things", "She drinks. My sisters know.") == (
        "drinking",
        "sister",
    )
    assert shared_words("and then it was", "and then it was") == ()


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({"days": ("TU",), "start": "19:00", "end": "20:30", "timezone": "Europe/Dublin"}, "Tuesdays 19:00–20:30 (Dublin time)"),
        ({"days": ("MO", "WE"), "start": "07:00", "timezone": "America/Lima"}, "Mondays and Wednesdays 07:00 (Lima time)"),
        ({"days": ("SU",), "start": "10:00", "timezone": None}, None),
        ({"days": ("SU",), "start": "10:00", "timezone": "UTC", "rrule": "FREQ=MONTHLY;BYDAY=2SU", "label": "2nd Sunday"}, "2nd Sunday 10:00 (UTC time)"),
    ],
)  # fmt: skip
def test_a_clock_time_is_shown_with_its_zone_or_not_at_all(schedule: dict[str, object], text: str | None) -> None:
    assert when(Schedule.model_validate(schedule)) == text


def test_a_group_card_says_what_somebody_needs_before_going(turn: Turn, store: Store) -> None:
    store.put_group(
        make_group("line", kind="warmline", phone="+1 202 555 0143", contacts_emergency_services="unknown",
                   attendance="phone", online=Online(url="https://line.example"), place=Place(country="US"),
                   description="My mother died and the house is quiet, the radio is on.", checked_on="2025-08-01"), "t")  # fmt: skip
    _, reply = said(turn, SHARE)
    (card,) = [g for g in reply.groups if g.id == "line"] or [None]
    assert card
    assert card.stale
    assert card.emergency_calls
    assert card.when == ("By appointment.",)
    assert "By phone" in card.where
    assert card.why


# --- the terminal is the same turn ---


def test_a_talk_in_the_terminal(turn: Turn) -> None:
    out = io.StringIO()
    terminal.talk(turn, "GB", iter([SHARE + "\n", "read 1\n", "read 9\n", "quit\n", "never read\n"]), out)
    text = out.getvalue()
    assert "computer program" in text
    assert re.search(r"^1\. The quiet house \d, by Sam", text, re.MULTILINE)
    assert "Group: Group tea" in text
    assert "never read" not in text


def test_the_terminal_shows_help_before_anything_else(turn: Turn) -> None:
    out = io.StringIO()
    terminal.talk(turn, "GB", iter(["I want to kill myself\n"]), out)
    text = out.getvalue().split("quit” ends")[1]
    assert text.index("***") < text.index("999")
    assert "The quiet house" not in text


def test_screen_reads_and_writes_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(
        '{"id": "a", "text": "I want to kill myself"}\n\n{"id": 7, "text": "my cat is ill", "lang": "en"}\n'
    )
    assert terminal.main(["screen", "--jsonl", str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["id"], r["tier"]) for r in rows] == [("a", 2), (7, 0)]
    assert set(rows[0]) == {"id", "tier", "categories", "clinical", "why"}
    file.write_text('{"id": 1}\n')
    assert terminal.main(["screen", "--jsonl", str(file)]) == 2
    assert "line 1" in capsys.readouterr().err


@pytest.fixture(autouse=True)
def _no_leftover_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHARED_JOURNEY_DATA", str(tmp_path / "data"))


def test_a_consent_that_ended_while_talking_is_respected(turn: Turn, clock: Clock) -> None:
    session, reply = said(turn, SHARE)
    clock.forward(days=99_999)
    assert turn.read(session, reply.cards[0].id) is None
    _, after = turn.respond(session, "more like the first")
    assert after.cards == ()
