"""What is pointed out in a story at the desk: its texts cut at the findings, and the numbered list beside them. Pure.

A finding is a hint for a person who decides. A narrator's words about themselves are never marked (PRACTICE R12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus import review as rules
from corpus import vocabulary
from corpus.custody import MOST_NOTE, Removal
from corpus.desk import places_of
from corpus.review.findings import Finding, FindingKind
from corpus.types import Part, PartText, Span, Story

# Beside a number, so that kinds are told apart without colour.
SIGNS: dict[FindingKind, str] = {
    FindingKind.IDENTIFYING: "◆",
    FindingKind.OTHER_PERSON: "●",
    FindingKind.METHOD: "▲",
    FindingKind.NUMBER: "#",
    FindingKind.MISSING_NOTE: "+",
    FindingKind.NO_COPING: "○",
    FindingKind.STIGMA: "*",
}
MOST_PLACES = 400  # that one form can remove; more than anybody selects
_AROUND = 32  # characters on each side that show which of several places is meant


@dataclass(frozen=True, slots=True)
class Place:
    """Words to be removed: [start, end) in the characters that a browser shows, where a line break is one character."""

    part: Part
    start: int
    end: int
    words: str

    @property
    def value(self) -> str:
        """As a field of a form carries it."""
        return f"{self.part.value}:{self.start}:{self.end}:{self.words}"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with what stands around it, for a person who chooses."""

    place: Place
    before: str
    after: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding as the page shows it. `field` is "title", "narrator", a part, or "" for the whole story."""

    number: int
    kind: str
    sign: str
    reason: str
    field: str
    words: str
    note: str  # what the missing content note is called
    spots: tuple[Spot, ...]  # where its words can be removed


Lies = tuple[int, int, Mark, bool]  # [start, end) of a text, the finding there, whether it is another place of the same


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of a text: the findings that it lies in, and those that end with it (`again`: at another place than the
    one where they are explained, for the same name)."""

    text: str
    inside: tuple[Mark, ...] = ()
    ends: tuple[Mark, ...] = ()
    again: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """A story with everything that is pointed out. The slices of a field, joined, are its text."""

    marks: tuple[Mark, ...]  # by number: those with a place in the order of the page, then those without
    fields: dict[str, tuple[Slice, ...]]

    @property
    def whole(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if not mark.field)


@dataclass(frozen=True, slots=True)
class Remark:
    """Words of the program's own people that it has other words for (PRACTICE R11): told once, never refused."""

    words: str
    reason: str


def one_break(text: str) -> str:
    """With each line break as one character, which is how a browser holds a text and sends it back (as CR LF)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_shown(story: Story) -> Story:
    """The story as a browser holds it. Only for showing and selecting: what is stored keeps its own line breaks."""
    if not any("\r" in part.text for part in story.parts):
        return story
    parts = tuple(PartText(part=part.part, text=one_break(part.text)) for part in story.parts)
    return story.model_copy(update={"parts": parts})


# --- findings ---------------------------------------------------------------------------------------------------------


def marked(story: Story) -> Marked:
    """A story as `as_shown` gives it, with its findings in place."""
    texts = {"title": story.title, "narrator": story.narrator, **{p.part.value: p.text for p in story.parts}}
    order = list(texts)
    found = [
        (_field(finding), finding)
        for finding in rules.review(story.parts, story.content_notes, story.title, story.narrator, story.themes)
        if finding.kind is not FindingKind.STIGMA  # R12: never of a narrator's words
    ]
    found = [(name if _fits(name, finding, texts) else "", finding) for name, finding in found]
    found.sort(key=lambda pair: (order.index(pair[0]) if pair[0] else len(order), pair[1].start))
    marks = tuple(_mark(n, name, finding, story, texts) for n, (name, finding) in enumerate(found, 1))
    places: dict[str, list[Lies]] = {name: [] for name in texts}
    for mark, (name, finding) in zip(marks, found, strict=True):
        if name:
            places[name].append((finding.start, finding.end, mark, False))
        for other in finding.again:
            places.get(other.part.value, []).append((other.start, other.end, mark, True))
    return Marked(marks, {name: cut(text, places[name]) for name, text in texts.items()})


def _field(finding: Finding) -> str:
    if finding.part is not None:
        return finding.part.value
    return "" if finding.field == "parts" else finding.field


def _fits(name: str, finding: Finding, texts: dict[str, str]) -> bool:
    return name in texts and 0 <= finding.start < finding.end <= len(texts[name])


def _mark(number: int, name: str, finding: Finding, story: Story, texts: dict[str, str]) -> Mark:
    spots: list[Spot] = []
    if name and finding.part is not None and finding.kind is not FindingKind.MISSING_NOTE:
        here = [(finding.part, finding.start, finding.end), *((p.part, p.start, p.end) for p in finding.again)]
        spots = [spot for place in here if (spot := spot_at(story, *place))]
    return Mark(
        number=number,
        kind=finding.kind.value,
        sign=SIGNS[finding.kind],
        reason=finding.reason,
        field=name,
        words=texts[name][finding.start : finding.end] if name else "",
        note=vocabulary.label("content_notes", finding.note) if finding.note else "",
        spots=tuple(spots),
    )


def cut(text: str, places: Iterable[Lies]) -> tuple[Slice, ...]:
    """A text cut where findings begin and end; they may lie over each other. Joined, the slices are the text.

    A place that does not lie in the text marks nothing.
    """
    waiting = sorted((p for p in places if 0 <= p[0] < p[1] <= len(text)), key=lambda p: (p[0], p[1], p[2].number))
    edges = sorted({0, len(text), *(edge for start, end, _, _ in waiting for edge in (start, end))})
    slices: list[Slice] = []
    inside: list[Lies] = []
    at = 0
    for left, right in pairwise(edges):
        inside = [place for place in inside if place[1] > left]
        while at < len(waiting) and waiting[at][0] <= left:
            inside.append(waiting[at])
            at += 1
        done = [place for place in inside if place[1] == right]
        slices.append(
            Slice(
                text[left:right],
                inside=tuple(mark for _, _, mark, _ in inside),
                ends=tuple(mark for _, _, mark, again in done if not again),
                again=tuple(mark for _, _, mark, again in done if again),
            )
        )
    return tuple(slices)


# --- places to remove -------------------------------------------------------------------------------------------------


def spot_at(story: Story, part: Part, start: int, end: int, *, chosen: bool = False) -> Spot | None:
    """A place of a story (as shown) with what stands around it. None when it does not lie in the story."""
    text = story.text(part) or ""
    if not 0 <= start < end <= len(text):
        return None
    place = Place(part, start, end, text[start:end])
    return Spot(place, text[max(0, start - _AROUND) : start], text[end : end + _AROUND], chosen)


def read_place(value: str) -> Place | None:
    """A place as a form carries it. None when it is none."""
    name, _, rest = one_break(value).partition(":")
    start, _, rest = rest.partition(":")
    end, _, words = rest.partition(":")
    if name not in set(Part) or not all(n.isascii() and n.isdigit() and len(n) <= 6 for n in (start, end)) or not words:
        return None
    return Place(Part(name), int(start), int(end), words)


def removal(story: Story, place: Place) -> Removal | None:
    """A place in the stored words (with their own line breaks). None when other words stand there now."""
    text = story.text(place.part) or ""
    if place.end <= place.start or one_break(text)[place.start : place.end] != place.words:
        return None
    starts = _starts(text)
    span = Span(part=place.part, start=starts[place.start], end=starts[place.end])
    return Removal(span, span.of(story))


def _starts(text: str) -> Sequence[int]:
    """For each character that a browser shows, and for the end, where it begins in the stored text."""
    if "\r" not in text:
        return range(len(text) + 1)
    starts, at = [], 0
    while at < len(text):
        starts.append(at)
        at += 2 if text[at : at + 2] == "\r\n" else 1
    return [*starts, len(text)]


def spots_for(story: Story, places: Iterable[Place], words: str = "") -> tuple[tuple[Spot, ...], tuple[str, ...]]:
    """(places to choose from, words that stand nowhere any more) in a story as shown.

    A place whose words still stand there stays chosen. Where they moved, and for `words` to look for, every place at
    which they stand now is offered, and a person chooses; `words` that stand in one place only are chosen already.
    """
    spots: dict[str, Spot] = {}
    lost: list[str] = []
    for place in places:
        spot = spot_at(story, place.part, place.start, place.end, chosen=True)
        if spot and spot.place == place:
            spots[place.value] = spot
        elif not _offer(story, place.words, spots):
            lost.append(place.words)
    if words and not _offer(story, words, spots, sure=True):
        lost.append(words)
    return tuple(spots.values()), tuple(dict.fromkeys(lost))


def _offer(story: Story, words: str, spots: dict[str, Spot], *, sure: bool = False) -> bool:
    found = places_of(story, words)
    for part, start, end in found[:MOST_PLACES]:
        if spot := spot_at(story, part, start, end, chosen=sure and len(found) == 1):
            spots.setdefault(spot.place.value, spot)
    return bool(found)


# --- what the program's own people type -------------------------------------------------------------------------------


def remarks(texts: Iterable[str], narrators: str = "") -> tuple[Remark, ...]:
    """Words in texts of the program that it has other words for. What also stands in `narrators`, the words of the
    story, is the narrator's and not looked at."""
    theirs = narrators.casefold()
    found: dict[tuple[str, str], Remark] = {}
    for text in texts:
        for finding in rules.stigma(text):
            words = text[finding.start : finding.end]
            if not (theirs and words.casefold() in theirs):
                found.setdefault((words.casefold(), finding.reason), Remark(words[:MOST_NOTE], finding.reason))
    return tuple(found.values())
