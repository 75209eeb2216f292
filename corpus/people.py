"""Accounts at the desk: what a name and a password may be, making and changing accounts, and checking a sign-in."""

from __future__ import annotations

import re
import unicodedata

from corpus import codes, errors
from corpus.custody import Person, Role
from corpus.hashing import hash_secret, verify_secret
from corpus.store import Store

NAME = re.compile(r"[a-z][a-z0-9._-]{1,40}")
LEAST, MOST = 12, 256  # characters of a password; a sentence is welcome
_DIFFERENT = 5  # characters at least, so that a row of one key is none
# Who else writes into the audit: a line has to say for ever whether a person or the program did something.
RESERVED = frozenset({"narrator", "desk", "job", "jobs", "samples", "system", "nobody"})


def name_fault(name: str) -> str | None:
    """Why this cannot be the name of an account, as one plain line; None when it can."""
    if not NAME.fullmatch(name):
        return (
            "A name has 2 to 41 characters: small letters a-z, digits, dots, hyphens and underscores, a letter first."
        )
    return f"The name {name} is the program's own. Choose another." if name in RESERVED else None


def password_fault(password: str, name: str = "") -> str | None:
    """Why this cannot be a password, as one plain line; None when it can. The line never repeats the password."""
    plain = _same(password)
    if not LEAST <= len(plain) <= MOST:
        return f"A password has {LEAST} to {MOST} characters. A few words of your own are a good one."
    if len(set(plain)) < _DIFFERENT:
        return f"A password has at least {_DIFFERENT} different characters."
    if name and plain.casefold().replace(name, "") == "":
        return "A password is not the name again."
    return None


def add(store: Store, name: str, role: Role, password: str | None = None, actor: str = "command line") -> str | None:
    """Make an account. Returns the passphrase that was drawn for it (six words, 60 bits, nowhere kept), or None when
    a password was given. BadRecord for a name or a password that cannot be one; NotAllowed for a name that was used."""
    if fault := name_fault(name):
        raise errors.BadRecord(fault)
    if store.person(name) is not None:
        raise errors.NotAllowed(f"The name {name} is or was in use. Choose another.")
    drawn, hashed = _hashed(name, password)
    store.add_person(name, role, hashed, actor)
    return drawn


def set_password(store: Store, name: str, password: str | None = None, actor: str = "command line") -> str | None:
    """A new password, given or drawn as by `add`. Its sessions end and its devices are forgotten.

    NotAllowed when there is no such account, or when it was closed.
    """
    _open_account(store, name)
    drawn, hashed = _hashed(name, password)
    store.set_password(name, hashed, actor)
    return drawn


def set_role(store: Store, name: str, role: Role, actor: str = "command line") -> None:
    """Change what an account may do; it is signed out everywhere. NotAllowed as in `set_password`."""
    _open_account(store, name)
    store.set_role(name, role, actor)


def remove(store: Store, name: str, actor: str = "command line") -> None:
    """Close an account for ever; what it decided stays, and its name is never given to anybody else."""
    _open_account(store, name)
    store.remove_person(name, actor)


def sign_in(store: Store, name: str, password: str) -> Person | None:
    """The account that this name and password open, or None.

    One hash is checked in every case: an account that is unknown, closed, or has another password takes the same time.
    """
    person = store.person(name) if NAME.fullmatch(name) else None
    plain = _same(password[: MOST + 1])
    alive = person is not None and not person.disabled and len(plain) <= MOST
    fits = verify_secret(plain, person.hashed if alive and person else None)
    return person if fits and alive else None


def _open_account(store: Store, name: str) -> Person:
    person = store.person(name)
    if person is None:
        raise errors.NotAllowed(f"There is no account {name}.")
    if person.disabled:
        raise errors.NotAllowed(f"The account {name} was closed. A closed account stays closed.")
    return person


def _hashed(name: str, password: str | None) -> tuple[str | None, str]:
    """(the passphrase when one was drawn, the hash to keep)."""
    if password is None:
        drawn = codes.new_passphrase()
        return drawn, hash_secret(_same(drawn))
    if fault := password_fault(password, name):
        raise errors.BadRecord(fault)
    return None, hash_secret(_same(password))


def _same(password: str) -> str:
    """One form for letters that keyboards write in several ways (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())
