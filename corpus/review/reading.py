"""A text as words that know where they stand. Any text can be read: what is not a word is a gap between words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_WORD = 40  # characters that are compared; a longer word is still one word in its place
CHUNK, OVERLAP = 60, 20  # words; a sentence longer than CHUNK is searched in pieces, so that a search has a limit

# Typographic signs to the plain one, one character for one character: places stay where they are.
_PLAIN = str.maketrans("‘’‛`´ʼ＇“”„‐‑‒–—−＠．／\u00a0\u202f\u2007\u2009", "'''''''\"\"\"------@./    ")
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")
_END = re.compile(r"[.!?;\n\r\u2028\u2029。！？؟؛।…¿¡]")
_ABBREVIATED = frozenset("dr mr mrs ms mx st sgt prof rev fr sr jr cpl lt capt pte no vs mt".split())


@dataclass(frozen=True, slots=True)
class Word:
    """One word: as written (with plain signs), folded (lower case, no accents), the gap before it, and its place."""

    text: str
    folded: str
    gap: str
    start: int
    end: int
    sentence: int

    @property
    def capital(self) -> bool:
        """Whether it is written like a name: a capital first, and not the whole word in capitals."""
        return self.text[0].isupper() and (len(self.text) < 3 or not self.text.isupper()) and self.text != "I"


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a piece of a long one: ' word word ' in folded words; `first` is the number of its first word."""

    text: str
    first: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, read. `plain` has the same length as the text, with plain quotes, dashes and spaces."""

    plain: str
    words: tuple[Word, ...]
    pieces: tuple[Piece, ...]


def read(text: str) -> Reading:
    plain = text.translate(_PLAIN)
    words: list[Word] = []
    sentence, last = 0, 0
    for found in _WORD.finditer(plain):
        gap = plain[last : found.start()]
        short = bool(words) and gap == ". " and (words[-1].folded in _ABBREVIATED or _initial(words[-1].text))
        if words and not short and _END.search(gap):
            sentence += 1
        words.append(Word(found.group(), _fold(found.group()), gap, found.start(), found.end(), sentence))
        last = found.end()
    return Reading(plain, tuple(words), tuple(_pieces(words)))


def _initial(text: str) -> bool:
    return len(text) == 1 and text.isupper() and text != "I"


def _fold(text: str) -> str:
    text = text[:LONGEST_WORD]
    if text.isascii():
        return text.lower().replace("'", "")
    letters = unicodedata.normalize("NFKD", text.replace("'", "").lower().replace("ß", "ss").replace("ø", "o"))
    return "".join(c for c in letters if c.isalnum()) or "\ufffd"


def _pieces(words: list[Word]) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].sentence == words[at].sentence:
            end += 1
        first = at
        while True:
            last = min(first + CHUNK, end)
            found.append(Piece(f" {' '.join(w.folded for w in words[first:last])} ", first, words[at].sentence))
            if last == end:
                break
            first = last - OVERLAP
        at = end
    return found
