"""What the program holds around a story while it looks after it: reviews, questions, proposals, codes, people, counts.

All values are immutable; times are timezone-aware UTC. Everything here that can hold words (a reason, a question, an
answer, a proposal) belongs to one story and is deleted with it.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from corpus.types import Consent, Group, Provenance, Purpose, Span, State, Story

REVIEWERS = 2  # different people who have to approve the very words that are published (PRACTICE R10)
FLOOR = 5  # a count below this is never told: it could be one person
MONTHS = (12, 24)  # how long a consent may last (PRACTICE R16)
OUTCOME_DAYS = 90  # how long a narrator can still read by code why a story was declined
DUE_DAYS = (14, 7, 1)  # before the end of a consent: when the calendar says so
REDACTED = "[…]"  # stands where words were removed
MOST_CHARACTERS = 40_000  # of a story's parts together
MOST_NOTE = 2_000  # characters of a question, an answer, a reason


def months_after(day: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of the month where there is no such day (PRACTICE R16)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


class Role(StrEnum):
    READ_ONLY = "read-only"  # lists, calendar, coverage; words only of published stories
    REVIEWER = "reviewer"  # reads, approves, asks, redacts, proposes, declines, unpublishes
    LEAD = "lead"  # what a reviewer may do, and export, audit, take down for ever

    def may(self, needed: Role) -> bool:
        """Whether somebody of this role may do what `needed` may do."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


class Declined(StrEnum):
    """Why the program did not publish a story: a closed list, so that a reason can be counted and translated."""

    IDENTIFIES_OTHERS = "identifies_others"
    METHOD_OR_NUMBERS = "method_or_numbers"
    NOT_LIVED = "not_lived"  # not a story of the narrator's own
    ADVICE_OR_ADVERT = "advice_or_advert"
    HARM_TO_READERS = "harm_to_readers"
    NARRATOR_AT_RISK = "narrator_at_risk"
    NOT_NOW = "not_now"
    OTHER = "other"


class Hindrance(StrEnum):
    """What stands between a story and its readers."""

    STATE = "state"  # it is held, paused, published already, or gone
    CONSENT = "consent"  # not given for showing, or over
    REVIEWERS = "reviewers"  # fewer than two people approved these words
    COOLING = "cooling"  # the narrator's time to think again is not over
    QUESTION = "question"  # the narrator has not answered
    PROPOSAL = "proposal"  # the narrator has not decided about an edit


class Counted(StrEnum):
    """What is counted of a published story, per week, without who or when."""

    SHOWN = "shown"  # a card with it was on a page
    READ = "read"  # the whole story was opened
    # what readers said that it left them feeling, one of these for each reader and story
    LESS_ALONE = "less_alone"
    MORE_HOPEFUL = "more_hopeful"
    HEAVIER = "heavier"
    NO_CHANGE = "no_change"
    # why readers put its card aside, where they chose to say so
    TOO_HEAVY = "too_heavy"
    NOT_LIKE_ME = "not_like_me"
    TOO_ROSY = "too_rosy"
    PREACHY = "preachy"


PUT_ASIDE = (Counted.TOO_HEAVY, Counted.NOT_LIKE_ME, Counted.TOO_ROSY, Counted.PREACHY)
FELT = (Counted.LESS_ALONE, Counted.MORE_HOPEFUL, Counted.HEAVIER, Counted.NO_CHANGE)


class Noticed(StrEnum):
    """What is counted of care, per week, without who, when or any word: what was seen, and which way help was taken."""

    CHECK_IN = "tier_1"
    CRISIS = "tier_2"
    EMERGENCY = "tier_3"
    CLINICAL = "clinical"
    REFERRAL = "referral"  # an answer named help lines because of what was seen
    DOOR_EMERGENCY = "door_emergency"
    DOOR_CALL = "door_call"
    DOOR_TEXT = "door_text"
    DOOR_CHAT = "door_chat"
    DOOR_EMAIL = "door_email"
    DOOR_LIST = "door_list"  # the page with the lines of every country


@dataclass(frozen=True, slots=True)
class Brought:
    """What a copy of a directory brought: ids of groups. back: they were gone and stand in it again. kept_away: the
    program took them off for good. edited: those with changes by hand, which were kept."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    kept_away: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory that was taken in."""

    feed: str
    groups: int
    gone: int
    edited: int
    at: datetime  # of the last copy that was taken in


@dataclass(frozen=True, slots=True)
class Filed:
    """A group as the desk lists it. feed: the directory that it came from, "" for none. timeless: it meets at a time
    of which nobody knows the zone. seen_on: the last day on which somebody looked at it or its directory changed it."""

    id: str
    feed: str
    name: str
    status: str
    gone: bool
    edited: bool
    city: str
    zones: frozenset[str]
    timeless: bool
    entity: str
    seen_on: date | None


@dataclass(frozen=True, slots=True)
class GroupFile:
    """A group with what the desk keeps of it. imported: as its directory has it, None for a group of no directory.
    edits: fields that were changed by hand, as they are now."""

    group: Group
    feed: str = ""
    imported: Group | None = None
    edits: Mapping[str, Any] = field(default_factory=dict)
    gone: bool = False
    at: datetime | None = None


class Wrong(StrEnum):
    """What a reader may tell of a group that is wrong, in the order in which it is offered."""

    TIME = "time"  # the day or the time
    PLACE = "place"
    LINK = "link"  # the link or the number does not work
    GONE = "gone"  # it no longer meets
    OTHER = "other"  # it was not what it says
    UNSAFE = "unsafe"  # it asked for money, or something felt unsafe


DOUBTS = (Wrong.GONE, Wrong.UNSAFE)
DOUBTED_FROM, DOUBT_DAYS = 3, 30  # so many of DOUBTS within so many days, and the card says that it may have changed
WRONG_DAYS = 365  # kept no longer


@dataclass(frozen=True, slots=True)
class ToldWrong:
    """What was told of one group and not settled yet."""

    counts: Mapping[Wrong, int]
    last: date


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What is kept of a withdrawal code. `locator` finds the row and is no secret; the rest is only a hash."""

    locator: str
    hashed: str  # argon2id, PHC string


@dataclass(frozen=True, slots=True)
class Held:
    """The terms on which a story came in."""

    submitted_at: datetime
    cools_until: datetime  # not published before (PRACTICE R19)
    code: CodeRow | None = None
    evidence: str | None = None  # where the program keeps the consent of an imported story


@dataclass(frozen=True, slots=True)
class Approval:
    """One reviewer's yes to one version."""

    reviewer: str
    version: int
    at: datetime
    reason: str
    void: bool = False  # the story was unpublished since: it no longer counts


@dataclass(frozen=True, slots=True)
class Question:
    id: int
    by: str
    at: datetime
    text: str
    answer: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A whole new wording by a reviewer, waiting for the narrator."""

    story: Story
    by: str
    at: datetime
    note: str
    version: int  # of the story that the reviewer read


@dataclass(frozen=True, slots=True)
class Redaction:
    """That words were removed: where a reader sees `REDACTED`, how many characters, by whom. Not the words."""

    by: str
    at: datetime
    reason: str
    places: int
    characters: int
    version: int  # that it made


@dataclass(frozen=True, slots=True)
class Usage:
    """How a story was used so far, in the order of `Counted`. None: fewer than `FLOOR`, or not counted."""

    shown: int | None = None
    read: int | None = None
    less_alone: int | None = None
    more_hopeful: int | None = None
    heavier: int | None = None
    no_change: int | None = None
    too_heavy: int | None = None
    not_like_me: int | None = None
    too_rosy: int | None = None
    preachy: int | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one story at one moment, for its narrator or for a reviewer: not for readers."""

    story: Story
    state: State
    consent: Consent  # with no purposes when nothing was granted yet
    version: int
    text_revision: int  # whoever changes the story names the one that was read
    held: Held
    approvals: tuple[Approval, ...]
    questions: tuple[Question, ...]
    redactions: tuple[Redaction, ...]
    proposal: Proposal | None

    @property
    def standing(self) -> tuple[Approval, ...]:
        """The approvals that count now: of these very words, not void."""
        return tuple(a for a in self.approvals if a.version == self.version and not a.void)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What a list at the desk shows of a story: no words of the narrator, not even the title."""

    id: str
    state: State
    provenance: Provenance
    language: str
    themes: tuple[str, ...]
    contexts: tuple[str, ...]
    stage: str | None
    words: int
    version: int
    submitted_at: datetime
    cools_until: datetime
    purposes: frozenset[Purpose]
    expires_at: datetime | None
    approved_by: tuple[str, ...]  # reviewers of this very version
    asks_narrator: bool  # an open question or proposal


@dataclass(frozen=True, slots=True)
class Outcome:
    """That a story was declined: what its code still answers for `OUTCOME_DAYS`. No words of the story."""

    id: str
    reason: Declined
    note: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What a locator points to: a story or an outcome, and the hash that the secret words have to fit."""

    id: str
    hashed: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Person:
    """An account at the desk."""

    name: str
    role: Role
    hashed: str
    since: datetime
    disabled: bool  # a name is never given to somebody else


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session at the desk."""

    name: str
    role: Role
    form_key: str  # every form of this session carries it


@dataclass(frozen=True, slots=True)
class Removal:
    """A place that a reviewer selected to be removed, with the words they saw there."""

    span: Span
    words: str
