"""The labelled set for groups: needs are as they say, and judgments name groups that are there."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from corpus import vocabulary
from corpus.samples.read import FOLDER

LABELLED = FOLDER / "labelled"
IMPORTED = ("neighbourhood.csv", "tern-bay-meetings.json", "open-gate.json")  # directories beside the Markdown samples
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
    assert header == "need_id\tgroup_id\tgrade"
    return [(need, group, int(grade)) for need, group, grade in (row.split("\t") for row in rows)]


NEEDS = _needs()


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
