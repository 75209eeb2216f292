"""Fixtures that most tests share: small stories, an open store, a toy finder."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from assistant.care import Screener
from assistant.turn import Turn
from corpus.custody import CodeRow, Held, Role
from corpus.errors import NotAllowed
from corpus.settings import open_corpus
from corpus.store import Store, open_store
from corpus.types import Consent, Group, Part, PartText, Provenance, Purpose, State, Story
from index.embed import WordEmbedder
from index.find import Finder

# A machine that tests share is slow now and then: how long an example takes is no fault.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")

CI = os.environ.get("CI") == "true"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def make_story(id: str = "one", **changes: object) -> Story:
    """A small story; every fact can be changed."""
    facts: dict[str, object] = {
        "id": id,
        "title": f"Title {id}",
        "narrator": "Sam",
        "language": "en",
        "parts": (
            PartText(part=Part.GOING_ON, text=f"My cat left in spring and the {id} house was quiet."),
            PartText(part=Part.HELPED, text="A neighbour came by with soup. We did not talk much."),
        ),
        "themes": ("grief",),
        "provenance": Provenance.CONTRIBUTED,
    }
    return Story.model_validate({**facts, **changes})


def make_consent(*purposes: Purpose, days: float = 365, now: datetime = START) -> Consent:
    return Consent(
        purposes=frozenset(purposes or (Purpose.SURFACE,)),
        granted_at=now,
        expires_at=now + timedelta(days=days),
        wording="test",
    )


def make_group(id: str = "tea", **changes: object) -> Group:
    facts: dict[str, object] = {
        "id": id,
        "name": f"Group {id}",
        "kind": "support_group",
        "description": "Tea and talk after losing a cat.",
        "themes": ("grief",),
    }
    return Group.model_validate({**facts, **changes})


REVIEWERS = ("ann", "ben")  # two people who may review; `cleo` leads, `rita` may only read
ROLES = {"ann": Role.REVIEWER, "ben": Role.REVIEWER, "cleo": Role.LEAD, "rita": Role.READ_ONLY}


def reviewers(store: Store) -> tuple[str, str]:
    """The accounts of REVIEWERS and the others of ROLES, made if they are not there. Nobody can sign in as them."""
    there = {person.name for person in store.people()}
    for name, role in ROLES.items():
        if name not in there:
            with contextlib.suppress(NotAllowed):  # another thread or process of the test was faster
                store.add_person(name, role, "no password fits", "test")
    return REVIEWERS


def take_in(
    store: Store,
    story: Story,
    consent: Consent | None = None,
    *,
    cools_until: datetime = START,
    code: CodeRow | None = None,
    state: State = State.PENDING,
) -> int:
    """A story comes in and waits; its time to think again is over from START on. Returns its text revision."""
    held = Held(submitted_at=START, cools_until=cools_until, code=code)
    return store.add(story, consent or make_consent(), held, "test", state)


def publish(store: Store, story: Story, consent: Consent | None = None) -> int:
    """A story goes the whole way: it comes in, and two people approve it. Returns its text revision."""
    if story.provenance is Provenance.SAMPLE:
        return store.add_sample(story, consent or make_consent(), "test")
    revision = take_in(store, story, consent)
    approve(store, story.id)
    return revision


def approve(store: Store, id: str) -> None:
    """Two people approve the words as they are now."""
    dossier = store.dossier(id)
    assert dossier is not None
    for reviewer in reviewers(store):
        store.approve(id, reviewer, dossier.version, "reads well")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/journey.db", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def finder(store: Store) -> Finder:
    """A finder with the toy embedder; its floor is low because words seldom repeat in so little text."""
    return Finder(store, WordEmbedder(), floor=0.1, seed="test", today=START.date)


@pytest.fixture
def turn(store: Store) -> Turn:
    """A turn over the small collection of `tests/talking.py`, with the toy embedder and the plain voice."""
    from tests.talking import make_turn

    return make_turn(store)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the model exported and the samples embedded, once for the whole run. For a copy of it there is
    `copied`; do not write to it. SHARED_JOURNEY_TEST_DATA names a folder that keeps it for the next run, which then
    brings it up to date as the program does."""
    from index.settings import IndexSettings, open_finder

    kept = os.environ.get("SHARED_JOURNEY_TEST_DATA")
    settings = IndexSettings(data=Path(kept) if kept else tmp_path_factory.mktemp("embedded"))
    folder = settings.data
    opened = open_corpus(settings)
    open_finder(settings, opened)
    opened.scrub()
    opened.close()
    return folder


@pytest.fixture(scope="session")
def model_finder(embedded: Path) -> Iterator[Finder]:
    """The real model over the sample stories."""
    from index.settings import IndexSettings, open_finder

    settings = IndexSettings(data=embedded)
    opened = open_corpus(settings)
    yield open_finder(settings, opened)
    opened.close()


@pytest.fixture(scope="session")
def model_screener(embedded: Path) -> Screener:
    """The whole screen: rules, heads, and the model whose vectors they read."""
    from index.settings import IndexSettings, open_embedder

    return Screener(open_embedder(IndexSettings(data=embedded)))


@pytest.fixture
def data(embedded: Path, tmp_path: Path) -> Path:
    """A data folder of its own for one test, samples embedded."""
    return copied(embedded, tmp_path / "data")


def copied(embedded: Path, to: Path, *, only_models: bool = False) -> Path:
    """A data folder like `embedded`, or with its exported model alone, which is 90 MB: the copy is a link to it."""
    shutil.copytree(embedded / "models", to / "models", copy_function=os.link)
    if not only_models:
        shutil.copytree(embedded, to, ignore=shutil.ignore_patterns("models"), dirs_exist_ok=True)
    return to
