"""python -m corpus list | groups | withdraw | scrub | audit"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import Any

from corpus.console import speak_utf8
from corpus.errors import SharedJourneyError


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: done; 1: not done, as said; 2: an error that was said in one line."""
    parser = argparse.ArgumentParser(prog="python -m corpus", description="Look after the collection of stories.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every story: id, state, consent, title where it may be seen")
    listing.add_argument("--json", action="store_true", help="print JSON")
    groups = commands.add_parser("groups", help="every listed group")
    groups.add_argument("--json", action="store_true", help="print JSON")
    withdraw = commands.add_parser("withdraw", help="delete a story for ever and scrub its bytes")
    withdraw.add_argument("id")
    commands.add_parser("scrub", help="make sure that no file holds what was deleted")
    audit = commands.add_parser("audit", help="who did what to which story, newest first")
    audit.add_argument("--last", type=int, default=20, metavar="N", help="how many lines (default 20)")
    given = parser.parse_args(arguments)
    speak_utf8()
    try:
        return _run(given)
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2


def _run(given: argparse.Namespace) -> int:
    from corpus import desk
    from corpus.settings import CorpusSettings, open_corpus
    from corpus.types import Purpose

    store = open_corpus(CorpusSettings.read())
    try:
        match given.command:
            case "list":
                summaries = store.summaries()
                seen = store.visible((s.id for s in summaries), Purpose.SURFACE)
                rows = [
                    {
                        "id": s.id,
                        "title": seen[s.id].story.title if s.id in seen else None,
                        "state": s.state.value,
                        "visible": s.id in seen,
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
                _print_rows(rows, given.json, ("id", "title", "state", "provenance", "themes"))
                if not given.json:
                    states = Counter(row["state"] for row in rows)
                    print(f"{len(rows)} stories: " + ", ".join(f"{n} {state}" for state, n in states.items()))
            case "groups":
                listed = [group.model_dump(mode="json") for group in store.visible_groups().values()]
                _print_rows(listed, given.json, ("id", "name", "kind", "attendance", "checked_on"))
            case "withdraw":
                report = desk.withdraw(store, given.id, "command line")
                if report is None:
                    print(f"There is no story {given.id} (any more).", file=sys.stderr)
                    return 1
                print(
                    f"{given.id} is gone: words, consent, passages and vectors. The log file holds {report.log} bytes."
                )
            case "scrub":
                report = store.scrub()
                print(f"Scrubbed. Database {report.database} bytes, log file {report.log} bytes.")
            case "audit":
                for event in store.audit(given.last):
                    print(
                        f"{event.sequence}\t{event.at.isoformat()}\t{event.actor}\t{event.verb}\t{event.subject or ''}"
                    )
    finally:
        store.close()
    return 0


def _print_rows(rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        values = [row[column] for column in columns]
        table.add_row(*(", ".join(v) if isinstance(v, list) else "" if v is None else str(v) for v in values))
    # Not a terminal: no width to fold into, so that other programs read whole lines.
    Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
