"""From rows that were read out of a file to stories in the program's care, and a report in which everything adds up."""

from __future__ import annotations

import csv
import json
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
    it no codes are drawn; `python -m corpus code ID` draws one later. Raises SettingsWrong when it exists already or
    lies in the data folder.
    """
    if codes_file is not None:
        _check_codes_file(store, codes_file)
    refused = [NotTaken(r.place, r.reason) for r in batch.refused]
    there = {summary.id for summary in store.summaries()} | store.departed()
    loaded: list[Taken] = []
    drawn: list[tuple[str, str]] = []
    for row in batch.rows:
        if row.story.id in there:
            refused.append(NotTaken(row.place, f"The id {row.story.id} is or was in use: it was imported before."))
            continue
        try:
            code = None if dry_run else _store(store, row, settings, actor, with_code=codes_file is not None)
        except errors.SharedJourneyError as error:
            refused.append(NotTaken(row.place, str(error)))
            continue
        if code is not None:
            drawn.append((row.story.id, str(code)))
        loaded.append(Taken(row.place, row.story.id, row.consent is None, row.notes))
    if codes_file is not None and drawn:
        with codes_file.open("x", encoding="utf-8", newline="") as file:
            codes_file.chmod(0o600)
            csv.writer(file).writerows([("id", "code"), *drawn])
    if not dry_run:
        counts = {"total": batch.total, "loaded": len(loaded), "refused": len(refused)}
        store.tell(actor, "import", counts=counts)
    return IntakeReport(batch.total, tuple(loaded), tuple(refused), batch.notes, dry_run)


def _store(store: Store, row: Row, settings: CorpusSettings, actor: str, *, with_code: bool) -> codes.Code | None:
    now = utc_now()
    consent = row.consent or Consent(
        purposes=frozenset(), granted_at=now, expires_at=now + timedelta(days=HELD_DAYS), wording="none"
    )
    state = State.PENDING if row.consent else State.HELD
    code = codes.new_code() if with_code else None
    while True:
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
            return code
        except errors.CodeTaken:
            code = codes.new_code()


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
