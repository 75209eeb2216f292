"""What every store promises about stories that a program looks after, about people at the desk, and about counts.

The same rules hold as in `corpus.store.contract`: each method is one transaction, from any thread, several processes.
Rules of publication are checked inside the transaction that publishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from corpus.custody import (
    Brought,
    CodeRow,
    Counted,
    Declined,
    Directory,
    Dossier,
    Filed,
    Found,
    GroupFile,
    Held,
    Hindrance,
    Noticed,
    Person,
    QueueRow,
    Role,
    SignedIn,
    ToldWrong,
    Usage,
    Wrong,
)
from corpus.types import Consent, Group, State, Story


class CustodyStore(Protocol):
    # --- a story comes in ---

    def add(self, story: Story, consent: Consent, held: Held, actor: str, state: State = State.PENDING) -> int:
        """Take a story in, to wait for reviewers (PENDING) or for its narrator's own confirmation (HELD).

        Returns its text revision. CodeTaken when the locator is in use; IllegalMove when the id is or was, when the
        story is a sample, when another state is asked for, or when the consent has no end. When it returns, the story
        survives a power cut.
        """
        ...

    def set_code(self, id: str, code: CodeRow, actor: str) -> None:
        """Give a code to a story that has none (an imported one). IllegalMove when it has: nobody can take it over."""
        ...

    # --- reading: two doors, neither for readers ---

    def find_code(self, locator: str) -> Found | None:
        """What the first words of a code point to. The caller still has to check the secret words against the hash."""
        ...

    def dossier(self, id: str) -> Dossier | None:
        """Everything about a story, for its narrator: the caller has checked the code. None for samples."""
        ...

    def for_review(self, id: str) -> Dossier | None:
        """Everything about a story, for a reviewer: None unless its narrator's consent to show it holds now, and for a
        story that waits for its narrator's confirmation."""
        ...

    def queue(self) -> tuple[QueueRow, ...]:
        """Every story in the program's care, oldest first, without its words."""
        ...

    def waits_for(self, id: str) -> tuple[Hindrance, ...]:
        """What stands between a story and its readers now; empty only for a moment, before `publish_due`."""
        ...

    # --- reviewing: each NotAllowed unless the account lives and may review; NoSuchStory when it left ---

    def approve(self, id: str, reviewer: str, version: int, reason: str) -> bool:
        """One reviewer's yes to the words of `version`. True when it is published by this.

        OutOfDate when the words changed; IllegalMove when it is not pending; NotReady without a live consent. A second
        yes of the same person replaces the first and does not count twice.
        """
        ...

    def publish_due(self, actor: str) -> tuple[str, ...]:
        """Publish every story for which nothing stands in the way any more. Ids of those."""
        ...

    def unpublish(self, id: str, actor: str) -> None:
        """Take a story off the page at once; what was approved so far no longer counts."""
        ...

    def decline(self, id: str, reviewer: str, reason: Declined, note: str) -> None:
        """Delete a story as by a withdrawal; its code answers with the reason for a while. Not a published one."""
        ...

    def propose(self, proposed: Story, by: str, version: int, note: str) -> None:
        """Lay another wording before the narrator. OutOfDate when the words changed or another edit waits already."""
        ...

    def drop_proposal(self, id: str, actor: str, verb: str = "propose:refused") -> None:
        """The narrator refuses an edit, or the program takes it back. OutOfDate when there is none."""
        ...

    def accept_proposal(self, id: str, at: datetime, actor: str) -> int:
        """The narrator takes the edit that was proposed at `at`: a new version, and back to the queue.

        OutOfDate when that is no longer the one that waits. Returns the new text revision.
        """
        ...

    def redact(self, story: Story, seen: int, by: str, reason: str, places: int, characters: int) -> int:
        """Keep a story with words removed: a new version, recorded, back to the queue also when it was published."""
        ...

    def ask(self, id: str, by: str, text: str) -> int:
        """A question to the narrator; the story is not published while it is open. Returns its number."""
        ...

    def answer(self, id: str, question: int, text: str, actor: str) -> None:
        """The narrator's answer. OutOfDate when it was answered already."""
        ...

    # --- the narrator's own verbs ---

    def set_consent(self, id: str, consent: Consent, actor: str) -> None:
        """Replace the consent (a switch turned, a renewal): it holds from the commit on. A held story whose narrator
        allows it to be shown joins the queue."""
        ...

    def pause(self, id: str, actor: str) -> None:
        """Hide a story until its narrator brings it back."""
        ...

    def resume(self, id: str, actor: str) -> bool:
        """End a pause. True when it is published by this; else it waits in the queue."""
        ...

    # --- leaving by time ---

    def expire(self, actor: str) -> tuple[str, ...]:
        """Delete every story whose consent is over, and outcomes past their time. Ids of the stories."""
        ...

    def forget_outcome(self, id: str, actor: str) -> bool:
        """Delete what is left of a declined story before its time. False when there is nothing."""
        ...


class PeopleStore(Protocol):
    """Accounts at the desk. Hashes come from `corpus.hashing`, token hashes are SHA-256 hex of random tokens."""

    def add_person(self, name: str, role: Role, hashed: str, actor: str) -> None:
        """NotAllowed when the name is or was in use: decisions of one person are never taken for another's."""
        ...

    def people(self) -> tuple[Person, ...]: ...

    def person(self, name: str) -> Person | None: ...

    def set_role(self, name: str, role: Role, actor: str) -> None:
        """Ends the sessions of the account. NotAllowed when there is none."""
        ...

    def set_password(self, name: str, hashed: str, actor: str) -> None:
        """Ends its sessions and forgets its devices."""
        ...

    def remove_person(self, name: str, actor: str) -> None:
        """Disables the account for ever; what it decided stays."""
        ...

    def open_session(self, name: str, token_hash: str, form_key: str, until: datetime) -> None: ...

    def session(self, token_hash: str, idle: timedelta) -> SignedIn | None:
        """The live session of a token: not closed, not over, used within `idle`, the account not disabled."""
        ...

    def close_session(self, token_hash: str) -> None: ...

    def remember_device(self, name: str, token_hash: str) -> None: ...

    def knows_device(self, name: str, token_hash: str) -> bool: ...


class ListingStore(Protocol):
    """Groups that came from a directory. Their records stay inside: no method for readers returns them."""

    def put_listings(
        self, feed: str, rows: Sequence[tuple[Group, str, Mapping[str, Any]]], actor: str, *, whole: bool = True
    ) -> Brought:
        """Take in a copy of a directory: (group, its record's id, the record). One transaction.

        What the program changed by hand stays changed. whole: the copy is the whole directory, so that what is not in
        it any more becomes inactive (never deleted).
        """
        ...

    def move_groups(self, moved: Mapping[str, str], actor: str) -> int:
        """Groups whose ids changed: old id → new id. Returns how many were deleted.

        Groups under an old id are deleted and leave no tombstone: they come under the new one with the next copy of
        their directory. One that was withdrawn under its old id is withdrawn under the new one too.
        """
        ...

    def compare_listings(
        self, feed: str, rows: Sequence[tuple[Group, str, Mapping[str, Any]]], *, whole: bool = True
    ) -> Brought:
        """What `put_listings` would bring. Changes nothing."""
        ...

    def edit_group(self, id: str, changes: Mapping[str, Any], actor: str) -> Group:
        """Change fields of a group of a directory by hand; None takes a change back, {} empties a link or
        place. NoSuchStory when there is none;
        BadRecord when the group could not be so."""
        ...

    def record_of(self, id: str) -> Mapping[str, Any] | None:
        """The record of a directory that a group came from, for the people at the desk."""
        ...

    def directories(self) -> tuple[Directory, ...]: ...

    def filed_groups(self) -> tuple[Filed, ...]:
        """Every group that there is, also those that readers do not see, for the people at the desk."""
        ...

    def group_file(self, id: str) -> GroupFile | None:
        """One of them. None when there is none."""
        ...


class WrongStore(Protocol):
    """What readers told of groups that is wrong: reasons and days, counted."""

    def tell_wrong(self, id: str, reason: Wrong) -> bool:
        """One more of today. False, and nothing is kept, where readers see no such group."""
        ...

    def told_wrong(self) -> dict[str, ToldWrong]:
        """Of each group of which something was told, what is not settled."""
        ...

    def doubted_groups(self) -> frozenset[str]:
        """Ids of groups of which `DOUBTED_FROM` or more said one of `DOUBTS` within `DOUBT_DAYS`."""
        ...

    def settle_wrong(self, id: str, actor: str) -> int:
        """Somebody looked: what was told of this group is deleted. How often it had been told."""
        ...

    def drop_old_wrong(self) -> int:
        """Delete what was told more than `WRONG_DAYS` ago. How many rows went."""
        ...


class CountStore(Protocol):
    """Counts per ISO week. None in a `Usage`, and a row that is not there, mean fewer than `corpus.custody.FLOOR`."""

    def count(self, seen: Mapping[tuple[str, Counted], int]) -> None:
        """Add to this week's counts of stories; ids that left are passed over. A number below zero takes back what
        was counted before (somebody changed their answer), of earlier weeks where this one is over; no count falls
        below zero."""
        ...

    def count_missing(self, theme: str) -> None:
        """Somebody chose to tell that nobody has told of this theme."""
        ...

    def usage(self) -> dict[str, Usage]:
        """Totals of every story that was ever counted."""
        ...

    def never_shown(self) -> frozenset[str]:
        """Ids of stories of which no card was ever counted."""
        ...

    def missing(self) -> tuple[tuple[str, str, int], ...]:
        """(week, theme, count), newest week first, only counts at or above the floor."""
        ...

    def count_care(self, seen: Mapping[Noticed, int]) -> None:
        """Add to this week's counts of care."""
        ...

    def care(self) -> tuple[tuple[str, Noticed, int], ...]:
        """(week, what, count), newest week first, only counts at or above the floor."""
        ...

    def care_in(self, year: int) -> dict[Noticed, int]:
        """Sums over the ISO weeks of a year, those too small to be told by week among them."""
        ...

    def settle_counts(self) -> int:
        """When a week is over: its counts of stories become one sum, themes below the floor are deleted, and counts of
        care below the floor lose their week. How many rows went."""
        ...
