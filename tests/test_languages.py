"""The page in every language: nothing missing, nothing of its own, every button understood, every name in that language."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from assistant import words
from assistant.care import check_reply, countries
from assistant.language import unread_language
from assistant.pages.render import address, spoken_here
from assistant.turn import Turn
from assistant.understand import meant
from assistant.voice import PlainVoice, Telling, phrases
from assistant.words import local
from corpus import vocabulary
from corpus.store import open_store
from tests.talking import SHARE, make_turn

OTHERS = [lang for lang in words.languages() if lang != "en"]
# The desk is for the program's own people, who work in English.
ENGLISH_ONLY = ("desk.", "page.desk.")
WANTED = {key for key in words.keys("en") if not key.startswith(ENGLISH_ONLY)}
KINDS: tuple[vocabulary.Kind, ...] = get_args(vocabulary.Kind)
LABELS = {f"label.{kind}.{id}" for kind in KINDS for id in vocabulary.ids(kind)}
PHRASES = {f"phrase.{theme}" for theme in vocabulary.ids("themes")}
PRESSED = [
    key
    for key in words.keys("en")
    if key.startswith("chip.") or key in ("page.box.listen", "page.story.lighter", "page.reading.further")
]


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turn]:
    folder: Path = tmp_path_factory.mktemp("languages")
    store = open_store(f"sqlite:///{folder.as_posix()}/a.db")
    yield make_turn(store)
    store.close()


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_languages_are_the_six() -> None:
    assert words.languages() == ("en", "ar", "de", "es", "fr", "pt")
    assert spoken_here() == words.languages()


@pytest.mark.parametrize("lang", OTHERS)
def test_a_language_has_every_key_and_none_of_its_own(lang: str) -> None:
    assert set(words.keys(lang)) == WANTED | LABELS | PHRASES


@pytest.mark.parametrize("lang", OTHERS)
def test_every_sentence_has_the_same_places_to_fill(lang: str) -> None:
    for key in WANTED:
        mine, english = words.variants(key, lang), words.variants(key)
        if key.startswith("care."):  # lines of one text, and not variants of one line
            mine, english = ("".join(mine),), ("".join(english),)
        for text in mine:
            assert slots(text) == slots(english[0]), (key, text)
    for key in LABELS | PHRASES:
        assert slots(words.variants(key, lang)[0]) == set(), key


@pytest.mark.parametrize("lang", OTHERS)
def test_the_apps_own_sentences_keep_the_rules(lang: str) -> None:
    """As far as the rules read the language: es, fr, de and pt by their phrases, ar hardly."""
    for key in WANTED:
        if key.startswith(("talk.", "card.", "chip.", "group.", "page.")):
            texts = words.variants(key, lang)
            assert len(set(texts)) == len(texts), key
            for text in texts:
                assert check_reply(text) == (), (key, text)
    for theme in vocabulary.ids("themes"):
        for key in ("talk.stories", "card.why.themes", "group.why.themes"):
            for text in words.variants(key, lang):
                sentence = words.fill(text, themes=words.theme_phrase(theme, lang))
                assert check_reply(sentence) == (), sentence


@pytest.mark.parametrize("lang", OTHERS)
def test_nothing_is_left_in_english(lang: str) -> None:
    """A sentence that is word for word the English one was forgotten, unless it is a name or a word that both have."""
    same = {k for k in WANTED if words.variants(k, lang) == words.variants(k) and len(words.variants(k)[0].split()) > 3}
    assert same == set()


# --- buttons --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", OTHERS)
@pytest.mark.parametrize("key", PRESSED)
def test_a_button_is_understood_in_every_language(conversation: Turn, key: str, lang: str) -> None:
    def answers(text: str, here: str) -> list[tuple[str, str, int]]:
        """What comes of it at once, and after something was said."""
        found = []
        for before in ((), (SHARE,)):
            session, _ = conversation.start(here)
            for one in before:
                session, _ = conversation.respond(session, one)
            session, reply = conversation.respond(session, text)
            found.append((reply.kind, str(session.groups_wanted), len(reply.cards)))
        return found

    for text in words.variants(key, lang):
        assert meant(text) == words.say(key)
        assert answers(text, lang) == answers(words.say(key), "en"), text
        assert answers(text.upper() + " !", lang) == answers(words.say(key), "en"), text


def test_other_words_are_left_as_they_are() -> None:
    for text in ("", "Hola", "Nur zuhören kann ich nicht mehr", "listen", "I can't sleep", "👋"):
        assert meant(text) == text


def test_what_the_lead_says_undoes_a_choice_is_the_button() -> None:
    for lang in words.languages():
        chip = words.say("chip.group.any", lang)
        for key in ("talk.groups.chosen", "talk.groups.kept"):
            assert all(chip in text for text in words.variants(key, lang)), (lang, key)


# --- what a language says of itself -----------------------------------------------------------------------------------


def test_the_opening_says_that_stories_are_found_in_english(conversation: Turn) -> None:
    for lang in words.languages():
        _, reply = conversation.start(lang)
        assert (words.say("talk.open.read", lang) in reply.lead) == (lang != "en")
        assert reply.lang == lang


def test_dates_days_lists_and_names_are_of_the_language() -> None:
    day = date(2026, 11, 20)
    assert {lang: local.date_name(day, lang) for lang in words.languages()} == {
        "en": "20 November 2026",
        "ar": "20 نوفمبر 2026",
        "de": "20. November 2026",
        "es": "20 de noviembre de 2026",
        "fr": "20 novembre 2026",
        "pt": "20 de novembro de 2026",
    }
    assert local.weekday_name(1, "de") == "Montag"
    assert local.weekday_name(7, "en") == "Sunday"
    assert local.listed(("a", "b", "c"), "en") == "a, b and c"
    assert local.either(("a", "b"), "de") == "a oder b"
    assert local.language_name("pt-BR", "fr") == "portugais"
    assert local.language_name("xx", "fr") == "xx"
    assert local.country_name("DE", "es") == "Alemania"
    assert local.commas(("a", "b"), "ar") == "a، b"
    assert [local.direction(lang) for lang in ("ar", "he", "de", "zz", "und")] == ["rtl", "rtl", "ltr", "ltr", "ltr"]
    assert local.isolated("19:00", "ar") == "\u206819:00\u2069"
    assert local.isolated("19:00", "fr") == "19:00"


def test_countries_are_named_in_the_language_and_in_its_order() -> None:
    german = countries("de")
    assert dict(german)["AT"] == "Österreich"
    names = [name for _, name in german]
    assert names.index("Niederlande") < names.index("Österreich") < names.index("Polen")
    assert {code for code, _ in german} == {code for code, _ in countries()}


def test_labels_are_of_the_language_and_small_inside_a_sentence_only_in_english() -> None:
    assert words.label("stages", "further_along", "en", inside=True) == "further along"
    assert words.label("stages", "further_along", "en") == "Further along"
    assert words.label("contexts", "woman", "de", inside=True) == "Frau"
    assert words.label("themes", "not_known", "de") == "not known"
    assert phrases(("grief", "sleep", "anger"), "en") == "losing someone and nights without sleep"
    assert phrases(("grief", "sleep"), "de") == "den Verlust eines Menschen und Nächte ohne Schlaf"


@pytest.mark.parametrize("lang", words.languages())
def test_a_feeling_is_said_back_once_in_any_marks(lang: str) -> None:
    used: tuple[str, ...] = ()
    said = []
    for _ in range(3):
        telling = Telling(said="I feel so lonely", themes=(), stories=(), count=1, lang=lang)
        lead = PlainVoice().lead(telling, used)
        used += lead
        said.append(sum("lonely" in line for line in lead))
    assert said == [1, 0, 0]


@pytest.mark.parametrize("text", ["لا", "تعبت", "أريد أن أموت", "مساعدة!!", "🙏 تعبت", "سلام"])
def test_short_arabic_is_not_read_and_gets_the_card(conversation: Turn, text: str) -> None:
    assert unread_language(text)
    for lang in ("ar", "en"):
        session, _ = conversation.start(lang, "GB")
        _, reply = conversation.respond(session, text)
        assert reply.help is not None
        assert reply.cards == ()
        if lang == "ar":
            assert reply.lang == "ar"
            assert re.search("[\u0600-\u06ff]", reply.help.title)


@pytest.mark.parametrize(
    ("query", "headers", "lang"),
    [
        ({"lang": "de"}, {}, "de"),
        ({"lang": "xx"}, {}, ""),
        ({}, {"host": "here", "referer": "http://here/groups?lang=ar&country=GB"}, "ar"),
        ({"lang": "en"}, {"host": "here", "referer": "http://here/?lang=ar"}, "en"),
        ({}, {"host": "here", "referer": "http://elsewhere/?lang=ar"}, ""),
        ({}, {"host": "here", "referer": "http://[here/?lang=ar"}, ""),
        ({}, {}, ""),
    ],
)
def test_the_chosen_language_is_that_of_the_address_or_of_the_page_before(
    query: dict[str, str], headers: dict[str, str], lang: str
) -> None:
    from assistant.pages.routes import asked_in

    assert asked_in(query, headers) == lang


def test_an_address_names_only_what_was_chosen() -> None:
    assert address("/groups") == "/groups"
    assert address("/groups", "de", "AT") == "/groups?lang=de&country=AT"


def test_no_narrators_word_changes_with_the_language(conversation: Turn) -> None:
    def told(lang: str) -> object:
        session, _ = conversation.start(lang)
        session, reply = conversation.respond(session, SHARE)
        story = conversation.read(session, reply.cards[0].id)
        assert story
        shown = [(c.title, c.narrator, c.excerpt.text, c.excerpt.mark, c.language) for c in reply.cards]
        return shown, [part.text for part in story.parts], story.title

    assert len({repr(told(lang)) for lang in words.languages()}) == 1
