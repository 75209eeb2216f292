"""Alembic's entry: runs inside the transaction that `corpus.store.database` opened."""

from __future__ import annotations

from alembic import context

from corpus.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
