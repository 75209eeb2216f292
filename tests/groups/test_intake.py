"""A directory is taken in, and taken in again: what is new, changed, gone, edited by hand, and never seen."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.__main__ import main
from corpus.errors import BadRecord, NoSuchStory
from corpus.groups import collapse, intake, read
from corpus.groups.intake import Report
from corpus.store import Store, open_store
from corpus.types import Book
from index.find import Finder
from tests.conftest import START

FEEDS = Path(__file__).parents[3] / "shared" / "feeds"


def rows(n: int = 4) -> list[dict[str, Any]]:
    return [
        {"slug": f"m{i}", "name": f"Group {i}", "day": i % 7, "time": "19:00", "timezone": "Europe/London", "city": "Leeds",
         "address": f"{i} High St", "edit_url": f"https://example.org/edit/{i}"}
        for i in range(n)
    ]  # fmt: skip


def take(store: Store, tmp_path: Path, content: list[Any], **more: Any) -> Report:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(content))
    feed = read.feed_of(path, "town", programme="aa")
    return intake.take_in(store, read.read(path, feed), feed, actor="test", now=START, **more)


def test_a_copy_that_is_the_same_changes_nothing(store: Store, tmp_path: Path) -> None:
    first = take(store, tmp_path, rows())
    assert (first.records, first.loaded, first.groups, first.added, first.with_next_occurrence) == (4, 4, 4, 4, 4)
    revision = store.revision()
    again = take(store, tmp_path, rows())
    assert (again.added, again.changed, again.unchanged, again.gone) == (0, 0, 4, 0)
    assert store.revision() == revision


def test_a_document_in_another_order_says_the_same(tmp_path: Path) -> None:
    """As older versions of the program, and restored copies, have written them."""
    there = open_store(f"sqlite:///{tmp_path}/journey.db")
    take(there, tmp_path, rows())
    with sqlite3.connect(tmp_path / "journey.db") as c:
        for id, document in c.execute("select group_id, imported from listing").fetchall():
            turned = json.dumps(dict(reversed(json.loads(document).items())), indent=1)
            c.execute("update listing set imported = ? where group_id = ?", (turned, id))
    c.close()
    newer = rows()
    newer[3]["time"] = "20:00"
    report = take(there, tmp_path, newer)
    assert (report.unchanged, report.changed) == (3, 1)


def test_a_newer_copy(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows())
    newer = rows(5)
    newer[1]["time"] = "20:00"
    del newer[2]
    report = take(store, tmp_path, newer)
    assert (report.added, report.changed, report.unchanged, report.gone) == (1, 1, 2, 1)
    there = store.visible_groups()
    assert there["town:m2"].status == "inactive"
    assert there["town:m1"].schedules[0].start == "20:00"
    back = take(store, tmp_path, rows(5))
    assert (back.back, back.changed) == (1, 1)
    assert store.visible_groups()["town:m2"].status == "active"


def test_a_part_and_a_broken_file_make_nothing_inactive(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows())
    assert take(store, tmp_path, rows(1), whole=False).gone == 0
    broken = take(store, tmp_path, ["not a group"])
    assert (broken.loaded, broken.gone, len(broken.refused)) == (0, 0, 1)
    assert all(group.status == "active" for group in store.visible_groups().values())


def test_a_dry_run_stores_nothing(store: Store, tmp_path: Path) -> None:
    report = take(store, tmp_path, rows(), dry_run=True)
    assert (report.groups, report.added) == (4, 4), "what would be"
    assert store.visible_groups() == {}
    assert store.directories() == ()


def test_changes_by_hand_are_kept(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows())
    store.edit_group("town:m1", {"name": "Our own words", "cost": {"free": True}}, "ann")
    newer = rows()
    newer[1]["notes"] = "New notes"
    report = take(store, tmp_path, newer)
    assert (report.changed, report.edited) == (1, 1)
    group = store.visible_groups()["town:m1"]
    assert (group.name, group.description, group.cost.free) == ("Our own words", "New notes", True)
    store.edit_group("town:m1", {"name": None}, "ann")
    assert store.visible_groups()["town:m1"].name == "Group 1"
    assert store.directories()[0].edited == 1
    assert take(store, tmp_path, rows()[2:]).gone == 2
    assert store.visible_groups()["town:m1"].status == "inactive"


@pytest.mark.parametrize(
    "changes", [{"id": "x"}, {"raw": 1}, {"name": ""}, {"status": "great"}, {"provenance": "sample"}]
)
def test_an_edit_that_cannot_be_is_refused(store: Store, tmp_path: Path, changes: dict[str, Any]) -> None:
    take(store, tmp_path, rows(1))
    before = store.visible_groups()
    with pytest.raises(BadRecord):
        store.edit_group("town:m0", changes, "ann")
    assert store.visible_groups() == before
    with pytest.raises(NoSuchStory):
        store.edit_group("town:nobody", {"name": "x"}, "ann")


def test_what_the_program_took_off_stays_away(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows())
    assert store.withdraw_group("town:m0", "ann")
    report = take(store, tmp_path, rows())
    assert (report.kept_away, report.unchanged, report.added) == (1, 3, 0)
    assert "town:m0" not in store.visible_groups()
    assert store.record_of("town:m0") is None


def test_the_record_stays_inside(store: Store, tmp_path: Path, finder: Finder) -> None:
    take(store, tmp_path, rows(2))
    record = store.record_of("town:m1")
    assert record
    assert record["edit_url"].endswith("/1")
    assert "edit" not in json.dumps([g.model_dump(mode="json") for g in store.visible_groups().values()])
    finder.build()
    assert "edit" not in json.dumps([event.model_dump(mode="json") for event in store.audit(50, Book.HOUSE)])


def test_an_older_copy_leaves_no_bytes(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows(1))
    assert not store.scrub_is_due()
    newer = rows(1)
    newer[0]["edit_url"] = "https://example.org/other"
    newer[0]["notes"] = "new"
    take(store, tmp_path, newer)
    assert store.scrub_is_due()


def test_a_backup_brings_the_record_and_the_changes_by_hand_back(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    here = open_store(f"sqlite:///{tmp_path}/one/journey.db")
    take(here, tmp_path, rows(2))
    here.edit_group("town:m1", {"name": "Ours"}, "ann")
    path = here.backup(30, "ann").path
    there = open_store(f"sqlite:///{tmp_path}/two/journey.db")
    assert there.restore(path, (), "ann").groups == 2
    assert there.record_of("town:m1") == here.record_of("town:m1")
    assert take(there, tmp_path, rows(2)).unchanged == 2
    assert there.visible_groups()["town:m1"].name == "Ours"
    here.close()
    there.close()


def test_a_large_directory_is_embedded_bit_by_bit_while_the_page_runs(
    store: Store, tmp_path: Path, finder: Finder
) -> None:
    finder.build()
    take(store, tmp_path, rows(300))
    finder.refresh()
    assert 200 < len(store.unembedded_groups(finder.scheme, 1000)) < 300  # no turn pays for all
    for _ in range(30):
        finder.refresh()
    assert store.unembedded_groups(finder.scheme, 1000) == ()


def test_unlisted_groups_are_never_visible(store: Store, tmp_path: Path) -> None:
    hidden = rows(1)
    hidden[0]["publicly_listed"] = "no"
    assert take(store, tmp_path, hidden).unlisted == 1
    assert store.visible_groups() == {}


def test_days_of_one_group_are_one_group(store: Store, tmp_path: Path) -> None:
    week = [
        {"slug": f"d{day}", "name": "Daily Bread", "day": day, "time": "12:00", "city": "Leeds"} for day in range(7)
    ]
    other = {**week[0], "slug": "evening", "time": "18:00"}
    report = take(store, tmp_path, [*week, other])
    assert (report.records, report.loaded, report.groups) == (8, 8, 2)
    assert store.visible_groups()["town:d0"].schedules[0].days == ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    assert report.without_timezone == 2
    assert report.with_next_occurrence == 0


def test_vectors_stay_when_only_the_time_changed(store: Store, tmp_path: Path, finder: Finder) -> None:
    take(store, tmp_path, rows(2))
    finder.build()
    newer = rows(2)
    newer[0]["time"] = "08:00"
    newer[1]["notes"] = "other words"
    take(store, tmp_path, newer)
    assert store.unembedded_groups(finder.scheme, 10) == ("town:m1",)


# --- feeds of others, and whatever else may be in a file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "programme", "records", "groups"),
    [
        ("meeting-guide", "aa", 25, 25), ("bmlt", "na", 53, 53), ("hsds/ohana_sample", "", 23, 23),
        ("hsds/spec_v30_csv", "", 1, 1), ("hsds/sample_v11_simple", "", 13, 13), ("hsds/mock31", "", 3, 1),
    ],
)  # fmt: skip
@pytest.mark.skipif(not FEEDS.exists(), reason="the feeds lie beside the project, not in it")
def test_published_feeds_add_up(store: Store, folder: str, programme: str, records: int, groups: int) -> None:
    path = FEEDS / folder
    feed = read.feed_of(path, timezone="America/New_York", programme=programme)
    batch = read.read(path, feed)
    report = intake.take_in(store, batch, feed, actor="test", now=START)
    assert (report.records, report.groups) == (records, groups)
    assert report.loaded + len(report.refused) == report.records
    assert report.without_timezone == 0
    assert intake.take_in(store, read.read(path, feed), feed, actor="test", now=START).unchanged == groups


CELL = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from((
        "=HYPERLINK(1)", "<script>x</script>", "\x00", "x" * 100_000, "https://zoom.us/j/1?pwd=a", "25:99", "Monday",
        "javascript:alert(1)", "\ud800", "'; DROP TABLE story", "{{7*7}}", "-1", "1e400",
    )),
)  # fmt: skip
FIELDS = (
    "slug", "name", "day", "time", "end_time", "timezone", "types", "formatted_address", "address", "city", "latitude",
    "longitude", "notes", "conference_url", "conference_phone", "approximate", "regions", "updated", "attendance_option",
    "id_bigint", "meeting_name", "weekday_tinyint", "start_time", "duration_time", "formats", "venue_type", "published",
    "id", "organization_id", "service_at_locations", "schedules", "status", "phones", "cost_options",
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    record=st.dictionaries(st.sampled_from(FIELDS), CELL, max_size=14),
    format=st.sampled_from(("meeting-guide", "bmlt", "hsds", "auto")),
)
def test_no_record_breaks_an_import(tmp_path: Path, record: dict[str, Any], format: str) -> None:
    path = tmp_path / "fuzz.json"
    path.write_text(
        json.dumps([record, {"slug": "ok", "id": "ok", "id_bigint": "1", "name": "Fine", "meeting_name": "Fine"}])
    )
    batch = read.read(path, read.feed_of(path), format)
    assert batch.records >= 1
    for listing in collapse.collapse(batch.listings):
        shown = listing.group.model_dump_json()
        assert "<script" not in shown
        assert "\\u0000" not in shown
        assert not re.search(r'pwd=[^\s"\\[]', shown)
        assert len(shown) < 30_000


def test_wide_long_and_nested_files(tmp_path: Path) -> None:
    for name, content in (
        ("wide.csv", ",".join(f"c{i}" for i in range(2500)) + "\n" + "x," * 2499),
        ("long.csv", "name,day\n" + '"' + "y" * 3_000_000 + '",Monday\n'),
        ("deep.json", "[" * 100_000),
        ("nul.csv", "name,day\nA\x00B,Monday\n"),
        ("quote.csv", 'name,day\n"never closed,Monday\n'),
    ):
        path = tmp_path / name
        path.write_text(content)
        began = time.process_time()
        batch = read.read(path, read.feed_of(path))
        assert batch.records >= 1, name
        assert time.process_time() - began < 10, name


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_reports_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHARED_JOURNEY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SHARED_JOURNEY_SAMPLES", "false")
    path = tmp_path / "list.json"
    path.write_text(json.dumps([*rows(3), "x"]))
    told = ["groups", "import", str(path), "--timezone", "Europe/London", "--programme", "aa", "--json"]
    assert main([*told, "--dry-run"]) == 0
    assert main(told) == 0
    dry, report = (json.loads(text) for text in capsys.readouterr().out.replace("}\n{", "}\x1e{").split("\x1e"))
    assert (dry["added"], report["added"]) == (3, 3), "a dry run says what would be"
    for key in (
        "records",
        "loaded",
        "refused",
        "groups",
        "warnings",
        "without_timezone",
        "with_next_occurrence",
        "secrets_withheld",
    ):
        assert key in report
    assert report["records"] == 4
    assert report["refused"][0]["place"] == "list.json, record 4"
    assert report["secrets_withheld"] == 3
    assert main(["groups", "edit", "list:m1", "--set", 'name="Owls"']) == 0
    assert main(["groups", "directories"]) == 0
    assert main(["groups"]) == 0
    assert "Owls" in capsys.readouterr().out
    assert main(["groups", "import", str(path), "--timezone", "Nowhere/Town"]) == 2


def test_a_sheet_is_confirmed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHARED_JOURNEY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SHARED_JOURNEY_SAMPLES", "false")
    path = tmp_path / "ours.csv"
    path.write_text("Group,Weekday,Start\nTea,Monday,10:00\n")
    assert main(["groups", "import", str(path)]) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert main(["groups", "import", str(path), "--yes"]) == 0
    assert "name           from 'Group'" in capsys.readouterr().out


SECRETIVE = [
    {"slug": "light-passcode-88331", "name": "Light (passcode: 88331)", "day": 1, "time": "10:00", "city": "PW: 88331",
     "location": "Zoom PW: 88331", "group": "Hope pwd=88331", "formatted_address": "Passcode 88331, Albany, NY 12201, USA"},
    {"name": "Night, password 88331", "day": 2, "time": "19:00", "location": "Zoom pw 88331"},
]  # fmt: skip


@pytest.mark.parametrize("format", ["meeting-guide", "sheet"])
def test_no_passcode_of_a_name_a_place_or_an_id_gets_out(tmp_path: Path, format: str) -> None:
    path = tmp_path / ("list.json" if format == "meeting-guide" else "list.csv")
    if format == "sheet":
        path.write_text('Group,Day,Time,Where,Town\n"Hope, passcode 88331",Monday,7pm,"Zoom PW: 88331",Leeds\n')
    else:
        path.write_text(json.dumps(SECRETIVE))
    batch = read.read(path, read.feed_of(path, timezone="Europe/London"), format)
    assert batch.listings
    for listing in batch.listings:
        assert "88331" not in listing.group.model_dump_json()
        assert listing.withheld >= 2
        assert "passcode_withheld" in [kind for kind, _ in listing.warnings]
