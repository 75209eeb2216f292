"""Groups of directories: the record that each came from, and what the program changed by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "listing",
        sa.Column(
            "group_id", sa.String(120), sa.ForeignKey("peer_group.id", ondelete="CASCADE"), nullable=False,
            primary_key=True,
        ),
        sa.Column("feed", sa.String(40), nullable=False, index=True),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("raw", sa.JSON, nullable=False),
        sa.Column("imported", sa.JSON, nullable=False),
        sa.Column("edits", sa.JSON, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )  # fmt: skip
