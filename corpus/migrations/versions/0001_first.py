"""The first tables: stories in parts, consents, passages, vectors, groups, tombstones, audit.

A migration is history: it spells its tables out and never imports `corpus.store.tables`, which will move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counter", sa.Column("id", sa.Integer, primary_key=True), sa.Column("revision", sa.BigInteger, nullable=False)
    )
    op.execute("INSERT INTO counter (id, revision) VALUES (1, 0)")
    op.create_table(
        "story",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("provenance", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("narrator", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False, index=True),
        sa.Column("text_revision", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
    )
    op.create_table(
        "story_part",
        sa.Column(
            "story_id", sa.String(120), sa.ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, nullable=False
        ),
        sa.Column("part", sa.String(20), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "consent",
        sa.Column(
            "story_id", sa.String(120), sa.ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, nullable=False
        ),
        sa.Column("purpose", sa.String(20), primary_key=True),
        sa.Column("granted_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=True),
        sa.Column("wording", sa.String(60), nullable=False),
    )
    op.create_table(
        "passage",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "story_id", sa.String(120), sa.ForeignKey("story.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("scheme", sa.String(200), nullable=False),
        sa.Column("part", sa.String(20), nullable=True),
        sa.Column("start", sa.Integer, nullable=True),
        sa.Column("end", sa.Integer, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "vector",
        sa.Column(
            "passage_id", sa.Integer, sa.ForeignKey("passage.id", ondelete="CASCADE"), primary_key=True, nullable=False
        ),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "peer_group",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provenance", sa.String(20), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "group_vector",
        sa.Column(
            "group_id",
            sa.String(120),
            sa.ForeignKey("peer_group.id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("scheme", sa.String(200), primary_key=True),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "departure",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False, index=True),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "note", sa.Column("key", sa.String(60), primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
