"""Looking through groups by facets: what fits, in which order, and which towns are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import make_group

from corpus.store import Store, open_store
from corpus.types import Group
from index.browse import Directory
from index.facets import MOST_ACCESS, Choice
from index.places import Town, coarse, distance, miles

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # a Friday
CHECKED = date(2026, 11, 1)


class Now:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def weekly(day: str = "TU", start: str = "19:00", end: str | None = "20:00", **more: Any) -> dict[str, Any]:
    return {"days": day.split(), "start": start, "end": end, "timezone": "Europe/London", **more}


def make(id: str, *schedules: dict[str, Any], **more: Any) -> Group:
    return make_group(id, schedules=schedules, **{"checked_on": CHECKED, "name": id, **more})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/journey.db")
    yield opened
    opened.close()


def directory(store: Store, *groups: Group, clock: Now | None = None) -> Directory:
    for group in groups:
        store.put_group(group, "test")
    return Directory(store, clock or Now())


def ids(one: Directory, **choice: Any) -> list[str]:
    sets = {k: frozenset(v) if isinstance(v, set) else v for k, v in choice.items()}
    found = one.look(Choice(**sets))
    assert found.total == len(found.hits)
    return [hit.id for hit in found.hits]


# --- what fits -------------------------------------------------------------------------------------------------------

GROUPS = (
    make("walk", weekly("SA", "10:00", "11:00"), kind="social", attendance="in_person", themes=("grief",), openness="open",
         access=("Step-free", "quiet room"), cost={"free": True}, languages=("en-GB",)),
    make("screen", weekly("TU", "19:00"), kind="meeting", attendance="online", themes=("alcohol",), openness="closed",
         languages=("es", "en"), access=("captions",), description="A round of SHARING, with café noises."),
    make("both", weekly("TU", "08:00", "09:00"), kind="meeting", attendance="hybrid", themes=("grief", "alcohol"),
         audience=("parent",), access=("step-free",)),
    make("line", weekly("MO TU WE TH FR SA SU", "22:00", "02:00", hours=True), kind="warmline", attendance="phone", themes=("sleep",)),
    make("always", kind="warmline", attendance="online", phone="1", always_open=True, themes=()),
    make("vague", weekly("TU", "19:00", timezone=None), kind="meeting", themes=()),
)  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "fits"),
    [
        ({}, {"walk", "screen", "both", "line", "always", "vague"}),
        ({"kinds": {"meeting"}}, {"screen", "both", "vague"}),
        ({"kinds": {"meeting", "social"}}, {"screen", "both", "vague", "walk"}),
        ({"ways": {"in_person"}}, {"walk", "both"}),
        ({"ways": {"online"}}, {"screen", "both", "always"}),
        ({"ways": {"phone"}}, {"line", "always"}),
        ({"ways": {"phone", "in_person"}}, {"line", "always", "walk", "both"}),
        ({"languages": {"es"}}, {"screen"}),
        ({"languages": {"en"}, "ways": {"in_person"}}, {"walk", "both"}),
        ({"themes": {"grief"}}, {"walk", "both"}),
        ({"themes": {"grief", "alcohol"}}, {"walk", "both", "screen"}),
        ({"themes": {"grief"}, "kinds": {"meeting"}}, {"both"}),
        ({"audience": {"parent"}}, {"both"}),
        ({"openness": {"closed"}}, {"screen"}),
        ({"free": True}, {"walk"}),
        ({"access": {"step-free"}}, {"walk", "both"}),
        ({"days": {"TU"}}, {"screen", "both", "line", "always"}),
        ({"days": {"SA"}}, {"walk", "line", "always"}),
        ({"days": {"TU"}, "times": {"evening"}}, {"screen", "always"}),
        ({"days": {"SA"}, "times": {"evening"}}, {"always"}),  # one meeting on a Saturday, and none in its evening
        ({"times": {"morning"}}, {"walk", "both", "always"}),
        ({"times": {"night"}}, {"line", "always"}),
        ({"days": {"TU"}, "times": {"night"}}, {"line", "always"}),
        ({"words": ("sharing",)}, {"screen"}),
        ({"words": ("cafe", "round")}, {"screen"}),
        ({"words": ("cafe", "cat")}, set()),
        # 19:00 in London is 04:00 of the next day in Tokyo; the line is open there from seven to eleven in the morning
        ({"days": {"WE"}, "times": {"morning"}, "clock": "Asia/Tokyo"}, {"screen", "line", "always"}),
        ({"days": {"TU"}, "times": {"evening"}, "clock": "Asia/Tokyo"}, {"both", "always"}),
    ],
)  # fmt: skip
def test_all_facets_and_any_of_each(store: Store, choice: dict[str, Any], fits: set[str]) -> None:
    assert set(ids(directory(store, *GROUPS), **choice)) == fits


def test_the_times_of_day_overlap_and_end_where_they_say(store: Store) -> None:
    hours = {f"at-{h:02}": make(f"at-{h:02}", weekly("MO", f"{h:02}:00", None)) for h in range(24)}
    one = directory(store, *hours.values())
    assert ids(one, times={"morning"}) == [f"at-{h:02}" for h in range(4, 12)]
    assert ids(one, times={"afternoon"}) == [f"at-{h:02}" for h in range(11, 17)]
    assert ids(one, times={"evening"}) == [f"at-{h:02}" for h in range(16, 21)]
    assert set(ids(one, times={"night"})) == {f"at-{h:02}" for h in (20, 21, 22, 23, 0, 1, 2, 3, 4)}


def test_hours_of_opening_over_the_end_of_the_week(store: Store) -> None:
    one = directory(store, make("late", weekly("SU", "22:00", "06:00", hours=True)))
    assert ids(one, days={"MO"}, times={"morning"}) == ["late"]
    assert ids(one, days={"MO"}, times={"afternoon"}) == []
    assert ids(one, days={"SA"}) == []


def test_a_series_that_has_ended_fits_no_day(store: Store) -> None:
    one = directory(store, make("over", weekly("TU", until=date(2026, 11, 20))))
    assert ids(one, days={"TU"}) == []
    assert ids(one) == ["over"]


def test_only_what_occurs_is_offered(store: Store) -> None:
    offers = directory(store, *GROUPS[:2]).offers()
    assert offers.kinds == ("meeting", "social")
    assert offers.ways == ("in_person", "online")
    assert offers.languages == ("en", "es")
    assert offers.days == ("TU", "SA")
    assert offers.times == ("morning", "evening")
    assert offers.themes == ("alcohol", "grief")
    assert offers.audience == ()
    assert offers.openness == ("open", "closed")
    assert offers.access == {"captions": "captions", "quiet room": "quiet room", "step-free": "Step-free"}
    assert offers.free
    assert offers.clocks == ("Europe/London",)
    assert directory(store).offers() == Directory(store).offers()


def test_of_many_words_of_access_the_most_common_are_offered(store: Store) -> None:
    rare = make("rare", access=tuple(f"word {n:03}" for n in range(60)))
    offers = directory(
        store, rare, make("a", access=("Zebra crossing",)), make("b", access=("zebra crossing",))
    ).offers()
    assert len(offers.access) == MOST_ACCESS
    assert offers.access["zebra crossing"] == "Zebra crossing"


# --- who is in it ----------------------------------------------------------------------------------------------------


def test_only_active_listed_groups_are_looked_through(store: Store) -> None:
    states = ("active", "temporarily_closed", "inactive", "unlisted")
    one = directory(store, *(make(state, status=state, place={"city": f"Town {state}"}) for state in states))
    assert ids(one) == ["active"]
    assert one.offers().towns == ("Town active",)


def test_it_follows_the_store(store: Store) -> None:
    one = directory(store, make("a"), make("b", themes=("sleep",)))
    assert ids(one) == ["a", "b"]
    store.put_group(make("c"), "test")
    assert ids(one) == ["a", "b", "c"]
    store.withdraw_group("a", "test")
    store.put_group(make("b", status="unlisted"), "test")
    assert ids(one) == ["c"]
    assert one.offers().themes == ("grief",)
    store.put_group(make("b", name="0 first"), "test")
    assert ids(one) == ["b", "c"]


def test_a_group_that_was_only_embedded_is_not_worked_out_again(store: Store) -> None:
    import numpy as np

    one = directory(store, make("a"), make("b"))
    assert ids(one) == ["a", "b"]
    before = one._listed
    store.put_group_vectors("toy", {"a": (store.visible_groups(["a"])["a"], np.ones(2, dtype=np.float32))})
    assert ids(one) == ["a", "b"]
    assert one._listed is before
    store.put_group(make("a", name="z"), "test")
    assert ids(one) == ["b", "a"]


# --- order -----------------------------------------------------------------------------------------------------------


def test_what_meets_soonest_comes_first_then_names(store: Store) -> None:
    one = directory(
        store,
        make("zoe", name="Éclair asks"), make("by-the-way"),
        make("tomorrow", weekly("SA", "09:00")), make("tonight", weekly("FR", "20:00")),
        make("now", weekly("FR", "11:30", "13:00")), make("always", always_open=True),
        make("unsure", weekly("FR", "12:30", certain=False)), make("no-zone", weekly("FR", "12:30", timezone=None)),
    )  # fmt: skip
    assert ids(one) == ["always", "now", "tonight", "tomorrow", "by-the-way", "zoe", "no-zone", "unsure"]


def test_the_order_moves_with_the_clock(store: Store) -> None:
    clock = Now()
    one = directory(store, make("a", weekly("FR", "13:00", "14:00")), make("b", weekly("FR", "15:00")), clock=clock)
    assert ids(one) == ["a", "b"]
    clock.now += timedelta(hours=2, minutes=30)
    assert ids(one) == ["b", "a"]


def test_what_nobody_checked_for_a_year_comes_after_and_is_not_hidden(store: Store) -> None:
    year = NOW.date() - timedelta(days=365)
    one = directory(
        store,
        make("old", weekly("FR", "13:00"), checked_on=year - timedelta(days=1)),
        make("never", weekly("FR", "12:30"), checked_on=None),
        make("just", weekly("FR", "14:00"), checked_on=year),
        make("asks"),
    )
    assert ids(one) == ["just", "asks", "never", "old"]


def test_programmes_take_turns_and_none_is_always_first(store: Store) -> None:
    same = [
        make(f"{p}{n}", weekly("FR", hour), programme=p)
        for p, n in (("aa", 1), ("aa", 2), ("aa", 3), ("na", 1), ("", 1))
        for hour in ("20:00",)
    ]
    one = directory(store, *same)
    first = ids(one)
    assert {id[:2] for id in first[:3]} == {"aa", "na", "1"} or {id.rstrip("123") for id in first[:3]} == {
        "aa",
        "na",
        "",
    }
    assert first[3:] == ["aa2", "aa3"]
    leading = set()
    for n in range(40):
        clock = Now()
        clock.now = NOW + timedelta(weeks=n)
        leading.add(ids(Directory(store, clock))[0].rstrip("123"))
    assert leading == {"aa", "na", ""}


def test_pages_together_are_the_whole_once(store: Store) -> None:
    one = directory(store, *(make(f"g{n}", weekly("FR", "20:00"), programme=("aa", "na")[n % 2]) for n in range(9)))
    whole = [hit.id for hit in one.look(Choice()).hits]
    pages = [one.look(Choice(), skip, 4) for skip in (0, 4, 8, 12)]
    assert [hit.id for page in pages for hit in page.hits] == whole
    assert {page.total for page in pages} == {9}
    assert len(set(whole)) == 9


# --- places ----------------------------------------------------------------------------------------------------------


def at(city: str, lat: float | None = None, lon: float | None = None, **more: Any) -> dict[str, Any]:
    return {"city": city, "latitude": lat, "longitude": lon, **more}


def town(one: Directory, text: str) -> Town:
    (found,) = one.towns(text)
    return found


def test_the_directory_is_the_gazetteer(store: Store) -> None:
    one = directory(
        store,
        make("d1", place=at("Dublin", 53.35, -6.26, postal_code="D02 X285"), attendance="in_person"),
        make("d2", place=at("Dublin", 53.33, -6.24, region="Leinster", country="IE"), attendance="in_person"),
        make("d3", place=at("dublin"), attendance="in_person"),
        make("bray", place=at("Bray", 53.2, -6.1), attendance="hybrid"),
        make("cork", place=at("Corcaigh", 51.9, -8.47), attendance="in_person"),
        make("nowhere", place=at("Tralee"), attendance="in_person"),
        make("screen", place=at("Dublin", 53.35, -6.26), attendance="online"),
    )
    assert one.towns("Atlantis") == ()
    assert one.towns("") == ()
    dublin = town(one, " DUBLIN ")
    assert dublin.label == "Dublin, Leinster"
    assert town(one, "Dublin,Leinster") == dublin
    found = one.look(Choice(town=dublin)).hits
    assert [(hit.id, hit.km) for hit in found] == [
        ("d1", 5),
        ("d2", 5),
        ("d3", 5),
        ("bray", 20),
        ("cork", 220 // 50 * 50),
    ]
    assert ids(one, town=dublin, within=25) == ["d1", "d2", "d3", "bray"]
    assert ids(one, town=town(one, "d02 x285"), within=10) == ["d1", "d2"]
    assert town(one, "D02").ids == {"d1"}
    assert ids(one, town=town(one, "tralee")) == ["nowhere"]


def test_a_name_that_several_places_bear_is_asked_about(store: Store) -> None:
    one = directory(
        store,
        make("il", place=at("Springfield", 39.8, -89.6, region="Illinois"), attendance="in_person"),
        make("ma", place=at("Springfield", 42.1, -72.6, region="Massachusetts"), attendance="in_person"),
        make("one", place=at("Newport", 50.7, -1.3, country="GB"), attendance="in_person"),
        make("two", place=at("Newport", 41.5, -71.3, country="US"), attendance="in_person"),
        make("blank", place=at("Springfield"), attendance="in_person"),
    )
    assert sorted(t.label for t in one.towns("springfield")) == [
        "Springfield", "Springfield, Illinois", "Springfield, Massachusetts",
    ]  # fmt: skip
    assert town(one, "Springfield, Illinois").ids == {"il"}
    assert sorted(t.label for t in one.towns("Newport")) == ["Newport, GB", "Newport, US"]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [("SW1A 1AA", "sw1a1aa"), ("SW1A 1AA", "SW1A 2BB"), ("94110-1234", "94110"), ("10115", "10115"), ("K1A 0B1", "k1a"),
     ("D02 X285", "D02 A111")],
)  # fmt: skip
def test_postcodes_and_the_areas_they_lie_in(store: Store, stored: str, asked: str) -> None:
    one = directory(store, make("here", place=at("T", 1, 1, postal_code=stored), attendance="in_person"))
    assert town(one, asked).ids == {"here"}
    assert one.towns("EC9 9ZZ") == ()


def test_distances_are_said_coarsely() -> None:
    assert round(distance((53.35, -6.26), (51.9, -8.47))) == 220
    assert [coarse(km) for km in (0, 2, 7.4, 7.6, 48, 53, 196, 224, 226, 1049)] == [
        5,
        5,
        5,
        10,
        50,
        50,
        200,
        200,
        250,
        1000,
    ]
    assert [miles(km) for km in (5, 10, 50)] == [3, 6, 31]
    assert round(distance((0, 179.9), (0, -179.9))) == 22


def test_the_middle_of_a_town_at_the_date_line_is_there(store: Store) -> None:
    one = directory(
        store,
        make("w", place=at("Taveuni", -16.8, 179.9), attendance="in_person"),
        make("e", place=at("Taveuni", -16.8, -179.9), attendance="in_person"),
    )
    middle = town(one, "Taveuni").middle
    assert middle
    assert abs(abs(middle[1]) - 180) < 0.1


def test_what_a_visitor_would_wait_for_is_done_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Now()
    one = directory(store, *GROUPS, clock=clock)
    one.keep_up()
    asked: list[str] = []
    monkeypatch.setattr(store, "group_changes", lambda _: asked.append("changes"))
    monkeypatch.setattr("index.browse.upcoming", lambda *_: asked.append("times"))
    assert len(ids(one)) == len(GROUPS)
    clock.now += timedelta(seconds=60)
    one.keep_up()
    clock.now += timedelta(seconds=100)  # after two minutes without it the list is put in order in the visitor's time
    assert len(ids(one)) == len(GROUPS)
    assert asked == []


def test_a_conversation_does_not_wait_while_groups_are_read(store: Store) -> None:
    place = {"name": "Hall", "city": "Ballina", "country": "IE"}
    store.put_group(make_group("a", attendance="in_person", place=place), "test")
    listed = directory(store)
    assert listed.known_towns("Ballina") == (), "it reads nothing itself"
    listed.refresh()
    with listed._lock:  # as while thousands are read
        assert [town.label for town in listed.known_towns("ballina")] == ["Ballina"]
