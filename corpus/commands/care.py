"""scrub, check, tick, backup, restore, audit, report"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.store import Store

ACTOR = "command line"


def add(commands: Any) -> None:
    commands.add_parser(
        "scrub", help="let go what is over, and make sure that no file holds what was deleted"
    ).set_defaults(run=_scrub)
    check = commands.add_parser("check", help="look through every file for what should not be there, and say so")
    check.add_argument("--words", type=Path, metavar="FILE", help="also look for any slice of the text in this file")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)
    commands.add_parser("tick", help="do what is due now (the app does this each minute)").set_defaults(run=_tick)
    backup = commands.add_parser("backup", help="copy the collection beside the database, for a stated time")
    backup.add_argument("--days", type=int, metavar="N", help="how long it is kept (default: the setting)")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="bring back from a backup what is missing; what left stays away")
    restore.add_argument("file", type=Path)
    restore.set_defaults(run=_restore)
    audit = commands.add_parser(
        "audit", help="who did what to which story, newest first; `audit verify` proves it whole"
    )
    audit.add_argument("verb", nargs="?", choices=["verify"], help="read both books and find what was changed")
    audit.add_argument("--last", type=int, default=20, metavar="N", help="how many lines (default 20)")
    audit.add_argument("--expect", metavar="HASH", action="append", default=[], help="a head that was noted down")
    audit.set_defaults(run=_audit)
    report = commands.add_parser("report", help="who is missing: coverage, stories never shown, themes asked for")
    report.add_argument("--json", action="store_true", help="print JSON")
    report.set_defaults(run=_report)


def _scrub(store: Store, _: CorpusSettings, __: argparse.Namespace) -> int:
    expired = store.expire(ACTOR)
    report = store.scrub()
    if expired:
        print(f"Consent was over: {', '.join(expired)}.")
    print(f"Scrubbed. Database {report.database} bytes, log file {report.log} bytes.")
    return 0


def _check(store: Store, settings: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import check

    found = check.check(store, settings.data, given.words)
    if given.json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in found.lines():
            print(line)
    return 0 if found.clean else 1


def _tick(store: Store, _: CorpusSettings, __: argparse.Namespace) -> int:
    from corpus import jobs

    done = jobs.tick(store)
    print(f"Expired: {', '.join(done.expired) or 'none'}. Published: {', '.join(done.published) or 'none'}.")
    print(f"Backups past their life: {done.backups_dropped}.")
    if done.blocked:
        print(done.blocked, file=sys.stderr)
        return 1
    return 0


def _backup(store: Store, settings: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus.errors import SettingsWrong

    days = settings.backup_days if given.days is None else given.days
    if not 1 <= days <= 365:
        raise SettingsWrong("A backup is kept between 1 and 365 days.")
    made = store.backup(days, ACTOR)
    print(f"{made.path} ({made.path.stat().st_size} bytes), deleted by itself on {made.until:%Y-%m-%d}.")
    print("Whoever has this file has the stories. A copy elsewhere is yours to delete by that day.")
    return 0


def _restore(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    departed: set[str] = set()
    for folder in {store.folder, given.file.absolute().parent, given.file.absolute().parent.parent}:
        listed = folder / "departed.txt"
        if listed.is_file():
            departed |= set(listed.read_text(encoding="utf-8").split())
    done = store.restore(given.file, departed, ACTOR)
    expired = store.expire(ACTOR)
    store.scrub()
    print(f"{done.stories} stories and {done.groups} groups came back; {done.kept} were there and stay as they are.")
    for id in done.without_code:
        print(f"{id} came back without its code, which is another story's by now: `python -m corpus code {id}`")
    print(f"{done.departed} left since the backup and stay away; {len(expired)} are over by now.")
    return 0


def _audit(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    if given.verb != "verify":
        for event in store.audit(given.last):
            more = " ".join(f"{name}={n}" for name, n in sorted(event.counts.items()))
            columns = (f"{event.book}:{event.number}", event.at.isoformat(), event.actor, event.verb)
            print("\t".join((*columns, event.subject or "", event.purpose or "", more)))
        return 0
    proofs = store.verify_audit()
    whole = True
    for proof in proofs:
        print(f"{proof.book}: {proof.lines} lines, head {proof.head}")
        for fault in proof.faults:
            whole = False
            print(f"  {fault}")
    for head in given.expect:
        if not store.had_head(head):
            whole = False
            print(f"  no line has the hash {head}: lines were removed or written anew")
    print("Every line is there and as it was written." if whole else "The audit is not whole.")
    return 0 if whole else 1


def _report(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import report

    found = report.coverage(store)
    if given.json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        print(report.as_text(found))
    return 0
