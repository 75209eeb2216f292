"""Secrets that people type (withdrawal codes, passwords) as hashes that are slow to guess: the one room of argon2.

Argon2id with 46 MiB, two passes and one lane, which measured 80 ms (74 to 137) on a busy machine with two slow cores.
Memory makes guessing with graphics cards dearer than passes do, but it has to fit beside an embedding model: 64 MiB and
three passes (RFC 9106 for small machines) measured 183 ms here. One lane, because a second one would only take the core
of another person's request. At most three hashings run at once in a process (138 MiB); a fourth caller waits.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 46 * 1024
PASSES = 2
LANES = 1
AT_ONCE = 3
_SALT, _DIGEST = 16, 32  # bytes
# A hash that was brought in from elsewhere may not make this process work longer or take more than this.
_MOST_KIB, _MOST_PASSES, _MOST_LANES, _MOST_LENGTH = 64 * 1024, 8, 4, 200
_room = threading.BoundedSemaphore(AT_ONCE)


def hash_secret(secret: str) -> str:
    """The hash of a secret as one line in PHC form, with a salt of its own. About 80 ms."""
    with _room:
        return _hasher().hash(_bytes(secret))


def verify_secret(secret: str, hashed: str | None) -> bool:
    """Whether a secret is the one of which `hashed` was made. Never raises, and always does one hashing.

    hashed: None (there is no such story or account), or anything that is no hash of ours, is answered False after the
    same work on a hash that no secret fits, so the time tells nothing.
    """
    from argon2 import exceptions

    if hashed is not None and _usable(hashed):
        try:
            with _room:
                return _hasher().verify(hashed, _bytes(secret))
        except exceptions.VerifyMismatchError:
            return False
        except (exceptions.Argon2Error, exceptions.InvalidHashError, ValueError):
            pass  # it looked like a hash and was none: nothing was computed yet
    try:
        with _room:
            _hasher().verify(_nobodys(), _bytes(secret))
    except exceptions.Argon2Error:
        pass
    return False


def needs_rehash(hashed: str) -> bool:
    """Whether a hash was made with other parameters than today's, or is none: hash the secret anew once it fitted."""
    from argon2 import exceptions

    try:
        return _hasher().check_needs_rehash(hashed)
    except (exceptions.InvalidHashError, ValueError):
        return True


def _bytes(secret: str) -> bytes:
    """NFKC, so that the same password typed on another keyboard is the same; a lone surrogate is no error."""
    return unicodedata.normalize("NFKC", secret).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(PASSES, MEMORY_KIB, LANES, hash_len=_DIGEST, salt_len=_SALT, type=Type.ID)


def _usable(hashed: str) -> bool:
    """Whether this is an argon2id hash whose work is within bounds."""
    from argon2 import Type, exceptions, extract_parameters

    if len(hashed) > _MOST_LENGTH or not hashed.isascii():
        return False
    try:
        asked = extract_parameters(hashed)
    except (exceptions.InvalidHashError, ValueError):
        return False
    return (
        asked.type is Type.ID
        and asked.memory_cost <= _MOST_KIB
        and asked.time_cost <= _MOST_PASSES
        and asked.parallelism <= _MOST_LANES
    )


def _nobodys() -> str:
    """A well-formed hash with today's parameters whose digest is of no known secret."""
    salt, digest = (hashlib.sha256(name).digest() for name in (b"salt of nobody", b"digest of nobody"))
    salt64, digest64 = (base64.b64encode(b).decode().rstrip("=") for b in (salt[:_SALT], digest[:_DIGEST]))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt64}${digest64}"
