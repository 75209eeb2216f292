"""Custody of stories: codes, reviews, questions, proposals, people at the desk, counts; and the audit as a chain.

A migration is history: it spells its tables and the hash of a line out, and never imports from `corpus.store`.
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _owned(column: str, target: str, **kwargs: object) -> sa.Column:  # type: ignore[type-arg]
    kind = sa.String(120 if target == "story.id" else 60)
    return sa.Column(column, kind, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **kwargs)  # type: ignore[arg-type]


def upgrade() -> None:
    _chain_the_audit()
    op.create_table(
        "custody",
        _owned("story_id", "story.id", primary_key=True),
        sa.Column("submitted_at", sa.String(27), nullable=False),
        sa.Column("cools_until", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("locator", sa.String(40), nullable=True, unique=True),
        sa.Column("code_hash", sa.String(200), nullable=True),
        sa.Column("evidence", sa.Text, nullable=True),
    )
    op.create_table(
        "approval",
        _owned("story_id", "story.id", primary_key=True),
        sa.Column("reviewer", sa.String(60), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _owned("story_id", "story.id", index=True),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=True),
        sa.Column("answered_at", sa.String(27), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "proposal",
        _owned("story_id", "story.id", primary_key=True),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "redaction",
        _owned("story_id", "story.id", primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("characters", sa.Integer, nullable=False),
    )
    op.create_table(
        "usage",
        _owned("story_id", "story.id", primary_key=True),
        sa.Column("what", sa.String(20), primary_key=True),
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "outcome",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("locator", sa.String(40), nullable=False, unique=True),
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
    )
    op.create_table(
        "missing",
        sa.Column("theme", sa.String(60), primary_key=True),
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("hashed", sa.String(200), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _owned("name", "person.name", index=True),
        sa.Column("form_key", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
    )
    op.create_table(
        "device",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _owned("name", "person.name", index=True),
        sa.Column("at", sa.String(27), nullable=False),
    )
    # Until now every story was a sample, and no own story could be published without reviewers: if somebody added one
    # by the library, it goes back to the queue.
    own = "provenance <> 'sample'"
    op.execute(f"UPDATE story SET state = 'pending' WHERE {own}")
    op.execute(
        "INSERT INTO custody (story_id, submitted_at, cools_until, until, version) "
        "SELECT id, added_at, added_at, COALESCE((SELECT MAX(expires_at) FROM consent WHERE story_id = story.id), "
        f"added_at), 1 FROM story WHERE {own}"
    )


def _chain_the_audit() -> None:
    """The lines so far become the first of the house's book."""
    connection = op.get_bind()
    old = connection.execute(sa.text("SELECT at, actor, verb, subject FROM audit ORDER BY sequence")).all()
    op.drop_table("audit")
    audit = op.create_table(
        "audit",
        sa.Column("book", sa.String(10), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=True),
        sa.Column("purpose", sa.String(20), nullable=True),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    book = op.create_table(
        "book",
        sa.Column("name", sa.String(10), primary_key=True),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
    )
    head = "0" * 64
    rows = []
    for number, (at, actor, verb, subject) in enumerate(old, 1):
        fields = ["house", number, at, actor, verb, subject, None, {}, head]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        head = hashlib.sha256(text.encode()).hexdigest()
        rows.append(
            {"book": "house", "number": number, "at": at, "actor": actor, "verb": verb, "subject": subject}
            | {"purpose": None, "counts": {}, "hash": head}
        )
    if rows:
        op.bulk_insert(audit, rows)
        op.bulk_insert(book, [{"name": "house", "lines": len(rows), "head": head}])
