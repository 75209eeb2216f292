"""The sample groups: three directories, read by the importers that a program's own are read by, and all of it invented."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from assistant.care import check_reply
from corpus import vocabulary
from corpus.groups.times import next_meeting
from corpus.samples import load
from corpus.samples.directories import GROUPS as FOLDER
from corpus.samples.directories import MOVED, read_directories, read_groups
from corpus.samples.read import Loaded
from corpus.store import Store, open_store, utc_now
from corpus.types import Group, Provenance
from tests.conftest import make_group

DIRECTORIES = read_directories()
LOADED = read_groups()
GROUPS = LOADED.good
BY_ID = {group.id: group for group in GROUPS}
FILES = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}

# Ranges that regulators keep for fiction: NANPA 555-01xx, Ofcom, ACMA, ComReg, Arcep, Bundesnetzagentur.
RESERVED = re.compile(
    r"\+1 \d{3} 555 01\d\d|\+44 (?:20 7946 0|1632 960)\d{3}|\+61 491 570 (?:156|157|158|159|110)"
    r"|\+353 20 91\d \d{4}|\+33 1 99 00 \d\d \d\d|\+49 40 66969 \d{3}"
)
ADDRESS = re.compile(r"https?://([^/\s\"?]+)|[\w.+-]+@([\w.-]+\w)")
PLANTED = {"sample-neighbourhood": 0, "sample-tern-bay": 4, "sample-open-gate": 3}
SECRETS = ("lantern77", "marigold8", "dana@", "Thandi", "thandi@")


def words_of(group: Group) -> str:
    return "\n".join(
        (group.name, group.description, group.eligibility, group.how_to_join, group.how_to_leave, group.run_by)
    )


def test_nothing_of_it_is_refused_or_in_doubt() -> None:
    assert LOADED.refused == ()
    assert {one.batch.format for one in DIRECTORIES} == {"sheet", "meeting-guide", "bmlt"}
    kinds = {kind for one in DIRECTORIES for row in one.batch.listings for kind, _ in row.warnings}
    assert kinds == {
        "host_unknown", "code_unknown", "day_words", "weekly_assumed", "passcode_withheld", "contact_withheld",
    }  # fmt: skip


def test_what_was_planted_is_withheld() -> None:
    assert {one.feed.name: sum(row.withheld for row in one.batch.listings) for one in DIRECTORIES} == PLANTED
    planted = "".join(FILES.values()).casefold()
    shown = "".join(group.model_dump_json() for group in GROUPS).casefold()
    for secret in SECRETS:
        assert secret.casefold() in planted
        assert secret.casefold() not in shown


def test_it_is_wide() -> None:
    assert len(GROUPS) >= 80
    assert len({group.name for group in GROUPS}) == len(GROUPS)
    countries = {group.place.country for group in GROUPS if group.place and group.place.country}
    assert countries >= {"US", "CA", "GB", "IE", "AU", "NZ", "DE", "FR", "ES", "PT", "BR", "MX", "IN", "ZA"}
    assert len({s.timezone for group in GROUPS for s in group.schedules}) >= 20
    assert {language for group in GROUPS for language in group.languages} >= {"en", "es", "fr", "de", "pt", "nl", "no"}
    kinds = Counter[str](group.kind for group in GROUPS)
    for kind, least in {
        "meeting": 30, "support_group": 15, "warmline": 5, "workshop": 6, "social": 8, "one_to_one": 4,
    }.items():  # fmt: skip
        assert kinds[kind] >= least, kind
    ways = Counter(group.attendance for group in GROUPS)
    assert set(ways) == {"in_person", "online", "hybrid", "phone"}
    assert min(ways.values()) >= 5
    assert Counter(group.openness for group in GROUPS)["closed"] >= 10
    assert {group.cost.free for group in GROUPS} == {True, False, None}
    calls = {group.contacts_emergency_services for group in GROUPS if group.kind == "warmline"}
    assert calls == {"yes", "no", "unknown"}


def test_each_theme_has_three_groups_and_each_circle_of_people_one() -> None:
    themes = Counter(theme for group in GROUPS for theme in group.themes)
    assert {theme for theme in vocabulary.ids("themes") if themes[theme] < 3} == set()
    assert {context for group in GROUPS for context in group.audience} == set(vocabulary.ids("contexts"))


def test_times_of_all_kinds_are_there() -> None:
    schedules = [s for group in GROUPS for s in group.schedules]
    assert {day for s in schedules for day in s.days} == {"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
    assert sum(bool(s.end and s.end < s.start) for s in schedules) >= 3, "past midnight"
    assert {s.start[:2] for s in schedules} >= {"06", "07", "09", "10", "12", "13", "16", "18", "20", "22", "23"}
    assert sum(group.by_appointment for group in GROUPS) >= 4
    unsure = [group for group in GROUPS if any(not s.certain for s in group.schedules)]
    assert {group.name for group in unsure} >= {"Creek Crew", "Flat Calm", "The Unset Place", "Under Twenty-Six"}
    assert all(s.label for group in unsure for s in group.schedules)
    now = utc_now()
    assert all(next_meeting(group, now) for group in GROUPS if group.schedules)


def test_days_of_one_group_are_put_together() -> None:
    kettle = [group for group in GROUPS if group.name == "Kettle Hour"]
    assert [group.schedules[0].days for group in kettle] == [("MO", "WE", "FR")]
    assert FILES["tern-bay-meetings.json"].count('"Kettle Hour"') == 3


def test_some_were_looked_at_long_ago() -> None:
    checked = [group.checked_on for group in GROUPS if group.checked_on]
    assert min(checked) >= date(2025, 3, 1)
    assert max(checked) <= date(2026, 11, 30)
    assert sum(day < date(2025, 11, 1) for day in checked) >= 5
    assert sum(group.checked_on is None for group in GROUPS) >= 5, "an export of BMLT does not say"


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: g.id)
def test_a_sample_group_is_invented_and_says_so(group: Group) -> None:
    assert group.provenance is Provenance.SAMPLE
    assert group.listed_by.startswith("Shared Journey samples: ")
    assert not group.phone or RESERVED.fullmatch(group.phone)
    assert 30 <= len(group.description.split()) <= 90
    assert group.themes
    words = words_of(group)
    assert not re.search(r"\b(AA|NA|SMART|Samaritans|Alcoholics Anonymous|Al-Anon|Anonymous)\b", words)
    assert check_reply(group.description) == ()  # no advice, no promise, nothing clinical


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_address_is_an_example(name: str) -> None:
    for host, mail in ADDRESS.findall(FILES[name]):
        assert (host or mail).rstrip(".,").endswith(".example"), host or mail


# --- in a database ---


@pytest.fixture(autouse=True)
def no_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    """The groups alone: two hundred stories take their time."""
    monkeypatch.setattr("corpus.samples.read.read_stories", lambda: Loaded((), ()))


def old_ids(store: Store) -> set[str]:
    return {id for id in store.visible_groups() if id in MOVED}


def test_the_old_ids_are_those_of_groups_that_are_still_there() -> None:
    assert set(MOVED.values()) <= set(BY_ID)


def test_an_older_database_has_each_group_once(store: Store) -> None:
    for id in MOVED:
        store.put_group(make_group(id, provenance="sample"), "samples")
    assert store.withdraw_group("sample-group-radio-room", "test")
    report = load.load_samples(store)
    assert report
    assert report.groups == len(GROUPS)
    shown = store.visible_groups()
    assert old_ids(store) == set()
    assert len(shown) == len(GROUPS) - 1
    assert "sample-neighbourhood:radio-room" not in shown, "the program withdrew it under its old id"
    assert {group.name for group in shown.values()} == {group.name for group in GROUPS} - {"The Radio Room"}
    # once more, as a later version would: nothing comes back and nothing else goes
    store.set_note("samples", "an older version")
    load.load_samples(store)
    assert set(store.visible_groups()) == set(shown)


def test_loading_again_changes_nothing(store: Store) -> None:
    load.load_samples(store)
    before = store.revision()
    assert load.load_samples(store) is None
    store.set_note("samples", "an older version")
    load.load_samples(store)
    assert store.revision() == before


def test_a_group_that_was_withdrawn_stays_away_and_changes_by_hand_stay(store: Store) -> None:
    load.load_samples(store)
    gone, changed = GROUPS[0].id, GROUPS[1].id
    store.withdraw_group(gone, "test")
    store.edit_group(changed, {"name": "Ours"}, "test")
    store.set_note("samples", "an older version")
    load.load_samples(store)
    shown = store.visible_groups()
    assert gone not in shown
    assert shown[changed].name == "Ours"


def test_a_directory_that_a_version_has_no_more_rests(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    load.load_samples(store)
    monkeypatch.setattr("corpus.samples.directories.read_directories", lambda: DIRECTORIES[:2])
    store.set_note("samples", "an older version")
    load.load_samples(store)
    there = store.visible_groups()
    assert {there[id].status for id in there if id.startswith("sample-open-gate:")} == {"inactive"}


def test_samples_turned_off_are_not_seen(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/j.db"
    store = open_store(url)
    load.load_samples(store)
    store.close()
    store = open_store(url, samples=False)
    assert store.visible_groups() == {}
    store.close()
