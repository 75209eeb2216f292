"""Help: the table of lines, the doors made of it, and the text that each kind of screen gets in each language."""

from __future__ import annotations

import re
import string
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from assistant import words
from assistant.care import Screen, countries, guess_country, help_bar, help_for, helplines, screen
from assistant.care.help import BARRIERS, EMERGENCY, TEXTS

LANGS = ("en", "es", "fr", "de", "pt")
OLDEST = timedelta(days=180)
WORDS = Path(words.__file__).parent
CODES = [code for code, _ in countries()]


@pytest.mark.parametrize("code", CODES)
def test_rows_have_two_sources_and_are_fresh(code: str) -> None:
    row = helplines(code)
    assert row
    assert len(set(row.sources)) >= 2
    assert date.today() - row.verified_on <= OLDEST, f"check the numbers of {row.country} again"
    assert row.emergency
    assert row.doors
    assert row.languages


@pytest.mark.parametrize("code", CODES)
def test_hrefs(code: str) -> None:
    help_ = help_for(Screen(tier=2, categories=("suicidal",)), code, "en")
    assert help_
    assert len(help_.doors) >= 2
    assert help_.doors[0].kind == "emergency"
    for door in help_.doors:
        assert re.fullmatch(r"(tel|sms):\*?\d{2,12}|https://[\w./-]+|mailto:[\w.@-]+", door.href or ""), door
        assert door.href
        if door.href.startswith(("tel:", "sms:")):
            shown = re.sub(r"[^\d]", "", door.label.rsplit("to ", 1)[-1])
            assert shown == re.sub(r"\D", "", door.href), door


def test_known_numbers() -> None:
    def hrefs(code: str) -> list[str | None]:
        return [d.href for d in help_for(screen("I want to die"), code, "en").doors]  # type: ignore[union-attr]

    assert hrefs("GB") == ["tel:999", "tel:116123", "sms:85258", "mailto:jo@samaritans.org"]
    assert hrefs("DE")[:3] == ["tel:112", "tel:08001110111", "tel:08001110222"]
    assert hrefs("US")[:3] == ["tel:911", "tel:988", "sms:988"]
    assert hrefs("IE")[:2] == ["tel:112", "tel:999"]
    assert hrefs("CL")[1] == "tel:*4141"
    assert len(countries()) == 30


def test_a_number_that_is_not_confirmed_around_the_clock_says_so() -> None:
    call = next(d for d in help_bar("DK", "en") if d.kind == "call")
    assert call.hours == ""
    assert call.note == words.say("care.door.unconfirmed")


def test_the_readers_language_comes_first_among_doors() -> None:
    assert [d.name for d in help_bar("BE", "fr")][-1] == "Centre de Prévention du Suicide"
    assert [d.name for d in help_bar("BE", "en")][-1] == "Zelfmoordlijn 1813"


@pytest.mark.parametrize("country", [None, "", "XX", "ZA"])
def test_unknown_country(country: str | None) -> None:
    help_ = help_for(screen("I want to die"), country, "en")
    assert help_
    assert [d.href for d in help_.doors] == ["tel:112", "/help"]
    assert help_.verified_on is None
    assert any("local emergency number" in line for line in help_.lines)
    assert [d.href for d in help_bar(country, "en")] == ["tel:112", "/help"]


def test_help_bar_needs_no_detection() -> None:
    assert [(d.kind, d.href) for d in help_bar("GB", "en")] == [("emergency", "tel:999"), ("call", "tel:116123")]


@pytest.mark.parametrize(
    ("header", "country"),
    [
        ("en-GB,en;q=0.9", "GB"), ("de-CH", "CH"), ("en,fr-FR;q=0.5", "FR"), ("fr-FR;q=0.2,pt-BR;q=0.8", "BR"),
        ("zh-Hant-TW,en-GB;q=0.8", None), ("en-ZA,en-GB;q=0.9", None), ("", None), (None, None), ("*", None),
        ("en", None), ("es-419", None),
        ("en-GB;q=0", None), (";;,,=q", None), ("x" * 100_000, None), ("sr-Latn-RS", None), ("EN-us", "US"),
    ],
)  # fmt: skip
def test_guess_country(header: str | None, country: str | None) -> None:
    assert guess_country(header) == country


def test_ordinary_gets_none() -> None:
    assert help_for(screen("my cat is lovely"), "GB", "en") is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("category", [c for c, _ in EMERGENCY])
def test_emergency_is_the_number_and_short_lines(lang: str, category: str) -> None:
    help_ = help_for(Screen(tier=3, categories=(category,), who="self"), "GB", lang)
    assert help_
    assert "999" in help_.title
    assert {d.kind for d in help_.doors} == {"emergency"}
    assert help_.ask is None
    assert not help_.barriers
    assert not help_.after
    assert len(help_.lines) <= 4
    assert all(len(line) < 160 for line in help_.lines)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("category", ["suicidal", *[c for c, _ in TEXTS], "worry_about_other"])
def test_crisis_asks_and_offers_doors_and_barriers(lang: str, category: str) -> None:
    help_ = help_for(Screen(tier=2, categories=(category,), who="self"), "US", lang)
    assert help_
    assert help_.ask
    assert help_.ask.rstrip().endswith("?")
    assert help_.lines
    assert help_.after
    assert len({d.kind for d in help_.doors}) >= 4
    assert not help_.compact
    assert len(help_.barriers) == (5 if category == "violence_from_other" else len(BARRIERS))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("category", ["suicidal_passive", *[c for c, _ in TEXTS], "worry_about_other"])
def test_check_in_is_one_sentence_and_compact(lang: str, category: str) -> None:
    help_ = help_for(Screen(tier=1, categories=(category,), who="self"), "US", lang)
    assert help_
    assert help_.compact
    assert len(help_.lines) == 1
    assert help_.doors
    assert not help_.barriers


def test_texts_for_whom() -> None:
    def key(text: str) -> str | None:
        help_ = help_for(screen(text), "GB", "en")
        return help_.key if help_ else None

    assert key("my friend wants to kill herself") == "other"
    assert key("I lost my mum to suicide") == "bereavement"
    worried = help_for(Screen(tier=2, categories=("suicidal", "worry_about_other"), who="other"), "GB", "en")
    assert worried
    assert worried.key == "other"
    assert key("my husband hits me") == "violence"
    assert key("I just took all my pills") == "emergency_overdose"
    assert key("my stepdad comes into my room at night") == "minor"
    assert key("how much sertraline can I take") == "clinical"
    assert key("I want to die") == "crisis"
    assert key("I don't want to wake up") == "check_in"


def test_a_minor_in_crisis_hears_that_the_lines_are_for_young_people_too() -> None:
    help_ = help_for(screen("im 14 and i want to die"), "GB", "en")
    assert help_
    assert help_.key == "crisis"
    assert words.say("care.minor.extra") in help_.lines


@pytest.mark.parametrize("lang", LANGS)
def test_violence_is_discreet(lang: str) -> None:
    help_ = help_for(Screen(tier=2, categories=("violence_from_other",), who="self"), "GB", lang)
    assert help_
    assert any("Esc" in line or "Échap" in line for line in help_.lines)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("tier", [0, 1, 2])
def test_stopping_always_warns(lang: str, tier: int) -> None:
    seen = Screen(tier=tier, categories=("clinical",), clinical=True, stopping=True)
    help_ = help_for(seen, "GB", lang)
    warning = words.say("care.clinical.stopping", lang)
    assert help_
    assert help_.lines[0] == warning
    assert any("999" in line for line in help_.lines)


def test_clinical_without_stopping_does_not_warn() -> None:
    help_ = help_for(screen("do I have bipolar"), "GB", "en")
    assert help_
    assert help_.key == "clinical"
    assert words.say("care.clinical.stopping") not in help_.lines


@pytest.mark.parametrize("lang", LANGS[1:])
def test_languages_say_the_same_keys_with_the_same_slots(lang: str) -> None:
    def slots(value: object) -> set[str]:
        text = " ".join(value) if isinstance(value, list) else str(value)
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = yaml.safe_load((WORDS / "en" / "care.yaml").read_text(encoding="utf-8"))
    other = yaml.safe_load((WORDS / lang / "care.yaml").read_text(encoding="utf-8"))
    assert english.keys() == other.keys()
    for key in english:
        assert slots(english[key]) == slots(other[key]), key
        if isinstance(english[key], list):
            assert len(english[key]) == len(other[key]), key


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("code", [None, "GB", "IE"])
def test_no_slot_is_left_unfilled(lang: str, code: str | None) -> None:
    for tier in (0, 1, 2, 3):
        for category in [*{c for c, _ in (*TEXTS, *EMERGENCY)}, "suicidal_passive", "clinical"]:
            help_ = help_for(Screen(tier=tier, categories=(category,), clinical=True, stopping=True), code, lang)
            assert help_ is not None
            shown = [help_.title, *help_.lines, help_.ask or "", *help_.after]
            assert not any("{" in text or "}" in text for text in shown)


def test_the_bar_is_one_emergency_number_and_the_main_line() -> None:
    """Ireland has two emergency numbers: on a phone the second would push the line off the bar."""
    assert [door.kind for door in help_bar("IE", "en")] == ["emergency", "call"]
    assert [door.kind for door in help_bar(None, "en")] == ["emergency", "list"]
