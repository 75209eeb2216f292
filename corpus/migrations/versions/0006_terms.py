"""What an index knows of the words of a story, beside the vector of the whole of it: a start need not read every word.

It stays empty for stories that were embedded before; the next start fills it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("vector", sa.Column("terms", sa.LargeBinary, nullable=True))
