"""The verbs of a program on its collection. Each is a check of what was typed and one transaction of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from corpus import errors
from corpus.custody import MOST_NOTE, REDACTED, Declined, Dossier, Removal
from corpus.store import ScrubReport, Store
from corpus.types import Part, PartText, Story

# A note about a story that was declined stays longer than the story, so it may not hold a slice of it.
_SLICE = 24  # bytes
_LETTERS = 20
T = TypeVar("T", str, bytes)


def _note(text: str, *, needed: bool) -> str:
    text = text.strip()
    if needed and not text:
        raise errors.BadRecord("A few words are needed here.")
    if len(text) > MOST_NOTE:
        raise errors.BadRecord(f"This can have up to {MOST_NOTE} characters.")
    return text


def approve(store: Store, id: str, reviewer: str, version: int, reason: str) -> bool:
    """One reviewer's yes, with its reason. True when the story is published by it."""
    return store.approve(id, reviewer, version, _note(reason, needed=True))


def ask(store: Store, id: str, reviewer: str, text: str) -> int:
    return store.ask(id, reviewer, _note(text, needed=True))


def decline(store: Store, dossier: Dossier, reviewer: str, reason: Declined, note: str) -> None:
    """Delete a story that will not be published. The note to its narrator stays for a while, so it may not quote it."""
    note = _note(note, needed=True)
    story, edit = dossier.story, dossier.proposal
    held = [story.title, story.narrator, *(p.text for p in story.parts), *(q.answer or "" for q in dossier.questions)]
    held += [edit.story.title, edit.story.narrator, *(p.text for p in edit.story.parts)] if edit else []
    for text in held:
        if quotes(note, text):
            raise errors.BadRecord(
                "The note repeats words of the story. It stays longer than the story, so it may not."
            )
    store.decline(story.id, reviewer, reason, note)


def quotes(note: str, text: str) -> bool:
    """Whether a note repeats a slice of a text: 24 bytes of it as they stand (a few words, or eight letters of some
    scripts), or 20 letters whatever their case and the spaces between them."""
    if _shares(note.encode(), text.encode(), _SLICE):
        return True
    mine, theirs = ("".join(t.casefold().split()) for t in (note, text))
    return _shares(mine, theirs, _LETTERS)


def _shares(mine: T, theirs: T, length: int) -> bool:
    pieces = {mine[i : i + length] for i in range(len(mine) - length + 1)}
    return any(theirs[i : i + length] in pieces for i in range(len(theirs) - length + 1))


def propose(store: Store, dossier: Dossier, reviewer: str, proposed: Story, note: str) -> None:
    """Lay another wording before the narrator (PRACTICE R18). `proposed` is the whole story as it would be."""
    if proposed == dossier.story:
        raise errors.BadRecord("Nothing was changed.")
    if proposed.id != dossier.story.id:
        raise errors.BadRecord("That is another story.")
    store.propose(proposed, reviewer, dossier.version, _note(note, needed=True))


def redact(store: Store, dossier: Dossier, reviewer: str, removals: Sequence[Removal], reason: str) -> int:
    """Remove words: each place becomes `REDACTED`. Only removing: nothing is reworded. Returns the text revision.

    OutOfDate when the words at a place are not those that the reviewer saw.
    """
    reason = _note(reason, needed=True)
    story = dossier.story
    if not removals:
        raise errors.BadRecord("No words were selected.")
    for removal in removals:
        text = story.text(removal.span.part) or ""
        if removal.span.end > len(text) or removal.span.of(story) != removal.words:
            raise errors.OutOfDate("The words at that place are not the ones you selected. Open the story again.")
    parts, places, characters = [], 0, 0
    for part in story.parts:
        spans = _merged([(r.span.start, r.span.end) for r in removals if r.span.part is part.part])
        text = part.text
        for start, end in reversed(spans):
            text = text[:start] + REDACTED + text[end:]
            places, characters = places + 1, characters + end - start
        parts.append(PartText(part=part.part, text=text))
    changed = story.model_copy(update={"parts": tuple(parts)})
    return store.redact(changed, dossier.text_revision, reviewer, reason, places, characters)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or overlap put together."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def places_of(story: Story, words: str) -> tuple[tuple[Part, int, int], ...]:
    """Every place in a story where these very words stand: for selecting without a pointer."""
    found = []
    for part in story.parts:
        at = part.text.find(words) if words else -1
        while at >= 0:
            found.append((part.part, at, at + len(words)))
            at = part.text.find(words, at + len(words))
    return tuple(found)


def withdraw(store: Store, id: str, actor: str) -> ScrubReport | None:
    """Remove a story for ever and scrub its bytes. None when there is no such story.

    The story is invisible to every process from the first line on, also when the scrub raises ScrubBlocked.
    """
    return store.scrub() if store.withdraw(id, actor) else None
