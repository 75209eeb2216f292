"""What changes between two wordings of a story, word by word, so that a person can see all of it before a yes.

Nothing is left out: of each field, what stays and what goes is the old text, and what stays and what comes is the new
text, character for character. Every fact that a reader could see is compared, not only the words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from assistant.words import label, say
from assistant.words.local import language_name
from corpus import vocabulary
from corpus.types import Part, Story

Kind = Literal["same", "gone", "new"]

# White space, marks of punctuation, and whatever stands between them. A word is never cut: in many scripts a letter is
# made of several characters.
_TOKEN = re.compile(r"\s+|[.,;:!?…。、，！？；：]+|[^\s.,;:!?…。、，！？；：]+")
_SMALL = 120  # tokens on a side: up to here every pair may be compared (difflib), which grows faster than the text
_DEEP = 30  # how often a stretch is divided at words that stand once in it

Block = tuple[int, int, int, int]  # [a0, a1) of the old tokens became [b0, b1) of the new ones


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One field of a story. `field` is `title`, `narrator`, `language`, a part (`going_on`…) or a fact (`themes`…)."""

    field: str
    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.kind != "same" for piece in self.pieces)

    @property
    def list(self) -> bool:
        """Whether each piece is one label of a list, to be shown apart from the next."""
        return self.field in _LISTS

    @property
    def words(self) -> bool:
        """Whether the field holds the narrator's own words, in the language of the story."""
        return self.field in ("title", "narrator") or self.field in tuple(Part)


def diff(old: Story, new: Story, lang: str = "en") -> tuple[FieldDiff, ...]:
    """Every field that either of two wordings has, in the order of reading, changed or not.

    lang: of the facts that are said in the program's words (yes, no). The work is bounded: two unrelated stories of
    40,000 characters take a fraction of a second, and where no order is found the whole stretch goes and comes.
    """
    before, after = _fields(old, lang), _fields(new, lang)
    names = dict.fromkeys((*before, *after))
    return tuple(
        FieldDiff(name, pieces)
        for name in names
        if (pieces := _facts(before, after, name) if name in _LISTS else compare(*_texts(before, after, name)))
    )


def compare(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts as pieces. same + gone, in order, is `old`; same + new, in order, is `new`. Never two of a kind in a
    row, never an empty one."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    found: list[Piece] = []
    at = 0
    for a0, a1, b0, b1 in _calm(_blocks(a, b), a):
        found += _piece("same", a[at:a0]) + _piece("gone", a[a0:a1]) + _piece("new", b[b0:b1])
        at = a1
    return tuple(found + _piece("same", a[at:]))


def _piece(kind: Kind, tokens: Sequence[str]) -> list[Piece]:
    return [Piece(kind, "".join(tokens))] if tokens else []


def _calm(blocks: Iterator[Block], a: Sequence[str]) -> Iterator[Block]:
    """Blocks with nothing but white space between them become one: five changed words in a row are one change."""
    held: Block | None = None
    for block in blocks:
        if held is None:
            held = block
        elif not "".join(a[held[1] : block[0]]).strip():
            held = (held[0], block[1], held[2], block[3])
        else:
            yield held
            held = block
    if held is not None:
        yield held


def _blocks(a: Sequence[str], b: Sequence[str]) -> Iterator[Block]:
    """The stretches that differ, in order: divided at words that stand once on both sides, like a patience diff
    (B. Cohen), and only where that is fine enough pair by pair."""
    waiting: list[tuple[int, int, int, int, int]] = [(0, len(a), 0, len(b), 0)]
    while waiting:
        a0, a1, b0, b1, depth = waiting.pop()
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
        if a0 == a1 and b0 == b1:
            continue
        if a0 < a1 and b0 < b1:
            if a1 - a0 <= _SMALL and b1 - b0 <= _SMALL:
                pairs = SequenceMatcher(None, a[a0:a1], b[b0:b1], autojunk=False).get_opcodes()
                yield from ((a0 + i, a0 + j, b0 + k, b0 + m) for tag, i, j, k, m in pairs if tag != "equal")
                continue
            anchors = _anchors(a[a0:a1], b[b0:b1]) if depth < _DEEP else []
            if anchors:
                edges = [(a0 + i, b0 + j) for i, j in anchors] + [(a1, b1)]
                i, j = a0, b0
                parts = []
                for x, y in edges:
                    parts.append((i, x, j, y, depth + 1))
                    i, j = x, y  # the anchor itself begins the next part and is trimmed there as equal
                waiting += reversed(parts)
                continue
        yield a0, a1, b0, b1


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Places of tokens that stand once on each side, as many as stand in one order on both (a longest rising run)."""
    once_a, once_b = Counter(a), {token for token, n in Counter(b).items() if n == 1}
    where = {token: j for j, token in enumerate(b) if token in once_b}
    pairs = [(i, where[token]) for i, token in enumerate(a) if once_a[token] == 1 and token in where]
    ends: list[int] = []  # the smallest last place of a run of each length
    last: list[int] = []  # and the pair that it ends with
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        before.append(last[length - 1] if length else -1)
        ends[length:] = [j] if length == len(ends) else [j, *ends[length + 1 :]]
        last[length:] = [n] if length == len(last) else [n, *last[length + 1 :]]
    run = []
    n = last[-1] if last else -1
    while n >= 0:
        run.append(pairs[n])
        n = before[n]
    return run[::-1]


# --- the facts ---

_LISTS: dict[str, vocabulary.Kind] = {
    "themes": "themes", "pathways": "pathways", "context": "contexts", "content_notes": "content_notes",
}  # fmt: skip


def _fields(story: Story, lang: str) -> dict[str, tuple[str, ...]]:
    """Each field as the texts that a person reads; an empty one is left out."""
    setbacks = () if story.setbacks is None else (say(f"page.yours.diff.{'yes' if story.setbacks else 'no'}", lang),)
    fields: dict[str, tuple[str, ...]] = {
        "title": (story.title,),
        "narrator": (story.narrator,),
        "language": (language_name(story.language, lang),),
        "content_notes": (),
        **{part.value: (text,) for part in Part if (text := story.text(part)) is not None},
        "stage": (label("stages", story.stage, lang),) if story.stage else (),
        "hope": () if story.hope is None else (say("page.yours.diff.of_five", lang, n=story.hope),),
        "setbacks": setbacks,
    }
    for name, kind in _LISTS.items():
        fields[name] = tuple(label(kind, id, lang) for id in getattr(story, name))
    return {name: texts for name, texts in fields.items() if texts}


def _texts(before: dict[str, tuple[str, ...]], after: dict[str, tuple[str, ...]], name: str) -> tuple[str, str]:
    return "".join(before.get(name, ())), "".join(after.get(name, ()))


def _facts(before: dict[str, tuple[str, ...]], after: dict[str, tuple[str, ...]], name: str) -> tuple[Piece, ...]:
    """A list of labels, one piece each, in order: the first theme is the one that a story is most about."""
    old, new = before.get(name, ()), after.get(name, ())
    found: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found += [Piece("same" if tag == "equal" else "gone", label) for label in old[i:j]]
        found += [Piece("new", label) for label in new[k:m] if tag != "equal"]
    return tuple(found)
