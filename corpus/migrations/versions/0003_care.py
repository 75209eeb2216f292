"""Counts of care: what was seen and which ways to help were opened, per week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "care",
        sa.Column("what", sa.String(20), primary_key=True),
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
