"""Turns among near-equals, variety, no story twice; dials and feedback as numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadRecord
from corpus.types import Story
from index.__main__ import dials
from index.choose import TURN, Turns, choose, in_turn
from index.facts import Facts
from index.limits import limits_of
from index.query import FIRST_TURNS, LAST_TURNS, Dials, Query, of_turns
from index.wishes import WISH, heaviness, known, met, moved, rosiness
from tests.conftest import make_story


@dataclass(frozen=True)
class M:
    story: Story
    score: float


def some(*scores: float, **facts: object) -> list[M]:
    return [M(make_story(f"s{i}", **facts), score) for i, score in enumerate(scores)]


TURNS = Turns("seed", 739556, b"asked")


def test_a_turn_is_between_none_and_one_and_always_the_same() -> None:
    assert 0 <= TURNS.of("a") < 1
    assert TURNS.of("a") == Turns("seed", 739556, b"asked").of("a")
    others = {TURNS.of("b"), Turns("s", 739556, b"asked").of("a"), Turns("seed", 739557, b"asked").of("a")}
    assert len(others | {TURNS.of("a"), Turns("seed", 739556, b"other").of("a")}) == 5


def test_equals_take_turns_over_the_days() -> None:
    """Four stories that are as good as equal: each is first on about a quarter of 400 days."""
    matches = some(0.5, 0.5, 0.499, 0.501)
    firsts = Counter(choose(matches, 1, Turns("seed", day))[0].story.id for day in range(400))
    assert set(firsts) == {"s0", "s1", "s2", "s3"}
    assert min(firsts.values()) > 60


@given(st.lists(st.floats(-1, 2, allow_nan=False), min_size=1, max_size=12), st.integers(0, 1000))
def test_nobody_is_overtaken_by_one_that_is_clearly_lower(scores: list[float], day: int) -> None:
    turned = [m for _, m in in_turn(some(*scores), Turns("seed", day))]
    for place, match in enumerate(turned):
        assert all(match.score >= later.score - TURN - 1e-9 for later in turned[place + 1 :])


def test_each_story_has_one_day_of_seven() -> None:
    days = {id: [day for day in range(100, 107) if Turns("seed", day).its_day(id)] for id in "abcdefghijklmnopqrst"}
    assert {len(of_id) for of_id in days.values()} == {1}
    assert len({of_id[0] for of_id in days.values()}) > 3, "not all on the same one"


def test_on_its_day_a_story_that_is_near_enough_stands_last_of_three() -> None:
    matches = some(0.9, 0.8, 0.7, 0.66, 0.63, 0.55)
    far, near = 5, (3, 4)
    lasts = Counter(choose(matches, 3, Turns("seed", day), width=0)[-1].story.id for day in range(7))
    assert {f"s{i}" for i in near} <= set(lasts), "each comes to be seen within seven days"
    assert f"s{far}" not in lasts, "too far for a day of its own"
    for day in range(7):
        chosen = choose(matches, 3, Turns("seed", day), width=0)
        assert [m.story.id for m in chosen[:2]] == ["s0", "s1"], "the best are not moved by it"
        assert len(choose(matches, 2, Turns("seed", day), width=0)) == 2
        assert choose(matches, 2, Turns("seed", day), width=0)[-1].story.id == "s1", "two places are for the best"
        assert [m.story.id for m in choose(matches, 3, Turns("seed", day), width=0, day=0)] == ["s0", "s1", "s2"]


def test_a_story_whose_day_it_is_does_not_come_twice() -> None:
    matches = some(0.9, 0.8, 0.7, 0.66)
    same = lambda one, other: 1.0 if {one, other} == {"s0", "s3"} else 0.0  # noqa: E731
    for day in range(7):
        assert "s3" not in [m.story.id for m in choose(matches, 3, Turns("seed", day), same, width=0)]


def test_without_turns_the_order_is_that_of_the_scores() -> None:
    assert [m.score for m in choose(some(0.1, 0.9, 0.5), 3, None, variety=0)] == [0.9, 0.5, 0.1]


def test_the_same_story_told_twice_is_shown_once() -> None:
    matches = some(0.9, 0.8, 0.1)
    same = lambda a, b: 0.99 if {a, b} == {"s0", "s1"} else 0.5  # noqa: E731
    assert [m.story.id for m in choose(matches, 3, None, same)] == ["s0", "s2"]
    assert [m.story.id for m in choose(matches, 3)] == ["s0", "s1", "s2"]


def test_among_near_equals_the_one_who_stands_elsewhere_comes() -> None:
    still = some(0.9, 0.895, stage="in_the_middle")
    out = M(make_story("out", stage="further_along"), 0.89)
    assert [m.story.id for m in choose([*still, out], 2)] == ["s0", "out"]
    assert [m.story.id for m in choose([*still, M(out.story, 0.8)], 2)] == ["s0", "s1"]


def test_another_theme_is_no_variety() -> None:
    grief = some(0.9, 0.895, themes=("grief",), stage="in_the_middle")
    work = M(make_story("w", themes=("work",), stage="in_the_middle"), 0.89)
    assert [m.story.id for m in choose([*grief, work], 2)] == ["s0", "s1"]


# --- dials and feedback ---

EN = Facts(language="en-GB", stage="in_the_middle", hope=2, setbacks=True, words=300)
DE = Facts(
    language="de",
    stage="further_along",
    hope=5,
    setbacks=False,
    words=500,
    pathways=frozenset({"medication"}),
    context=frozenset({"parent", "woman"}),
    content_notes=frozenset({"death:child"}),
)


@pytest.mark.parametrize(
    ("dials", "english", "german"),
    [
        (Dials(), (), ()),
        (Dials(along="near"), ("along",), ()),
        (Dials(along="further"), (), ("along",)),
        (Dials(outcome="still_in_it"), ("outcome",), ()),
        (Dials(outcome="out"), (), ("outcome",)),
        (Dials(length="short"), ("length",), ()),
        (Dials(length="long"), (), ("length",)),
        (Dials(pathways=frozenset({"medication", "faith"})), (), ("pathways",)),
        (Dials(context=frozenset({"parent"})), (), ("context",)),
        (Dials(along="further", length="long"), (), ("along", "length")),
    ],
)
def test_what_a_dial_means(dials: Dials, english: tuple[str, ...], german: tuple[str, ...]) -> None:
    assert met(dials, EN) == english
    assert met(dials, DE) == german
    assert moved(DE, Query(None, dials=dials)) == pytest.approx(WISH * len(german))


def test_limits_shut_out_before_the_search() -> None:
    def within(**limits: frozenset[str]) -> tuple[bool, bool]:
        set_by_a_person = limits_of(Dials(**limits))  # type: ignore[arg-type]
        assert set_by_a_person
        return set_by_a_person.allow(EN), set_by_a_person.allow(DE)

    assert limits_of(Dials(mute=("x",))) is None
    assert within(languages=frozenset({"en"})) == (True, False)
    assert within(without=frozenset({"death"})) == (True, False)
    assert within(without=frozenset({"death:suicide"})) == (True, True)
    assert within(without=frozenset({"death:child"}), languages=frozenset({"de"})) == (False, False)


def test_heavy_and_rosy_are_between_none_and_one() -> None:
    assert heaviness(DE) == pytest.approx(0.8)
    assert heaviness(EN) == pytest.approx(0.2 * 3 / 4)
    assert rosiness(DE) == pytest.approx(1)
    assert rosiness(EN) == pytest.approx(0.5 / 4)
    assert moved(DE, Query(None, lighter=True)) < moved(EN, Query(None, lighter=True)) < 0
    assert moved(DE, Query(None, franker=True)) < moved(EN, Query(None, franker=True)) < 0
    assert moved(DE, Query(None, hopeful=True)) > 0 > moved(EN, Query(None, hopeful=True))


def test_not_like_me_moves_others_like_that_one_down() -> None:
    assert moved(DE, Query(None), [DE]) == pytest.approx(-0.06)
    assert moved(EN, Query(None), [DE]) == 0


def test_ids_that_nobody_knows_are_said() -> None:
    assert known(Dials(pathways=frozenset({"medication"}))) == ()
    assert known(Dials(pathways=frozenset({"x"}), context=frozenset({"y"}), without=frozenset({"z"}))) == (
        "no such pathway: x",
        "no such context: y",
        "no such content note: z",
    )


def test_dials_of_the_command_line() -> None:
    assert dials([]) == Dials()
    assert dials(["along=further", "pathways=faith", "pathways=music", "mute=rain", "languages=en"]) == Dials(
        along="further", pathways=frozenset({"faith", "music"}), mute=("rain",), languages=frozenset({"en"})
    )
    for wrong in ("along=sideways", "mood=good", "pathways=", "along"):
        with pytest.raises(BadRecord, match="the dials are"):
            dials([wrong])
    with pytest.raises(BadRecord, match="no such pathway: x"):
        dials(["pathways=x"])


def test_a_conversation_is_looked_for_by_its_beginning_and_its_end() -> None:
    turns = [f"turn {i}" for i in range(12)]
    kept = of_turns(turns).split("\n")
    assert kept == [*turns[:FIRST_TURNS], *turns[-LAST_TURNS:]]
    assert of_turns(turns[:6]).split("\n") == turns[:6]
    assert of_turns([]) == ""
    assert len(of_turns(["x" * 9000])) == 1500
