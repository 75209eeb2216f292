"""Guesses from a story's words: few, deterministic, and nothing where nothing is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from corpus import vocabulary
from corpus.samples.read import read_stories
from corpus.types import Part, PartText
from index import proposals
from index.embed import Vectors, WordEmbedder
from index.find import Finder
from index.proposals import Proposals, landmarks, lines, propose
from index.themes import Themes
from index.themes import lines as theme_lines


class Counting(WordEmbedder):
    """The toy embedder, which also writes down what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, ...]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(tuple(texts))
        return super().encode(texts)


TOY = Counting()
THEMES = Themes(TOY)


def part(text: str, of: Part = Part.GOING_ON) -> PartText:
    return PartText(part=of, text=text)


def sentences_of(*themes: str) -> str:
    """Three sentences near to each theme, as near as can be to both kinds of its lines."""
    both = [f"{theme_lines()[theme][2]} {lines()['themes'][theme][0]}".replace(".", ",") for theme in themes]
    return " ".join(f"{said} again." for said in both for _ in range(3))


def said(kind: str, id: str) -> str:
    return " ".join(lines()[kind][id])


# --- the lines --------------------------------------------------------------------------------------------------------


def test_every_theme_stage_and_level_has_lines() -> None:
    assert set(lines()["themes"]) == set(vocabulary.ids("themes"))
    assert set(lines()["stages"]) == set(vocabulary.ids("stages"))
    assert set(lines()["hope"]) == {"1", "2", "3", "4", "5"}
    assert all(len(said) >= 3 for said in lines()["themes"].values())
    assert all(len(said) >= 12 for kind in ("stages", "hope") for said in lines()[kind].values())


def test_no_line_is_given_twice_or_taken_from_a_sample() -> None:
    every = [line for of in lines().values() for said in of.values() for line in said]
    assert len(set(every)) == len(every)
    told = "\n".join(given.text for story in read_stories().good for given in story.parts)
    assert [line for line in every if line.rstrip(".") in told] == []


# --- with the toy embedder --------------------------------------------------------------------------------------------


def test_a_theme_that_is_told_of_is_proposed() -> None:
    assert propose(TOY, THEMES, [part(sentences_of("gambling"))]).themes == ("gambling",)


def test_the_most_central_theme_comes_first_and_no_more_than_four_are_proposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proposals, "_BESIDE", 1.0)
    many = ("prison", "gambling", "ocd", "military", "panic", "eating")
    found = propose(TOY, THEMES, [part(sentences_of(*many))]).themes
    assert len(found) == proposals.MOST_THEMES
    assert set(found) < set(many)
    whole = f"{theme_lines()['ocd'][2]}. {lines()['themes']['ocd'][0]}"
    assert propose(TOY, THEMES, [part(f"{sentences_of('panic')} {whole}")]).themes[0] == "panic"


def test_a_theme_far_behind_the_first_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = part(sentences_of("gambling", "prison"))
    both = propose(TOY, THEMES, [text]).themes
    assert set(both) == {"gambling", "prison"}
    monkeypatch.setattr(proposals, "_BESIDE", 0.0)
    assert propose(TOY, THEMES, [text]).themes == both[:1]


def test_a_heavy_theme_needs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    heavy, other = part(sentences_of("voices")), part(sentences_of("gambling"))
    assert propose(TOY, THEMES, [heavy]).themes[0] == "voices"
    monkeypatch.setattr(proposals, "_THEME_HEAVY", 0.99)
    assert "voices" not in propose(TOY, THEMES, [heavy]).themes
    assert propose(TOY, THEMES, [other]).themes == ("gambling",)


def test_one_near_sentence_among_many_is_not_a_theme() -> None:
    aside = sentences_of("gambling").split(" again.")[0] + "."
    far = " ".join(f"Zebra{n} quilt{n} lantern{n}." for n in range(20))
    assert propose(TOY, THEMES, [part(f"{aside} {far}")]).themes == ()


@pytest.mark.parametrize("stage", vocabulary.ids("stages"))
def test_a_stage_that_is_told_of_plainly_is_proposed(stage: str) -> None:
    assert propose(TOY, THEMES, [part(said("stages", stage), Part.NOW)]).stage == stage


@pytest.mark.parametrize(("level", "proposed"), [("1", 2), ("2", 2), ("3", 3), ("4", 4), ("5", 4)])
def test_hope_is_proposed_but_never_an_end_of_the_scale(level: str, proposed: int) -> None:
    assert propose(TOY, THEMES, [part(said("hope", level), Part.NOW)]).hope == proposed


def test_the_present_is_what_counts_for_stage_and_hope() -> None:
    before, now = said("stages", "in_the_middle"), said("stages", "further_along")
    assert propose(TOY, THEMES, [part(before), part(now, Part.NOW)]).stage == "further_along"
    assert propose(TOY, THEMES, [part(now), part(before, Part.NOW)]).stage == "in_the_middle"
    assert propose(TOY, THEMES, [part(before), part(now, Part.HELPED)]).stage == "further_along"  # the last words
    assert propose(TOY, THEMES, [part(f"{before} {now}", Part.WHOLE)]).stage == "further_along"


def test_between_two_stages_none_is_proposed() -> None:
    mixed = f"{said('stages', 'in_the_middle')} {said('stages', 'further_along')}"
    assert propose(TOY, THEMES, [part(mixed, Part.NOW)]).stage is None


def test_too_few_words_about_the_present_propose_no_stage_and_no_hope() -> None:
    two = " ".join(lines()["stages"]["further_along"][:2])
    found = propose(TOY, THEMES, [part(two, Part.NOW)])
    assert (found.stage, found.hope) == (None, None)


@pytest.mark.parametrize("text", [" \n ", "Zebra. Quilt. Lantern. Cobalt.", "🙂. 🙂! 🙂?", "שלום. עולם. בית."])
def test_words_about_nothing_of_the_kind_propose_nothing(text: str) -> None:
    assert propose(TOY, THEMES, [part(text, Part.NOW)]) == Proposals()


def test_no_words_propose_nothing_and_ask_nothing() -> None:
    embedder = Counting()
    assert propose(embedder, THEMES, []) == Proposals()
    assert embedder.asked == []


def test_sentences_are_encoded_in_one_call_and_landmarks_once() -> None:
    embedder = Counting()
    landmarks(embedder)
    before = len(embedder.asked)
    given = [part("I lost at cards. I lost again."), part("I sleep now.", Part.NOW)]
    assert propose(embedder, THEMES, given) == propose(embedder, THEMES, given)
    assert embedder.asked[before:] == [("I lost at cards.", "I lost again.", "I sleep now.")] * 2


def test_the_landmarks_of_one_embedder_are_not_used_for_another() -> None:
    small = WordEmbedder(64)
    assert landmarks(TOY).hope["3"].shape[1] == 1024
    assert landmarks(small).hope["3"].shape[1] == 64


# --- with the real model ----------------------------------------------------------------------------------------------

PLAIN = (
    "I drank every night for ten years. My wife left and took the children. I went to AA and got a sponsor. I have "
    "been sober for six years now. I have a good job and I am happy. My kids come every weekend and we laugh a lot."
)


@pytest.mark.model
def test_the_model_proposes_what_is_said_plainly(model_finder: Finder) -> None:
    found = propose(model_finder._embedder, model_finder.themes, [part(PLAIN)])
    assert found == Proposals(("alcohol",), "further_along", 4)


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "Heat the oven to two hundred degrees. Mix the butter and the sugar. Add three eggs one at a time. Fold in the "
        "flour. Bake for forty minutes. Let it cool on a rack.",
        "Ich trank jeden Abend. Meine Tochter rief nicht mehr an. Dann ging ich in eine Gruppe. Jetzt sind es vier "
        "Jahre. Ich backe am Sonntag Kuchen. Sie kommt manchmal.",
    ],
)
def test_the_model_proposes_nothing_for_a_recipe_or_a_language_that_it_does_not_read(
    model_finder: Finder, text: str
) -> None:
    assert propose(model_finder._embedder, model_finder.themes, [part(text, Part.NOW)]) == Proposals()


@pytest.mark.model
def test_the_samples_get_few_proposals_and_most_are_their_narrators_own(model_finder: Finder) -> None:
    """Few, and most of them right: what index/proposals.py says of its thresholds."""
    right: list[bool] = []
    hopes: list[int] = []
    stages: list[bool] = []
    for story in read_stories().good[::2]:
        found = propose(model_finder._embedder, model_finder.themes, story.parts)
        right += [theme in story.themes for theme in found.themes]
        hopes += [abs(found.hope - story.hope)] if found.hope and story.hope else []
        stages += [found.stage == story.stage] if found.stage else []
    assert len(right) >= 15
    assert np.mean(right) >= 0.6
    assert np.mean([off <= 1 for off in hopes]) >= 0.9
    assert sum(not ok for ok in stages) <= 1
