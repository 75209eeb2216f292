"""The tables. `corpus/migrations` makes them; a test asserts that both agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """A UTC moment as fixed-width ISO text, so that comparing text is comparing time in every database."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


metadata = sa.MetaData()


def _owned_by(column: str, target: str, **kwargs: Any) -> sa.Column[Any]:
    """A column that goes when its owner goes."""
    return sa.Column(column, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **kwargs)


# One row. Bumped in the transaction of each change (in PostgreSQL the row lock makes revisions commit in order,
# which a sequence does not).
counter = sa.Table(
    "counter",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)

story = sa.Table(
    "story",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("provenance", sa.String(20), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("narrator", sa.Text, nullable=False),
    sa.Column("language", sa.String(35), nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),  # themes, stage, hope, setbacks, pathways, context, content_notes
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),  # of the last change of any kind
    sa.Column("text_revision", sa.BigInteger, nullable=False),  # of the last change of words or facts
    sa.Column("added_at", UtcTime, nullable=False),
)

story_part = sa.Table(
    "story_part",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("part", sa.String(20), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

consent = sa.Table(
    "consent",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("purpose", sa.String(20), primary_key=True),
    sa.Column("granted_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=True),
    sa.Column("wording", sa.String(60), nullable=False),
)

# A passage holds offsets, not words: there is one copy of a story's text. AUTOINCREMENT: an id is never used again,
# so an index that is behind can never name another story's passage.
passage = sa.Table(
    "passage",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _owned_by("story_id", "story.id", index=True),
    sa.Column("scheme", sa.String(200), nullable=False),
    sa.Column("part", sa.String(20), nullable=True),  # null: the whole story
    sa.Column("start", sa.Integer, nullable=True),
    sa.Column("end", sa.Integer, nullable=True),
    sqlite_autoincrement=True,
)

vector = sa.Table(
    "vector",
    metadata,
    _owned_by("passage_id", "passage.id", primary_key=True),
    sa.Column("embedding", sa.LargeBinary, nullable=False),  # float32, little-endian, unit norm
    # beside the vector of a whole story what the index knows of its words (index/terms.py): personal data like these
    sa.Column("terms", sa.LargeBinary, nullable=True),
)

group = sa.Table(
    "peer_group",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("provenance", sa.String(20), nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
)

group_vector = sa.Table(
    "group_vector",
    metadata,
    _owned_by("group_id", "peer_group.id", primary_key=True),
    sa.Column("scheme", sa.String(200), primary_key=True),
    sa.Column("embedding", sa.LargeBinary, nullable=False),
)

# What stays inside of a group that came from a directory: the record as it was, the group as it was read, and what the
# program changed by hand, which a newer copy of the directory does not undo.
listing = sa.Table(
    "listing",
    metadata,
    _owned_by("group_id", "peer_group.id", primary_key=True),
    sa.Column("feed", sa.String(40), nullable=False, index=True),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
    sa.Column("imported", sa.JSON, nullable=False),
    sa.Column("edits", sa.JSON, nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# What readers told of a group that is wrong: how often, by reason and day. Nothing typed, and nobody.
group_wrong = sa.Table(
    "group_wrong",
    metadata,
    _owned_by("group_id", "peer_group.id", primary_key=True),
    sa.Column("reason", sa.String(20), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

# Tombstones: the id and nothing else.
departure = sa.Table(
    "departure",
    metadata,
    sa.Column("kind", sa.String(10), primary_key=True),  # story, group
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
)

# The audit: in each book numbers without a gap, each line holding the hash of the one before. `book` keeps how many
# lines there are and the last hash, so that lines missing at the end are noticed too.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("book", sa.String(10), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=True),
    sa.Column("purpose", sa.String(20), nullable=True),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

book = sa.Table(
    "book",
    metadata,
    sa.Column("name", sa.String(10), primary_key=True),
    sa.Column("lines", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
)

note = sa.Table(
    "note", metadata, sa.Column("key", sa.String(60), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)

# --- a story while the program looks after it (every row of these goes with its story) ---

custody = sa.Table(
    "custody",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("submitted_at", UtcTime, nullable=False),
    sa.Column("cools_until", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False, index=True),  # the end of the consent, whatever its switches say
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("locator", sa.String(40), nullable=True, unique=True),
    sa.Column("code_hash", sa.String(200), nullable=True),
    sa.Column("evidence", sa.Text, nullable=True),
)

approval = sa.Table(
    "approval",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("reviewer", sa.String(60), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("void", sa.Boolean, nullable=False),
)

question = sa.Table(
    "question",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _owned_by("story_id", "story.id", index=True),
    sa.Column("by", sa.String(60), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=True),
    sa.Column("answered_at", UtcTime, nullable=True),
    sqlite_autoincrement=True,
)

proposal = sa.Table(
    "proposal",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("by", sa.String(60), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

redaction = sa.Table(
    "redaction",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),  # that it made
    sa.Column("by", sa.String(60), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("places", sa.Integer, nullable=False),
    sa.Column("characters", sa.Integer, nullable=False),
)

# Counts per ISO week (`2026-W47`), of stories only: who or when is never known.
usage = sa.Table(
    "usage",
    metadata,
    _owned_by("story_id", "story.id", primary_key=True),
    sa.Column("what", sa.String(20), primary_key=True),
    sa.Column("week", sa.String(8), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

# --- what is no part of a story ---

outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),  # of the story that was declined
    sa.Column("locator", sa.String(40), nullable=False, unique=True),
    sa.Column("code_hash", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

missing = sa.Table(
    "missing",
    metadata,
    sa.Column("theme", sa.String(60), primary_key=True),
    sa.Column("week", sa.String(8), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

# How often care saw what, and how often a way to help was opened. A year (`2026`) stands for all weeks of it in which
# there was too little of something to keep the week.
care = sa.Table(
    "care",
    metadata,
    sa.Column("what", sa.String(20), primary_key=True),
    sa.Column("week", sa.String(8), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("hashed", sa.String(200), nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
)

# Sessions at the desk and the devices that signed in before: only hashes of the cookies.
sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _owned_by("name", "person.name", index=True),
    sa.Column("form_key", sa.String(64), nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _owned_by("name", "person.name", index=True),
    sa.Column("at", UtcTime, nullable=False),
)
