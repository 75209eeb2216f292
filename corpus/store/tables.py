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
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


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

# Tombstones: the id and nothing else.
departure = sa.Table(
    "departure",
    metadata,
    sa.Column("kind", sa.String(10), primary_key=True),  # story, group
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=True),
    sqlite_autoincrement=True,
)

note = sa.Table(
    "note", metadata, sa.Column("key", sa.String(60), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)
