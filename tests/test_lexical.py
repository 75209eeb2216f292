"""Words beside vectors: stems, pairs, BM25 by hand, and that what goes is forgotten."""

from __future__ import annotations

import itertools
import math

import bm25s
import numpy as np
import pytest

from corpus.samples.read import read_stories
from index import terms as terms_module
from index.lexical import K1, B, Lexical
from index.terms import features, number, stems, terms_of


def indexed(texts: dict[str, str]) -> Lexical:
    lexical = Lexical()
    lexical.change((), {id: terms_of(text) for id, text in texts.items()})
    return lexical


def test_words_are_stemmed_whatever_their_apostrophe() -> None:
    assert stems("Drinking, drinks; he DIDN’T") == stems("drink drink he didn't")


def test_pairs_are_of_neighbouring_content_words() -> None:
    assert features("I lost my job and the house") == ["lost", "job", "hous", "lost job", "job hous"]
    assert features("") == features("… !") == []
    assert features("I was with the neighbours") == ["neighbour"]


def test_scores_are_bm25_by_hand() -> None:
    """Lucene's form: idf·tf / (tf + k1·(1 - b + b·length/mean length)), lengths and counts over all features."""
    texts = {"a": "whisky whisky lamp", "b": "lamp", "c": "rain"}
    lexical = indexed(texts)
    lengths = {id: len(features(text)) for id, text in texts.items()}
    mean = sum(lengths.values()) / 3
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 / (2 + K1 * (1 - B + B * lengths["a"] / mean))
    scores = lexical.scores("whisky")
    assert lexical.ids == ("a", "b", "c")
    assert scores[0] == pytest.approx(expected, rel=1e-5)
    assert scores[1] == scores[2] == 0
    np.testing.assert_allclose(lexical.scores("rain rain rain"), lexical.scores("rain"))  # asked often is asked once


def test_scores_are_those_of_bm25s_over_all_samples() -> None:
    texts = {story.id: "\n".join(part.text for part in story.parts) for story in read_stories().good}
    lexical = indexed(texts)
    has = [features(text) for text in texts.values()]
    vocabulary = {feature: n for n, feature in enumerate(dict.fromkeys(itertools.chain(*has)))}
    model = bm25s.BM25(k1=K1, b=B, method="lucene")
    model.index(([[vocabulary[f] for f in one] for one in has], dict(vocabulary)), show_progress=False)
    for asked in [*[*texts.values()][::20], "I lost my job in the spring", "my mother and the neighbours"]:
        known = [vocabulary[f] for f in dict.fromkeys(features(asked)) if f in vocabulary]
        np.testing.assert_allclose(lexical.scores(asked), model.get_scores_from_ids(known), rtol=2e-5, atol=1e-5)


def test_what_goes_is_forgotten_and_what_changes_is_taken_anew() -> None:
    lexical = indexed({"a": "whisky", "b": "lamp"})
    assert lexical.scores("whisky")[0] > 0
    lexical.change(["a", "never there"], {"b": terms_of("rain")})
    assert lexical.ids == ("b",)
    assert not lexical.scores("whisky lamp").any()
    assert lexical.scores("rain")[0] > 0
    held = {*np.concatenate(list(lexical._texts.values())).tolist(), *lexical._postings()._features.tolist()}
    assert held == {number("rain")}


def test_a_story_can_lend_its_words() -> None:
    lexical = indexed({"a": "whisky lamp", "b": "lamp", "c": "rain"})
    assert not lexical.scores("nothing").any()
    assert lexical.scores("nothing", like=["a"])[1] > 0
    assert lexical.scores("nothing", like=["not there"]).tolist() == [0, 0, 0]


def test_texts_without_words_break_nothing() -> None:
    lexical = Lexical()
    assert lexical.scores("rain").tolist() == []
    lexical.change((), {"a": terms_of("…"), "b": terms_of("")})
    assert lexical.scores("rain").tolist() == [0, 0]


def test_a_muted_word_is_found_in_every_form_and_a_group_of_words_in_a_row() -> None:
    lexical = indexed({"a": "my mother drank", "b": "my mother in law drinks", "c": "in my mothers house by law"})
    assert lexical.holding(["mother"]) == {"a", "b", "c"}
    assert lexical.holding(["drinking"]) == {"b"}  # stems know endings, not "drank"
    assert lexical.holding(["mother in law"]) == {"b"}
    assert lexical.holding([]) == lexical.holding(["zebra", "…"]) == frozenset()


def test_no_word_that_somebody_wrote_stays_in_the_stemmer() -> None:
    """The cache that PyStemmer comes with would hold the last ten thousand."""
    lexical = indexed({"a": "whisky"})
    lexical.scores("zebras yodelling")
    assert terms_module._stemmer().maxCacheSize == 0
