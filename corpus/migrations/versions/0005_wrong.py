"""What readers told of a group that is wrong: counts by reason and day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "group_wrong",
        sa.Column(
            "group_id", sa.String(120), sa.ForeignKey("peer_group.id", ondelete="CASCADE"), nullable=False,
            primary_key=True,
        ),
        sa.Column("reason", sa.String(20), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )  # fmt: skip
