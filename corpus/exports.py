"""Stories for a purpose, each with the consent that allows it; what is not allowed is left out and counted.

An export is made in memory and handed over: the program keeps no copy that would have to be scrubbed later. Whoever
gets it holds words that can be taken back, so every row says until when it may be used.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from corpus import errors
from corpus.imports.cells import guarded
from corpus.store import Store
from corpus.types import Consent, Part, Provenance, Purpose, State, Story

Format = Literal["csv", "json"]
MEDIA: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Exported:
    name: str  # of the file, without a folder
    media_type: str
    data: bytes
    rows: int
    left_out: int  # published stories whose consent does not allow the purpose


def export(store: Store, purpose: Purpose, format: Format, actor: str) -> Exported:
    """Every story that may be used for `purpose` at this moment, through the consent gate."""
    ids = [s.id for s in store.summaries() if s.state is State.PUBLISHED]
    found = store.visible_with_consent(ids, purpose)
    rows = [_row(story, consent) for story, consent in (found[id] for id in ids if id in found)]
    data = _csv(rows) if format == "csv" else _json(rows, purpose)
    counts = {"rows": len(rows), "left_out": len(ids) - len(rows)}
    store.tell(actor, "export", purpose=purpose.value, counts=counts)
    return Exported(f"stories-{purpose.value}.{format}", MEDIA[format], data, **counts)


def write(store: Store, path: Path, purpose: str, actor: str) -> Exported:
    """The same into a new file ending in .csv or .json. SettingsWrong when it may not be written there."""
    form: Format | None = next((f for f in MEDIA if path.suffix.lower() == f".{f}"), None)
    if form is None:
        raise errors.SettingsWrong("The file has to end in .csv or .json.")
    try:
        wanted = Purpose(purpose)
    except ValueError as error:
        raise errors.SettingsWrong(f"There is no purpose {purpose!r}: {', '.join(Purpose)}.") from error
    if path.exists():
        raise errors.SettingsWrong(f"{path} is there already. Name a new file.")
    if path.absolute().resolve().is_relative_to(store.folder.absolute().resolve()):
        raise errors.SettingsWrong(
            "An export may not lie in the data folder: what leaves has to leave every file there."
        )
    done = export(store, wanted, form, actor)
    try:
        with path.open("xb") as file:
            file.write(done.data)
        path.chmod(0o600)
    except OSError as error:
        raise errors.DatabaseError(f"{path} cannot be written ({error.strerror}).") from error
    return done


def _row(story: Story, consent: Consent) -> dict[str, Any]:
    facts = story.model_dump(mode="json", exclude={"parts"})
    return {
        **facts,
        "sample": story.provenance is Provenance.SAMPLE,
        "parts": {part.part.value: part.text for part in story.parts},
        "consent": {
            "purposes": sorted(p.value for p in consent.purposes),
            "granted_at": consent.granted_at.isoformat(),
            "expires_at": consent.expires_at.isoformat() if consent.expires_at else None,
            "wording": consent.wording,
        },
    }


def _json(rows: list[dict[str, Any]], purpose: Purpose) -> bytes:
    whole = {"format": "shared-journey-export/1", "purpose": purpose.value, "stories": rows}
    return (json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _csv(rows: list[dict[str, Any]]) -> bytes:
    """UTF-8 with a mark at the start, without which Excel reads another encoding."""
    facts = [
        "id", "title", "narrator", "language", "provenance", "sample", "themes", "stage", "hope", "setbacks",
        "pathways", "context", "content_notes",
    ]  # fmt: skip
    parts = ("whole", *(part.value for part in Part if part is not Part.WHOLE))
    consent = ("purposes", "granted_at", "expires_at", "wording")
    names = {"whole": "text", "purposes": "consent_purposes", "granted_at": "consent_granted"}
    names |= {"expires_at": "consent_expires", "wording": "consent_wording"}
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([names.get(name, name) for name in [*facts, *parts, *consent]])
    for row in rows:
        cells = [row[n] for n in facts] + [row["parts"].get(n) for n in parts] + [row["consent"][n] for n in consent]
        table.writerow([_cell(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return guarded(text)
