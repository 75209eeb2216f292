"""The heads beside the rules: how they combine, what ships, and what they are measured on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from assistant.care import CATEGORIES, Screen, Screener, screen
from assistant.care.heads import (
    FILE,
    GRAMS,
    VECTOR,
    WORDS,
    Heads,
    Said,
    Scores,
    chance,
    grams,
    nearness,
    shipped,
    weighed,
)
from assistant.care.lines import HARMLESS, KINDS, apart, written
from assistant.care.measuring import BARS, Share, bars, measure, reached, wilson
from assistant.care.report import markdown, percent, published
from assistant.care.screen import over_turns, read
from assistant.care.screener import weigh
from assistant.care.training import HEADS, RISKS, Example, features, fit, keep, said
from corpus.errors import BadRecord
from index.embed import WordEmbedder

AT = {"crisis": 0.8, "crisis_calm": 0.4, "past": 0.5, "any": 0.6, "any_calm": 0.2, "clinical": 0.5}


def scores(
    any: float = 0.5, crisis: float = 0.5, clinical: float = 0.0, past: float = 0.0, other: float = 0.0, **kinds: float
) -> Scores:
    return Scores(any, crisis, clinical, past, other, {name: kinds.get(name, 0.01) for name in RISKS})


def test_heads_raise_to_a_check_in_and_to_a_crisis_and_name_the_kind() -> None:
    quiet = Screen()
    assert weigh(quiet, scores(any=0.59), AT).tier == 0
    warned = weigh(quiet, scores(any=0.61, crisis=0.5, overdose=0.3, other=0.9), AT)
    assert (warned.tier, warned.categories, warned.who) == (1, ("overdose",), "other")
    assert warned.why == ("heads.any",)
    alarmed = weigh(quiet, scores(any=0.9, crisis=0.81, suicidal=0.7, self_harm=0.5), AT)
    assert (alarmed.tier, alarmed.categories, alarmed.who) == (2, ("suicidal", "self_harm"), "self")


def test_heads_never_make_nor_lower_an_emergency() -> None:
    assert weigh(Screen(), scores(any=1.0, crisis=1.0, overdose=1.0), AT).tier == 2
    now = Screen(tier=3, categories=("overdose",))
    assert weigh(now, scores(any=0.0, crisis=0.0), AT).tier == 3


def test_heads_lower_a_rule_by_one_tier_only() -> None:
    assert weigh(Screen(tier=2, categories=("suicidal",)), scores(any=0.0, crisis=0.0), AT).tier == 1
    assert weigh(Screen(tier=2, categories=("suicidal",)), scores(any=0.0, crisis=0.4), AT).tier == 2
    told = Screen(tier=2, categories=("suicidal",))
    assert weigh(told, scores(any=0.9, crisis=0.7, past=0.5), AT).tier == 1  # of long ago
    assert weigh(told, scores(any=0.9, crisis=0.8, past=0.9), AT).tier == 2  # and here again
    assert weigh(Screen(tier=1, categories=("suicidal_passive",)), scores(any=0.1), AT).tier == 0


def test_a_question_for_a_clinician_by_the_heads() -> None:
    asked = weigh(Screen(), scores(any=0.0, crisis=0.0, clinical=0.5), AT)
    assert asked.clinical
    assert asked.tier == 0
    assert asked.categories == ("clinical",)


def test_two_faint_check_ins_are_no_crisis_and_two_others_are() -> None:
    faint = weigh(Screen(), scores(any=0.7, crisis=0.1), AT)
    plain = weigh(Screen(), scores(any=0.7, crisis=0.7), AT)
    assert faint.faint
    assert not plain.faint
    assert over_turns(faint, (" x ",), [faint]).tier == 1
    assert over_turns(faint, (" x ",), [plain]).tier == 1
    assert over_turns(plain, (" x ",), [plain]).tier == 2


def test_without_an_embedder_the_rules_speak_alone() -> None:
    for text in ("I want to kill myself", "my cat is lovely", "I took all my pills just now", ""):
        assert Screener()(text) == screen(text)


def test_what_the_heads_are_told_of_the_rules() -> None:
    row = read("I want to kill myself").features
    assert row[4 * CATEGORIES.index("suicidal") + 2] == 1
    assert row[-1] == 0
    assert read("I used to want to die.").features[4 * len(CATEGORIES)] == 1  # the guard "past"
    assert read("a quiet day").features[-1] == 1


def test_grams_are_places_and_know_pieces_of_words() -> None:
    one, other = grams([" quiero dormir "]), grams([" kiero dormir "])
    assert all(0 <= place < GRAMS for place in one)
    assert one != other
    assert len(one & other) > len(one) / 3
    assert grams([]) == Counter()


def test_words_and_pieces_have_places_and_lengths_of_their_own() -> None:
    """One word is one place of 16,384 and, with its ends marked (eight letters), 6 + 5 + 4 pieces in others."""
    counted = grams([" dormir "])
    places, values = weighed(counted, np.ones(GRAMS, dtype=np.float32))
    assert (places < WORDS).sum() == 1
    assert (places >= WORDS).sum() == 6 + 5 + 4
    assert values[places < WORDS] == pytest.approx([1.0])
    assert np.linalg.norm(values[places >= WORDS]) == pytest.approx(1.0)
    assert weighed(Counter(), np.ones(GRAMS, dtype=np.float32))[1].size == 0
    assert not weighed(counted, np.zeros(GRAMS, dtype=np.float32))[1].any()


def test_nearness_by_hand() -> None:
    """exp(-2 (1 - cosine)): 1 at a landmark itself, exp(-2) at a right angle."""
    landmarks = np.eye(2, 3, dtype=np.float32)
    assert nearness(landmarks[0], landmarks) == pytest.approx([1.0, np.exp(-2)])
    assert nearness(landmarks, landmarks).shape == (2, 2)


def test_a_message_is_read_as_it_was_trained_on(tmp_path: Path) -> None:
    found = [Example(line.text, line.voice, {}, line=line) for line in written(kept_apart=False)[:80]]
    made = features(found, WordEmbedder(VECTOR))
    matrix = sparse.hstack([sparse.csr_matrix(made.near), sparse.csr_matrix(made.rules), made.grams]).tocsr()
    labels = np.asarray([float(example.line is not None and example.line.risk) for example in found])
    one = fit(matrix, made.rules.shape[1], labels, np.ones(len(found)))
    keep(tmp_path / "heads.npz", {"heads": HEADS, "thresholds": AT}, made, [one] * len(HEADS))
    heads = Heads(tmp_path / "heads.npz")
    odds = said(one, made, slice(None))
    expected = chance(odds)
    assert expected.max() - expected.min() > 0.2
    for example, reading, own, p in zip(found[:20], made.readings, odds, expected, strict=False):
        vector = WordEmbedder(VECTOR).encode([example.text])[0]
        scores = heads.score(reading.plain, reading.features, vector)
        assert scores.clinical == pytest.approx(p, abs=0.01)
        assert scores.any == pytest.approx(chance(Said.of(own, own, np.asarray([own]), own).any), abs=0.01)


def test_what_is_said_is_of_the_likeliest_kind_too_by_hand() -> None:
    """0.4 · 1 + 0.6 · 3 - 0.4 · 2 = 1.4, and 0.7 · (-1) + 0.3 · 3 = 0.2."""
    assert Said.of(1.0, -1.0, np.asarray([0.5, 3.0, -4.0]), 2.0) == pytest.approx((1.4, 0.2))
    many = Said.of(np.ones(2), -np.ones(2), np.asarray([[0.5, 3.0], [3.0, 0.5]]), 2 * np.ones(2))
    assert many.any == pytest.approx([1.4, 1.4])
    assert chance(0.0) == 0.5


def test_what_ships_is_small() -> None:
    assert FILE.stat().st_size < 3_000_000


def test_what_ships_fits_together() -> None:
    heads = shipped()
    assert tuple(heads.card["heads"]) == HEADS
    assert heads.card["thresholds"].keys() == AT.keys()
    said = heads.score(read("hello there").plain, read("hello there").features, np.zeros(VECTOR, dtype=np.float32))
    assert 0 <= said.any <= 1
    assert {type(value) for value in (*said[:5], *said.kinds.values())} == {float}, "a screen is written as JSON"
    assert said.kinds.keys() == set(RISKS)


# --- lines ---------------------------------------------------------------------------------------------------------


def test_there_are_enough_lines_of_enough_voices_and_a_third_is_apart() -> None:
    kept, trained = written(kept_apart=True), written(kept_apart=False)
    assert len(kept) + len(trained) >= 3000
    assert 1 / 3 <= len(kept) / (len(kept) + len(trained)) <= 0.4
    assert {line.lang for line in kept} == {line.lang for line in trained} == {"en", "es", "fr", "de", "pt"}
    assert {line.voice for line in kept} == apart()
    assert {line.kind for line in kept} == set(KINDS)
    for line in (*kept, *trained):
        assert line.text.strip()
        if line.kind in HARMLESS:
            assert line.tier == 0, line
        elif line.kind != "clinical":
            assert line.tier >= 1, line


def test_no_line_stands_on_both_sides() -> None:
    def plain(text: str) -> str:
        return " ".join(text.lower().split())

    assert not {plain(line.text) for line in written(True)} & {plain(line.text) for line in written(False)}


# --- measuring -------------------------------------------------------------------------------------------------------


def test_wilson_by_hand() -> None:
    """8 of 10: the centre is (0.8 + 3.8415/20) / (1 + 0.38415) = 0.7167, half the width 0.2266."""
    lo, hi = wilson(8, 10)
    assert lo == pytest.approx(0.4902, abs=1e-3)
    assert hi == pytest.approx(0.9433, abs=1e-3)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


def test_nothing_to_measure_is_not_zero() -> None:
    assert Share(0, 0).as_dict()["share"] is None
    assert reached(BARS[0], Share(0, 0).as_dict()) is None
    assert percent(Share(0, 0).as_dict()) == "not measured"
    with pytest.raises(BadRecord):
        measure((), screen)


def test_a_screen_that_always_or_never_calls_out_is_seen_through() -> None:
    lines = written(kept_apart=True)[:113]
    loud = bars([(line, Screen(tier=2, categories=("suicidal",), clinical=True)) for line in lines])
    deaf = bars([(line, Screen()) for line in lines])
    for bar in BARS:
        assert reached(bar, loud[bar.name]) is bar.least, bar
        assert reached(bar, deaf[bar.name]) is not bar.least, bar


def test_the_report_names_every_bar() -> None:
    said = markdown(published())
    for bar in BARS:
        assert bar.name in said
    assert published()["voices"] == len(apart())


@pytest.mark.model
def test_the_published_figures_are_what_the_screen_does(model_screener: Screener) -> None:
    """Not below what was published by more than rounding and another machine's last bits can explain."""
    lines = written(kept_apart=True)[::4]
    seen = bars([(line, model_screener(line.text)) for line in lines])
    whole = published()["bars"]
    for bar in BARS:
        if seen[bar.name]["n"] >= 20:
            now, then = seen[bar.name], whole[bar.name]
            assert now["lo"] <= then["hi"], bar
            assert now["hi"] >= then["lo"], bar


@pytest.mark.model
def test_a_vector_that_is_there_already_is_used_and_changes_nothing(model_screener: Screener) -> None:
    text = "nobody would notice if i wasnt at the table on sunday"
    vector = model_screener._embedder.encode([text])[0]  # type: ignore[union-attr]
    assert model_screener(text, (), vector) == model_screener(text)
    assert np.isfinite(vector).all()
