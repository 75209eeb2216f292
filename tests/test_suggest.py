"""Which groups are suggested: by what was said and chosen, lower and never hidden for what does not fit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from corpus.types import Group
from index.facets import Choice, row_of
from index.places import Gazetteer
from index.suggest import GROUP_FLOOR, Wanted, by_turns, missed, nearest_of_each, reached, suggested, towns_said
from tests.conftest import make_group

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
FRESH = date(2026, 10, 1)
LEEDS = {"name": "Hall", "city": "Leeds", "country": "GB", "latitude": 53.8, "longitude": -1.55}
BRADFORD = {**LEEDS, "city": "Bradford", "latitude": 53.79, "longitude": -1.75}
PERTH = {**LEEDS, "city": "Perth", "country": "AU", "latitude": -31.95, "longitude": 115.86}


def group(id: str, **changes: Any) -> Group:
    return make_group(id, **{"checked_on": FRESH, "themes": (), "attendance": "online", "place": None, **changes})


def order(wanted: Wanted, *groups: Group, cosine: float = 0.5) -> list[str]:
    return [one.id for _, one in suggested([(g, cosine) for g in groups], wanted, NOW)]


def towns(*groups: Group) -> Gazetteer:
    return Gazetteer({g.id: g.place for g in groups if g.place})


def test_nearness_and_themes_decide_first() -> None:
    near, far = group("a-far"), group("b-near")
    assert [g.id for _, g in suggested([(near, 0.4), (far, 0.6)], Wanted({}), NOW)] == ["b-near", "a-far"]
    about = group("z", themes=("grief",))
    assert order(Wanted({"grief": 0.9}), group("a"), about) == ["z", "a"]
    assert order(Wanted({"grief": 0.5}, told=("grief",)), group("a"), about) == ["z", "a"]


def test_what_is_far_from_what_was_said_is_not_offered() -> None:
    assert order(Wanted({}), group("a"), cosine=GROUP_FLOOR - 0.01) == []
    assert order(Wanted({}), group("a"), cosine=GROUP_FLOOR) == ["a"]
    assert order(Wanted({}), group("a", status="inactive")) == []


@pytest.mark.parametrize(
    ("choice", "fits"),
    [
        (Choice(kinds=frozenset({"warmline"})), {"kind": "warmline", "phone": "0000 000000"}),
        (Choice(ways=frozenset({"in_person"})), {"attendance": "in_person", "place": LEEDS}),
        (Choice(languages=frozenset({"pt"})), {"languages": ("pt-BR",)}),
        (Choice(audience=frozenset({"veteran"})), {"audience": ("veteran",)}),
        (Choice(openness=frozenset({"closed"})), {"openness": "closed"}),
        (Choice(free=True), {"cost": {"free": True, "text": ""}}),
    ],
)
def test_what_was_chosen_stands_first_and_the_rest_is_lower_not_hidden(choice: Choice, fits: dict[str, Any]) -> None:
    plain = group("a", cost={"free": None, "text": ""}, openness="open")
    right = group("z", **{"cost": {"free": None, "text": ""}, "openness": "open", **fits})
    assert order(Wanted({}), plain, right) == ["a", "z"], "else by id: equals"
    assert order(Wanted({}, choice=choice), plain, right) == ["z", "a"]
    assert (missed(row_of(right), choice, NOW), missed(row_of(plain), choice, NOW)) == (0, 1)


def test_days_and_hours_are_one_choice() -> None:
    there = {"start": "19:00", "end": "20:00", "timezone": "Europe/London"}
    tuesday = row_of(group("a", schedules=({**there, "days": ("TU",)},)))
    both = Choice(days=frozenset({"MO"}), times=frozenset({"morning"}))
    assert missed(tuesday, both, NOW) == 1
    assert missed(tuesday, Choice(days=frozenset({"TU"}), times=frozenset({"evening"})), NOW) == 0
    assert missed(tuesday, Choice(), NOW) == 0


def test_a_room_within_reach_of_the_place_that_was_named() -> None:
    near, far, anywhere = (
        group("c", attendance="in_person", place=BRADFORD), group("a", attendance="in_person", place=PERTH), group("b"),
    )  # fmt: skip
    leeds = towns(group("x", place=LEEDS)).find("leeds")
    assert order(Wanted({}, towns=leeds), near, far, anywhere) == ["c", "b", "a"]
    assert reached(row_of(near), leeds[0])
    assert not reached(row_of(far), leeds[0])
    assert not reached(row_of(anywhere), leeds[0]), "an online group is nowhere"


def test_a_place_without_coordinates_is_reached_by_its_name() -> None:
    bare = {"name": "Hall", "city": "Ballina", "country": "IE"}
    one = group("a", attendance="in_person", place=bare)
    (town,) = towns(one).find("Ballina")
    assert reached(row_of(one), town)
    assert not reached(row_of(group("b", attendance="in_person", place=bare)), town)


def test_country_language_and_age_of_the_record() -> None:
    assert order(Wanted({}, country="GB"), group("a", attendance="in_person", place=PERTH), group("b")) == ["b", "a"]
    assert order(Wanted({}, country="GB"), group("a", place=PERTH), group("b")) == ["a", "b"], "one can be online"
    assert order(Wanted({}, languages=("es",)), group("a", languages=("en",)), group("b", languages=("es",))) == [
        "b", "a",
    ]  # fmt: skip
    assert order(Wanted({}), group("a", checked_on=date(2025, 1, 1)), group("b"), group("c", checked_on=None)) == [
        "b", "a", "c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i'm in leeds and nobody knows", ["Leeds"]),
        ("I live near Leeds.", ["Leeds"]),
        ("something around st. ives please", ["St. Ives"]),
        ("is there a meeting for people like me in leeds", ["Leeds"]),
        ("leeds", []),
        ("I was reading all night", []),
        ("my eyes hurt from reading all night", []),
        ("it was a nice day", []),
        ("I cried in leeds station", []),  # somewhere once, and not where they are
        ("in bits, in pieces", []),
        ("i'm in new york now, before that I lived in leeds. anyone near st. ives?", ["New York", "St. Ives"]),
    ],
)
def test_towns_that_somebody_says_they_are_in(text: str, found: list[str]) -> None:
    known = [
        group(str(n), attendance="in_person", place={**LEEDS, "city": city, "latitude": 10.0 * n, "longitude": 5.0})
        for n, city in enumerate(("Leeds", "Nice", "New York", "Reading", "St. Ives"), 1)
    ]
    assert [town.label.split(",")[0] for town in towns_said(text, towns(*known).find)] == found


def test_a_long_text_without_places_is_read_quickly() -> None:
    assert towns_said("i am in " * 20_000 + "the", towns(group("x", place=LEEDS)).find) == ()


def test_directories_and_programmes_leave_room() -> None:
    many = [(f"big:{n}", 1.0) for n in range(300)] + [("small:1", 0.1), ("alone", 0.1)]
    kept = [id for id, _ in nearest_of_each(many)]
    assert len(kept) == 102
    assert {"small:1", "alone"} <= set(kept)
    aa, other = [group(f"aa{n}", programme="aa") for n in range(3)], group("o", programme="na")
    assert [g.id for g in by_turns([*aa, other], 2)] == ["aa0", "o"]
