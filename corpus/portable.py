"""A collection in one folder, so that a program can leave with its stories and their permissions.

The folder is plain JSON, the same bytes each time it is written from the same collection: `manifest.json`,
`stories/<id>.json`, `consents/<id>.json`, `outcomes.jsonl`, `departed.jsonl`, `audit.jsonl` and `SHA256SUMS`, which
`sha256sum -c` reads. Codes go along as hashes, so narrators keep theirs. What stays behind: samples, accounts, vectors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from corpus import errors
from corpus.custody import REVIEWERS, Counted, Declined
from corpus.store import Carried, Store
from corpus.types import Id, Provenance, Purpose, State, Story

FORMAT = "shared-journey/1"
_SUMS = "SHA256SUMS"
_KIND = "it is not what a record of this kind is."
_SINGLE = ("manifest.json", "outcomes.jsonl", "departed.jsonl", "audit.jsonl")
_STORY = ("id", "title", "narrator", "language", "provenance")
_FACTS = {"themes", "stage", "hope", "setbacks", "pathways", "context", "content_notes"}
_ROWS = ("parts", "custody", "approvals", "questions", "proposals", "redactions", "usage")
_ID = TypeAdapter(Id)


@dataclass(frozen=True, slots=True)
class Moved:
    stories: int
    lines: int  # of the audit


def save(store: Store, folder: Path, actor: str) -> Moved:
    """Write the collection into a new folder. What is over by now leaves first. SettingsWrong when the folder is not
    empty or lies beside the database, where it would have to be scrubbed."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.SettingsWrong(f"{folder} is there already and is not empty. Name a new folder.")
    if folder.absolute().resolve().is_relative_to(store.folder.absolute().resolve()):
        raise errors.SettingsWrong(
            "The folder may not lie in the data folder: what leaves has to leave every file there."
        )
    store.expire(actor)
    carried = store.carry()
    files: dict[str, bytes] = {}
    for id, record in carried.stories.items():
        files[f"stories/{id}.json"] = _document(record)
        files[f"consents/{id}.json"] = _document(carried.consents[id])
    files["outcomes.jsonl"] = _lines(carried.outcomes)
    files["departed.jsonl"] = _lines(carried.departed)
    files["audit.jsonl"] = _lines(carried.audit)
    counts = {"stories": len(carried.stories), "outcomes": len(carried.outcomes)}
    counts |= {"departed": len(carried.departed), "audit": len(carried.audit)}
    files["manifest.json"] = _document({"format": FORMAT, "counts": counts})
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    try:
        for name in ("stories", "consents"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / _SUMS).write_bytes(sums.encode())  # last: a folder without it is unfinished
    except OSError as error:
        raise errors.DatabaseError(f"{folder} cannot be written ({error.strerror}).") from error
    store.tell(actor, "portable:save", counts=counts)
    return Moved(len(carried.stories), len(carried.audit))


def load(store: Store, folder: Path, actor: str) -> Moved:
    """Take a folder over into a collection without own stories: all of it, or nothing.

    BadRecord names the file that is missing, altered, too many or not what it should be; IllegalMove when this
    collection has stories already.
    """
    files = _read(folder)
    manifest = _json(files, "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise errors.BadRecord(f"manifest.json: this is not the format {FORMAT}.")
    stories: dict[str, dict[str, Any]] = {}
    consents: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(files):
        kind, _, rest = name.partition("/")
        if kind == "stories":
            record = _json(files, name)
            _check_story(name, rest.removesuffix(".json"), record)
            stories[record["id"]] = record
        elif kind == "consents":
            consents[rest.removesuffix(".json")] = _check_consents(name, _json(files, name))
    if set(stories) != set(consents):
        raise errors.BadRecord(f"{min(set(stories) ^ set(consents))}: a story and its consents go together.")
    outcomes = [_check_outcome(row) for row in _records(files, "outcomes.jsonl")]
    locators = [row["locator"] for record in stories.values() for row in record["custody"] if row["locator"]]
    locators += [row["locator"] for row in outcomes]
    if len(set(locators)) != len(locators):
        raise errors.BadRecord("outcomes.jsonl: a code would open two things.")
    carried = Carried(
        stories,
        consents,
        outcomes,
        [_check_departed(row, stories) for row in _records(files, "departed.jsonl")],
        [_check_line(row) for row in _records(files, "audit.jsonl")],
    )
    store.take_over(carried, actor)
    return Moved(len(stories), len(carried.audit))


# --- writing and reading the folder ---


def _document(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows).encode()


def _read(folder: Path) -> dict[str, bytes]:
    """Every file of the folder by its name, each with the checksum that it should have; no link, none too many."""
    try:
        stated = dict(
            (name, digest)
            for digest, name in (
                line.split("  ", 1) for line in (folder / _SUMS).read_text(encoding="utf-8").splitlines()
            )
        )
    except (OSError, ValueError) as error:
        raise errors.BadRecord(f"{folder / _SUMS} cannot be read: this is no whole folder of a collection.") from error
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()} - {_SUMS}
    if different := set(stated) ^ there:
        raise errors.BadRecord(f"{min(different)}: missing, or not in {_SUMS}.")
    files = {}
    for name in sorted(stated):
        kind, _, rest = name.partition("/")
        if name not in _SINGLE and not (kind in ("stories", "consents") and rest.endswith(".json") and "/" not in rest):
            raise errors.BadRecord(f"{name}: no such file belongs to this format.")
        path = folder / name
        if path.is_symlink() or path.parent.is_symlink():
            raise errors.BadRecord(f"{name}: a link is not a file.")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != stated[name]:
            raise errors.BadRecord(f"{name}: it was altered; its checksum is another.")
        files[name] = content
    for name in _SINGLE:
        if name not in files:
            raise errors.BadRecord(f"{name}: missing.")
    return files


def _json(files: dict[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise errors.BadRecord(f"{name}: this is not JSON.") from error


def _records(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(files[name].decode("utf-8", "replace").split("\n")[:-1], 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise errors.BadRecord(f"{name}, line {number}: this is not JSON.") from error
        if not isinstance(row, dict):
            raise errors.BadRecord(f"{name}, line {number}: not a record.")
        rows.append(row)
    return rows


# --- what a record has to be: the store's own types say so ---


def _check_story(name: str, id: str, record: Any) -> None:
    try:
        if not isinstance(record, dict) or record["id"] != _ID.validate_python(id):
            raise errors.BadRecord(f"{name}: its name and its id differ.")
        state = State(record["state"])
        if not all(isinstance(row, dict) for rows in _ROWS for row in list(record[rows])):
            raise errors.BadRecord(f"{name}: {_KIND}")
        if set(record["facts"]) != _FACTS:
            raise errors.BadRecord(f"{name}: its facts are not those of a story.")
        if Provenance(record["provenance"]) is Provenance.SAMPLE:
            raise errors.BadRecord(f"{name}: a sample does not travel.")
        parts = [{"part": p["part"], "text": p["text"]} for p in record["parts"]]
        story = Story.model_validate({**{k: record[k] for k in _STORY}, **record["facts"], "parts": tuple(parts)})
        if len(record["custody"]) != 1 or len(record["proposals"]) > 1:
            raise errors.BadRecord(f"{name}: its terms are missing or doubled.")
        for proposal in record["proposals"]:
            if Story.model_validate(proposal["document"]).id != story.id:
                raise errors.BadRecord(f"{name}: the proposed edit is another story's.")
        for row in record["usage"]:
            Counted(row["what"])
        version, locator = record["custody"][0]["version"], record["custody"][0]["locator"]
        standing = {r["reviewer"] for r in record["approvals"] if r["version"] == version and not r["void"]}
        if state is State.PUBLISHED and len(standing) < REVIEWERS:
            raise errors.BadRecord(f"{name}: it is published, and fewer than {REVIEWERS} people approved these words.")
        if not isinstance(locator, str | None):
            raise errors.BadRecord(f"{name}: {_KIND}")
    except (KeyError, TypeError, ValueError) as error:
        raise errors.BadRecord(f"{name}: {_reason(error)}") from error


def _check_consents(name: str, rows: Any) -> list[dict[str, Any]]:
    try:
        if not isinstance(rows, list):
            raise TypeError
        for row in rows:
            Purpose(row["purpose"])
            if not isinstance(row["expires_at"], str):
                raise errors.BadRecord(f"{name}: a consent without an end.")
        return list(rows)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.BadRecord(f"{name}: {_reason(error)}") from error


def _check_outcome(row: dict[str, Any]) -> dict[str, Any]:
    try:
        Declined(row["reason"])
        if not isinstance(row["locator"], str):
            raise TypeError
    except (KeyError, TypeError, ValueError) as error:
        raise errors.BadRecord(f"outcomes.jsonl: {_reason(error)}") from error
    return row


def _check_departed(row: dict[str, Any], stories: dict[str, Any]) -> dict[str, Any]:
    if set(row) != {"id", "at"} or not isinstance(row["id"], str):
        raise errors.BadRecord("departed.jsonl: a record has an id and a moment, and nothing else.")
    if row["id"] in stories:
        raise errors.BadRecord(f"departed.jsonl: {row['id']} left and is in the folder all the same.")
    return row


def _check_line(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("book") != "stories":
        raise errors.BadRecord("audit.jsonl: a line of another book.")
    return row


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return _KIND
