"""From rows that were read out of a file to stories in the program's care, and a report in which everything adds up."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from corpus import codes, errors
from corpus.custody import CodeRow, Held
from corpus.hashing import hash_secret
from corpus.imports import Batch, Row
from corpus.settings import CorpusSettings
from corpus.store import Store, utc_now
from corpus.types import Consent, State

HELD_DAYS = 90  # a story without evidence waits this long for its narrator, then it leaves


@dataclass(frozen=True, slots=True)
class Taken:
    place: str
    id: str
    held: bool  # no evidence of consent: nobody reads it until its narrator confirms it by code
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotTaken:
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """`total` rows in; each is in `loaded` or in `refused`."""

    total: int
    loaded: tuple[Taken, ...]
    refused: tuple[NotTaken, ...]
    notes: tuple[str, ...]
    dry_run: bool


def take_in(
    store: Store, batch: Batch, *, settings: CorpusSettings, actor: str, dry_run: bool, codes_file: Path | None
) -> IntakeReport:
    """Store each row by itself: one that cannot be stored is reported and the others go on.

    codes_file: a new file that gets `id,code` of each story, to be handed to the narrators and then deleted. Without
    it no codes are drawn; `python -m corpus code ID` draws one later. A code is in the file before its story is stored,
    because it can never be drawn again: after a run that was killed, the last line may name a story that did not come
    in. Raises SettingsWrong when the file exists already, lies in the data folder, or cannot be written.
    """
    if codes_file is not None:
        _check_codes_file(store, codes_file)
    if not dry_run:
        store.write_departed()  # after a database was lost, only that list knows who left
        if codes_file is not None:
            _write_code(codes_file, "id", "code", new=True)
    refused = [NotTaken(r.place, r.reason) for r in batch.refused]
    there = {summary.id for summary in store.summaries()} | store.departed()
    loaded: list[Taken] = []
    for row in batch.rows:
        if row.story.id in there:
            refused.append(NotTaken(row.place, f"The id {row.story.id} is or was in use: it was imported before."))
            continue
        try:
            if not dry_run:
                _store(store, row, settings, actor, codes_file)
        except errors.SharedJourneyError as error:
            refused.append(NotTaken(row.place, str(error)))
            continue
        loaded.append(Taken(row.place, row.story.id, row.consent is None, row.notes))
    if not dry_run:
        counts = {"total": batch.total, "loaded": len(loaded), "refused": len(refused)}
        store.tell(actor, "import", counts=counts)
    return IntakeReport(batch.total, tuple(loaded), tuple(refused), batch.notes, dry_run)


def _store(store: Store, row: Row, settings: CorpusSettings, actor: str, codes_file: Path | None) -> None:
    now = utc_now()
    consent = row.consent or Consent(
        purposes=frozenset(), granted_at=now, expires_at=now + timedelta(days=HELD_DAYS), wording="none"
    )
    state = State.PENDING if row.consent else State.HELD
    while True:
        code = codes.new_code() if codes_file is not None else None
        before = _write_code(codes_file, row.story.id, str(code)) if codes_file is not None else 0
        try:
            store.add(
                row.story,
                consent,
                Held(
                    submitted_at=now,
                    cools_until=now + timedelta(hours=settings.cooling_off_hours),
                    code=CodeRow(code.locator, hash_secret(code.secret)) if code else None,
                    evidence=row.evidence,
                ),
                actor,
                state,
            )
            return
        except errors.CodeTaken:
            _cut(codes_file, before)
        except BaseException:
            _cut(codes_file, before)
            raise


def _write_code(path: Path, id: str, code: str, *, new: bool = False) -> int:
    """Append a line and make sure that it is on the disk. Returns how long the file was before."""
    try:
        with path.open("x" if new else "a", encoding="utf-8", newline="") as file:
            if new:
                path.chmod(0o600)
            before = file.tell()
            csv.writer(file).writerow((id, code))
            file.flush()
            os.fsync(file.fileno())
            return before
    except OSError as error:
        raise errors.SettingsWrong(f"{path} cannot be written ({error.strerror}). No code may be lost.") from error


def _cut(path: Path | None, length: int) -> None:
    """Take the last line back: its story did not come in."""
    if path is not None:
        os.truncate(path, length)


def _check_codes_file(store: Store, path: Path) -> None:
    if path.exists():
        raise errors.SettingsWrong(f"{path} is there already. Name a new file for the codes.")
    if path.absolute().is_relative_to(store.folder.absolute()):
        raise errors.SettingsWrong("The codes may not lie beside the database: only their hashes are kept there.")
    if not path.absolute().parent.is_dir():
        raise errors.SettingsWrong(f"There is no folder {path.absolute().parent} for the codes.")


def tell(report: IntakeReport, as_json: bool) -> None:
    """Print a report."""
    held = sum(t.held for t in report.loaded)
    if as_json:
        print(json.dumps({**asdict(report), "held": held}, ensure_ascii=False, indent=2))
        return
    for note in report.notes:
        print(note)
    for taken in report.loaded:
        for note in taken.notes:
            print(f"{taken.place}: {note}")
    for refused in report.refused:
        print(f"{refused.place}: refused. {refused.reason}", file=sys.stderr)
    would = "would be " if report.dry_run else ""
    print(
        f"{report.total} rows: {len(report.loaded)} {would}loaded ({held} held until the narrator confirms), "
        f"{len(report.refused)} refused."
    )
