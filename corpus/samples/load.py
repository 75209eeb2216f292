"""Bringing the sample stories and groups of this version into a database."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from corpus.errors import IllegalMove
from corpus.samples.read import FOLDER, Refused, read_groups, read_stories
from corpus.store import Store, utc_now
from corpus.types import Consent, Provenance, Purpose, Story

log = logging.getLogger("shared_journey.corpus")
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
    for path in sorted(FOLDER.glob("*/*.md")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    if store.note(_NOTE) == digest.hexdigest():
        return None
    stories, groups = read_stories(), read_groups()
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
    for group in groups.good:
        if group.id not in departed:
            store.put_group(group, _ACTOR)
    refused = stories.refused + groups.refused
    if refused:  # said at each start until they are mended
        for file in refused:
            log.warning("The sample %s was not loaded: %s", file.place, file.reason)
    else:
        known = {story.id for story in stories.good} | {group.id for group in groups.good}
        for summary in store.summaries():
            if summary.provenance is Provenance.SAMPLE and summary.id not in known:
                store.withdraw(summary.id, _ACTOR)  # this version has it no more
        store.set_note(_NOTE, digest.hexdigest())
    return SamplesReport(len(stories.good), len(groups.good), added, changed, refused)


def _add(store: Store, story: Story, consent: Consent) -> bool:
    """Add a sample, unless another process that starts at the same moment was faster. Whether it was added."""
    try:
        store.add_sample(story, consent, _ACTOR)
    except IllegalMove:
        if all(summary.id != story.id or summary.provenance is not Provenance.SAMPLE for summary in store.summaries()):
            raise
        return False
    return True
