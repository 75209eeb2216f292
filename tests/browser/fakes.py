"""A small, fixed set of parts for tests of the page itself: no database, no model, every kind of answer on demand."""

from __future__ import annotations

import atexit
import contextlib
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from assistant.conversation import Chip, Excerpt, GroupCard, Reply, Session, StoryCard, StoryPart, StoryView
from corpus.store import open_store
from index.browse import Directory
from index.embed import WordEmbedder
from index.find import Finder
from index.query import Dials

NASTY = (
    "<img src=x onerror=\"document.title='pwned'\">",
    "${document.title='pwned'}",
    "{{7*7}} {{constructor.constructor('document.title=1')()}}",
    "C:\\users\\new \\u{zz} \\x",
    "</script><script>document.title='pwned'</script>",
    "مرحبا كيف حالك اليوم",
    '" onmouseover="alert(1)',
)

TEXT = (
    "The nights were the worst of it. I sat on the kitchen floor and counted the tiles. Then the kettle, then the day."
)


def card(id: str = "one", title: str = "The kitchen floor", notes: tuple[str, ...] = (), text: str = TEXT) -> StoryCard:
    start = text.find("I sat") if "I sat" in text else 0
    return StoryCard(
        id=id, title=title, narrator="Ama", sample=True, origin="Sample story, written for demonstration",
        language="en", stage="Finding my way", content_notes=notes,
        excerpt=Excerpt(
            part="was_like", part_label="What it was like", text=text,
            mark=(start, min(len(text), start + 48)), before=False, after=True,
        ),
        why=("It is also about nights without sleep.",), minutes=2,
    )  # fmt: skip


def group(id: str = "g1") -> GroupCard:
    return GroupCard(
        id=id, name="Night Kettle", sample=True, kind="Peer group", description="A quiet room for bad nights.",
        language="en", why=("It is for people who do not sleep.",), when=("Tuesdays 19:00–20:30 (Dublin time)",),
        where="Online, by telephone", how_to_join="Ring and say hello.", how_to_leave="Just stop coming.",
        link="https://example.org/kettle", phone="01 555 0100", cost="Free", who_for="Anyone over 18",
        access=("Captions",), languages=("en", "cy"), run_by="Peers", listed_by="Sample program",
        checked_on="2026-11-20", stale=False, emergency_calls="No, it does not.",
    )  # fmt: skip


class FakeTurn:
    """Says back what it heard, so that a test can look for it; stories in `gone` have left since they were shown."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.wait: threading.Event | None = None
        self.sleep = 0.0
        self.unsure = False

    def start(self, lang: str = "en", country: str | None = None) -> tuple[Session, Reply]:
        chips = (Chip(label="I cannot sleep", send="I cannot sleep"), Chip(label="Just listen", send="just listen"))
        lead = ("This is a computer program.", "Nothing is kept.")
        return Session(lang=lang, country=country), Reply(kind="hello", lead=lead, chips=chips)

    def respond(self, session: Session, text: str) -> tuple[Session, Reply]:
        if self.wait is not None:
            self.wait.wait(10)
        if self.sleep:
            time.sleep(self.sleep)
        if text == "break":
            raise ValueError(f"this error quotes {text}")
        session = session.model_copy(update={"shares": (*session.shares, text)})
        if text == "a group near me":
            session = session.model_copy(update={"groups_turn": "town"})
            return session, Reply(kind="question", lead=("Which town?",), notice="")
        cards = (
            card(), card("two", "Back row", ("Strong language",)),
            card("three", "The long way", ("Thoughts of suicide or an attempt",)),
        )  # fmt: skip
        lead = (f"Heard, number {len(session.shares)}, in {session.country or 'no country'}: {text}",)
        return session, Reply(
            kind="stories", lead=lead, cards=cards, groups=(group(),), notice="Three stories and a group.",
            chips=(Chip(label="Something more hopeful", send="something more hopeful"),),
        )  # fmt: skip

    def more_like(self, session: Session, _story_id: str) -> tuple[Session, Reply]:
        return session, Reply(kind="stories", lead=("Near to that one.",), cards=(card("four", "Tiles"),))

    def not_for_me(self, session: Session, _story_id: str) -> tuple[Session, Reply]:
        return session, Reply(kind="stories", lead=("Here is another.",), cards=(card("five", "Kettle"),))

    def feedback(self, session: Session, said: str, story_id: str | None) -> tuple[Session, Reply]:
        lead = (f"Differently from here on: {said}, {story_id}.",)
        return session, Reply(kind="stories", lead=lead, cards=(card("six", "Lamp"),))

    def not_today(self, session: Session) -> tuple[Session, Reply]:
        return session, Reply(kind="ok", lead=("Not today, then.",))

    def choose(self, session: Session, dials: Dials) -> tuple[Session, Reply]:
        session = session.model_copy(update={"dials": dials})
        return session, Reply(kind="stories", lead=("As chosen.",), cards=(card("seven", "Ladder"),))

    def visible(self, ids: Iterable[str]) -> frozenset[str]:
        if self.unsure:
            raise ValueError("the gate does not answer")
        return frozenset(ids) - self.gone

    def read(self, _session: Session, story_id: str) -> StoryView | None:
        if story_id in self.gone:
            return None
        return StoryView(
            id=story_id, title="The kitchen floor", narrator="Ama", sample=True,
            origin="Sample story, written for demonstration", language="en", stage="Finding my way",
            themes=("Sleep",), pathways=("Routine",), content_notes=("Mental distress",),
            note_ids=("mental_health",),
            parts=(
                StoryPart(part="going_on", label="What was going on", text="One.\n\nTwo.", mark=None),
                StoryPart(part="was_like", label="What it was like", text=TEXT, mark=(33, 81)),
            ),
            minutes=2,
        )  # fmt: skip


def settings(**given: Any) -> Any:
    """What the page reads of the settings."""
    plain = {
        "host": "127.0.0.1", "port": 0, "exit_url": "https://www.wikipedia.org/", "conversation_minutes": 15,
        "allowed_origins": (), "country": "", "samples": True, "chat_model": "", "counts": True,
        "cooling_off_hours": 72.0, "wording": None, "backup_days": 30, "new_york_notice": False, "contact": "",
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **given})


def parts(store: Any = None, finder: Any = None) -> Any:
    """The fake turn beside a real store (an empty one of its own unless one is given) and a finder on it."""
    if store is None:
        folder = tempfile.mkdtemp(prefix="shared-journey-test-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        store = open_store(f"sqlite:///{folder}/journey.db")
    finder = finder or Finder(store, WordEmbedder(), floor=0.1)
    return SimpleNamespace(turn=FakeTurn(), store=store, finder=finder, directory=Directory(store), close=lambda: None)


@contextlib.contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """The application on a (free) loopback port, in this process: its address."""
    import uvicorn

    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    for _ in range(600):
        if server.started:
            break
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


OPENED, SENT, ACTED = 0, 1, 2  # the page's three events, in the order of chat.py


def event(client: Any, key: str, which: int, data: list[Any], pressed: dict[str, Any] | None = None) -> dict[str, Any]:
    """One event as the page sends it, through Gradio's queue: the last message of its stream."""
    body = {"data": data, "fn_index": which, "session_hash": key, "event_data": pressed, "trigger_id": None}
    joined = client.post("/gradio_api/queue/join", json=body)
    joined.raise_for_status()
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": key}, timeout=20) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                message: dict[str, Any] = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    return message
    raise AssertionError("the stream ended without an answer")
