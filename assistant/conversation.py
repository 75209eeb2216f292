"""What a conversation is made of: the Session that lives in memory, and the Reply that a page or a terminal renders.

These are plain values. Nothing here reads a database, loads a model or draws a page; `turn.py` makes them,
`pages/` and `__main__.py` show them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.care import Help, Screen
from index.facets import Choice
from index.query import Dials

ReplyKind = Literal[
    "hello",  # a greeting, or the opening of a conversation
    "stories",  # stories close to what was said, and groups
    "nothing_close",  # no story is close: says so, offers what is nearest as such, and groups
    "helped",  # passages from "what helped" of the stories shown
    "groups",  # groups were asked for
    "help",  # a crisis or a question for a clinician: help first, and no stories (PRACTICE R23)
    "question",  # too little to go on: one gentle question
    "listening",  # the person wants to be heard: no story until asked for
    "about",  # what this program is, whose words these are
    "privacy",  # what is kept (nothing)
    "thanks",
    "ok",  # a small acknowledgement ("not this one" with nothing left to offer)
    "started_over",
    "unread_language",  # a language that the program does not read
    "too_long",
]


GroupsTurn = Literal["", "shown", "about", "town"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Excerpt(_Value):
    """A slice of one part of a story, with the slice that matched marked inside it.

    `text` is byte for byte a slice of the part's text; `mark` is [start, end) in characters of `text`, start < end.
    `before` and `after` say whether the part goes on beyond the excerpt.
    """

    part: str  # a corpus.types.Part value
    part_label: str  # the heading the narrator answered, for example "What helped (or didn't)"
    text: str
    mark: tuple[int, int]
    before: bool
    after: bool


class StoryCard(_Value):
    """What is shown of a story before somebody chooses to read it whole."""

    id: str
    title: str
    narrator: str  # the name that the narrator chose
    sample: bool  # fiction written for demonstration
    origin: str  # said on the card: "Sample story, written for demonstration" or "Shared with consent"
    language: str  # BCP-47 of the story text, for lang= and dir="auto"
    stage: str | None  # label
    content_notes: tuple[str, ...]  # labels, shown before any text
    excerpt: Excerpt
    why: tuple[str, ...]  # plain sentences, never a score
    heading: str | None = None  # the kind of toolkit that a passage of "what helped" stands under
    minutes: int  # reading time of the whole story at 200 words a minute, at least 1


class StoryPart(_Value):
    part: str
    label: str
    text: str
    mark: tuple[int, int] | None  # [start, end) of the passage that matched, in characters of `text`


class StoryView(_Value):
    """A whole story, every part in the narrator's words."""

    id: str
    title: str
    narrator: str
    sample: bool
    origin: str
    language: str
    stage: str | None
    themes: tuple[str, ...]  # labels
    pathways: tuple[str, ...]  # labels, never ordered by worth
    content_notes: tuple[str, ...]
    note_ids: tuple[str, ...] = ()  # of the content notes, in their order
    parts: tuple[StoryPart, ...]
    minutes: int


class NextMeeting(_Value):
    """When a group meets next. day, weekday (1 Monday … 7 Sunday) and time are on the wall of its own place."""

    day: str  # ISO date
    weekday: int
    time: str  # HH:MM, or HH:MM–HH:MM
    city: str  # that its zone is called after
    zone: str  # IANA
    start: str  # ISO, UTC
    end: str  # ISO, UTC; "" when nobody said how long it is
    elsewhere: bool  # people come to it from elsewhere: their own time is worth saying


class GroupCard(_Value):
    """A group as it may be seen by anybody."""

    id: str
    name: str
    sample: bool
    kind: str  # label
    description: str
    language: str
    why: tuple[str, ...]
    when: tuple[str, ...]  # wall time with the group's own zone named, for example "Tuesdays 19:00–20:30 (Dublin time)"
    next: NextMeeting | None = None
    where: str
    how_to_join: str
    how_to_leave: str
    link: str | None  # http(s) only, shown behind "How to join"
    phone: str | None
    cost: str
    who_for: str
    access: tuple[str, ...]
    languages: tuple[str, ...]
    run_by: str
    listed_by: str
    checked_on: str  # ISO date
    stale: bool  # not checked for more than 12 months
    doubted: bool = False  # several people told that it no longer meets or felt unsafe
    emergency_calls: str | None  # for a warmline: may it call emergency services? a sentence


class Chip(_Value):
    """A next step as a button: pressing it sends `send` as if the person had typed it."""

    label: str
    send: str
    hours: tuple[int, int] | None = None  # on the person's own clock, [from, to) past midnight too; None: at any time

    def at(self, hour: int) -> bool:
        """Whether it is offered at this hour (0 to 23)."""
        if self.hours is None:
            return True
        start, end = self.hours
        return start <= hour < end if start < end else hour >= start or hour < end


class Reply(_Value):
    """One answer. A renderer shows, in this order: help, lead, cards, groups, chips."""

    kind: ReplyKind
    lead: tuple[str, ...] = ()  # the app's own sentences, one paragraph each
    lang: str = "en"
    help: Help | None = None  # comes before everything else when present
    cards: tuple[StoryCard, ...] = ()
    groups: tuple[GroupCard, ...] = ()
    chips: tuple[Chip, ...] = ()
    notice: str | None = None  # one short sentence for a screen reader's live region


class Session(_Value):
    """One conversation, in memory only. A turn returns a new Session; forgetting is dropping it.

    It holds what the person wrote, so it must never reach a disk, a log or another visitor.
    """

    lang: str = "en"
    country: str | None = None  # ISO 3166 alpha-2, chosen by the person or taken from the browser's language
    shares: tuple[str, ...] = ()  # what the person said about their life, oldest first
    screens: tuple[Screen, ...] = ()  # care's view of earlier turns, oldest first
    shown: tuple[str, ...] = ()  # ids of every story shown in this conversation, oldest first
    last: tuple[str, ...] = ()  # ids in the last reply that showed stories, in the order shown ("the second one")
    refused: tuple[str, ...] = ()  # ids the person said no to
    groups_shown: tuple[str, ...] = ()
    groups_wanted: Choice = Choice()  # what the person chose of groups
    groups_near: tuple[str, ...] = ()  # towns that they named for groups, as the directory calls them
    groups_about: str = ""  # what a group should be about, where they said so in asking for one
    # what the last answer said of groups: showed them, asked what about, asked for a town; "" of anything else
    groups_turn: GroupsTurn = ""
    matches: tuple[tuple[str, int], ...] = ()  # (story id, passage id) that matched, to mark it in the whole story
    listening: bool = False
    hopeful: bool = False  # asked for something more hopeful
    lighter: bool = False  # something was too heavy
    franker: bool = False  # something was too rosy
    strangers: tuple[str, ...] = ()  # ids of stories that were "not like me"
    dials: Dials = Dials()  # what the person chose about the stories they want to meet
    quoted: tuple[int, ...] = ()  # ids of passages shown as "what helped"
    asked: int = 0  # gentle questions asked so far
    said: tuple[str, ...] = ()  # the app's own sentences used so far, so that none comes twice
