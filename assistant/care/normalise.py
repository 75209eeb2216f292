"""Make a message comparable with the rules: one plain form for the many ways in which people write the same words.

The result is a tuple of sentences. A sentence is lower-case words without accents or apostrophes, one space before,
between and after them (" i dont want to wake up "), so that " word " can be searched as it stands. Nothing here decides
anything about risk, and nothing is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_CHARACTERS = 200_000  # the page accepts far less; what is longer is read from both ends
LONGEST_WORD = 40  # characters; longer "words" are noise, and cutting them keeps matching linear
CHUNK, OVERLAP = 80, 20  # words; an unpunctuated text is read in overlapping pieces

_APOSTROPHES = "'’‘‛`´ʼʹ′＇\u00ad"
# All that `fold` changes in a text of ASCII alone, besides capitals: the same, ten times as fast.
_PLAIN = {code: " " for code in range(32) if chr(code) not in "\n\r"} | {ord(ch): None for ch in "'`"}
# Letters of other alphabets that look Latin; used only inside a word that also holds Latin letters.
_LOOKALIKES = str.maketrans("асеорхуікнтмвѕјԁο", "aceopxyikhtmbsjdo")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEET_L = str.maketrans("013457@$!|", "oleastasll")  # "1" and "!" also stand for l
_END = re.compile(r"[.!?;\n\r\u2028\u2029。؟¡¿…]+")
_WORD = re.compile(r"[^\W_]+")
_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[ .\-_*·/]{1,2}[a-z]){2,}(?![^\W_])")
_DISGUISED = re.compile(r"(?<![^\W_])[a-z][a-z0-9@$!|*#+.-]{0,30}")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_UNIT = re.compile(r"(?<=\d)(?=(?:mgs?|mcg|ml|g|m|f|y|yo|yrs?|x|kms?|kg|lbs?|th|st|nd|rd|male|female)(?![a-z0-9]))")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True)
class Lexicon:
    """What the rule files say about spelling, merged over the languages.

    slang: word -> what it stands for (may be several words). typos: one-edit misspelling -> stem.
    disguised: words worth uncovering when letters are replaced ("su!cide", "k*ll"). fillers: words left out ("really").
    """

    slang: Mapping[str, str] = field(default_factory=dict)
    typos: Mapping[str, str] = field(default_factory=dict)
    disguised: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()


PLAIN = Lexicon()


_ODD = re.compile(r"[^\x20-\x7f\n\r]")


def _bare(odd: re.Match[str]) -> str:
    """What is left of a character that is not a plain one."""
    kind = unicodedata.category(odd.group())
    if kind in ("Mn", "Cf"):  # accents, zero-width and direction marks
        return ""
    return " " if kind == "Cc" else odd.group()


def fold(text: str) -> str:
    """Lower case, NFKC, no accents, no apostrophes, no invisible characters; lone surrogates are dropped."""
    if text.isascii():
        return text.lower().translate(_PLAIN)
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8")).lower()
    for letter, plain in (("ß", "ss"), ("œ", "oe"), ("æ", "ae"), *((mark, "") for mark in _APOSTROPHES)):
        text = text.replace(letter, plain)  # one pass of `translate` takes five times as long
    return _ODD.sub(_bare, unicodedata.normalize("NFKD", text))


def one_edit(stem: str) -> set[str]:
    """Every string one letter away (left out, put in, changed, swapped) that keeps the first letter."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    head, found = stem[0], set()
    for i in range(1, len(stem) + 1):
        left, right = stem[:i], stem[i:]
        if right:
            found.add(left + right[1:])
            found.update(left + c + right[1:] for c in letters)
        if len(right) > 1:
            found.add(left + right[1] + right[0] + right[2:])
        found.update(left + c + right for c in letters)
    return {w for w in found if w and w[0] == head} - {stem}


def sentences(text: str, lexicon: Lexicon = PLAIN) -> tuple[str, ...]:
    """The message as plain sentences, in order, without repeats (a repeated line says nothing new)."""
    if len(text) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        text = text[:half] + "\n" + text[-half:]
    text = _DECIMAL.sub("", fold(text))
    text = _SPACED.sub(lambda m: re.sub(r"[^a-z]", "", m.group()), text)
    text = _UNIT.sub(" ", text)
    if lexicon.disguised:
        text = _DISGUISED.sub(lambda m: _uncover(m.group(), lexicon.disguised), text)
    found: dict[str, None] = {}
    for part in _END.split(text):
        words = _words(part, lexicon)
        for start in range(0, len(words), CHUNK - OVERLAP):
            found[" " + " ".join(words[start : start + CHUNK]) + " "] = None
            if start + CHUNK >= len(words):
                break
    return tuple(found)


# What breaks a sentence in the middle: dots that trail off, a line break without a full stop, a stop after each word.
_TRAILING = re.compile(r"\s*(?:\.{2,}|…)\s*")
_LINE = re.compile(r"(?<![.!?\n])[ \t]*\r?\n(?!\s*\n)[ \t]*")
_WORD_BY_WORD = re.compile(r"(?<!\S)\w{1,12}(?:[.,]\s+\w{1,12}){2,}(?=[.,\s]|$)")


def unbroken(text: str) -> str:
    """The message with such breaks closed, to be read beside the message as it stands."""
    text = _LINE.sub(" ", _TRAILING.sub(" ", text[:MOST_CHARACTERS]))
    return _WORD_BY_WORD.sub(lambda m: re.sub(r"[.,]\s+", " ", m.group()), text)


def _words(part: str, lexicon: Lexicon) -> list[str]:
    words: list[str] = []
    for raw in _WORD.findall(part):
        word = raw[:LONGEST_WORD]
        if not word.isascii() and re.search("[a-z]", word):
            word = word.translate(_LOOKALIKES)
        if _LONG_RUN.search(word):
            once, twice = _LONG_RUN.sub(r"\1", word), _LONG_RUN.sub(r"\1\1", word)
            word = once if once in lexicon.disguised or once in lexicon.slang else twice
        # A number in front makes it a unit: "10 kms" are kilometres.
        if word in lexicon.slang and not (words and words[-1].isdigit()):
            words.extend(lexicon.slang[word].split())
        elif word not in lexicon.fillers:
            words.append(lexicon.typos.get(word, word))
    return words


def _uncover(token: str, known: frozenset[str]) -> str:
    """'su!cide' -> 'suicide' when that is a known word; anything else stays as written."""
    bare = token.rstrip("!|*#+.-")
    tail = token[len(bare) :]
    if bare.isalpha():
        return token
    for candidate in (bare.translate(_LEET), bare.translate(_LEET_L), re.sub(r"[^a-z]", "", bare)):
        if candidate in known:
            return candidate + tail
    if re.search("[*#.-]", bare):
        shape = re.compile("".join("[a-z]" if c in "*#.-" else re.escape(c) for c in bare.translate(_LEET)))
        if sum(c.isalpha() for c in bare) >= 2:
            for candidate in sorted(known):
                if shape.fullmatch(candidate):
                    return candidate + tail
    return token
