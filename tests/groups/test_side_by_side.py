"""A large directory is read by several processes, and reads the same as by one."""

from __future__ import annotations

import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from corpus.errors import DatabaseDamaged
from corpus.groups import clocks, read, side_by_side, weekdays
from index.bench import groups

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
    with side_by_side.several_processes(lambda: None):
        together = read.read(path, feed)
    assert started
    assert together == alone
    assert [one.raw for one in together.listings] == [one.raw for one in alone.listings]
    assert len(alone.listings) > 40
    assert len(alone.refused) >= 2


@pytest.mark.parametrize("fault", [OSError("no shared memory"), BrokenProcessPool("killed")])
def test_where_no_process_can_start_it_is_read_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(side_by_side, "_FEW", 20)
    monkeypatch.setattr(side_by_side, "ProcessPoolExecutor", fails)
    path = tmp_path / "town.json"
    path.write_text(json.dumps(records(50)), encoding="utf-8")
    feed = read.feed_of(path)
    with side_by_side.several_processes(lambda: None):
        assert read.read(path, feed) == read.read(path, feed)
        assert len(read.read(path, feed).listings) > 40


@pytest.mark.parametrize("cell", ["call 555-201-3344", "Sam at 7:30"])
def test_cells_that_may_name_somebody_are_not_remembered(cell: str) -> None:
    before = clocks._remembered.cache_info().currsize, weekdays._days.cache_info().currsize
    clocks.clock(cell)
    weekdays.days(cell)
    assert (clocks._remembered.cache_info().currsize, weekdays._days.cache_info().currsize) == before


def test_the_bench_of_groups_counts_what_it_took_in() -> None:
    lines: list[str] = []
    groups.bench(30, lines.append)
    assert "(30 groups, 0 unchanged)" in lines[1]
    assert "(30 groups, 30 unchanged)" in lines[2]


def test_a_small_directory_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("a process was started"))
    path = tmp_path / "town.json"
    path.write_text(json.dumps(records(50)), encoding="utf-8")
    with side_by_side.several_processes(lambda: None):
        assert read.read(path, read.feed_of(path)).listings


def test_while_others_read_something_else_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_FEW", 20)
    path = tmp_path / "town.json"
    path.write_text(json.dumps(records(50)), encoding="utf-8")
    done: list[int] = []
    with side_by_side.several_processes(lambda: done.append(1)):
        assert len(read.read(path, read.feed_of(path)).listings) > 40
    assert done == [1]


@pytest.mark.parametrize("fault", [OSError("the disk"), DatabaseDamaged("the database")])
def test_what_goes_wrong_meanwhile_is_raised_and_not_taken_for_a_fault_of_the_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails() -> None:
        raise fault

    monkeypatch.setattr(side_by_side, "_FEW", 20)
    path = tmp_path / "town.json"
    path.write_text(json.dumps(records(50)), encoding="utf-8")
    with (
        side_by_side.several_processes(fails),
        pytest.raises(type(fault), match=str(fault)),
    ):
        read.read_files([read.File("town.json", path.read_bytes())], read.feed_of(path), folder=False)
