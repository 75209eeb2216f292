"""A task: documents, queries, and graded judgments of which document answers which query. Read from a BEIR folder."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection as Ids
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BadRecord
from corpus.types import Part, PartText, Provenance, Story
from index import passages, query

# A query of fewer words than this may stand in a document by chance; then only a document that is nothing else is a
# leak.
_LEAST_LEAK = 8
_LEAK = 20  # words in a row of a longer query
NO_TITLE = "–"  # a Story has to have one


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody writes: one message, or the turns of a conversation, oldest first."""

    id: str
    turns: tuple[str, ...]
    facts: Mapping[str, Any]  # whatever else the task says of it (kind, themes, …)

    @property
    def text(self) -> str:
        """What is looked for, as a conversation does it."""
        return query.of_turns(self.turns)


@dataclass(frozen=True, slots=True)
class Task:
    """`judgments[query id][document id]`: 0 does not answer, 1 and more answers, higher is better. Queries without
    any are not there."""

    name: str
    documents: Mapping[str, Story]  # by the task's id; the id inside the Story is the program's own
    queries: tuple[Asked, ...]
    judgments: Mapping[str, Mapping[str, int]]
    ignore_identical_ids: bool = False

    def answerable(self) -> tuple[Asked, ...]:
        """The queries that some document answers: those that relevance is measured on."""
        return tuple(q for q in self.queries if any(grade > 0 for grade in self.judgments[q.id].values()))

    def unanswerable(self) -> tuple[Asked, ...]:
        """The queries that were judged, and that no document answers: those that honesty is measured on."""
        return tuple(q for q in self.queries if not any(grade > 0 for grade in self.judgments[q.id].values()))


@dataclass(frozen=True, slots=True)
class Leak:
    """A query whose words stand in a document that is not its answer."""

    query: str
    document: str
    words: str  # how many words in a row, in plain words: never the text itself

    def __str__(self) -> str:
        return f"query {self.query} stands in document {self.document} ({self.words})"


def read(folder: Path, split: str = "test") -> Task:
    """A BEIR folder: `corpus.jsonl` (`_id`, `title`, `text`, perhaps `parts`), `queries.jsonl` (`_id`, `text` or
    `turns`), `qrels/<split>.tsv` (query, document, grade), and perhaps `meta.json` with `"ignore_identical_ids": true`.

    BadRecord names file and line of whatever does not fit, and says so when nothing is left to measure.
    """
    meta = folder / "meta.json"
    facts = _json(meta, meta.read_text(encoding="utf-8")) if meta.is_file() else {}
    documents: dict[str, Story] = {}
    for place, row in _rows(folder / "corpus.jsonl"):
        id = _id(place, row)
        if id in documents:
            raise BadRecord(f"{place}: the id {id} is there twice")
        documents[id] = _document(place, row, len(documents))
    asked = asked_of(folder / "queries.jsonl")
    ignore = bool(facts.get("ignore_identical_ids", False))
    judgments = judgments_of(folder / "qrels" / f"{split}.tsv", asked, documents)
    queries = tuple(q for id, q in asked.items() if id in judgments)
    if not documents or not queries or not any(g > 0 for grades in judgments.values() for g in grades.values()):
        raise BadRecord(f"{folder}: nothing to measure (no document, no query or no answer in it)")
    return Task(folder.resolve().name, documents, queries, judgments, ignore)


def asked_of(path: Path) -> dict[str, Asked]:
    """The queries of a JSONL file, by id, in order."""
    asked: dict[str, Asked] = {}
    for place, row in _rows(path):
        id = _id(place, row)
        if id in asked:
            raise BadRecord(f"{place}: the id {id} is there twice")
        asked[id] = _asked(place, row, id)
    return asked


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    place = f"{path}, line {number}"
                    yield place, _json(place, line)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"{path} cannot be read: {error}") from error


def _json(place: object, text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRecord(f"{place}: not JSON") from error
    if not isinstance(row, dict):
        raise BadRecord(f"{place}: not a JSON object")
    return row


def _id(place: str, row: Mapping[str, Any]) -> str:
    id = row.get("_id", row.get("id"))
    if id is None or str(id) == "":
        raise BadRecord(f"{place}: no “_id”")
    return str(id)


def _document(place: str, row: Mapping[str, Any], number: int) -> Story:
    """A foreign document as a story. Its title stands before its text where it is too long for a title."""
    title = str(row.get("title") or "").strip()
    parts = row.get("parts")
    if isinstance(parts, Mapping):
        pairs = [(str(name), str(text)) for name, text in parts.items()]
    elif isinstance(parts, list):
        try:
            pairs = [(str(part["part"]), str(part["text"])) for part in parts]
        except (KeyError, TypeError) as error:
            raise BadRecord(f"{place}: “parts” needs “part” and “text” in each") from error
    elif parts is None and isinstance(row.get("text"), str):
        pairs = [(Part.WHOLE.value, str(row["text"]))]
    else:
        raise BadRecord(f"{place}: no “text”")
    named = {part.value for part in Part}
    if any(name not in named for name, _ in pairs) or len({name for name, _ in pairs}) < len(pairs):
        pairs = [(Part.WHOLE.value, "\n\n".join(text for _, text in pairs))]
    pairs = [(name, text.replace("\x00", " ")) for name, text in pairs if text.strip()]
    if len(title) > 200 or not pairs:
        pairs = [(Part.WHOLE.value, "\n\n".join([title, *(text for _, text in pairs)]).strip() or NO_TITLE)]
        title = ""
    return Story(
        id=f"d{number}",
        title=title or NO_TITLE,
        narrator="–",
        language=str(row.get("language") or "en"),
        parts=tuple(PartText(part=Part(name), text=text) for name, text in pairs),
        provenance=Provenance.PROGRAM,
    )


def _asked(place: str, row: Mapping[str, Any], id: str) -> Asked:
    turns = row.get("turns")
    if turns is None:
        turns = [row.get("text")]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise BadRecord(f"{place}: neither “text” nor a list of “turns”")
    rest = {key: value for key, value in row.items() if key not in ("_id", "id", "text", "turns")}
    return Asked(id, tuple(turns), rest)


def judgments_of(path: Path, asked: Mapping[str, Asked], documents: Ids[str]) -> dict[str, dict[str, int]]:
    """Query → document → grade, from lines “query, document, grade” with tabs between, with or without a heading."""
    judgments: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
                if not row or (number == 1 and row[0].lower().startswith("query")):
                    continue
                place = f"{path}, line {number}"
                try:
                    query_id, document_id, grade = row[0], row[1], int(float(row[2]))
                except (IndexError, ValueError) as error:
                    raise BadRecord(f"{place}: not “query, document, grade”") from error
                if query_id not in asked:
                    raise BadRecord(f"{place}: there is no query {query_id}")
                if document_id not in documents:
                    raise BadRecord(f"{place}: there is no document {document_id}")
                judgments.setdefault(query_id, {})[document_id] = grade
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"{path} cannot be read: {error}") from error
    return judgments


def words_of(story: Story) -> str:
    """All that is embedded of a document: its title, where it has one, and its parts."""
    if story.title != NO_TITLE:
        return passages.whole(story)
    return "\n\n".join(part.text for part in story.parts)


# --- the guard against leaks
# -------------------------------------------------------------------------------------------


def leaks(task: Task) -> tuple[Leak, ...]:
    """Queries of which 20 words in a row (of a shorter one: all) stand in a document other than their own answers.

    Whoever measures with such a task measures copying, not finding.
    """
    asked: dict[int, dict[tuple[str, ...], list[str]]] = {}  # length → run of words → queries
    short: dict[tuple[str, ...], list[str]] = {}
    for q in task.queries:
        for turn in q.turns:
            words = _words(turn)
            if len(words) < _LEAST_LEAK:
                if words:
                    short.setdefault(words, []).append(q.id)
                continue
            length = min(_LEAK, len(words))
            runs = asked.setdefault(length, {})
            for start in range(len(words) - length + 1):
                runs.setdefault(words[start : start + length], []).append(q.id)
    found: dict[tuple[str, str], Leak] = {}
    for id, story in task.documents.items():
        texts = [_words(part.text) for part in story.parts]
        for words in texts:
            for query_id in short.get(words, ()):
                _note(task, found, query_id, id, "the whole text")
            for length, runs in asked.items():
                for start in range(len(words) - length + 1):
                    for query_id in runs.get(words[start : start + length], ()):
                        _note(task, found, query_id, id, f"{length} words in a row")
    return tuple(found.values())


def _note(task: Task, found: dict[tuple[str, str], Leak], query_id: str, id: str, words: str) -> None:
    own = task.judgments[query_id].get(id, 0) > 0 or (task.ignore_identical_ids and query_id == id)
    if not own:
        found.setdefault((query_id, id), Leak(query_id, id, words))


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))
