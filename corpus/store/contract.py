"""What every store promises. A backend is "the contract tests pass" (`tests/store_contract.py`).

Threads: every method may be called from any thread, and several processes may use one database at the same time.
Transactions: each method is one transaction; a reader sees all of it or nothing. Each change bumps one revision
counter in the same transaction, so `revision()` after a committed change is always larger than before it.
Errors: only those of `corpus.errors`. Times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from corpus.store.custody_contract import CountStore, CustodyStore, ListingStore, PeopleStore, WrongStore
from corpus.types import AuditEvent, Book, Consent, Group, Provenance, Purpose, Span, State, Story, VisibleStory

if TYPE_CHECKING:  # the commands that look after stories need no vectors
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passage:
    """One vector of a story: of a slice of one part, or of the whole story when `span` is None."""

    span: Span | None
    vector: NDArray[np.float32]  # float32[d], unit norm
    terms: bytes | None = None  # beside the vector of the whole story: what the index wants to know of its words again


@dataclass(frozen=True, slots=True)
class StoryVectors:
    """All vectors of one story under one scheme, and what is told about it. No text (`terms` let one guess words)."""

    story_id: str
    passage_ids: tuple[int, ...]  # never used again for anything else, also after the story is gone
    parts: tuple[str | None, ...]  # of each vector the part that its passage is from; None: that of the whole story
    vectors: NDArray[np.float32]  # float32[n, d], rows unit-norm, in the order of `passage_ids`
    language: str
    facts: Mapping[str, Any]  # by the names of `Story`, as stored: themes, stage, hope, …
    terms: bytes | None  # what was kept beside the vector of the whole story


@dataclass(frozen=True, slots=True)
class GroupVector:
    group_id: str
    vector: NDArray[np.float32]  # float32[d], unit norm


@dataclass(frozen=True, slots=True)
class Changes:
    """What an index must do to catch up: first drop `gone` and everything it holds of `stories`, then add `stories`."""

    revision: int  # pass it as `since` the next time
    gone: frozenset[str]  # ids of stories that left, were paused, or whose words changed and are not embedded yet
    stories: tuple[StoryVectors, ...]
    groups_gone: frozenset[str]
    groups: tuple[GroupVector, ...]


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What somebody who keeps a list of groups must do to catch up."""

    revision: int  # pass it as `since` the next time
    gone: frozenset[str]  # ids that left or are not listed any more
    groups: tuple[Group, ...]  # new ones, and those that are not as they were


@dataclass(frozen=True, slots=True)
class Summary:
    """What the program sees of a story in a list: no words of the narrator, not even the title."""

    id: str
    state: State
    provenance: Provenance
    language: str
    themes: tuple[str, ...]
    purposes: frozenset[Purpose]
    expires_at: datetime | None
    embedded: bool  # whether it has vectors (of any scheme)


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """Proof that nothing withdrawn is left in the write-ahead log. Sizes in bytes."""

    database: int
    log: int  # 0 after a scrub


@dataclass(frozen=True, slots=True)
class AuditProof:
    """What a reading of a whole book of the audit found."""

    book: Book
    lines: int
    head: str  # hash of the last line: note it down, and `audit verify --expect` can later prove that it was there
    faults: tuple[str, ...]  # plain sentences, in order of place; empty: whole


@dataclass(frozen=True, slots=True)
class Carried:
    """A whole collection as plain records (texts, numbers, lists; moments as ISO text), without samples and people."""

    stories: dict[str, dict[str, Any]]  # id → everything of one story but its consents
    consents: dict[str, list[dict[str, Any]]]  # id → one record for each purpose
    outcomes: list[dict[str, Any]]
    departed: list[dict[str, Any]]  # {"id", "at"}
    audit: list[dict[str, Any]]  # the book of the stories, oldest first


@dataclass(frozen=True, slots=True)
class Backup:
    path: Path
    made_at: datetime
    until: datetime  # deleted by the first job after this


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `stories` came back; `departed` had left since and stayed away; `kept` were there already."""

    stories: int
    departed: int
    kept: int
    groups: int
    people: int  # accounts that there are now
    without_code: tuple[str, ...] = ()  # ids of stories whose code is another story's by now: they need a new one


class Store(CustodyStore, PeopleStore, CountStore, ListingStore, WrongStore, Protocol):
    """Stories, consents, passages, vectors and groups; and what `corpus.store.custody_contract` says."""

    # --- reading -----------------------------------------------------------------------------------------------

    def revision(self) -> int:
        """The revision of the last committed change; 0 for a database that was never written to. Cheap."""
        ...

    def visible(self, ids: Iterable[str], purpose: Purpose) -> dict[str, VisibleStory]:
        """THE CONSENT GATE: the only way by which words of a story leave the store.

        Returns those of `ids` that are published *now* and whose consent allows `purpose` *now*; an id that is
        missing from the answer must not be shown. All stories of one answer are of one moment. Called at each turn
        with tens of ids, and by exports and evaluations with all of them.
        """
        ...

    def passing(self, ids: Iterable[str], purpose: Purpose) -> frozenset[str]:
        """Which of `ids` would pass the gate now, without a word of theirs: to choose from. What is chosen goes through
        `visible` all the same."""
        ...

    def titles(self, ids: Iterable[str], purpose: Purpose) -> dict[str, str]:
        """The same gate, with the title of each alone: for lists."""
        ...

    def visible_with_consent(self, ids: Iterable[str], purpose: Purpose) -> dict[str, tuple[Story, Consent]]:
        """The same gate, with the consent that let each story through: for exports."""
        ...

    def visible_groups(self, ids: Iterable[str] | None = None) -> dict[str, Group]:
        """Groups that are listed now (all of them when `ids` is None): never an unlisted one."""
        ...

    def group_revisions(self, ids: Iterable[str]) -> dict[str, int]:
        """Of those of `ids` that are listed now, the revision of the last change of each."""
        ...

    def group_changes(self, since: int) -> GroupChanges:
        """Listed groups that changed after revision `since` (0: all of them), as one moment, in order of id."""
        ...

    def changes(self, since: int, scheme: str) -> Changes:
        """Everything that changed after revision `since` (0: everything there is), as one moment.

        Holds vectors, terms and what is told about stories, never text: only of stories that pass the consent gate for
        `Purpose.SURFACE` at that moment. A story whose vectors of `scheme` are not there yet is in `gone`.
        """
        ...

    def unembedded(self, scheme: str, limit: int) -> tuple[str, ...]:
        """At most `limit` ids of published stories that have no vectors of `scheme` yet, in a stable order."""
        ...

    def unembedded_groups(self, scheme: str, limit: int) -> tuple[str, ...]:
        """The same for listed groups."""
        ...

    def summaries(self) -> tuple[Summary, ...]:
        """Every story there is, in order of id, without its words."""
        ...

    def shows_samples(self) -> bool:
        """Whether a sample story or group can be seen at this moment (then the page says that samples are fiction)."""
        ...

    def departed(self) -> frozenset[str]:
        """Ids of stories and groups that were withdrawn and may not come back by a reload of samples or an import."""
        ...

    def audit(self, limit: int, book: Book | None = None) -> tuple[AuditEvent, ...]:
        """The newest `limit` audit lines (of one book), newest first. They hold ids and verbs, never words."""
        ...

    def verify_audit(self) -> tuple[AuditProof, ...]:
        """Read each book from its first line; what was altered, removed or added is named."""
        ...

    def had_head(self, hash: str) -> bool:
        """Whether a line of the audit has this hash: one that was noted down earlier as the head of a book."""
        ...

    def note(self, key: str) -> str | None:
        """A small fact that the program keeps about itself (never about a person), or None."""
        ...

    # --- writing -----------------------------------------------------------------------------------------------

    def tell(
        self,
        actor: str,
        verb: str,
        subject: str | None = None,
        *,
        purpose: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Write a line into the audit of the house: something that is not a change of a story (a failed sign-in, an
        export). Never text of anybody."""
        ...

    def add_sample(self, story: Story, consent: Consent, actor: str) -> int:
        """Add a sample, shown at once. Returns its text revision. IllegalMove for any other story."""
        ...

    def edit(self, story: Story, seen: int, actor: str) -> int:
        """Replace the words and facts of a story; its passages and vectors are deleted in the same transaction.

        `seen` is the text revision that the editor read; OutOfDate when it is no longer the story's. A story that is
        not a sample becomes a new version and goes back to the queue. Returns the new text revision. NoSuchStory when
        it left.
        """
        ...

    def withdraw(self, id: str, actor: str) -> bool:
        """Delete a story for ever: words, consent, passages and vectors, and leave a tombstone that holds its id.

        When it returns, no reader of any process sees the story. The bytes are gone after the next `scrub`.
        False when there is no such story (any more): withdrawing twice is not an error.
        """
        ...

    def put_passages(self, id: str, seen: int, scheme: str, passages: Sequence[Passage]) -> bool:
        """Keep the vectors of a story. False, and nothing is written, when its words are no longer those of `seen`
        (edited, paused or withdrawn while they were being embedded)."""
        ...

    def put_terms(self, terms: Mapping[int, bytes]) -> None:
        """Keep terms beside vectors, in place of what was there, by the ids of their passages; ids that are gone are
        passed over. Not a change: the revision stays."""
        ...

    def put_group(self, group: Group, actor: str) -> None:
        """Add a group or replace it; its vector is deleted when anything changed."""
        ...

    def withdraw_group(self, id: str, actor: str) -> bool:
        """Delete a group and leave a tombstone. False when there is none."""
        ...

    def put_group_vectors(self, scheme: str, vectors: Mapping[str, tuple[Group, NDArray[np.float32]]]) -> int:
        """Keep vectors of groups; one whose group is no longer equal to the one given is left out. Returns how many."""
        ...

    def drop_other_schemes(self, scheme: str) -> int:
        """Delete every vector that was made by another scheme. Returns how many stories and groups lost some."""
        ...

    def set_note(self, key: str, value: str) -> None:
        """Keep a small fact that the program needs about itself; never anything about a person."""
        ...

    # --- care of the files -------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where the database lies; backups and the list of departed stories lie beside it."""
        ...

    def scrub_is_due(self) -> bool:
        """Whether words were deleted (withdrawn, edited) since the last scrub."""
        ...

    def scrub(self) -> ScrubReport:
        """Make sure that no file holds what was deleted: neither backups nor the database nor its log.

        Raises ScrubBlocked while another reader prevents it; then it is still due.
        """
        ...

    def write_departed(self) -> None:
        """Bring the list of departed stories beside the database up to date (`departed.txt`, ids only)."""
        ...

    def inconsistencies(self) -> tuple[str, ...]:
        """What is in the database or a backup and should not be (orphans, stories that left), as plain sentences."""
        ...

    def carry(self) -> Carried:
        """Everything that goes along when the collection moves, of one moment."""
        ...

    def take_over(self, carried: Carried, actor: str) -> None:
        """The other way round, all or nothing. IllegalMove when there are own stories here already; BadRecord when a
        record does not fit or the audit is not whole."""
        ...

    def backup(self, days: int, actor: str) -> Backup:
        """A copy of the rows, without vectors and sessions, that is deleted after `days` by the jobs."""
        ...

    def backups(self) -> tuple[Backup, ...]:
        """Every backup beside the database, oldest first."""
        ...

    def drop_old_backups(self, actor: str) -> int:
        """Delete backups past their life. How many."""
        ...

    def restore(self, path: Path, departed: Iterable[str], actor: str) -> Restored:
        """Bring back from a backup what is missing here; whatever left since (here, or in `departed`) stays away.

        Stories that are here stay as they are. DatabaseError when the file is no backup; then nothing was changed.
        """
        ...

    def close(self) -> None:
        """Give back connections. The store cannot be used afterwards."""
        ...
