"""Finding: a Finder keeps an index in memory, pulls changes from the store, and answers with stories that may be seen.

A finder that is behind is harmless: whatever it finds is fetched through the consent gate at that moment, and a
passage that the story no longer has is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from corpus.errors import DatabaseError
from corpus.store import Passage, Store, StoryVectors
from corpus.types import Group, Part, Purpose, Span, Story, VisibleStory
from corpus.vocabulary import phrase
from index import passages
from index.embed import Embedder, Vectors, unit
from index.nearest import Nearest
from index.themes import Themes

# Cosine of a share with a story below which nothing is "close". Calibrated for the bundled model: see
# docs/first-run.md for the shares and the texts about nothing of the kind that it was set by.
FLOOR = 0.29
# The same for groups: below it a group is not offered at all.
GROUP_FLOOR = 0.25
_TOLD = 0.04  # for each of a group's themes that the stories found are about
_ABROAD = 0.10  # for meeting only in another country than the person's: lower, never hidden
# What a story says is this much its whole-story vector and the rest its best passage: people's words echo the whole as
# well as a part of it, and both together find better than either.
WHOLE_WEIGHT = 0.5
# How much the themes that the narrator chose count beside what the story says. docs/first-run.md measures it: with them
# more of the first three stories are of the question's topic.
THEME_WEIGHT = 0.4
# The second theme of a story counts a little less than its first, and so on.
_LATER_THEME = 0.15
# "More like this one" asks for the story more than for what was said before.
_LIKE_WEIGHT = 0.7
# A story whose first theme is one of these is a heavy thing to meet for somebody who did not speak of it.
_HEAVY = frozenset({"suicidal_thoughts", "self_harm", "suicide_loss"})
_SPOKEN_OF = 0.35  # cosine with a theme's lines from which a message is taken to speak of it
_UNASKED = 0.06
# Stories whose scores differ by less than this are near-equals: among them variety decides.
NEAR_EQUAL = 0.03
_BATCHES_A_TURN = 4  # embedded while a visitor waits; `build` does all
_PATIENCE = 60.0  # seconds until embedding is tried again after the database could not be written
_BATCH = 8  # stories embedded and committed at once: what a killed process has to do again


@dataclass(frozen=True, slots=True)
class Sense:
    """What a text is to the finder: made once a turn, dropped with it (a vector can be turned back into text)."""

    vector: Vectors  # float32[d], unit norm
    near: dict[str, float]  # theme → cosine with the nearest way of saying it
    touched: tuple[str, ...]  # themes near enough to be spoken of, nearest first


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: what somebody said, stories to resemble, or both."""

    sense: Sense | None
    count: int = 3
    exclude: frozenset[str] = frozenset()  # ids of stories that are not to be shown (again)
    hopeful: bool = False  # prefer stories that their narrators rate as hopeful, among those that are close
    gentle: bool = False  # leave out stories in which somebody dies by suicide (the person is at T1 or above)
    bereaved: bool = False  # with `gentle`: but keep those told by people who lost someone to suicide, as they did
    like: tuple[str, ...] = ()  # ids of stories to resemble
    purposes: frozenset[Purpose] = frozenset({Purpose.SURFACE})  # what the stories found are wanted for: all of it


@dataclass(frozen=True, slots=True)
class Match:
    """A story that may be shown now, and the passage that is the evidence for it."""

    story: Story
    passage_id: int
    span: Span
    score: float  # in [-1, 1], for developers: never shown to a person
    close: bool  # at or above the floor

    @property
    def passage(self) -> str:
        return self.span.of(self.story)


@dataclass(slots=True)
class _Held:
    """What is kept in memory of one story: ids and themes, never words."""

    themes: tuple[str, ...] = ()
    whole: int | None = None
    parts: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return self.parts if self.whole is None else [self.whole, *self.parts]


class Finder:
    """Answers queries over one store with one embedder.

    Threads: `find`, `groups`, `refresh` may be called from any thread. Several finders (also in several processes)
    may use one store.
    """

    def __init__(self, store: Store, embedder: Embedder, *, floor: float = FLOOR) -> None:
        self._store = store
        self._embedder = embedder
        self._floor = floor
        self.scheme = f"{embedder.name}/{passages.VERSION}"
        self.themes = Themes(embedder)
        self._lock = threading.RLock()
        self._embed_again_at = 0.0
        self._owing = False  # whether stories are known to wait for their vectors
        self._forget()

    @property
    def embedder(self) -> Embedder:
        """What turns words into vectors here, for others that need the same."""
        return self._embedder

    def _forget(self) -> None:
        """Throw the index away; the next pull makes it anew from the rows."""
        self._wholes = Nearest(self._embedder.dimension)
        self._parts = Nearest(self._embedder.dimension)
        self._groups = Nearest(self._embedder.dimension)
        self._held: dict[str, _Held] = {}
        self._owner: dict[int, str] = {}  # passage id → story id
        self._group_ids: list[str] = []  # position is the id that FAISS knows a group by
        self._revision = 0

    # --- keeping up ---------------------------------------------------------------------------------------------

    def build(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Embed every story and group that has no vectors of this scheme yet, then refresh. Returns how many stories.

        Each batch is committed by itself: a killed process loses one batch, and the next start goes on from there.
        on_progress(done, total) is called after each batch.
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
                self._embed_groups()
            except DatabaseError:
                self._embed_again_at = time.monotonic() + _PATIENCE
        self.pull()

    def pull(self) -> None:
        """Take over changes from the store, without embedding anything.

        If it is cut off in the middle (memory ran out, say), the index is thrown away rather than left half-changed.
        """
        with self._lock:
            try:
                changes = self._store.changes(self._revision, self.scheme)
                for id in changes.gone:
                    self._drop(id)
                for story in changes.stories:
                    self._drop(story.story_id)
                    self._take(story)
                self._take_groups(changes.groups_gone, {g.group_id: g.vector for g in changes.groups})
                self._revision = changes.revision
            except DatabaseError:  # nothing was read, so nothing was changed
                raise
            except BaseException:
                self._forget()
                raise

    def _drop(self, id: str) -> None:
        if held := self._held.get(id):
            nothing = np.zeros((0, self._embedder.dimension), dtype=np.float32)
            self._wholes.change(held.ids, (), nothing)
            self._parts.change(held.ids, (), nothing)
            for passage_id in held.ids:
                self._owner.pop(passage_id, None)
            del self._held[id]

    def _take(self, story: StoryVectors) -> None:
        whole = [i for i, w in enumerate(story.whole) if w]
        parts = [i for i, w in enumerate(story.whole) if not w]
        self._held[story.story_id] = _Held(
            themes=story.themes,
            whole=story.passage_ids[whole[0]] if whole else None,
            parts=[story.passage_ids[i] for i in parts],
        )
        self._owner.update(dict.fromkeys(story.passage_ids, story.story_id))
        self._wholes.change((), [story.passage_ids[i] for i in whole], story.vectors[whole])
        self._parts.change((), [story.passage_ids[i] for i in parts], story.vectors[parts])

    def _take_groups(self, gone: Iterable[str], present: dict[str, Vectors]) -> None:
        for id in present:
            if id not in self._group_ids:
                self._group_ids.append(id)
        positions = [self._group_ids.index(id) for id in gone if id in self._group_ids]
        rows = np.stack(list(present.values())) if present else np.zeros((0, self._embedder.dimension), np.float32)
        self._groups.change(positions, [self._group_ids.index(id) for id in present], rows)

    def _embed(self, ids: Sequence[str]) -> int:
        """Embed stories and keep their vectors. Returns how many were kept (an edit or withdrawal may come between)."""
        kept = 0
        for id, seen in self._store.visible(ids, Purpose.SURFACE).items():
            spans = passages.cut(seen.story)
            vectors = self._embedder.encode([passages.whole(seen.story), *(s.of(seen.story) for s in spans)])
            rows = [Passage(span, vector) for span, vector in zip((None, *spans), vectors, strict=True)]
            kept += self._store.put_passages(id, seen.text_revision, self.scheme, rows)
        return kept

    def _embed_groups(self) -> int:
        ids = self._store.unembedded_groups(self.scheme, limit=256)
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
        scored, best = self._score(self._aim(query), query)
        wanted = max(20, query.count * 4)
        candidates: list[Match] = []
        for start in range(0, len(scored), wanted):
            candidates += self._through_the_gate(scored[start : start + wanted], best, query)
            if len(candidates) >= query.count * 2:  # enough to choose from
                break
        close = [match for match in candidates if match.close]
        return _varied(close or candidates, query.count)

    def sense(self, text: str) -> Sense:
        """Embed a text, once, for everything that a turn does with it."""
        return self._sense(self._embedder.encode([text])[0])

    def _sense(self, vector: Vectors) -> Sense:
        near = self.themes.nearness(vector)
        return Sense(vector, near, self.themes.touched(near))

    def _aim(self, query: Query) -> Sense:
        """Where to look: at what was said, or between that and the stories to resemble."""
        with self._lock:
            ids = [held.whole for id in query.like if (held := self._held.get(id)) and held.whole is not None]
            rows = list(self._wholes.vectors(ids))
        if query.sense is not None:
            if not rows:
                return query.sense
            rows = [_LIKE_WEIGHT * np.mean(rows, axis=0) + (1 - _LIKE_WEIGHT) * query.sense.vector]
        if not rows:
            return self.sense("")
        return self._sense(unit(np.mean(rows, axis=0, keepdims=True))[0])

    def _score(self, sense: Sense, query: Query) -> tuple[list[tuple[str, float]], dict[str, int]]:
        """[(story id, score)] best first, and the best passage of each."""
        vector, near = sense.vector, sense.near
        with self._lock:
            shut = [i for id in query.exclude if (held := self._held.get(id)) for i in held.ids]
            found = self._parts.search(vector, 400, exclude=shut) + self._wholes.search(vector, 200, exclude=shut)
            ids = list(dict.fromkeys(self._owner[i] for i, _ in found if i in self._owner))
            scores: dict[str, float] = {}
            best: dict[str, int] = {}
            for id in ids:
                held = self._held[id]
                if not held.parts:
                    continue
                cosines = self._parts.vectors(held.parts) @ vector
                top = int(np.argmax(cosines))
                whole = float(self._wholes.vectors([held.whole])[0] @ vector) if held.whole is not None else None
                part = float(cosines[top])
                says = part if whole is None else WHOLE_WEIGHT * whole + (1 - WHOLE_WEIGHT) * part
                told = (near.get(theme, 0.0) * (1 - _LATER_THEME * n) for n, theme in enumerate(held.themes))
                about = max(told, default=says)
                scores[id] = (1 - THEME_WEIGHT) * says + THEME_WEIGHT * about
                if held.themes and held.themes[0] in _HEAVY and near.get(held.themes[0], 0.0) < _SPOKEN_OF:
                    scores[id] -= _UNASKED
                best[id] = held.parts[top]
        return sorted(scores.items(), key=lambda item: (-item[1], item[0])), best

    def _through_the_gate(self, scored: Sequence[tuple[str, float]], best: dict[str, int], query: Query) -> list[Match]:
        ids = [id for id, _ in scored]
        first, *others = query.purposes
        seen: dict[str, VisibleStory] = self._store.visible(ids, first)
        for purpose in others:
            seen = {id: visible for id, visible in self._store.visible(ids, purpose).items() if id in seen}
        matches = []
        for id, score in scored:
            if id not in seen:
                continue  # withdrawn, paused or expired since the last refresh
            span = seen[id].passages.get(best[id])
            if span is None:
                continue  # its words changed since: what was found is no longer in it
            story = seen[id].story
            if query.gentle and story.tells_of_a_suicide and not (query.bereaved and story.told_by_the_bereaved):
                continue
            close = score >= self._floor
            if query.hopeful:
                score += 0.04 * ((story.hope or 3) - 3)
            matches.append(Match(story, best[id], span, score, close))
        matches.sort(key=lambda match: -match.score)
        return matches

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
            with self._lock:
                held = [i for i in spans if i in self._owner]
                cosines = self._parts.vectors(held) @ sense.vector
            if held:
                top = int(np.argmax(cosines))
                found[id] = Match(visible[id].story, held[top], spans[held[top]], float(cosines[top]), close=True)
        return found

    def groups(
        self,
        sense: Sense,
        matches: Sequence[Match] = (),
        count: int = 3,
        exclude: frozenset[str] = frozenset(),
        country: str | None = None,
    ) -> list[Group]:
        """At most `count` listed groups for what was said, best first.

        What the stories found are about counts too: a group is for a theme, and stories carry theirs.
        country: ISO 3166 code that the person chose; a group that only meets in another country ranks lower.
        """
        self.refresh()
        told = [theme for match in matches if match.close for theme in match.story.themes[:2]]
        with self._lock:
            found = [(self._group_ids[i], s) for i, s in self._groups.search(sense.vector, len(self._group_ids))]
        there = self._store.visible_groups(id for id, _ in found)
        ranked = []
        for id, cosine in found:
            group = there.get(id)
            if group is None or id in exclude or group.status == "inactive":
                continue
            about = max((sense.near.get(theme, 0.0) for theme in group.themes), default=cosine)
            score = (cosine + about) / 2 + _TOLD * min(2, sum(theme in told for theme in group.themes))
            if score < GROUP_FLOOR:
                continue
            abroad = country and group.attendance == "in_person" and group.place and group.place.country != country
            ranked.append((score - (_ABROAD if abroad else 0), group))
        ranked.sort(key=lambda item: (-item[0], item[1].id))
        return [group for _, group in ranked[:count]]


def _varied(matches: Sequence[Match], count: int) -> list[Match]:
    """The best first; then, among near-equals, the one that shares fewest themes and stage with those picked."""
    rest = list(matches)
    picked: list[Match] = []
    while rest and len(picked) < count:
        top = rest[0].score
        equals = [match for match in rest if top - match.score <= NEAR_EQUAL] if picked else rest[:1]
        choice = min(equals, key=lambda match: _sameness(match, picked))
        picked.append(choice)
        rest.remove(choice)
    return sorted(picked, key=lambda match: -match.score)


def _sameness(match: Match, picked: Sequence[Match]) -> float:
    same = 0.0
    for other in picked:
        same += len(set(match.story.themes[:2]) & set(other.story.themes[:2]))
        same += match.story.stage is not None and match.story.stage == other.story.stage
    return same


def group_text(group: Group) -> str:
    """What the vector of a group stands for: only what anybody may see of it."""
    about = ", ".join(phrase(theme) for theme in group.themes)
    return "\n".join(filter(None, [group.name, group.description, group.eligibility, about]))
