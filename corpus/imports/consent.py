"""What a row says about consent. Only a date in the past *and* a reference to the record make it evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from corpus.custody import MONTHS, months_after
from corpus.errors import BadRecord
from corpus.imports.cells import Value, blank, many, moment, short, words
from corpus.types import Consent, Purpose

PAPER = "program"  # the wording that was read is the program's own, and the row does not say which
_MOST_EVIDENCE = 300  # characters: a reference, not a document
_MOST_WORDING = 80
_EAST = timedelta(hours=14)  # how far ahead of UTC a day begins: today's date is no date in the future anywhere


def consent_of(
    fields: Mapping[str, Value], now: datetime
) -> tuple[Consent | None, str | None, tuple[str, ...]]:  # fmt: skip
    """(consent or None, where the program keeps its record or None, notes).

    Without an end it lasts 12 months from the day it was given; 24 months is the most. The day of the end is not part
    of it. BadRecord for what cannot be read, for a consent given in the future and for one that is over: also where
    there is no evidence, since such a story may not come in at all.
    """
    granted = moment(fields.get("consent_granted"), "consent_granted")
    expires = moment(fields.get("consent_expires"), "consent_expires")
    evidence = _line(fields.get("consent_evidence"), "consent_evidence", _MOST_EVIDENCE)
    wording = _line(fields.get("consent_wording"), "consent_wording", _MOST_WORDING)
    purposes = _purposes(fields.get("consent_purposes"))
    notes: list[str] = []
    if granted is not None:
        if granted > now + _EAST:
            raise BadRecord(f"The consent was given on {granted.date()}, which is still to come.")
        granted = min(granted, now)
        if expires is not None and expires <= granted:
            raise BadRecord("The consent ends before it was given.")
        most = months_after(granted, max(MONTHS))
        if expires is None:
            expires = months_after(granted, min(MONTHS))
        elif expires > most:
            notes.append(f"consent can last {max(MONTHS)} months, so it ends on {most.date()} and not {expires.date()}")
            expires = most
    if expires is not None and expires <= now:
        raise BadRecord(f"The consent ended on {expires.date()}. The narrator can renew it, nobody else.")
    if granted is None or evidence is None:
        if any(field.startswith("consent_") and not blank(value) for field, value in fields.items()):
            missing = "no date on which it was given" if granted is None else "no reference to the record of it"
            notes = [f"the consent has {missing}, so the story waits for its narrator"]
        return None, None, tuple(notes)
    if wording is None:
        notes.append(f"which wording was read is not said: kept as {PAPER!r}")
    if Purpose.SURFACE not in purposes:
        notes.append("the consent does not allow showing the story, so no reader meets it")
    consent = Consent(purposes=purposes, granted_at=granted, expires_at=expires, wording=wording or PAPER)
    return consent, evidence, tuple(notes)


def _line(value: Value, name: str, most: int) -> str | None:
    text = words(value, name)
    if text is not None and len(text := text.strip()) > most:
        raise BadRecord(f"{name}: it has {len(text):,} characters; up to {most} fit. Is it the right column?")
    return text


def _purposes(value: Value) -> frozenset[Purpose]:
    """Those that are named; showing the story, when none is. A word that names none is refused, never passed over."""
    given = [piece.casefold() for piece in many(value, "consent_purposes")]
    known = {purpose.value: purpose for purpose in Purpose}
    if wrong := [piece for piece in given if piece not in known]:
        raise BadRecord(f"consent_purposes: {short(wrong[0])} is not one of {', '.join(known)}.")
    return frozenset(known[piece] for piece in given) or frozenset({Purpose.SURFACE})
