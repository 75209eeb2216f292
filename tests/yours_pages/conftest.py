"""A narrator's own page, step by step without scripts: what a code opens, what it changes, and what never leaks."""

from __future__ import annotations

import asyncio
import html
import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from browser import fakes
from conftest import START, Clock, approve, make_consent, make_story, reviewers

from assistant.words import say
from corpus import codes, desk
from corpus.custody import Held
from corpus.hashing import hash_secret
from corpus.narrator import CodeRow
from corpus.store import Store, open_store
from corpus.types import State

NASTY = "<img src=x onerror=alert(1)> \" ' </textarea><script>alert(1)</script> {{7*7}} مرحبا \u202e"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('yours')}/journey.db", clock=clock)
    reviewers(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store, clock: Clock) -> Iterator[Any]:
    from assistant.pages import build, yours

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yours, "utc_now", clock)
        yield build(fakes.parts(store), fakes.settings(), writes=(10_000, 1000))


@pytest.fixture
def fresh(store: Store) -> Any:
    """An application of its own for a test in which requests wait for each other: a semaphore belongs to one loop."""
    from assistant.pages import build

    return build(fakes.parts(store), fakes.settings(), writes=(10_000, 1000))


class Narrator:
    """Somebody with a story in the program's care and the code to it; each comes from an address of their own."""

    def __init__(self, app: Any, store: Store, *, cooling: float = 0, state: State = State.PENDING, **changes: Any):
        self.app, self.store = app, store
        number = next(_numbers)
        self.code = codes.new_code()
        self.ip = f"10.0.{number // 250}.{number % 250}"
        self.id = f"mine-{number}"
        row = CodeRow(self.code.locator, hash_secret(self.code.secret))
        held = Held(submitted_at=START, cools_until=START + timedelta(hours=cooling), code=row)
        consent = (
            make_consent() if state is State.PENDING else make_consent().model_copy(update={"purposes": frozenset()})
        )
        store.add(make_story(self.id, **changes), consent, held, "test", state)

    def send(self, act: str, status: int = 200, code: str | None = None, ip: str | None = None, **data: Any) -> str:
        sent = {"code": str(self.code) if code is None else code, "act": act, **data}
        answer = post(self.app, sent, ip or self.ip)
        assert answer.status_code == status, answer.text[-3000:]
        return answer.text

    @property
    def dossier(self) -> Any:
        return self.store.dossier(self.id)


def post(app: Any, data: Any, ip: str = "10.9.9.9", method: str = "POST", path: str = "/yours") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(ip, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1", "accept-language": "en-GB"}
            body: dict[str, Any] = {"content": data} if isinstance(data, bytes) else {"data": data}
            if isinstance(data, bytes):
                head["content-type"] = "application/x-www-form-urlencoded"
            return await client.request(method, path, headers=head, **(body if method == "POST" else {}))

    return asyncio.run(once())


def seen(page: str) -> str:
    """The text of a page as it is read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page.split("<main")[1])))


def sent(key: str, **slots: object) -> str:
    return say(f"page.yours.{key}", **slots)


@pytest.fixture
def one(app: Any, store: Store) -> Narrator:
    return Narrator(app, store)


@pytest.fixture
def published(app: Any, store: Store) -> Narrator:
    mine = Narrator(app, store)
    approve(store, mine.id)
    return mine


def propose(store: Store, mine: Narrator, **changes: Any) -> str:
    story = mine.dossier.story
    desk.propose(store, mine.dossier, "ann", story.model_copy(update=changes), "so that nobody is named")
    return str(mine.dossier.proposal.at.isoformat())
