"""Whatever happens in whatever order, no finder ever returns withdrawn or outdated words."""

from __future__ import annotations

import tempfile
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from corpus.store import open_store
from corpus.types import Part, PartText, Purpose, State
from index.choose import SAME
from index.embed import WordEmbedder
from index.find import Finder
from index.nearest import Nearest
from index.query import Query
from tests.conftest import Clock, approve, make_consent, make_story, publish

WORDS = st.sampled_from(["cat", "dog", "rain", "bread", "train", "lamp", "stone", "river"])
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


class Cut(Exception):
    """The process stops here."""


class Machine(RuleBasedStateMachine):
    """Two processes over one database: `fresh` pulls before it answers, `stale` answers from what it last pulled."""

    stories = Bundle("stories")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        url = f"sqlite:///{self.folder.name}/j.db"
        self.store = open_store(url, clock=self.clock)
        self.other = open_store(url, clock=self.clock)
        self.fresh = Finder(self.store, WordEmbedder(64), floor=-1)
        self.stale = Finder(self.other, WordEmbedder(64), floor=-1)
        self.truth: dict[str, str] = {}  # what may be shown now, word for word
        self.all: dict[str, tuple[str, int]] = {}  # every story not withdrawn: text, text revision
        self.ends: dict[str, object] = {}
        self.count = 0

    @rule(target=stories, text=TEXTS, days=st.integers(1, 30))
    def publish(self, text: str, days: int) -> str:
        id = f"s{self.count}"
        self.count += 1
        story = make_story(id, parts=(PartText(part=Part.WHOLE, text=text),))
        seen = publish(self.store, story, make_consent(days=days, now=self.clock()))
        self.ends[id] = self.clock() + timedelta(days=days)
        self.truth[id] = text
        self.all[id] = (text, seen)
        return id

    @rule(id=stories, text=TEXTS)
    def edit(self, id: str, text: str) -> None:
        if id in self.all:
            story = make_story(id, parts=(PartText(part=Part.WHOLE, text=text),))
            self.all[id] = (text, self.other.edit(story, self.all[id][1], "t"))
            self.truth.pop(id, None)  # other words: two people have to read them again

    @rule(id=consumes(stories))
    def withdraw(self, id: str) -> None:
        assert self.store.withdraw(id, "t") is (id in self.all)
        self.truth.pop(id, None)
        self.all.pop(id, None)

    @rule(id=stories)
    def pause(self, id: str) -> None:
        if id in self.truth:
            self.other.pause(id, "t")
            del self.truth[id]

    @rule(id=stories)
    def resume(self, id: str) -> None:
        if id in self.all and id not in self.truth and self.clock() < self.ends[id]:  # type: ignore[operator]
            if self.store.dossier(id).state is State.PAUSED:  # type: ignore[union-attr]
                self.store.resume(id, "t")
            if self.store.dossier(id).state is State.PENDING:  # type: ignore[union-attr]
                approve(self.store, id)
            self.truth[id] = self.all[id][0]

    @rule(id=stories)
    def revoke(self, id: str) -> None:
        if id in self.all:
            self.store.set_consent(id, make_consent(Purpose.EVALUATE, now=self.clock()), "t")
            self.truth.pop(id, None)
            self.ends[id] = self.clock()

    @rule(days=st.integers(1, 10))
    def time_passes(self, days: int) -> None:
        self.clock.forward(days=days)
        for id in [i for i in self.truth if self.ends[i] <= self.clock()]:  # type: ignore[operator]
            del self.truth[id]

    @rule()
    def stale_pulls(self) -> None:
        self.stale.pull()

    @rule(after=st.integers(0, 6))
    def stale_is_cut_off_while_pulling(self, after: int) -> None:
        """The n-th change of the index in memory never happens, as if the process had stopped in the middle."""
        left = after

        def cut(original):  # type: ignore[no-untyped-def]
            def change(*args):  # type: ignore[no-untyped-def]
                nonlocal left
                left -= 1
                if left < 0:
                    raise Cut
                return original(*args)

            return change

        before = Nearest.change
        Nearest.change = cut(Nearest.change)  # type: ignore[method-assign]
        try:
            self.stale.pull()
        except Cut:
            pass
        finally:
            Nearest.change = before  # type: ignore[method-assign]

    @rule(after=st.integers(0, 6))
    def fresh_is_killed_while_embedding(self, after: int) -> None:
        left = after
        encode = self.fresh._embedder.encode

        def cut(texts):  # type: ignore[no-untyped-def]
            nonlocal left
            left -= 1
            if left < 0:
                raise Cut
            return encode(texts)

        self.fresh._embedder.encode = cut  # type: ignore[method-assign]
        try:
            self.fresh.refresh()
        except Cut:
            pass
        finally:
            self.fresh._embedder.encode = encode  # type: ignore[method-assign]
        if left < 0:  # a new process starts with an empty memory
            self.fresh = Finder(self.store, WordEmbedder(64), floor=-1)

    @rule(target=stories)
    def scrub(self):  # type: ignore[no-untyped-def]
        assert self.store.scrub().log == 0
        return multiple()

    def _shown(self, finder: Finder, query: str) -> dict[str, str]:
        shown = {}
        for match in finder.find(Query(finder.sense(query), count=50)):
            assert match.passage  # a slice that is there
            shown[match.story.id] = match.story.text(Part.WHOLE) or ""
            assert match.passage in shown[match.story.id]
        return shown

    @rule(query=TEXTS)
    def the_fresh_finder_shows_all_that_may_be_seen(self, query: str) -> None:
        shown = self._shown(self.fresh, query)
        assert shown.items() <= self.truth.items()
        for id in self.truth.keys() - shown.keys():  # a story is told once, also where two narrators gave the same
            assert any(self.fresh.collection.same(id, other) >= SAME for other in shown)

    @invariant()
    def the_stale_finder_shows_nothing_else(self) -> None:
        self.stale.refresh = lambda: None  # type: ignore[method-assign]
        for id, text in self._shown(self.stale, "cat rain stone").items():
            assert self.truth.get(id) == text

    def teardown(self) -> None:
        self.store.close()
        self.other.close()
        self.folder.cleanup()


TestFinder = Machine.TestCase
TestFinder.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
