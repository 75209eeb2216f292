"""Who words the sentence before the stories: the plain voice, and a model that is not trusted."""

from __future__ import annotations

import pytest

from assistant.care import check_reply
from assistant.turn import Turn
from assistant.voice import ModelVoice, PlainVoice, Telling, make_voice
from corpus.errors import SettingsWrong
from corpus.store import Store
from corpus.types import Purpose
from tests.conftest import make_consent
from tests.talking import SHARE, said

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
