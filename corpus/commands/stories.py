"""list, withdraw, code, import, export"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.commands import show

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.store import Store

ACTOR = "command line"


def add(commands: Any) -> None:
    listing = commands.add_parser("list", help="every story: id, state, consent, title where it may be seen")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    withdraw = commands.add_parser("withdraw", help="delete a story for ever and scrub its bytes")
    withdraw.add_argument("id")
    withdraw.set_defaults(run=_withdraw)
    code = commands.add_parser("code", help="draw a code for an imported story that has none, and print it once")
    code.add_argument("id")
    code.set_defaults(run=_code)
    importing = commands.add_parser("import", help="take in stories from CSV, XLSX, JSONL or Markdown")
    importing.add_argument("file", type=Path, help="a file, or a folder of Markdown files")
    importing.add_argument("--columns", metavar="SPEC", help="which column is what: text=Story,title=Headline")
    importing.add_argument("--language", default="en", help="of stories that do not say theirs (default en)")
    importing.add_argument("--dry-run", action="store_true", help="read and report, store nothing")
    importing.add_argument("--yes", action="store_true", help="do not ask whether the columns are right")
    importing.add_argument("--codes", type=Path, metavar="FILE", help="write id and code of each story to a new file")
    importing.add_argument("--json", action="store_true", help="print the report as JSON")
    importing.set_defaults(run=_import)
    exporting = commands.add_parser("export", help="stories whose consent allows a purpose, with that consent")
    exporting.add_argument("file", type=Path, help="a new file ending in .csv or .json")
    exporting.add_argument("--purpose", required=True, help="surface, quote, model, evaluate or share")
    exporting.set_defaults(run=_export)


def _list(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus.types import Purpose

    summaries = store.summaries()
    titles = store.titles((s.id for s in summaries), Purpose.SURFACE)
    rows = [
        {
            "id": s.id,
            "title": titles.get(s.id),
            "state": s.state.value,
            "visible": s.id in titles,
            "provenance": s.provenance.value,
            "sample": s.provenance.value == "sample",
            "language": s.language,
            "themes": list(s.themes),
            "consent": sorted(purpose.value for purpose in s.purposes),
            "expires_at": s.expires_at.isoformat() if s.expires_at else None,
            "embedded": s.embedded,
        }
        for s in summaries
    ]
    show.rows(rows, given.json, ("id", "title", "state", "provenance", "themes"))
    if not given.json:
        states = Counter(row["state"] for row in rows)
        print(f"{len(rows)} stories: " + ", ".join(f"{n} {state}" for state, n in states.items()))
    return 0


def _withdraw(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import desk

    report = desk.withdraw(store, given.id, ACTOR)
    if report is None:
        print(f"There is no story {given.id} (any more).", file=sys.stderr)
        return 1
    print(f"{given.id} is gone: words, consent, passages and vectors. The log file holds {report.log} bytes.")
    return 0


def _code(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import narrator

    print(narrator.draw_code(store, given.id, ACTOR))
    print("This is shown once. Only the narrator should have it.", file=sys.stderr)
    return 0


def _import(store: Store, settings: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import imports, intake
    from corpus.store import utc_now

    columns = imports.read_columns(given.columns) if given.columns else None
    headers = imports.headers_of(given.file)
    if headers:
        columns = imports.complete(columns or imports.Columns({}), headers)
        if not given.json:
            print("Columns, as they would be read:")
            for name, header in columns.mapping.items():
                print(f"  {name:18} from {header!r}")
        if not (given.columns or given.dry_run or given.yes):
            if not sys.stdin.isatty():
                print("Look at the columns with --dry-run, then say --yes or --columns.", file=sys.stderr)
                return 2
            if input("Is this right? [y/N] ").strip().lower() not in ("y", "yes"):
                print("Nothing was stored. Name the columns with --columns text=…,title=…")
                return 1
    batch = imports.read(given.file, columns, language=given.language, now=utc_now())
    report = intake.take_in(store, batch, settings=settings, actor=ACTOR, dry_run=given.dry_run, codes_file=given.codes)
    intake.tell(report, given.json)
    return 0 if not report.refused else 1


def _export(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import exports

    done = exports.write(store, given.file, given.purpose, ACTOR)
    print(f"{done.rows} stories written to {given.file}; {done.left_out} left out: their consent does not allow this.")
    return 0
