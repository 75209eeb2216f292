"""Finding: a Finder keeps a collection in memory, pulls changes from the store, and answers with stories that may be
seen.

A finder that is behind is harmless: whatever it finds is fetched through the consent gate at that moment, and a
passage that the story no longer has is dropped.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from corpus.errors import DatabaseError
from corpus.store import Passage, Store, StoryVectors
from corpus.types import Group, Part, Purpose, Span, Story, VisibleStory
from index import passages
from index.choose import Turns, choose
from index.collection import Candidate, Collection
from index.embed import Embedder, Vectors
from index.facts import Facts, Held
from index.known_groups import KnownGroups
from index.nearest import Nearest
from index.pipelines import DEFAULT, Pipeline, pipeline
from index.query import Query, Sense
from index.rank import FLOOR, Ranker
from index.suggest import Wanted, by_turns, group_text, nearest_of_each, suggested
from index.terms import Reader, packed, terms_of, unpacked
from index.themes import Themes
from index.toolkit import OTHER, Helped, side_by_side, told

_LOOKED_AT = 40  # stories that are fetched to choose from
_HELPED_FROM = 24  # close stories whose "what helped" is looked through
_BATCHES_A_TURN = 4  # embedded while a visitor waits; `build` does all
_PATIENCE = 60.0  # seconds until embedding is tried again after the database could not be written
_BATCH = 8  # stories embedded and committed at once: what a killed process has to do again
_SEED = "turns"  # the note of the store that holds the seed of whose turn it is


@dataclass(frozen=True, slots=True)
class Match:
    """A story that may be shown now, and the passage that is the evidence for it."""

    story: Story
    passage_id: int
    span: Span
    score: float  # higher is better within one answer; for developers, never shown to a person
    close: bool  # whether its nearness is at or above the floor
    nearness: float = 0.0  # cosine of its meaning with what was said, in [-1, 1]

    @property
    def passage(self) -> str:
        return self.span.of(self.story)


class _Told(NamedTuple):
    """What is known of a story without its words."""

    id: str
    stage: str | None


class _Open(NamedTuple):
    """A candidate that passed the gate just now."""

    story: _Told
    score: float
    candidate: Candidate


class Finder:
    """Answers queries over one store with one embedder.

    Threads: `find`, `groups`, `refresh` may be called from any thread. Several finders (also in several processes)
    may use one store.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        *,
        floor: float = FLOOR,
        how: Pipeline | None = None,
        seed: str | None = None,
        today: Callable[[], date] = date.today,
        memory: int | None = None,
    ) -> None:
        """seed: of whose turn it is among near-equals; None: the program's own, kept in the store. today: turns
        change daily. memory: bytes that the vectors of stories may take; None: as many as they need."""
        self._store = store
        self._embedder = embedder
        self._ranker = Ranker(embedder, how or pipeline(DEFAULT), floor=floor, memory=memory)
        self._seed = seed
        self._today = today
        self._known_groups = KnownGroups(store)
        self.scheme = f"{embedder.name}/{passages.VERSION}"
        self._lock = threading.RLock()
        self._embed_again_at = 0.0
        self._owing = False  # whether stories are known to wait for their vectors
        self._forget()

    @property
    def embedder(self) -> Embedder:
        """What turns words into vectors here, for others that need the same."""
        return self._embedder

    @property
    def themes(self) -> Themes:
        return self._ranker.themes

    @property
    def collection(self) -> Collection:
        """What is held in memory of the stories."""
        return self._ranker.collection

    def _forget(self) -> None:
        """Throw the index away; the next pull makes it anew from the rows."""
        self._ranker.forget()
        self._groups = Nearest(self._embedder.dimension)
        self._group_ids: list[str] = []  # position is the id that FAISS knows a group by
        self._group_at: dict[str, int] = {}
        self._revision = 0
        self._unkept: dict[str, tuple[int, bytes]] = {}  # story → whole passage and terms that are to be kept

    # --- keeping up ---------------------------------------------------------------------------------------------

    def build(self, on_progress: Callable[[int, int], None] | None = None, *, standing: bool = True) -> int:
        """Embed every story and group that has no vectors of this scheme yet, then refresh. Returns how many stories.

        Each batch is committed by itself: a killed process loses one batch, and the next start goes on from there.
        on_progress(done, total) is called after each batch. standing: whether it is found out who stands back.
        """
        pending = self._store.unembedded(self.scheme, limit=10_000_000)
        done = 0
        if pending and on_progress:
            on_progress(0, len(pending))
        for start in range(0, len(pending), _BATCH):
            done += self._embed(pending[start : start + _BATCH])
            if on_progress:
                on_progress(min(start + _BATCH, len(pending)), len(pending))
        while self._embed_groups():
            pass
        self.pull()
        self._keep_terms()
        self._ranker.ready(standing=standing)
        return done

    def refresh(self) -> None:
        """Catch up with the store: embed what is new, and pull what changed. One cheap read when nothing did.

        This happens inside somebody's turn, so it embeds a few stories at a time, and when the database cannot be
        written (busy, full) it goes on with what there is and tries again later.
        """
        may_embed = time.monotonic() >= self._embed_again_at
        if self._store.revision() == self._revision and not (self._owing and may_embed):
            return
        if may_embed:
            self._owing = True  # until nothing is left: what was cut short is not heard of by a revision again
            try:
                for _ in range(_BATCHES_A_TURN):
                    if not (new := self._store.unembedded(self.scheme, limit=_BATCH)):
                        self._owing = False
                        break
                    self._embed(new)
                if self._embed_groups(_BATCH * _BATCHES_A_TURN):
                    self._owing = True  # a directory of thousands takes many turns, or those of the background
            except DatabaseError:
                self._embed_again_at = time.monotonic() + _PATIENCE
        self.pull()

    def keep_up(self) -> None:
        """What nobody should wait for, between turns: `refresh`, and who stands back when stories came or went."""
        self.refresh()
        self._keep_terms()
        self._ranker.ready()

    def pull(self) -> None:
        """Take over changes from the store, without embedding anything.

        If it is cut off in the middle (memory ran out, say), the index is thrown away rather than left half-changed.
        """
        with self._lock:
            try:
                changes = self._store.changes(self._revision, self.scheme)
                held = self._held(changes.stories)
                left = changes.gone | {s.story_id for s in changes.stories if s.story_id not in held}
                self.collection.change(left, held)
                for id in left:
                    self._unkept.pop(id, None)
                self._take_groups(changes.groups_gone, {g.group_id: g.vector for g in changes.groups})
                self._revision = changes.revision
            except DatabaseError:  # nothing was read, so nothing was changed
                raise
            except BaseException:
                self._forget()
                raise

    def _held(self, stories: Sequence[StoryVectors]) -> dict[str, Held]:
        """What memory takes of stories. Where nothing readable was kept of their words, these are read, through the
        consent gate: who does not pass it at this moment (withdrawn or expired just now) is not taken."""
        kept = {story.story_id: unpacked(story.terms) for story in stories}
        seen = self._store.visible([id for id, terms in kept.items() if terms is None], Purpose.SURFACE)
        read = Reader()
        held = {}
        for story in stories:
            whole = story.parts.index(None) if None in story.parts else None
            parts = [i for i, part in enumerate(story.parts) if part is not None]
            rows = parts if whole is None else [whole, *parts]
            if (known := kept[story.story_id]) is None:
                if (visible := seen.get(story.story_id)) is None:
                    continue
                known = read(passages.whole(visible.story)), visible.story.words
                if whole is not None:
                    self._unkept[story.story_id] = story.passage_ids[whole], packed(*known)
            held[story.story_id] = Held(
                facts=Facts.told(story.language, story.facts, known[1]),
                terms=known[0],
                whole=None if whole is None else story.passage_ids[whole],
                parts=tuple(story.passage_ids[i] for i in parts),
                vectors=story.vectors if whole == 0 and len(rows) == len(story.parts) else story.vectors[rows],
                answers=tuple(part for part in story.parts if part is not None),
            )
        return held

    def _keep_terms(self) -> None:
        """Keep what had to be read of words, for the next start; a database that cannot be written goes without."""
        with self._lock:
            kept, self._unkept = dict(self._unkept.values()), {}
        with contextlib.suppress(DatabaseError):
            self._store.put_terms(kept)

    def _take_groups(self, gone: Iterable[str], present: dict[str, Vectors]) -> None:
        for id in present:
            if id not in self._group_at:
                self._group_at[id] = len(self._group_ids)
                self._group_ids.append(id)
        gone = tuple(gone)
        self._known_groups.forget(gone)
        positions = [self._group_at[id] for id in gone if id in self._group_at]
        rows = np.stack(list(present.values())) if present else np.zeros((0, self._embedder.dimension), np.float32)
        self._groups.change(positions, [self._group_at[id] for id in present], rows)

    def _embed(self, ids: Sequence[str]) -> int:
        """Embed stories and keep their vectors. Returns how many were kept (an edit or withdrawal may come between)."""
        kept = 0
        for id, seen in self._store.visible(ids, Purpose.SURFACE).items():
            spans = passages.cut(seen.story)
            vectors = self._embedder.encode([passages.whole(seen.story), *(s.of(seen.story) for s in spans)])
            rows = rows_of(seen.story, spans, vectors)
            kept += self._store.put_passages(id, seen.text_revision, self.scheme, rows)
        return kept

    def _embed_groups(self, limit: int = 256) -> int:
        ids = self._store.unembedded_groups(self.scheme, limit=limit)
        groups = self._store.visible_groups(ids) if ids else {}
        vectors = self._embedder.encode([group_text(group) for group in groups.values()])
        return self._store.put_group_vectors(
            self.scheme, {id: (group, v) for (id, group), v in zip(groups.items(), vectors, strict=True)}
        )

    # --- finding ------------------------------------------------------------------------------------------------

    def find(self, query: Query) -> list[Match]:
        """At most `query.count` stories, best first, all of them visible at this moment.

        When none is at or above the floor, the nearest come back with `close` False; nothing visible gives [].
        When some are close, only those come back.
        """
        self.refresh()
        sense = self._ranker.aim(query)
        ranked = self._ranker.rank(query, sense)
        ranked.sort(key=lambda candidate: not self._is_close(candidate))  # stable: the close ones first
        wanted = max(_LOOKED_AT, query.count * 4)
        while True:
            candidates: list[_Open] = []
            for start in range(0, len(ranked), wanted):
                candidates += self._open(ranked[start : start + wanted], query)
                if len(candidates) >= query.count * 2:  # enough to choose from
                    break
            close = [some for some in candidates if self._is_close(some.candidate)]
            chosen = choose(close or candidates, query.count, self._turns(sense), self.collection.same)
            found = self._through_the_gate([some.candidate for some in chosen], query)
            if len(found) == len(chosen):
                return found
            lost = {some.story.id for some in chosen} - {match.story.id for match in found}
            ranked = [candidate for candidate in ranked if candidate.id not in lost]

    def _is_close(self, candidate: Candidate) -> bool:
        return candidate.nearness >= self._ranker.floor

    def _open(self, ranked: Sequence[Candidate], query: Query) -> list[_Open]:
        """Those that may be shown at this moment, for what was chosen; not a word of theirs is read."""
        ids = frozenset(candidate.id for candidate in ranked)
        for purpose in query.purposes:
            ids = self._store.passing(ids, purpose)
        found = []
        for candidate in ranked:
            facts = self.collection.facts(candidate.id) if candidate.id in ids else None
            if facts and not _too_hard(facts, query):
                found.append(_Open(_Told(candidate.id, facts.stage), candidate.score, candidate))
        return found

    def sense(self, text: str) -> Sense:
        """Embed a text, once, for everything that a turn does with it."""
        return self._ranker.sense(text)

    def _turn_seed(self) -> str:
        """The program's own seed, made when it is first needed. A database that cannot be written has none, and all
        share one."""
        if self._seed is None:
            self._seed = self._store.note(_SEED)
        if self._seed is None:
            try:
                self._store.set_note(_SEED, secrets.token_hex(8))
                self._seed = self._store.note(_SEED)
            except DatabaseError:
                return ""
        return self._seed or ""

    def _through_the_gate(self, ranked: Sequence[Candidate], query: Query) -> list[Match]:
        ids = [candidate.id for candidate in ranked]
        first, *others = query.purposes
        seen: Mapping[str, VisibleStory] = self._store.visible(ids, first)
        for purpose in others:
            seen = {id: visible for id, visible in self._store.visible(ids, purpose).items() if id in seen}
        matches = []
        for candidate in ranked:
            if candidate.id not in seen:
                continue  # withdrawn, paused or expired since the last refresh
            span = seen[candidate.id].passages.get(candidate.passage_id)
            if span is None:
                continue  # its words changed since: what was found is no longer in it
            story = seen[candidate.id].story
            if _too_hard(story, query):
                continue
            close = self._is_close(candidate)
            matches.append(Match(story, candidate.passage_id, span, candidate.score, close, candidate.nearness))
        return matches

    def helped(
        self, query: Query, first: Sequence[str] = (), without: Sequence[int] = ()
    ) -> list[tuple[str, list[Helped]]]:
        """What helped people with something like it: [(kind of toolkit, passages)], each passage word for word from
        the part "What helped (or didn't)" of a story that is close and may be quoted. [] when there is none. first:
        ids of stories that were just read. without: ids of passages that were quoted already.

        The order of the kinds changes from day to day: none is preferred (PRACTICE R7).
        """
        wanted = query.purposes | {Purpose.SURFACE, Purpose.QUOTE}
        matches = [m for m in self.find(replace(query, count=_HELPED_FROM, purposes=frozenset(wanted))) if m.close]
        visible = self._store.visible([m.story.id for m in matches], Purpose.QUOTE)
        sense = self._ranker.aim(query)
        found = []
        for seen in visible.values():
            spans = {i: s for i, s in seen.passages.items() if s is not None and s.part is Part.HELPED}
            for passage_id, cosine in self.collection.passages_near(list(spans), sense.vector).items():
                kinds = told(spans[passage_id].of(seen.story), seen.story.pathways) or (OTHER,)
                if passage_id not in without:
                    found.append(Helped(seen.story, passage_id, spans[passage_id], cosine, kinds))
        return side_by_side(found, self._turns(sense), first=first)

    def _turns(self, sense: Sense) -> Turns:
        return Turns(self._turn_seed(), self._today().toordinal(), sense.asked())

    def best_passages(
        self, ids: Sequence[str], sense: Sense, part: Part, visible: dict[str, VisibleStory]
    ) -> dict[str, Match]:
        """Of each visible story, the passage of one part that is nearest to what was said.

        Stories without that part are left out. `visible` is what the consent gate let through just now.
        """
        found: dict[str, Match] = {}
        for id in ids:
            if id not in visible:
                continue
            spans = {i: s for i, s in visible[id].passages.items() if s is not None and s.part is part}
            cosines = self.collection.passages_near(list(spans), sense.vector)
            if cosines:
                top = max(cosines, key=lambda i: (cosines[i], -i))
                found[id] = Match(visible[id].story, top, spans[top], cosines[top], close=True, nearness=cosines[top])
        return found

    def groups(self, wanted: Wanted, sense: Sense, now: datetime, count: int = 3) -> list[Group]:
        """At most `count` active, listed groups for what was said and chosen, best first."""
        self.refresh()
        with self._lock:
            positions, cosines = self._groups.search(sense.vector, len(self._group_ids))
            found = nearest_of_each((self._group_ids[i], float(s)) for i, s in zip(positions, cosines, strict=True))
        there = self._known_groups.listed(id for id, _ in found)
        ranked = suggested(((there[id], cosine) for id, cosine in found if id in there), wanted, now)
        return by_turns([group for _, group in ranked], count)


def rows_of(story: Story, spans: Sequence[Span], vectors: Vectors) -> list[Passage]:
    """What is kept of a story. vectors: float32[1 + n, d], of the whole story and of each of the n spans."""
    terms = packed(terms_of(passages.whole(story)), story.words)
    parts = (Passage(span, vector) for span, vector in zip(spans, vectors[1:], strict=True))
    return [Passage(None, vectors[0], terms), *parts]


def _too_hard(story: Story | Facts, query: Query) -> bool:
    """Whether it tells of a death by suicide, and is asked for by somebody at risk who is not bereaved by one."""
    if not query.gentle or "death:suicide" not in story.content_notes:
        return False
    return not (query.bereaved and "suicide_loss" in story.themes)
