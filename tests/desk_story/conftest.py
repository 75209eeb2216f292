"""The page of a story at the desk: what it shows, each verb, what is refused and kept, and who may do what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser.fakes import settings
from fastapi import FastAPI

from assistant.pages.desk import access, story_forms, story_marks
from assistant.pages.desk import story as page
from assistant.pages.guard import Guard
from corpus.review.findings import Finding, FindingKind, Place
from corpus.store import Store
from corpus.types import Part, PartText, Story
from tests.conftest import Clock, approve, make_story, reviewers, take_in

ID = "s-1"
KEY = "the key of this session"
TEXT = "My sister Anna came by.\nAnna took 40 pills, and I was an addict and nobody came."
VERBS = tuple(page.VERBS)


def fake_review(
    parts: Sequence[PartText], _notes: Sequence[str], title: str = "", narrator: str = "", _themes: Any = ()
) -> tuple[Finding, ...]:
    """Findings of every kind in places that a test can count; also one that must never be shown."""
    found = []
    for part in parts:
        for words, kind in (("Anna", FindingKind.OTHER_PERSON), ("40 pills", FindingKind.METHOD)):
            at = [m.start() for m in re.finditer(words, part.text)]
            again = tuple(Place(part.part, a, a + len(words)) for a in at[1:])
            found += [Finding(kind, "x", f"Why {words}.", part.part, a, a + len(words), again=again) for a in at[:1]]
        for m in re.finditer("addict", part.text):
            found.append(Finding(FindingKind.STIGMA, "x", "Never of a narrator.", part.part, m.start(), m.end()))
    if "Anna" in title:
        found.append(Finding(FindingKind.OTHER_PERSON, "x", "Why the title.", None, 0, 4, field="title"))
    if "Anna" in narrator:
        found.append(Finding(FindingKind.IDENTIFYING, "x", "Why the name.", None, 0, 4, field="narrator"))
    found.append(Finding(FindingKind.NO_COPING, "x", "No help was found.", None, 0, 0))
    return tuple(found)


def fake_stigma(text: str) -> tuple[Finding, ...]:
    places = [m.span() for m in re.finditer(r"\b(clean|addict)\b", text)]
    return tuple(Finding(FindingKind.STIGMA, "x", "There is another word.", None, a, b) for a, b in places)


REAL = (story_marks.rules.review, story_marks.rules.stigma)


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_marks.rules, "review", fake_review)
    monkeypatch.setattr(story_marks.rules, "stigma", fake_stigma)


class Web:
    """A browser that is signed in as somebody, in front of the Guard. Sends forms as browsers do."""

    def __init__(self, app: Any, store: Store, clock: Clock, name: str | None) -> None:
        self.app, self.store = app, store
        self.headers = {"origin": "http://127.0.0.1", "content-type": "application/x-www-form-urlencoded"}
        if name:
            store.open_session(name, access.digest(f"token {name}"), KEY, clock() + timedelta(hours=12))
            self.headers["cookie"] = f"sj-desk=token {name}"

    def ask(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, content=content, headers=self.headers)

        return asyncio.run(once())

    def get(self, id: str = ID, query: str = "") -> httpx.Response:
        return self.ask("GET", f"/desk/story/{id}{query}")

    def send(
        self, verb: str, fields: dict[str, Any] | None = None, *, seen: Any = None, key: str = KEY
    ) -> httpx.Response:
        """A form as this story's page gave it, with `fields` filled in. seen: an older dossier that was read."""
        dossier = seen or self.store.dossier(ID)
        carried = {"form_key": key}
        if dossier is not None:
            carried |= {"version": str(dossier.version), "text_revision": str(dossier.text_revision)}
            if verb == "take-back" and dossier.proposal:
                carried["at"] = dossier.proposal.at.isoformat()
        body = {
            k: [x.replace("\n", "\r\n") for x in ([v] if isinstance(v, str) else v)] for k, v in (fields or {}).items()
        }
        return self.ask("POST", f"/desk/story/{ID}/{verb}", urlencode({**carried, **body}, doseq=True).encode())


@pytest.fixture
def finder() -> SimpleNamespace:
    """Counts how often it was refreshed."""
    found = SimpleNamespace(times=0, error=None)

    def refresh() -> None:
        found.times += 1
        if found.error:
            raise found.error

    found.refresh = refresh
    return found


@pytest.fixture
def signed_in(store: Store, clock: Clock, finder: Any) -> Callable[[str | None], Web]:
    reviewers(store)
    app = FastAPI()
    app.add_exception_handler(access.Refused, access.answer)  # type: ignore[arg-type]
    page.add(app, SimpleNamespace(store=store, finder=finder), access.Desk(store, settings(), now=clock))  # type: ignore[arg-type]
    guarded = Guard(app, shell=lambda text, _nonce, _scope: text, writes=(10_000, 10_000))
    return lambda name: Web(guarded, store, clock, name)


@pytest.fixture
def ann(signed_in: Callable[[str | None], Web]) -> Web:
    return signed_in("ann")


def story(**changes: Any) -> Story:
    parts = (PartText(part=Part.GOING_ON, text=TEXT), PartText(part=Part.NOW, text="I walk the dog."))
    return make_story(ID, **{"title": "The stairs", "parts": parts, "hope": 2, **changes})


def edited(**changes: Any) -> dict[str, Any]:
    """The form of another wording, filled with the story as it is and then changed."""
    return {**{k: list(v) for k, v in story_forms.fields_of(story()).items()}, "note": "Shorter.", **changes}


FILLED: dict[str, dict[str, Any]] = {
    "approve": {"reason": "Reads well.", "checked": ["people"]},
    "ask": {"text": "Is the van yours?"},
    "decline": {"reason": "other", "note": "It does not fit here, with thanks."},
    "propose": edited(title="The steps"),
    "take-back": {},
    "redact": {"place": ["going_on:10:14:Anna"], "reason": "A name."},
    "unpublish": {},
    "withdraw": {"sure": "1"},
}
KEPT = {
    "approve": "Reads well.", "ask": "Is the van yours?", "decline": "It does not fit here, with thanks.",
    "propose": "The steps", "redact": "A name.",
}  # fmt: skip


def prepare(store: Store, verb: str) -> None:
    """A story in a state in which the verb is possible."""
    take_in(store, story())
    if verb == "unpublish":
        approve(store, ID)
    if verb == "take-back":
        store.propose(story(title="Another"), "ann", 1, "why")


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def dossier(store: Store) -> Any:
    found = store.dossier(ID)
    assert found is not None
    return found


class Reader(HTMLParser):
    """What a browser would make of a page: the elements that there are, and the words of those with some attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.values: dict[str, str] = {}
        self._area: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "input" and found.get("id"):
            self.values[str(found["id"])] = found.get("value") or ""
        if tag == "textarea":
            self._area = str(found["id"])
            self.values[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def ticked(self, name: str) -> list[str]:
        return [str(a["value"]) for t, a in self.tags if t == "input" and a.get("name") == name and "checked" in a]
