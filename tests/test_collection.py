"""Scoring, computed by hand on two dimensions; and that every way of looking leads to the same score."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from corpus.errors import BadRecord
from index import collection as module
from index.collection import Collection
from index.facts import Facts, Held
from index.limits import Limits
from index.pipelines import DEFAULT, PIPELINES, Pipeline, pipeline
from index.terms import terms_of

DENSE = Pipeline("dense", "")
X = np.asarray([1, 0], dtype=np.float32)


def at(*degrees: float) -> np.ndarray:
    turns = np.radians(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def held(first: int, whole: float, *parts: float, text: str = "", themes: tuple[str, ...] = ()) -> Held:
    """A story whose vectors point so many degrees away from what is asked."""
    ids = tuple(range(first + 1, first + 1 + len(parts)))
    return Held(Facts(language="en", themes=themes), terms_of(text), first, ids, at(whole, *parts))


def scores(collection: Collection, how: Pipeline, said: str = "", near=None, **more):  # type: ignore[no-untyped-def]
    return {c.id: c for c in collection.score(X, said, near or {}, how, **more)}


def test_half_whole_half_best_passage() -> None:
    collection = Collection(2)
    collection.change((), {"a": held(10, 60, 90, 0, 45), "b": held(20, 0, 90)})
    found = scores(collection, DENSE)
    assert found["a"].score == pytest.approx(0.5 * 0.5 + 0.5 * 1, abs=1e-6)
    assert found["a"].passage_id == 12
    assert found["b"].score == pytest.approx(0.5, abs=1e-6)
    assert [c.id for c in collection.score(X, "", {}, DENSE)] == ["a", "b"]


def test_every_answer_of_a_narrator_counts_by_its_best_passage() -> None:
    collection = Collection(2)
    story = dataclasses.replace(held(10, 60, 90, 0, 60), answers=(0, 0, 1))
    collection.change((), {"a": story, "b": dataclasses.replace(held(20, 60, 60), answers=())})
    found = scores(collection, Pipeline("p", "", parts=True))
    assert found["a"].score == pytest.approx(0.5 * 0.5 + 0.5 * (1 + 0.5) / 2, abs=1e-6)
    assert found["a"].passage_id == 12  # the evidence is the best of all
    assert found["b"].score == pytest.approx(0.5, abs=1e-6)


def test_the_prior_takes_from_who_is_near_to_everybody() -> None:
    """a and b stand together at 0°, c alone at 90°: closeness 1/2, 1/2 and 0 to the two others, less the mean of 1/3."""
    collection = Collection(2)
    collection.change((), {"a": held(10, 0, 0), "b": held(20, 0, 0), "c": held(30, 90, 90)})
    found = scores(collection, Pipeline("p", "", prior=0.6))
    assert found["a"].score == pytest.approx(1 - 0.6 * (1 / 2 - 1 / 3), abs=1e-5)
    assert found["c"].score == pytest.approx(0 + 0.6 / 3, abs=1e-5)
    assert found["a"].nearness == pytest.approx(1, abs=1e-6)  # how close it is does not depend on the others


def test_the_prior_is_the_same_whatever_came_first_and_with_more_stories_than_references(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REFERENCES", 5)
    rng = np.random.default_rng(3)
    stories = {f"s{i}": held(100 * i + 1, *rng.uniform(0, 180, 2)) for i in range(30)}
    one, other = Collection(2), Collection(2)
    one.change((), stories)
    for id in reversed(stories):
        other.change((), {id: stories[id]})
    how = Pipeline("p", "", prior=1.0)
    assert {id: c.score for id, c in scores(one, how).items()} == pytest.approx(
        {id: c.score for id, c in scores(other, how).items()}, abs=1e-5
    )


def test_words_count_by_how_far_they_stand_out() -> None:
    """One story of four holds the word: its BM25 is √3 standard deviations above the mean, the others' 1/√3 below."""
    collection = Collection(2)
    collection.change(
        (), {"a": held(10, 0, 0, text="whisky"), **{i: held(20 * n, 0, 0) for n, i in enumerate("bcd", 1)}}
    )
    how = Pipeline("p", "", words=0.1)
    found = scores(collection, how, "whisky")
    assert found["a"].score == pytest.approx(1 + 0.1 * 3**0.5, abs=1e-5)
    assert found["b"].score == pytest.approx(1 - 0.1 / 3**0.5, abs=1e-5)
    assert found["a"].nearness == pytest.approx(1, abs=1e-6)
    assert [c.score for c in scores(collection, how, "zebra").values()] == pytest.approx([1] * 4, abs=1e-6)
    assert len(scores(collection, how, "whisky", shut={"a"})) == 3


def test_words_stand_out_only_so_far() -> None:
    collection = Collection(2)
    collection.change((), {f"s{i}": held(10 * i, 0, 0, text="whisky" if i == 3 else "") for i in range(200)})
    found = scores(collection, Pipeline("p", "", words=0.1), "whisky")
    assert found["s3"].score == pytest.approx(1 + 0.1 * module.MOST_WORDS, abs=1e-5)


def test_the_nearest_theme_is_added_to_what_a_story_says() -> None:
    collection = Collection(2)
    collection.change((), {"a": held(10, 90, 90, themes=("grief", "sleep")), "b": held(20, 60, 60)})
    how = Pipeline("p", "", themes=0.4)
    near = {"grief": 0.2, "sleep": 0.8}
    found = scores(collection, how, near=near)
    assert found["a"].score == pytest.approx(0.4 * 0.8 * 0.85, abs=1e-5)
    assert found["a"].nearness == pytest.approx(0.4 * 0.8 * 0.85 / 1.4, abs=1e-5)
    assert found["b"].score == pytest.approx(0.5 + 0.4 * 0.5, abs=1e-5)  # told no theme: as near as it is itself
    far = scores(collection, how, near={"grief": -0.5, "sleep": -0.9})
    assert far["a"].score == pytest.approx(-0.2, abs=1e-5)


def test_where_nobody_chose_themes_none_are_added() -> None:
    collection = Collection(2)
    collection.change((), {"b": held(20, 60, 60)})
    assert scores(collection, Pipeline("p", "", themes=0.4), near={"grief": 0.9})["b"].score == pytest.approx(0.5)


def test_a_candidate_of_one_way_of_looking_is_scored_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    words = ["lamp", "rain", "whisky", "stone", "river"]
    stories = {
        f"s{i:02}": held(100 * i + 1, *rng.uniform(0, 180, 4), text=" ".join(rng.choice(words, 3))) for i in range(40)
    }
    collection = Collection(2)
    collection.change((), stories)
    how = Pipeline("p", "", words=0.3, prior=0.5)
    whole = scores(collection, how, "whisky rain")
    for name in ("DEPTH_PASSAGES", "DEPTH_WHOLES", "DEPTH_WORDS"):
        monkeypatch.setattr(module, name, 3)
    some = scores(collection, how, "whisky rain")
    assert 3 <= len(some) < len(whole)
    for id, candidate in some.items():
        assert candidate.score == pytest.approx(whole[id].score, abs=1e-5)
        assert candidate.passage_id == whole[id].passage_id


@pytest.mark.parametrize("shut", [(), {"s03", "s17", "s31", "gone"}, {f"s{i:02}" for i in range(36)}])
@pytest.mark.parametrize("depth", [3, 1000])
def test_reading_every_vector_finds_what_two_searches_find(
    monkeypatch: pytest.MonkeyPatch, shut: set[str], depth: int
) -> None:
    """After stories came, changed and left, and with whole stories that have no vector."""
    rng = np.random.default_rng(11)
    words = ["lamp", "rain", "whisky", "stone", "river"]
    collection = Collection(2)
    for turn in range(3):
        some = {
            f"s{i:02}": held(1000 * turn + 10 * i + 1, *rng.uniform(0, 180, rng.integers(2, 6)), text=rng.choice(words))
            for i in range(12 * turn, 12 * turn + 16)
        }
        some["s05"] = dataclasses.replace(some.get("s05") or held(9000 + 10 * turn, 50, 40), whole=None)
        some["s05"] = dataclasses.replace(some["s05"], vectors=some["s05"].vectors[1:])
        collection.change((f"s{12 * turn - 5:02}",), some)
    for name in ("DEPTH_PASSAGES", "DEPTH_WHOLES", "DEPTH_WORDS"):
        monkeypatch.setattr(module, name, depth)
    how = Pipeline("p", "", words=0.3, prior=0.5, whole=0.5)
    asked = at(*rng.uniform(0, 180, 20))
    read = [collection.score(vector, "whisky rain", {}, how, shut) for vector in asked]
    monkeypatch.setattr(module.Nearest, "every", lambda *_: None)
    looked_up = [collection.score(vector, "whisky rain", {}, how, shut) for vector in asked]
    for one, other in zip(read, looked_up, strict=True):
        assert [(c.id, c.passage_id) for c in one] == [(c.id, c.passage_id) for c in other]
        assert [c.score for c in one] == pytest.approx([c.score for c in other], abs=1e-5)
        assert [c.nearness for c in one] == pytest.approx([c.nearness for c in other], abs=1e-5)


def test_what_is_shut_out_leaves_room_for_others() -> None:
    collection = Collection(2)
    collection.change((), {f"s{i}": held(10 * i, i, i) for i in range(9)})
    found = collection.score(X, "", {}, DENSE, shut={"s0", "s1", "gone"})
    assert [c.id for c in found] == [f"s{i}" for i in range(2, 9)]
    assert collection.score(X, "", {}, DENSE, shut={f"s{i}" for i in range(9)}) == []
    assert Collection(2).score(X, "rain", {}, DENSE) == []


def test_limits_hold_for_what_comes_later_too_and_beside_what_else_is_shut() -> None:
    def told(first: int, language: str) -> Held:
        return dataclasses.replace(held(first, first, first), facts=Facts(language=language))

    def found(**shut: set[str]) -> list[str]:
        ids = [c.id for c in collection.score(X, "", {}, DENSE, limits=limits, **shut)]
        near = collection.nearest_passages(X, 9, limits)[0].tolist()
        assert near[: len(ids)] == [next(iter(stories[id].parts)) for id in ids] or shut
        return ids

    collection, limits = Collection(2), Limits(languages=frozenset({"de"}))
    stories = {"a": told(10, "de"), "b": told(20, "en"), "c": told(30, "de-AT")}
    collection.change((), stories)
    assert found() == ["a", "c"]
    assert found(shut={"a"}) == ["c"]
    assert found() == ["a", "c"], "what one visitor does not want is shut for nobody else"
    stories |= {"d": told(40, "de"), "b": told(20, "de")}
    collection.change((), {"d": stories["d"], "b": stories["b"]})
    assert found() == ["a", "b", "c", "d"]
    for n in range(module._LIMITS + 2):
        collection.score(X, "", {}, DENSE, limits=Limits(languages=frozenset({f"x{n}"})))
    assert len(collection._beyond) == module._LIMITS


def test_a_change_is_one_step_and_nothing_of_what_left_stays() -> None:
    collection = Collection(2)
    collection.change((), {"a": held(10, 0, 0, text="whisky"), "b": held(20, 0, 0), "nothing": held(30, 0)})
    assert len(collection) == 2  # a story without a passage cannot be shown
    collection.change(["a"], {"b": held(40, 90, 90, text="rain")})
    found = scores(collection, DENSE)
    assert set(found) == {"b"}
    assert found["b"].passage_id == 41
    assert collection.passages_near([11, 21, 41], X) == {41: pytest.approx(0, abs=1e-6)}
    assert collection.holding(["whisky"]) == frozenset()
    assert collection.facts("a") is None
    assert collection.same("a", "b") == 0
    assert "whisky" not in repr(collection._held)


@pytest.mark.parametrize("how", PIPELINES.values(), ids=lambda p: p.name)
def test_every_pipeline_orders_and_none_fails_on_little(how: Pipeline) -> None:
    collection = Collection(2)
    assert collection.score(X, "rain", {"grief": 0.5}, how) == []
    collection.change(
        (), {"far": held(10, 80, 80, text="stone"), "near": held(20, 5, 5, text="rain", themes=("grief",))}
    )
    found = collection.score(X, "rain", {"grief": 0.5}, how)
    assert found[0].id == "near"
    assert np.isfinite([c.score for c in found]).all()
    collection.change(["far"], {})
    assert [c.id for c in collection.score(X, "rain", {"grief": 0.5}, how)] == ["near"]


def test_ranks_and_zscores_by_hand() -> None:
    collection = Collection(2)
    collection.change((), {"a": held(10, 0, 0), "b": held(20, 60, 60, text="rain")})
    ranks = scores(collection, PIPELINES["ranks"], "rain")
    assert ranks["a"].score == pytest.approx(1 / 61 + 1 / 62, abs=1e-6)
    assert ranks["b"].score == pytest.approx(1 / 62 + 1 / 61, abs=1e-6)
    z = scores(collection, PIPELINES["zscores"], "rain")
    assert z["a"].score == pytest.approx(1 - 3 / 7, abs=1e-5)  # two stories: one deviation above, one below


def test_a_wrong_name_is_said_with_the_right_ones() -> None:
    assert pipeline(DEFAULT).name == DEFAULT
    with pytest.raises(BadRecord, match="journey"):
        pipeline("nonsense")
