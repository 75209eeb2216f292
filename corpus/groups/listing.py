"""One record of a directory as it was read: the group that anybody may see, and what stays inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from corpus.groups import clean
from corpus.samples.read import Refused
from corpus.types import Group

Raw: TypeAlias = Mapping[str, Any]
SAMPLE_FEED = "sample-"  # names of the feeds that come with the program begin so, and no other's


@dataclass(frozen=True, slots=True)
class Feed:
    """What a program says once about a directory.

    name: of the feed, the first part of every id; letters, digits, `-`. timezone: IANA name, "" when nobody knows it.
    programme: whose codes are meant, such as `aa`, `na`, `alanon`; "" when none. entity: who keeps the directory.
    """

    name: str
    timezone: str = ""
    programme: str = ""
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A record that can come in. `place` says where it stands ("row 7"); `raw` is the record as it was, kept privately.

    key: the record's id within its feed. warnings: (kind, words) for the person who imports; never shown to readers.
    withheld: how many secrets (passcodes, private addresses, contacts, money handles) were kept out of `group`.
    """

    place: str
    key: str
    group: Group
    raw: Raw
    warnings: tuple[tuple[str, str], ...] = ()
    withheld: int = 0


_PLAIN_KEY = re.compile(r"[a-z0-9._-]{1,70}")  # nearly every key of a directory
_CRISIS = re.compile(
    r"\b(?:crisis|suicide)\b[\w &]{0,24}\b(?:hot|help|life|text)?\s?line\b|\b988\b.{0,20}line",
    re.IGNORECASE,
)

# What `parts.words` and `parts.online` made; and what holds no words of a person.
_LOOKED_THROUGH = frozenset(
    ("description", "how_to_join", "eligibility", "online", "phone", "themes", "audience", "languages", "_says", "kind")
)

Read: TypeAlias = "Listing | Refused"


@dataclass(slots=True)
class Draft:
    """A record while it is being read: fields of the group to be, and what is worth telling about them."""

    place: str
    key: str
    raw: Raw
    fields: dict[str, Any] = field(default_factory=dict)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    withheld: int = 0

    def warn(self, kind: str, words: str = "") -> None:
        """kind: a short name under which the report counts it, such as `timezone_unknown`."""
        if (kind, words) not in self.warnings:
            self.warnings.append((kind, words))

    def withhold(self, count: int = 1) -> None:
        self.withheld += count

    def done(self, feed: Feed) -> Read:
        """The listing, or a refusal in plain words when the fields make no group."""
        if _CRISIS.search(str(self.fields.get("name", ""))):
            return Refused(self.place, "A crisis line. These stand in the table of help, which is checked by hand.")
        self._hide_secrets()
        try:
            group = Group.model_validate({"id": group_id(feed, self.key), "description": "", **self.fields})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "it"
            return Refused(self.place, f"{where}: {first['msg']}")
        return Listing(self.place, self.key, group, self.raw, tuple(self.warnings), self.withheld)

    def _hide_secrets(self) -> None:
        """Names and places carry passcodes as well: "Zoom 829 1234, PW: serenity". Free texts lost theirs before."""
        for name, value in self.fields.items():
            if name not in _LOOKED_THROUGH and value:
                self.fields[name], count = clean.labels_without_secrets(value)
                if count:
                    self.withhold(count)
                    self.warn("passcode_withheld")


def group_id(feed: Feed, key: str) -> str:
    """`feed:key` in the letters that an id may have. Two different keys never make the same id."""
    if clean.secret_in_id(key):
        return f"{feed.name}:x-{_digest(key)}"
    if _PLAIN_KEY.fullmatch(key):
        return f"{feed.name}:{key}"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in key.lower())
    if plain != key or len(plain) > 70 or not plain:
        plain = f"{plain[:50].strip('-') or 'x'}-{_digest(key)}"
    return f"{feed.name}:{plain}"


def _digest(key: str) -> str:
    import hashlib

    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]
