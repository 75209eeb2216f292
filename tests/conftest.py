"""Fixtures that most tests share: small stories, an open store, a toy finder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.turn import Turn
from corpus.store import Store, open_store
from corpus.types import Consent, Group, Part, PartText, Provenance, Purpose, State, Story
from index.embed import WordEmbedder
from index.find import Finder

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


def publish(store: Store, story: Story, consent: Consent | None = None) -> int:
    return store.add(story, consent or make_consent(), State.PUBLISHED, "test")


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
    return Finder(store, WordEmbedder(), floor=0.1)


@pytest.fixture
def turn(store: Store) -> Turn:
    """A turn over the small collection of `tests/talking.py`, with the toy embedder and the plain voice."""
    from tests.talking import make_turn

    return make_turn(store)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the samples embedded by the real model, once for the whole run. Copy it; do not write to it."""
    from corpus.settings import CorpusSettings, open_corpus
    from index.embed import load

    folder = tmp_path_factory.mktemp("embedded")
    opened = open_corpus(CorpusSettings(data=folder))
    Finder(opened, load()).build()
    opened.scrub()
    opened.close()
    return folder


@pytest.fixture(scope="session")
def model_finder(embedded: Path) -> Iterator[Finder]:
    """The real model over the sample stories."""
    from corpus.settings import CorpusSettings, open_corpus
    from index.embed import load

    opened = open_corpus(CorpusSettings(data=embedded))
    found = Finder(opened, load())
    found.build()
    yield found
    opened.close()


@pytest.fixture
def data(embedded: Path, tmp_path: Path) -> Path:
    """A data folder of its own for one test, samples embedded."""
    return Path(shutil.copytree(embedded, tmp_path / "data"))
