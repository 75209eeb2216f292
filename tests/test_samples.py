"""The samples: all of them load, and none breaks the rules for stories (PRACTICE R13, R20) as far as rules can see."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from corpus import desk, vocabulary
from corpus.samples import load
from corpus.samples.directories import read_groups
from corpus.samples.read import FOLDER, Refused, parse_story, read_stories
from corpus.store import Store, open_store
from corpus.types import Part, Provenance, Purpose
from tests.conftest import make_story, take_in

STORIES = read_stories()
GROUPS = read_groups()

# Numbers beside these words, or the words themselves, are the kind of detail that harmed readers (R13).
DETAIL = re.compile(
    r"\b\d+(?:\.\d+)?\s*(?:mg|mgs|milligrams?|ml|kg|kgs|kilos?|lbs?|pounds?|stone|calories|kcal|units?|pints?|grams?)\b"
    r"|\b(?:calories|BMI|overdosed on|slit|noose|hanged|razor|blade|paracetamol|tylenol|fentanyl patch)\b",
    re.IGNORECASE,
)
CONTACT = re.compile(r"[\w.]+@[\w.]+\.\w+|https?://|\b\d{3}[-. ]\d{3,4}[-. ]?\d{4}\b")
ADVICE = re.compile(
    r"\b(you should|you need to|reach out to|my advice|if you are reading this|if you're reading this)\b", re.I
)


def test_every_file_loads() -> None:
    assert STORIES.refused == ()
    assert len(STORIES.good) >= 200


@pytest.mark.parametrize("story", STORIES.good, ids=lambda s: s.id)
def test_a_sample_story_keeps_the_rules(story) -> None:  # type: ignore[no-untyped-def]
    text = "\n".join(part.text for part in story.parts)
    assert story.provenance is Provenance.SAMPLE
    assert story.id.startswith("sample-")
    assert (FOLDER / "stories" / f"{story.id}.md").is_file()
    assert 250 <= story.words <= 600
    assert story.parts[0].part is Part.GOING_ON
    assert 1 <= len(story.themes) <= 4
    assert story.stage
    assert story.hope
    for rule in (DETAIL, CONTACT, ADVICE):
        assert not (found := rule.search(text)), found


def test_the_stories_are_many_people() -> None:
    themes = Counter(theme for story in STORIES.good for theme in story.themes)
    assert set(vocabulary.ids("themes")) <= set(themes), "a theme that no sample tells of"
    assert min(themes.values()) >= 4
    assert len({story.narrator for story in STORIES.good}) == len(STORIES.good)
    assert len({story.title for story in STORIES.good}) == len(STORIES.good)
    stages = Counter(story.stage for story in STORIES.good)
    assert min(stages.values()) >= 40
    assert sum(bool(story.setbacks) for story in STORIES.good) >= 60
    assert sum((story.hope or 3) <= 2 for story in STORIES.good) >= 30
    openings = Counter(story.parts[0].text.split()[0].lower() for story in STORIES.good)
    assert openings.most_common(1)[0][1] <= len(STORIES.good) / 4


def test_no_two_stories_share_eight_words_in_a_row() -> None:
    seen: dict[tuple[str, ...], str] = {}
    for story in STORIES.good:
        words = re.findall(r"\w+", " ".join(p.text for p in story.parts).lower())
        for i in range(len(words) - 7):
            assert seen.setdefault(tuple(words[i : i + 8]), story.id) == story.id


# --- reading ---

GOOD = """---
id: a
title: T
narrator: N
language: en
---

## What was going on

One.

Two.

## Where I am now

  Three.
"""


def test_words_are_kept_and_empty_parts_left_out() -> None:
    story = parse_story(GOOD.replace("## Where", "## What helped (or didn't)\n\n## Where"), Provenance.SAMPLE)
    assert [(p.part, p.text) for p in story.parts] == [(Part.GOING_ON, "One.\n\nTwo."), (Part.NOW, "Three.")]


def test_free_text_is_one_whole_part() -> None:
    story = parse_story(GOOD.split("## What")[0] + "Only this.", Provenance.PROGRAM)
    assert [(p.part, p.text) for p in story.parts] == [(Part.WHOLE, "Only this.")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("no front matter", "front matter"),
        ("---\nid: [\n---\n", "not YAML"),
        ("---\n- a\n---\n", "names and values"),
        (GOOD.replace("## Where I am now", "## How I won"), "four headings"),
        (GOOD.replace("id: a", "id: A B"), "id"),
        (GOOD.replace("language: en", "language: en\nthemes: [nonsense]"), "nonsense"),
        (GOOD.replace("language: en", "language: en\nhope: 9"), "hope"),
        (GOOD.replace("language: en", "language: en\nmood: 9"), "mood"),
        (GOOD.split("## What")[0], "parts"),
        (GOOD.replace("## Where I am now", "## What was going on"), "twice"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path: Path, bad: str, reason: str) -> None:
    (tmp_path / "a.md").write_text(bad)
    (tmp_path / "b.md").write_text(GOOD)
    loaded = read_stories(tmp_path)
    assert [s.id for s in loaded.good] == ["a"]
    assert loaded.refused[0].place == "a.md"
    assert reason in loaded.refused[0].reason


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\xfe\x00")
    assert read_stories(tmp_path).refused[0].place == "a.md"


# --- loading into a database ---


def test_loading_twice_changes_nothing(store: Store) -> None:
    report = load.load_samples(store)
    assert report
    assert report.added == len(STORIES.good)
    before = store.revision()
    assert load.load_samples(store) is None
    assert store.revision() == before


def test_a_newer_version_changes_samples_but_brings_none_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"sqlite:///{tmp_path}/j.db")
    load.load_samples(store)
    first, second, third = (story.id for story in STORIES.good[:3])
    desk.withdraw(store, first, "test")
    desk.withdraw(store, second, "test")
    store.withdraw_group(GROUPS.good[0].id, "test")
    changed = STORIES.good[2].model_copy(update={"title": "Another title"})
    newer = tuple(changed if s.id == third else s for s in STORIES.good)
    monkeypatch.setattr("corpus.samples.read.read_stories", lambda: type(STORIES)(newer, ()))
    store.set_note("samples", "an older version")
    report = load.load_samples(store)
    assert report
    assert (report.added, report.changed) == (0, 1)
    visible = store.visible([first, second, third], Purpose.SURFACE)
    assert set(visible) == {third}
    assert visible[third].story.title == "Another title"
    assert GROUPS.good[0].id not in store.visible_groups()
    store.close()


def test_a_sample_that_a_version_has_no_more_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    load.load_samples(store)
    monkeypatch.setattr("corpus.samples.read.read_stories", lambda: type(STORIES)(STORIES.good[1:], ()))
    store.set_note("samples", "an older version")
    load.load_samples(store)
    assert store.visible([STORIES.good[0].id], Purpose.SURFACE) == {}


def test_a_sample_that_is_refused_is_said_and_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = type(STORIES)(STORIES.good, (Refused("bad.md", "no front matter"),))
    monkeypatch.setattr("corpus.samples.read.read_stories", lambda: refused)
    load.load_samples(store)
    assert "bad.md" in caplog.text
    assert load.load_samples(store) is not None


def test_samples_are_never_shared_as_testimony(store: Store) -> None:
    load.load_samples(store)
    assert store.visible([s.id for s in STORIES.good], Purpose.SHARE) == {}


def test_withdrawing_scrubs_and_tells_when_there_is_none(store: Store) -> None:
    take_in(store, make_story())
    report = desk.withdraw(store, "one", "test")
    assert report
    assert report.log == 0
    assert desk.withdraw(store, "one", "test") is None


def test_two_processes_that_start_at_the_same_moment_do_not_hinder_each_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load.load_samples(store)
    assert other
    store.set_note("samples", "not of this version")
    summaries, first = store.summaries, [True]
    # What this process read was before the other one wrote.
    monkeypatch.setattr(store, "summaries", lambda: () if first and first.pop() else summaries())
    report = load.load_samples(store)
    assert report
    assert (report.added, report.stories) == (0, other.stories)
