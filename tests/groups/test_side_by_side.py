"""A large directory is read by several processes, and reads the same as by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.groups import read, side_by_side

NOTES = ["Side door. Passcode: 7788", "Call Sam at 555-201-3344", "2nd Sunday is a speaker meeting", "", None, "Ünten"]


def records(count: int) -> list[object]:
    rows: list[object] = [
        {"slug": f"m-{n}", "name": f"Night Owls {n}", "day": n % 7, "time": "19:30", "notes": NOTES[n % 6], "types": ["O", "X"]}
        for n in range(count)
    ]  # fmt: skip
    rows[7], rows[8], rows[9] = "no record", {"slug": "nameless"}, {"slug": "m-1", "name": "Night Owls 1"}
    return rows


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_it_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(side_by_side, "_FEW", 20)
    monkeypatch.setattr(side_by_side, "_SOME", 9)
    path = tmp_path / f"town.{kind}"
    rows = records(50)
    if kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        named = [{k: v for k, v in row.items() if k != "types"} for row in rows if isinstance(row, dict)]
        lines = ["slug,name,day,time,notes,types", *(",".join(str(row.get(k) or "") for k in
                 ("slug", "name", "day", "time", "notes", "types")) for row in named)]  # fmt: skip
        path.write_text("\n".join(lines), encoding="utf-8")
    feed = read.feed_of(path, timezone="Europe/Dublin", programme="aa")
    started: list[int] = []
    pool = side_by_side.ProcessPoolExecutor
    monkeypatch.setattr(side_by_side, "ProcessPoolExecutor", lambda n, **more: started.append(n) or pool(n, **more))
    alone = read.read(path, feed)
    assert not started, "nobody said that there may be other processes"
    with side_by_side.several_processes():
        together = read.read(path, feed)
    assert started
    assert together == alone
    assert [one.raw for one in together.listings] == [one.raw for one in alone.listings]
    assert len(alone.listings) > 40
    assert len(alone.refused) >= 2


def test_a_small_directory_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("a process was started"))
    path = tmp_path / "town.json"
    path.write_text(json.dumps(records(50)), encoding="utf-8")
    with side_by_side.several_processes():
        assert read.read(path, read.feed_of(path)).listings
