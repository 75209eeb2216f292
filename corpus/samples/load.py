"""Bringing the sample stories and groups of this version into a database."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import IllegalMove
from corpus.store import Store, utc_now
from corpus.types import Consent, Provenance, Purpose, Story

if TYPE_CHECKING:
    from corpus.samples.read import Refused

log = logging.getLogger("shared_journey.corpus")
_FOLDER = Path(__file__).parent
_NOTE = "samples"
_ACTOR = "samples"


@dataclass(frozen=True, slots=True)
class SamplesReport:
    stories: int  # in the folder and good
    groups: int
    added: int
    changed: int
    refused: tuple[Refused, ...]


def load_samples(store: Store) -> SamplesReport | None:
    """Bring the sample stories and groups of this version into the database. None when nothing changed since.

    A sample that the program withdrew stays away.
    """
    digest = hashlib.sha256()
    for path in sorted([*_FOLDER.glob("stories/*.md"), *_FOLDER.glob("groups/*.*")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    if store.note(_NOTE) == digest.hexdigest():
        return None
    # Most starts end here, so what reads them is imported only now.
    from corpus.samples.read import read_stories

    stories = read_stories()
    departed = store.departed()
    there = {summary.id for summary in store.summaries()}
    seen = store.visible((story.id for story in stories.good), Purpose.SURFACE)
    # Fiction has no narrator to ask, so its consent has no end; it is never shared as if it were testimony.
    consent = Consent(
        purposes=frozenset(Purpose) - {Purpose.SHARE}, granted_at=utc_now(), expires_at=None, wording="sample"
    )
    added = changed = 0
    for story in stories.good:
        if story.id in departed:
            continue
        if story.id not in there:
            added += _add(store, story, consent)
        elif story.id in seen and seen[story.id].story != story:
            store.edit(story, seen[story.id].text_revision, _ACTOR)
            changed += 1
    groups, refused_groups = _load_groups(store)
    refused = stories.refused + refused_groups
    if refused:  # said at each start until they are mended
        for file in refused:
            log.warning("The sample %s was not loaded: %s", file.place, file.reason)
    else:
        known = {story.id for story in stories.good}
        for summary in store.summaries():
            if summary.provenance is Provenance.SAMPLE and summary.id not in known:
                store.withdraw(summary.id, _ACTOR)  # this version has it no more
        store.set_note(_NOTE, digest.hexdigest())
    return SamplesReport(len(stories.good), groups, added, changed, refused)


def _load_groups(store: Store) -> tuple[int, tuple[Refused, ...]]:
    """(groups, records that were refused) of the sample directories, taken in as any program's directory would be."""
    from corpus.groups.intake import take_in
    from corpus.groups.listing import SAMPLE_FEED
    from corpus.samples.directories import MOVED, read_directories

    store.move_groups(MOVED, _ACTOR)
    directories = read_directories()
    count = 0
    refused: list[Refused] = []
    for one in directories:
        count += take_in(store, one.batch, one.feed, actor=_ACTOR, now=utc_now()).groups
        refused += one.batch.refused
    ours = {one.feed.name for one in directories}
    for there in store.directories():
        if there.feed.startswith(SAMPLE_FEED) and there.feed not in ours:
            store.put_listings(there.feed, (), _ACTOR)  # this version has it no more
    return count, tuple(refused)


def _add(store: Store, story: Story, consent: Consent) -> bool:
    """Add a sample, unless another process that starts at the same moment was faster. Whether it was added."""
    try:
        store.add_sample(story, consent, _ACTOR)
    except IllegalMove:
        if all(summary.id != story.id or summary.provenance is not Provenance.SAMPLE for summary in store.summaries()):
            raise
        return False
    return True
