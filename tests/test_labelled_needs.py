"""The labelled set for groups: needs are as they say, and judgments name groups that are there."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any

import pytest
import yaml

from corpus import vocabulary
from corpus.groups.collapse import collapse
from corpus.groups.listing import Feed
from corpus.groups.read import read
from corpus.samples.read import FOLDER
from corpus.types import Group

LABELLED = FOLDER / "labelled"
DIRECTORIES = FOLDER / "groups" / "directories.yaml"
CHOICES: dict[str, set[str] | None] = {  # None: any words, or checked by themselves
    "attendance": {"online", "in_person", "phone", "hybrid"},
    "near": None,
    "languages": None,
    "days": {"MO", "TU", "WE", "TH", "FR", "SA", "SU"},
    "time": {"morning", "afternoon", "evening", "night"},
    "kind": {"meeting", "support_group", "warmline", "workshop", "social", "one_to_one"},
    "audience": set(vocabulary.ids("contexts")),
    "free": None,
    "openness": {"open", "closed"},
}
LISTS = {"attendance", "languages", "days", "audience"}


def _needs() -> list[dict[str, Any]]:
    lines = (LABELLED / "needs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _judgments() -> list[tuple[str, str, int]]:
    """(need, group, grade) in the order of the file."""
    header, *rows = (LABELLED / "need_judgments.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "query_id\tgroup_id\tgrade"
    return [(need, group, int(grade)) for need, group, grade in (row.split("\t") for row in rows)]


@lru_cache(maxsize=1)
def _groups() -> dict[str, Group]:
    """Every group of the sample directories by id, the days of one group put together."""
    found: dict[str, Group] = {}
    for one in yaml.safe_load(DIRECTORIES.read_text(encoding="utf-8"))["directories"]:
        feed = Feed(one["feed"], one["timezone"], one["programme"], one["entity"])
        batch = read(DIRECTORIES.parent / one["file"], feed, one["format"])
        found |= {listing.group.id: listing.group for listing in collapse(batch.listings)}
    return found


NEEDS = _needs()
JUDGMENTS = _judgments()
BY_ID = {need["_id"]: need for need in NEEDS}
OPENS = {  # which groups a wish for a way of meeting lets in
    "in_person": {"in_person", "hybrid"},
    "online": {"online", "hybrid"},
    "phone": {"phone"},
    "hybrid": {"hybrid"},
}
directory = pytest.mark.skipif(not DIRECTORIES.exists(), reason="the sample directories are not there")


def _words(need: dict[str, Any]) -> str:
    return " ".join(need.get("turns") or [need["text"]])


def test_there_are_a_hundred_and_fifty_needs_in_two_voices_of_the_same_kinds() -> None:
    assert [need["_id"] for need in NEEDS] == [f"n{i:03d}" for i in range(1, 151)]
    kinds = {v: Counter(need["kind"] for need in NEEDS if need["voice"] == v) for v in ("a", "b")}
    assert kinds["a"] == kinds["b"]
    assert kinds["a"].total() == 75
    assert set(kinds["a"]) == {"plain", "short", "long", "typos", "slang", "indirect", "turns", "no_match"}
    assert min(kinds["a"].values()) >= 6
    assert len({_words(need) for need in NEEDS}) == 150
    assert {theme for need in NEEDS for theme in need["themes"]} == set(vocabulary.ids("themes"))
    languages = Counter(need["language"] for need in NEEDS)
    assert languages["en"] == 120
    assert set(languages) == {"en", "es", "fr", "de", "pt"}
    assert 80 <= sum("choices" in need for need in NEEDS) <= 100


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need["_id"])
def test_a_need_is_as_it_says(need: dict[str, Any]) -> None:
    assert set(need) - {"choices"} in (
        {"_id", said, "themes", "situation", "kind", "voice", "language"} for said in ("text", "turns")
    )
    assert not vocabulary.unknown("themes", tuple(need["themes"]))
    assert bool(need["themes"]) == (need["kind"] != "no_match")
    assert need["situation"].endswith(".")
    words = len(_words(need).split())
    assert (len(need.get("turns", ())) > 1) == (need["kind"] == "turns")
    if need["kind"] == "short":
        assert 3 <= words <= 8
    if need["kind"] == "long":
        assert 100 <= words <= 200
    assert not re.search(r"\b(noose|hanged|razor|blade|tablets at once|overdosed on)\b", _words(need))


@pytest.mark.parametrize("need", [need for need in NEEDS if "choices" in need], ids=lambda need: need["_id"])
def test_choices_are_ones_that_can_be_made(need: dict[str, Any]) -> None:
    assert need["choices"]
    assert set(need["choices"]) <= set(CHOICES)
    for name, given in need["choices"].items():
        allowed = CHOICES[name]
        assert isinstance(given, list) == (name in LISTS), name
        if allowed is not None:
            assert set(given if isinstance(given, list) else [given]) <= allowed, name
        assert given, name
    assert need["choices"].get("free", True) is True
    assert need["choices"].get("near", "somewhere").strip()
    assert all(re.fullmatch(r"[a-z]{2,3}", tag) for tag in need["choices"].get("languages", ()))


def test_judgments_are_grades_of_needs_that_something_can_answer() -> None:
    assert len({(need, group) for need, group, _ in JUDGMENTS}) == len(JUDGMENTS)
    for need, group, grade in JUDGMENTS:
        assert BY_ID[need]["kind"] != "no_match", need
        assert grade in (1, 2, 3), (need, group)
    best: dict[str, int] = {}
    for need, _, grade in JUDGMENTS:
        best[need] = max(best.get(need, 0), grade)
    assert len(best) >= 110
    for voice in ("a", "b"):
        assert sum(grade >= 2 for need, grade in best.items() if BY_ID[need]["voice"] == voice) >= 25


@directory
def test_judgments_name_groups_of_the_sample_directories() -> None:
    assert {group for _, group, _ in JUDGMENTS} <= set(_groups())


@directory
def test_a_good_grade_breaks_no_choice() -> None:
    for need, id, grade in JUDGMENTS:
        chosen, group = BY_ID[need].get("choices", {}), _groups()[id]
        if grade < 2:
            continue
        if "languages" in chosen:
            assert set(chosen["languages"]) & {tag.split("-")[0] for tag in group.languages}, (need, id)
        if "attendance" in chosen:
            assert any(group.attendance in OPENS[way] for way in chosen["attendance"]), (need, id)
        if "free" in chosen:
            assert group.cost.free is not False, (need, id)
            assert group.cost.free or grade == 2, (need, id)
        if "openness" in chosen:
            assert group.openness == chosen["openness"], (need, id)
        if "kind" in chosen:
            assert group.kind == chosen["kind"], (need, id)
        if "days" in chosen and group.schedules:
            assert any(set(chosen["days"]) & set(meets.days) for meets in group.schedules), (need, id)
        if "audience" in chosen:
            assert set(chosen["audience"]) & set(group.audience) or grade == 2, (need, id)
