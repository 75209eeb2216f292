"""groups [list] | import | edit | directories"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.commands import show

if TYPE_CHECKING:
    from corpus.commands.opening import Opening
    from corpus.settings import CorpusSettings
    from corpus.store import Store

ACTOR = "command line"


def add(commands: Any) -> None:
    groups = commands.add_parser("groups", help="every listed group; import, edit, directories")
    groups.add_argument("--json", action="store_true", help="print JSON")
    groups.set_defaults(run=_list)
    actions = groups.add_subparsers(dest="action")
    importing = actions.add_parser("import", help="take in a directory of groups, or a newer copy of it")
    importing.add_argument("file", type=Path, help="a file, or the folder of a package")
    importing.add_argument("--format", default="auto", help="auto, meeting-guide, bmlt, naws, hsds, ics or sheet")
    importing.add_argument("--timezone", default="", help="IANA zone of records that do not say theirs")
    importing.add_argument("--programme", default="", help="whose codes these are: aa, na, alanon, … (docs/groups.md)")
    importing.add_argument("--feed", default="", help="name of the directory (otherwise the file's)")
    importing.add_argument("--entity", default="", help="who keeps the directory, as readers will see it")
    importing.add_argument("--columns", metavar="SPEC", help="of a sheet: name=Group,day=Weekday")
    importing.add_argument("--part", action="store_true", help="a part of a directory: what is not in it stays")
    importing.add_argument("--dry-run", action="store_true", help="read and report, store nothing")
    importing.add_argument("--yes", action="store_true", help="do not ask whether the columns are right")
    importing.add_argument("--json", action="store_true", help="print the report as JSON")
    importing.set_defaults(run=_import, opens=True)
    editing = actions.add_parser("edit", help="change a group of a directory by hand; newer copies keep the change")
    editing.add_argument("id")
    editing.add_argument("--set", action="append", default=[], metavar="FIELD=JSON", help='name="Night Owls"')
    editing.add_argument("--undo", action="append", default=[], metavar="FIELD", help="back to what the directory says")
    editing.set_defaults(run=_edit)
    listing = actions.add_parser("directories", help="directories that were taken in")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_directories)


def _list(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    listed = [group.model_dump(mode="json") for group in store.visible_groups().values()]
    show.rows(listed, given.json, ("id", "name", "kind", "attendance", "checked_on"))
    return 0


def _import(opening: Opening, given: argparse.Namespace) -> int:
    # Tens of thousands of records, none of them in a cycle: looking for cycles took a quarter of the time.
    gc.disable()
    try:
        return _take_in(opening, given)
    finally:
        gc.enable()


def _take_in(opening: Opening, given: argparse.Namespace) -> int:
    from corpus.groups import read
    from corpus.groups.side_by_side import several_processes

    feed = read.feed_of(given.file, given.feed, given.timezone, given.programme, given.entity)
    columns = _columns(given.columns) if given.columns else None
    with several_processes(meanwhile=opening.now):
        batch = read.read(given.file, feed, given.format, columns)
    store, _ = opening.now()
    sure = given.columns or given.yes or given.dry_run or not batch.columns
    if batch.columns and not given.json:
        print("Columns, as they would be read:")
        for what, header in batch.columns:
            print(f"  {what:14} from {header!r}")
    if not sure:
        if not sys.stdin.isatty():
            print("Look at the columns with --dry-run, then say --yes or --columns.", file=sys.stderr)
            return 2
        if input("Is this right? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was stored. Name the columns with --columns name=…,day=…,time=…")
            return 1
    from corpus.groups import intake
    from corpus.store import utc_now

    report = intake.take_in(
        store, batch, feed, actor=ACTOR, now=utc_now(), dry_run=given.dry_run, whole=not given.part
    )  # fmt: skip
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=1) if given.json else intake.as_text(report))
    return 0 if report.loaded or not report.refused else 1


def _columns(spec: str) -> dict[str, str]:
    from corpus.errors import BadRecord
    from corpus.groups.columns import FIELDS

    pairs = [pair.partition("=") for pair in spec.split(",") if pair.strip()]
    found = {what.strip(): header.strip() for what, sign, header in pairs if sign}
    if len(found) != len(pairs) or set(found) - set(FIELDS):
        raise BadRecord(f"--columns is written name=Group,day=Weekday. Known: {', '.join(FIELDS)}.")
    return found


def _edit(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    changes: dict[str, Any] = dict.fromkeys(given.undo)
    for one in given.set:
        field, _sign, value = one.partition("=")
        try:
            changes[field.strip()] = json.loads(value)
        except ValueError:
            changes[field.strip()] = value
    group = store.edit_group(given.id, changes, ACTOR)
    print(f"{group.id}: {group.name}")
    return 0


def _directories(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    rows = [
        {"feed": d.feed, "groups": d.groups, "gone": d.gone, "edited": d.edited, "at": d.at.isoformat()}
        for d in store.directories()
    ]
    show.rows(rows, given.json, ("feed", "groups", "gone", "edited", "at"))
    return 0
