"""What peers gave, and on what terms: Story, Consent, Group and the legal moves between states.

All values are immutable. Times are timezone-aware UTC datetimes. Text is kept exactly as it was given.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from corpus import vocabulary

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Part(StrEnum):
    """The four things a narrator is asked; an imported story may be one free text (`WHOLE`)."""

    GOING_ON = "going_on"
    WAS_LIKE = "was_like"
    HELPED = "helped"
    NOW = "now"
    WHOLE = "whole"

    @property
    def label(self) -> str:
        return PART_LABELS[self]


PART_LABELS: dict[Part, str] = {
    Part.GOING_ON: "What was going on",
    Part.WAS_LIKE: "What it was like",
    Part.HELPED: "What helped (or didn't)",
    Part.NOW: "Where I am now",
    Part.WHOLE: "The story",
}


class Purpose(StrEnum):
    """What a narrator can allow, one switch each (PRACTICE R15)."""

    SURFACE = "surface"  # shown in the app
    QUOTE = "quote"  # a part quoted on its own, away from the story
    MODEL = "model"  # a language model may read it to introduce it
    EVALUATE = "evaluate"  # used to measure finding
    SHARE = "share"  # given to partner programs


class Provenance(StrEnum):
    CONTRIBUTED = "contributed"  # by its narrator, through the app
    PROGRAM = "program"  # imported by the program, with consent evidence
    SAMPLE = "sample"  # fiction written for demonstration


class State(StrEnum):
    HELD = "held"  # imported without evidence of consent: waits for its narrator, nobody reads it
    PENDING = "pending"  # in the queue of the reviewers, not to be seen by readers
    PUBLISHED = "published"
    PAUSED = "paused"  # by its narrator, who alone can bring it back


# Leaving is not a state: a story that was withdrawn, declined or whose consent ended has no row. It can be left from
# every state.
LEGAL_MOVES: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.PENDING}),  # its narrator confirmed it
    State.PENDING: frozenset({State.PUBLISHED, State.PAUSED}),
    State.PUBLISHED: frozenset({State.PAUSED, State.PENDING}),  # back to PENDING when words changed, or unpublished
    State.PAUSED: frozenset({State.PENDING}),  # and from there at once to PUBLISHED when nothing stands in the way
}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _known(kind: vocabulary.Kind, given: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := vocabulary.unknown(kind, given):
        raise ValueError(f"not in the vocabulary of {kind}: {', '.join(wrong)}")
    return given


Id = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[a-z0-9][a-z0-9._:-]*$")]
LanguageTag = Annotated[str, Field(min_length=2, max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class Consent(_Value):
    """What a narrator allowed, when, until when, and which wording was read (PRACTICE R14-R16)."""

    purposes: frozenset[Purpose]
    granted_at: datetime
    expires_at: datetime | None  # None only for samples: fiction has no narrator to ask
    wording: str  # version of the consent text that was read

    def allows(self, purpose: Purpose, now: datetime) -> bool:
        """Whether this consent holds for this purpose at this moment."""
        return purpose in self.purposes and (self.expires_at is None or now < self.expires_at)


class PartText(_Value):
    part: Part
    text: str = Field(min_length=1, pattern=r"^[^\x00]*$")  # no page can show a NUL, and a story is shown whole


class Story(_Value):
    """One lived-experience story, whole and verbatim."""

    id: Id
    title: str = Field(min_length=1, max_length=200)
    narrator: str = Field(min_length=1, max_length=80)  # the name that the narrator chose to be shown
    language: LanguageTag
    parts: tuple[PartText, ...] = Field(min_length=1)
    themes: tuple[str, ...] = ()
    stage: str | None = None
    hope: int | None = Field(default=None, ge=1, le=5)  # the narrator's own rating: 1 hardly any, 5 a lot
    setbacks: bool | None = None  # whether the story tells of a step back
    pathways: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    content_notes: tuple[str, ...] = ()
    provenance: Provenance

    @field_validator("themes")
    @classmethod
    def _themes(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("themes", given)

    @field_validator("pathways")
    @classmethod
    def _pathways(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("pathways", given)

    @field_validator("context")
    @classmethod
    def _context(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("contexts", given)

    @field_validator("content_notes")
    @classmethod
    def _notes(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("content_notes", given)

    @field_validator("stage")
    @classmethod
    def _stage(cls, given: str | None) -> str | None:
        if given is not None:
            _known("stages", (given,))
        return given

    @model_validator(mode="after")
    def _each_part_once(self) -> Story:
        names = [p.part for p in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("a part is given twice")
        if Part.WHOLE in names and len(names) > 1:
            raise ValueError("a story is either in parts or one whole text, not both")
        return self

    def text(self, part: Part) -> str | None:
        """The words of one part, or None when the narrator left it out."""
        return next((p.text for p in self.parts if p.part is part), None)

    @property
    def words(self) -> int:
        """Length in words separated by white space (an estimate for scripts that do not use it)."""
        return sum(len(p.text.split()) for p in self.parts)


class Span(_Value):
    """A passage as a slice of one part: [start, end) in characters. The text itself is never copied."""

    part: Part
    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _not_empty(self) -> Span:
        if self.end <= self.start:
            raise ValueError("an empty span")
        return self

    def of(self, story: Story) -> str:
        """The words of this passage: a slice of the narrator's text. Empty when the part is not there."""
        return (story.text(self.part) or "")[self.start : self.end]


class VisibleStory(_Value):
    """What the consent gate lets through: the story as it is now, and where its passages lie.

    `passages` maps the id of each passage that the story has *now* to its span (None for the vector of the whole
    story). A passage id that is not in it is out of date, and whatever was found by it must not be shown.
    """

    story: Story
    text_revision: int  # of the last change of its words; whoever writes passages back names the one that was read
    passages: dict[int, Span | None]


@lru_cache(maxsize=512)  # Python keeps eight that nobody holds; others are read from the disk each time
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Any exception when there is none."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


class Schedule(_Value):
    """When a group meets: wall time and an IANA zone, never an offset. Unknown zone: no clock time is shown."""

    days: tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...]
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]  # HH:MM on the wall of the group's place
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None  # before `start`: past midnight
    timezone: str | None = None
    timezone_from: Literal["record", "feed", "unknown"] = "record"  # feed: said once for all of a directory
    rrule: str | None = None  # only when it is not plainly weekly (RFC 5545, without DTSTART and without UNTIL)
    starts_on: date | None = None  # first day of the series; needed with `rrule`
    until: date | None = None  # last day
    not_on: tuple[date, ...] = ()  # days on which it does not meet
    also_at: tuple[datetime, ...] = ()  # single meetings beside the series: wall time, without a zone
    hours: bool = False  # hours of opening (a warmline, a drop-in) rather than a session
    certain: bool = True  # False: weekly is assumed, the source's words may say otherwise (`label`)
    label: str | None = None  # the source's own words

    @field_validator("timezone")
    @classmethod
    def _zone(cls, given: str | None) -> str | None:
        if given is not None:
            try:
                zone_of(given)
            except Exception as error:
                raise ValueError(f"not an IANA time zone: {given}") from error
        return given


class Place(_Value):
    """Where a group meets, as far as anybody may know. precision: "approximate" names a town and no door."""

    name: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    precision: Literal["exact", "approximate", "unknown"] = "unknown"
    directions: str | None = None
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")


class Online(_Value):
    url: str = Field(pattern=r"^https?://", max_length=2000)
    provider: str | None = None


class Cost(_Value):
    free: bool | None = None  # None: nobody said
    text: str = ""


class Group(_Value):
    """A peer group as anybody may see it. There is no field for a passcode, an internal contact or a hidden place."""

    id: Id
    name: str = Field(min_length=1, max_length=200)
    kind: Literal["meeting", "support_group", "warmline", "workshop", "social", "one_to_one"]
    status: Literal["active", "temporarily_closed", "inactive", "unlisted"] = "active"
    attendance: Literal["in_person", "online", "hybrid", "phone", "unknown"] = "unknown"
    description: str
    place: Place | None = None
    online: Online | None = None
    by_appointment: bool = False
    always_open: bool = False  # day and night, every day
    programme: str = ""  # the fellowship or kind whose codes and words are used, such as `aa`; "" when none is known
    organisation: str = ""  # the group or body that it belongs to, where that has a name of its own
    formats: tuple[str, ...] = ()  # how it goes, in the words of its programme: "Speaker", "Step Study"
    updated_on: date | None = None  # when the directory last changed it
    phone: str | None = Field(default=None, max_length=40)
    schedules: tuple[Schedule, ...] = ()
    themes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    openness: Literal["open", "closed", "unknown"] = "unknown"
    eligibility: str = ""
    languages: tuple[LanguageTag, ...] = ("en",)
    access: tuple[str, ...] = ()
    cost: Cost = Cost()
    how_to_join: str = ""
    how_to_leave: str = ""
    run_by: str = ""
    peer_led: bool | None = None
    contacts_emergency_services: Literal["yes", "no", "unknown"] = "unknown"
    listed_by: str = ""
    checked_on: date | None = None
    provenance: Provenance = Provenance.PROGRAM

    @field_validator("themes")
    @classmethod
    def _themes(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("themes", given)

    @field_validator("audience")
    @classmethod
    def _audience(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known("contexts", given)


class Book(StrEnum):
    """The audit has two: one travels with the stories, the other stays in the house."""

    STORIES = "stories"  # what happened to contributed and imported stories
    HOUSE = "house"  # samples, groups, sign-ins, people, exports, imports, backups


class AuditEvent(_Value):
    """Who did what to which story, when. Never text."""

    book: Book
    number: int  # 1, 2, … without a gap in each book
    at: datetime
    actor: str
    verb: str
    subject: str | None = None  # id of a story or group, or the name of an account
    purpose: str | None = None
    counts: dict[str, int] = {}
    hash: str  # SHA-256 over this line and the hash of the line before (`corpus.store.audit`)
