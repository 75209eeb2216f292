"""The reads of the store, as functions of one open transaction: what they return is of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus.store import tables as t
from corpus.store.contract import Changes, GroupChanges, GroupVector, StoryVectors, Summary
from corpus.types import Consent, Group, Part, PartText, Provenance, Purpose, Span, State, Story, VisibleStory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LISTED = ("active", "temporarily_closed", "inactive")  # an unlisted group is never seen; the others say what they are
_MOST_PARAMETERS = 500  # ids in one statement, well below SQLite's limit
_PART_NAMES = {part.value: part.value for part in Part}
_ROWS = 2000  # with vectors that are put together at once


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Unique ids in pieces that fit into one statement."""
    unique = list(dict.fromkeys(ids))
    for i in range(0, len(unique), _MOST_PARAMETERS):
        yield unique[i : i + _MOST_PARAMETERS]


def to_vector(blob: bytes) -> NDArray[np.float32]:
    import numpy as np

    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)


Moment = datetime | sa.BindParameter[Any]
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_NOW: sa.BindParameter[Any] = sa.bindparam("now", type_=t.consent.c.expires_at.type)


def allowed(purpose: Purpose, now: Moment) -> sa.ColumnElement[bool]:
    """A condition on `story`: its narrator's consent holds for this purpose at this moment."""
    return sa.exists().where(
        t.consent.c.story_id == t.story.c.id,
        t.consent.c.purpose == purpose.value,
        sa.or_(t.consent.c.expires_at.is_(None), t.consent.c.expires_at > now),
    )


def may_be_seen(purpose: Purpose, now: Moment, samples: bool) -> sa.ColumnElement[bool]:
    """The gate as a condition on `story`: published, allowed for this purpose now, and not a hidden sample."""
    condition = sa.and_(t.story.c.state == State.PUBLISHED.value, allowed(purpose, now))
    return condition if samples else sa.and_(condition, t.story.c.provenance != Provenance.SAMPLE.value)


# What every message asks is put together once: that costs more than asking it.
_REVISION = sa.select(t.counter.c.revision)
_STORIES = sa.select(t.story).where(t.story.c.id.in_(_IDS))
_PARTS = sa.select(t.story_part).where(t.story_part.c.story_id.in_(_IDS)).order_by(t.story_part.c.position)
_PASSAGES = sa.select(t.passage).where(t.passage.c.story_id.in_(_IDS))


@lru_cache
def _gate(purpose: Purpose, samples: bool, *more: sa.Column[Any]) -> sa.Select[Any]:
    """The gate as a question about `ids` at `now`. more: what is wanted beside the ids."""
    seen = may_be_seen(purpose, _NOW, samples)
    return sa.select(t.story.c.id, *more).where(t.story.c.id.in_(_IDS), seen)


@lru_cache
def _group_revisions(samples: bool) -> sa.Select[tuple[str, int]]:
    return sa.select(t.group.c.id, t.group.c.revision).where(*_listed(samples), t.group.c.id.in_(_IDS))


def revision(c: Connection) -> int:
    return int(c.execute(_REVISION).scalar_one())


def visible(
    c: Connection, ids: Iterable[str], purpose: Purpose, now: datetime, samples: bool
) -> dict[str, VisibleStory]:
    """Rows of the stories that pass the gate, put together."""
    found: dict[str, VisibleStory] = {}
    for some in chunks(ids):
        rows = c.execute(_gate(purpose, samples, t.story.c.text_revision), {"ids": some, "now": now}).all()
        whole = stories(c, [row.id for row in rows])
        passages: dict[str, dict[int, Span | None]] = {row.id: {} for row in rows}
        for row in c.execute(_PASSAGES, {"ids": list(passages)}):
            span = None if row.part is None else Span(part=row.part, start=row.start, end=row.end)
            passages[row.story_id][row.id] = span
        for row in rows:
            found[row.id] = VisibleStory(
                story=whole[row.id], text_revision=row.text_revision, passages=passages[row.id]
            )
    return found


def passing(c: Connection, ids: Iterable[str], purpose: Purpose, now: datetime, samples: bool) -> frozenset[str]:
    """Ids of those that pass the gate."""
    query = _gate(purpose, samples)
    return frozenset(row.id for some in chunks(ids) for row in c.execute(query, {"ids": some, "now": now}))


def titles(c: Connection, ids: Iterable[str], purpose: Purpose, now: datetime, samples: bool) -> dict[str, str]:
    """The titles of those that pass the gate."""
    query = _gate(purpose, samples, t.story.c.title)
    return {row.id: row.title for some in chunks(ids) for row in c.execute(query, {"ids": some, "now": now})}


def stories(c: Connection, ids: Sequence[str]) -> dict[str, Story]:
    """Stories put together from their rows, at most as many as fit into one statement. Asks nothing about consent:
    `visible` does, and the doors of the narrator and the reviewers in `corpus.store.custody`."""
    rows = c.execute(_STORIES, {"ids": list(ids)}).all()
    parts: dict[str, list[PartText]] = {row.id: [] for row in rows}
    for row in c.execute(_PARTS, {"ids": list(parts)}):
        parts[row.story_id].append(PartText(part=row.part, text=row.text))
    return {
        row.id: Story(
            id=row.id,
            title=row.title,
            narrator=row.narrator,
            language=row.language,
            provenance=row.provenance,
            parts=tuple(parts[row.id]),
            **row.facts,
        )
        for row in rows
    }


def consents(c: Connection, ids: Iterable[str]) -> dict[str, Consent]:
    """The consent of each story that has granted anything, whether or not it is over."""
    rows: dict[str, list[Any]] = {}
    for some in chunks(ids):
        for row in c.execute(sa.select(t.consent).where(t.consent.c.story_id.in_(some))):
            rows.setdefault(row.story_id, []).append(row)
    return {
        id: Consent(
            purposes=frozenset(Purpose(row.purpose) for row in mine),
            granted_at=mine[0].granted_at,
            expires_at=mine[0].expires_at,
            wording=mine[0].wording,
        )
        for id, mine in rows.items()
    }


def shows_samples(c: Connection, now: datetime) -> bool:
    sample = Provenance.SAMPLE.value
    stories = sa.exists().where(t.story.c.provenance == sample, may_be_seen(Purpose.SURFACE, now, True))
    groups = sa.exists().where(t.group.c.provenance == sample, *_listed(True))
    return bool(c.execute(sa.select(sa.or_(stories, groups))).scalar_one())


def groups(c: Connection, ids: Iterable[str] | None, samples: bool) -> dict[str, Group]:
    query = sa.select(t.group.c.document).where(*_listed(samples)).order_by(t.group.c.id)
    if ids is None:
        documents = [row.document for row in c.execute(query)]
    else:
        documents = [row.document for some in chunks(ids) for row in c.execute(query.where(t.group.c.id.in_(some)))]
    return {group.id: group for group in map(Group.model_validate, documents)}


def group_revisions(c: Connection, ids: Iterable[str], samples: bool) -> dict[str, int]:
    query = _group_revisions(samples)
    return {row.id: row.revision for some in chunks(ids) for row in c.execute(query, {"ids": some})}


def _listed(samples: bool) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [t.group.c.status.in_(LISTED)]
    return conditions if samples else [*conditions, t.group.c.provenance != Provenance.SAMPLE.value]


def group_changes(c: Connection, since: int, samples: bool) -> GroupChanges:
    changed = set(c.execute(sa.select(t.group.c.id).where(t.group.c.revision > since)).scalars())
    departed = sa.select(t.departure.c.id).where(t.departure.c.kind == "group", t.departure.c.revision > since)
    left = set(c.execute(departed).scalars())
    listed = sa.select(t.group.c.document).where(t.group.c.revision > since, *_listed(samples)).order_by(t.group.c.id)
    groups = tuple(Group.model_validate(row.document) for row in c.execute(listed))
    return GroupChanges(revision(c), frozenset((changed | left) - {group.id for group in groups}), groups)


def changes(c: Connection, since: int, scheme: str, now: datetime, samples: bool) -> Changes:
    changed = set(c.execute(sa.select(t.story.c.id).where(t.story.c.revision > since)).scalars())
    departed = sa.select(t.departure.c.id).where(t.departure.c.revision > since)
    left = set(c.execute(departed.where(t.departure.c.kind == "story")).scalars())
    stories = tuple(_story_vectors(c, since, scheme, now, samples))

    changed_groups = set(c.execute(sa.select(t.group.c.id).where(t.group.c.revision > since)).scalars())
    left_groups = set(c.execute(departed.where(t.departure.c.kind == "group")).scalars())
    group_rows = c.execute(
        sa.select(t.group.c.id, t.group_vector.c.embedding)
        .join(t.group_vector, t.group_vector.c.group_id == t.group.c.id)
        .where(t.group.c.revision > since, t.group_vector.c.scheme == scheme, *_listed(samples))
        .order_by(t.group.c.id)
    )
    present_groups = tuple(GroupVector(row.id, to_vector(row.embedding)) for row in group_rows)
    return Changes(
        revision=revision(c),
        gone=frozenset((changed | left) - {s.story_id for s in stories}),
        stories=stories,
        groups_gone=frozenset((changed_groups | left_groups) - {g.group_id for g in present_groups}),
        groups=present_groups,
    )


def _story_vectors(c: Connection, since: int, scheme: str, now: datetime, samples: bool) -> Iterator[StoryVectors]:
    """Of each story that changed and passes the gate, in the order in which they were embedded. The vectors of many
    stories are one array, read as they stand in the rows: what a story gets is a view of it."""
    wanted = sa.and_(t.story.c.revision > since, may_be_seen(Purpose.SURFACE, now, samples))
    told = {
        row.id: row for row in c.execute(sa.select(t.story.c.id, t.story.c.language, t.story.c.facts).where(wanted))
    }
    if not told:
        return
    vectors = (
        sa.select(t.passage.c.story_id, t.passage.c.id, t.passage.c.part, t.vector.c.terms, t.vector.c.embedding)
        .join(t.vector, t.vector.c.passage_id == t.passage.c.id)
        .where(t.passage.c.scheme == scheme)
        .order_by(t.passage.c.id)
    )
    if since:  # else all are read from the first to the last, as they lie in the file
        vectors = vectors.where(t.passage.c.story_id.in_(sa.select(t.story.c.id).where(t.story.c.revision > since)))
    left: list[Any] = []  # of a story whose rows may go on in what is read next
    for some in c.execute(vectors).partitions(_ROWS):
        some = [*left, *(row for row in some if row.story_id in told)]
        first = len(some)
        while first and some[first - 1].story_id == some[-1].story_id:
            first -= 1
        yield from _by_story(some[:first], told)
        left = some[first:]
    yield from _by_story(left, told)


def _by_story(rows: Sequence[Any], told: Mapping[str, Any]) -> Iterator[StoryVectors]:
    """Rows (story id, passage id, part, terms, embedding), story after story, put together."""
    if not rows:
        return
    owners, ids, parts, terms, blobs = zip(*rows, strict=True)
    vectors = to_vector(b"".join(blobs)).reshape(len(rows), -1)
    parts = tuple(map(_PART_NAMES.get, parts))  # one string of each for all
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or owners[i] != owners[start]:
            about = told[owners[start]]
            yield StoryVectors(
                story_id=about.id,
                passage_ids=ids[start:i],
                parts=parts[start:i],
                vectors=vectors[start:i],
                language=about.language,
                facts=about.facts,
                terms=next((kept for kept in terms[start:i] if kept is not None), None),
            )
            start = i


def unembedded(c: Connection, scheme: str, limit: int, now: datetime, samples: bool) -> tuple[str, ...]:
    has = sa.exists().where(t.passage.c.story_id == t.story.c.id, t.passage.c.scheme == scheme)
    query = sa.select(t.story.c.id).where(may_be_seen(Purpose.SURFACE, now, samples), ~has)
    return tuple(c.execute(query.order_by(t.story.c.id).limit(limit)).scalars())


def unembedded_groups(c: Connection, scheme: str, limit: int, samples: bool) -> tuple[str, ...]:
    has = sa.exists().where(t.group_vector.c.group_id == t.group.c.id, t.group_vector.c.scheme == scheme)
    query = sa.select(t.group.c.id).where(*_listed(samples), ~has)
    return tuple(c.execute(query.order_by(t.group.c.id).limit(limit)).scalars())


def summaries(c: Connection) -> tuple[Summary, ...]:
    purposes: dict[str, set[Purpose]] = {}
    expiry: dict[str, datetime | None] = {}
    for row in c.execute(sa.select(t.consent)):
        purposes.setdefault(row.story_id, set()).add(Purpose(row.purpose))
        expiry[row.story_id] = row.expires_at
    embedded = set(c.execute(sa.select(t.passage.c.story_id).distinct()).scalars())
    return tuple(
        Summary(
            id=row.id,
            state=State(row.state),
            provenance=Provenance(row.provenance),
            language=row.language,
            themes=tuple(row.facts["themes"]),
            purposes=frozenset(purposes.get(row.id, ())),
            expires_at=expiry.get(row.id),
            embedded=row.id in embedded,
        )
        for row in c.execute(sa.select(t.story).order_by(t.story.c.id))
    )
