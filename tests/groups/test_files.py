"""ZIPs and folders in memory, what a copy would bring, and words for every kind of warning."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from corpus.errors import BadRecord
from corpus.groups import files, intake, read, tables
from corpus.groups.files import File
from corpus.store import Store
from tests.groups.test_intake import rows, take

SHEET = b"Which circle,Weekday\nOwls,Monday\n"


def packed(**content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def test_a_zip_is_the_folder_that_it_holds(tmp_path: Path) -> None:
    data = packed(a__owls_dot_csv=b"name,day\nOwls,Monday\n", b__owls_dot_csv=b"name,day\nBats,Friday\n", _dot_x=b"no")
    (tmp_path / "town.zip").write_bytes(data)
    found, folder = files.at(tmp_path / "town.zip")
    assert folder
    assert [file.name for file in found] == ["b-owls.csv", "owls.csv"]
    batch = read.read(tmp_path / "town.zip", read.feed_of(tmp_path / "town.zip"))
    assert sorted(one.group.name for one in batch.listings) == ["Bats", "Owls"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", packed(), packed(**{f"f{n}": b"x" for n in range(70)})])
def test_a_zip_that_is_none_is_one_refusal(data: bytes) -> None:
    found, folder = files.together([File("town.zip", data)])
    batch = read.read_files(found, read.feed_of(Path("town.zip")), folder=folder)
    assert (batch.records, len(batch.refused)) == (1, 1)
    with pytest.raises(BadRecord):
        files.unpacked(data)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 2**20)
    with pytest.raises(BadRecord, match="far more"):
        files.unpacked(packed(a_dot_csv=b"\x00" * (3 * 2**20)))


def test_too_many_records_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_RECORDS", 3)
    for name, data in (
        ("a.csv", b"name,day\n" + b"x,Monday\n" * 5),
        ("a.json", b'[{"name":"a","slug":"a"}' + b",1" * 5 + b"]"),
    ):
        batch = read.read_files([File(name, data)], read.feed_of(Path("a")), folder=False)
        assert "more than" in batch.refused[0].reason, name


def test_a_sheet_without_a_name_still_tells_its_columns() -> None:
    batch = read.read_files([File("a.csv", b"x,y\n1,2\n")], read.feed_of(Path("a")), folder=False)
    assert (batch.headers, len(batch.refused)) == (("x", "y"), 1)


def test_what_a_copy_would_bring_is_what_it_brings(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, rows())
    store.edit_group("town:m1", {"name": "Ours"}, "ann")
    newer = rows(5)
    newer[1]["time"] = "20:00"
    del newer[2]
    revision = store.revision()
    would = take(store, tmp_path, newer, dry_run=True)
    assert store.revision() == revision
    did = take(store, tmp_path, newer)
    for name in ("added", "changed", "unchanged", "gone", "back", "edited"):
        assert getattr(would, name) == getattr(did, name), name
    assert (did.added, did.changed, did.gone, did.edited) == (1, 1, 1, 1)


def test_the_desk_sees_every_group(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, [*rows(1), {**rows(2)[1], "timezone": "", "published": "no"}])
    store.edit_group("town:m0", {"name": "Ours"}, "ann")
    found = {one.id: one for one in store.filed_groups()}
    assert (found["town:m0"].edited, found["town:m0"].name, found["town:m0"].feed) == (True, "Ours", "town")
    assert found["town:m1"].timeless
    kept = store.group_file("town:m0")
    assert kept
    assert (kept.group.name, kept.imported and kept.imported.name, dict(kept.edits)) == (
        "Ours",
        "Group 0",
        {"name": "Ours"},
    )
    assert store.group_file("town:none") is None


def test_every_kind_of_warning_has_words() -> None:
    folder = Path(intake.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "intake.py")
    kinds = set(re.findall(r'warn\(\s*"(\w+)"', source)) | set(re.findall(r'"(\w+_withheld)"', source))
    assert len(kinds) > 20
    assert kinds - set(intake.WARNINGS) == set()
