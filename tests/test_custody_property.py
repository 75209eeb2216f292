"""Any order of the verbs of narrators, reviewers, a lead, the job and a restorer, over two open databases.

The model beside them is written down from the promises and not from the code: who approved which words, when the time
to think again ends, what the narrator allows. Three promises are checked after each step: nothing is shown without a live
consent, two different reviewers of these very words and an elapsed time; no submission is lost; and nothing that left
is in any file after the scrub.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from corpus import desk, errors, jobs
from corpus.custody import Declined, Removal
from corpus.store import open_store
from corpus.types import Part, PartText, Purpose, Span, State, Story
from tests.conftest import Clock, make_consent, make_story, reviewers, take_in

WHO = st.sampled_from(["ann", "ben", "cleo", "rita", "nobody"])
MAY = {"ann", "ben", "cleo"}


@dataclass
class Told:
    """What the model knows of one story."""

    words: str
    cools_until: datetime
    until: datetime
    surface: bool = True
    version: int = 1
    approved: set[str] = field(default_factory=set)
    paused: bool = False
    question: int | None = None
    proposal: str | None = None
    shown: bool = False  # it was published and nothing took it off since


def words_of(story: Story) -> str:
    return story.parts[0].text


class Custody(RuleBasedStateMachine):
    ids = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        url = f"sqlite:///{self.folder.name}/journey.db"
        self.one = open_store(url, clock=self.clock)
        self.two = open_store(url, clock=self.clock)
        reviewers(self.one)
        self.here: dict[str, Told] = {}
        self.gone: set[str] = set()  # words that left
        self.left: set[str] = set()  # ids
        self.count = 0

    def fresh(self, kind: str) -> str:
        """Words that no other story has, long enough to leave a slice of 24 bytes."""
        self.count += 1
        return f"{kind} {self.count}: the heater hummed in the hall of number {self.count} and nobody came, {kind}."

    def story(self, id: str, words: str) -> Story:
        return make_story(id, title="A title", parts=(PartText(part=Part.WHOLE, text=words),))

    def settle(self, id: str) -> None:
        """The model's own rule of publication, applied when the code says that it looks."""
        told = self.here[id]
        told.shown = told.shown or self.may(told)

    def may(self, told: Told) -> bool:
        now = self.clock()
        return (
            told.surface
            and now < told.until
            and len(told.approved) >= 2
            and now >= told.cools_until
            and not told.paused
            and told.question is None
            and told.proposal is None
        )

    # --- narrators ---

    @rule(target=ids, hours=st.sampled_from([0, 1, 72]), days=st.sampled_from([2, 30, 365]))
    def submit(self, hours: int, days: int) -> str:
        id = f"s{self.count}"
        words = self.fresh("submitted")
        cools = self.clock() + timedelta(hours=hours)
        take_in(self.one, self.story(id, words), make_consent(days=days, now=self.clock()), cools_until=cools)
        self.here[id] = Told(words, cools, self.clock() + timedelta(days=days))
        return id

    @rule(id=ids, surface=st.booleans())
    def switch(self, id: str, surface: bool) -> None:
        if (told := self.here.get(id)) and (dossier := self.two.dossier(id)):
            purposes = frozenset({Purpose.SURFACE} if surface else {Purpose.EVALUATE})
            self.two.set_consent(id, dossier.consent.model_copy(update={"purposes": purposes}), "narrator")
            told.surface = surface

    @rule(id=ids)
    def renew(self, id: str) -> None:
        if (told := self.here.get(id)) and (dossier := self.two.dossier(id)):
            told.until = self.clock() + timedelta(days=365)
            self.two.set_consent(id, dossier.consent.model_copy(update={"expires_at": told.until}), "narrator")

    @rule(id=ids)
    def pause_or_resume(self, id: str) -> None:
        told = self.here.get(id)
        if told is None:
            return
        if told.paused:
            told.paused = False
            assert self.one.resume(id, "narrator") is self.may(told)
            told.shown = self.may(told)
        else:
            self.one.pause(id, "narrator")
            told.paused, told.shown = True, False

    @rule(id=ids)
    def answer(self, id: str) -> None:
        told = self.here.get(id)
        if told and told.question is not None:
            self.one.answer(id, told.question, "an answer", "narrator")
            told.question = None

    @rule(id=ids, take=st.booleans())
    def decide_about_the_edit(self, id: str, take: bool) -> None:
        told, dossier = self.here.get(id), self.two.dossier(id)
        if not told or not dossier or not dossier.proposal or told.proposal is None:
            return
        if take:
            self.two.accept_proposal(id, dossier.proposal.at, "narrator")
            self.gone.add(told.words)
            told.words, told.version, told.approved, told.shown = told.proposal, told.version + 1, set(), False
        else:
            self.two.drop_proposal(id, "narrator")
            self.gone.add(told.proposal)
        told.proposal = None

    @rule(id=ids)
    def withdraw(self, id: str) -> None:
        assert self.two.withdraw(id, "narrator") is (id in self.here)
        self.leave(id)

    def leave(self, id: str) -> None:
        if told := self.here.pop(id, None):
            self.gone.add(told.words)
            if told.proposal:
                self.gone.add(told.proposal)
            self.left.add(id)

    # --- reviewers ---

    @rule(id=ids, who=WHO, stale=st.booleans())
    def approve(self, id: str, who: str, stale: bool) -> None:
        told = self.here.get(id)
        version = (told.version if told else 1) - stale
        try:
            published = self.one.approve(id, who, version, "read")
        except (errors.NotAllowed, errors.IllegalMove, errors.OutOfDate, errors.NotReady, errors.NoSuchStory):
            return
        assert told
        assert who in MAY
        assert not stale
        told.approved.add(who)
        assert published is (self.may(told) and not told.shown)
        self.settle(id)

    @rule(id=ids, who=st.sampled_from(sorted(MAY)))
    def ask(self, id: str, who: str) -> None:
        if (told := self.here.get(id)) and told.question is None:
            told.question = self.two.ask(id, who, "a question")

    @rule(id=ids, who=st.sampled_from(sorted(MAY)))
    def propose(self, id: str, who: str) -> None:
        told = self.here.get(id)
        if told and told.proposal is None:
            words = self.fresh("proposed")
            self.two.propose(self.story(id, words), who, told.version, "a note")
            told.proposal = words

    @rule(id=ids, who=st.sampled_from(sorted(MAY)), at=st.integers(0, 40))
    def redact(self, id: str, who: str, at: int) -> None:
        told, dossier = self.here.get(id), self.one.dossier(id)
        if not told or not dossier or told.proposal is not None:
            return
        span = Span(part=Part.WHOLE, start=min(at, len(told.words) - 1), end=len(told.words))
        desk.redact(self.one, dossier, who, [Removal(span, span.of(dossier.story))], "a reason")
        self.gone.add(told.words)
        told.words = told.words[: span.start] + "[…]"
        told.version, told.approved, told.shown = told.version + 1, set(), False

    @rule(id=ids, who=WHO)
    def unpublish(self, id: str, who: str) -> None:
        try:
            self.two.unpublish(id, who)
        except (errors.NotAllowed, errors.NoSuchStory):
            return
        assert who in MAY
        self.here[id].approved, self.here[id].shown = set(), False

    @rule(id=ids, who=WHO)
    def decline(self, id: str, who: str) -> None:
        try:
            self.one.decline(id, who, Declined.NOT_NOW, "a note")
        except (errors.NotAllowed, errors.IllegalMove, errors.NoSuchStory):
            return
        assert who in MAY
        assert not self.here[id].shown
        self.leave(id)

    # --- time, and the files ---

    @rule(hours=st.sampled_from([1, 24, 24 * 14, 24 * 200]))
    def time_passes(self, hours: int) -> None:
        self.clock.forward(hours=hours)

    @rule()
    def job(self) -> None:
        done = jobs.tick(self.two)
        over = {id for id, told in self.here.items() if told.until <= self.clock()}
        assert set(done.expired) == over
        for id in over:
            self.leave(id)
        ready = {id for id, told in self.here.items() if self.may(told) and not told.shown}
        assert set(done.published) == ready
        for id in ready:
            self.here[id].shown = True

    @rule()
    def back_up(self) -> None:
        self.clock.forward(seconds=1)
        self.one.backup(30, "test")

    @precondition(lambda self: self.one.backups())
    @rule()
    def restore(self) -> None:
        """Everything is here already or left for good: a restore changes nothing."""
        before = self.one.summaries()
        self.two.restore(self.one.backups()[0].path, (), "test")
        assert self.one.summaries() == before

    # --- the promises ---

    @invariant()
    def nothing_is_shown_that_may_not_be(self) -> None:
        now = self.clock()
        shown = self.one.visible([*self.here, *self.left], Purpose.SURFACE)
        assert set(shown) == {id for id, t in self.here.items() if t.shown and t.surface and now < t.until}
        for id, visible in shown.items():
            told = self.here[id]
            assert words_of(visible.story) == told.words
            assert len(told.approved & MAY) >= 2
            assert now >= told.cools_until

    @invariant()
    def no_submission_is_lost(self) -> None:
        assert {row.id for row in self.two.queue()} == set(self.here)
        for id, told in self.here.items():
            dossier = self.two.dossier(id)
            assert dossier
            assert words_of(dossier.story) == told.words
            assert dossier.version == told.version
            assert (dossier.state is State.PAUSED) is told.paused

    @rule()
    def nothing_that_left_is_in_a_file(self) -> None:
        self.one.scrub()
        bytes_there = {path: path.read_bytes() for path in Path(self.folder.name).rglob("*") if path.is_file()}
        kept = [told.words for told in self.here.values()]
        kept += [told.proposal for told in self.here.values() if told.proposal]
        for words in self.gone:
            slices = {words[i : i + 24] for i in range(0, len(words) - 23, 4)}
            slices = {s for s in slices if not any(s in other for other in kept)}
            for path, there in bytes_there.items():
                assert not any(s.encode() in there for s in slices), path.name

    def teardown(self) -> None:
        self.nothing_that_left_is_in_a_file()
        assert all(proof.faults == () for proof in self.one.verify_audit())
        self.one.close()
        self.two.close()
        self.folder.cleanup()


TestCustody = Custody.TestCase
TestCustody.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
