"""Care comes first in a turn, also when a button is pressed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.care import Screener
from assistant.care.heads import Scores
from assistant.turn import Turn
from assistant.voice import PlainVoice
from corpus.store import Store
from corpus.types import Part, PartText
from index.embed import Vectors, WordEmbedder
from index.find import Finder
from tests.conftest import make_consent, make_story, publish
from tests.talking import SHARE, said


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
    publish(store, loss, make_consent(days=9999))
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


def test_who_wants_no_stories_of_self_harm_gets_help_and_none_of_them_afterwards(turn: Turn) -> None:
    session, reply = said(turn, "no stories with self-harm")
    assert reply.kind == "help"
    assert session.dials.without == {"mental_health:self_harm"}
    assert session.shares == ()  # it is no share


def test_the_first_message_is_embedded_once_for_care_and_for_finding(store: Store) -> None:
    read: list[str] = []
    seen: list[int] = []

    class Counting(WordEmbedder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            read.extend(texts)
            return super().encode(texts)

    class Deaf:
        """Heads that look at the vector and see nothing."""

        def __init__(self) -> None:
            self.thresholds = dict.fromkeys(("crisis", "past", "any", "clinical"), 1.0) | {
                "crisis_calm": 0.0,
                "any_calm": 0.0,
            }

        def score(self, _plain: object, _rules: object, vector: Vectors) -> Scores:
            seen.append(len(vector))
            return Scores(0, 0, 0, 0, 0, {"suicidal": 0.0})

    embedder, heads = Counting(), Deaf()
    finder = Finder(store, embedder)
    finder.build()
    turn = Turn(store, finder, PlainVoice(), screen=Screener(embedder, heads))  # type: ignore[arg-type]
    session, _ = turn.start("en", "GB")
    read.clear()
    _, reply = turn.respond(session, SHARE)
    assert reply.kind in ("stories", "nothing_close")
    assert read == [SHARE]
    assert seen == [embedder.dimension]

    read.clear()
    turn.respond(session, "a long night " * 3000)  # what nobody looks for is not embedded
    assert max(map(len, read)) <= 1500
