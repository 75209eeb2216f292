"""Withdrawal codes and first passphrases: words that can be read over a phone and typed by a tired person.

A code is six of 1,024 words (`code_words.txt`), ten bits each. The first two are the locator (20 bits): it finds the
row and is no secret. The last four are the secret (40 bits), kept only as an argon2id hash and guarded by
`corpus.attempts`. A passphrase for the desk is six words, all of them secret (60 bits).

Codes on paper and forms that are open depend on the words and on their order: the list is never changed. Another
language would get a list of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from corpus.errors import BadRecord

FILE = Path(__file__).with_name("code_words.txt")
LOCATOR_WORDS, SECRET_WORDS = 2, 4
WORDS = LOCATOR_WORDS + SECRET_WORDS
_BITS = 10  # of one word
_LETTERS = 4  # of a word that tell it from every other
_LONGEST = 500  # characters that are read: six words with whatever a person puts between them are far shorter
_PURPOSE = b"shared-journey withdrawal code 1:"
_SEED = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass(frozen=True, slots=True)
class Code:
    """A withdrawal code. `str(code)` and `spoken` hold the secret and are for the narrator's receipt only."""

    locator: str  # two words joined by "-"
    secret: str = field(repr=False)  # four words joined by "-"

    def __str__(self) -> str:
        return f"{self.locator}-{self.secret}"

    @property
    def spoken(self) -> str:
        """The words with their numbers, for reading aloud: "1 apple, 2 river, …". `read_code` takes it back."""
        return ", ".join(f"{number} {word}" for number, word in enumerate(str(self).split("-"), 1))


def new_seed() -> str:
    """128 random bits as 22 characters that need no quoting. It lives only in the narrator's form."""
    return secrets.token_urlsafe(16)


def is_seed(text: str) -> bool:
    """Whether a form's field has the shape that `new_seed` gives."""
    return _SEED.fullmatch(text) is not None


def code_from(seed: str, turn: int = 0) -> Code:
    """The code of a form: the same seed and turn always give the same one (HMAC-SHA256), other turns others.

    turn: 0, 1, …: the next one is drawn when the locator is another story's. BadRecord for a seed that is none: a code
    from an empty field could be computed by anybody.
    """
    if not is_seed(seed):
        raise BadRecord("This form cannot be read. Please open the page again.")
    digest = hmac.digest(seed.encode("ascii"), _PURPOSE + str(turn).encode("ascii"), hashlib.sha256)
    number = int.from_bytes(digest, "big")
    words = [_words()[number >> _BITS * place & (1 << _BITS) - 1] for place in range(WORDS)]
    return _code(words)


def new_code() -> Code:
    """A random code, for stories that came in without a form."""
    return code_from(new_seed())


def read_code(typed: str) -> Code | None:
    """The code that somebody typed, or None unless it is exactly six words of the list.

    Only letters count, and of a word only its first four: case, numbers, commas, dots, hyphens, line breaks, invisible
    characters, a plural and a slip at the end of a word all read as the word that was meant.
    """
    if len(typed) > _LONGEST:
        return None
    seen = "".join(c for c in unicodedata.normalize("NFKC", typed) if unicodedata.category(c) != "Cf")
    parts = "".join(c if c.isalpha() else " " for c in seen.lower()).split()
    if len(parts) != WORDS:
        return None
    known = _by_start()
    words = [known.get(part[:_LETTERS]) for part in parts]
    found = [word for word in words if word is not None]
    return _code(found) if len(found) == WORDS else None


def new_passphrase() -> str:
    """Six random words joined by "-" (60 bits), for a new account at the desk."""
    return "-".join(secrets.choice(_words()) for _ in range(WORDS))


def _code(words: Sequence[str]) -> Code:
    return Code("-".join(words[:LOCATOR_WORDS]), "-".join(words[LOCATOR_WORDS:]))


@lru_cache(maxsize=1)
def _words() -> tuple[str, ...]:
    return tuple(FILE.read_text(encoding="ascii").split())


@lru_cache(maxsize=1)
def _by_start() -> dict[str, str]:
    return {word[:_LETTERS]: word for word in _words()}
