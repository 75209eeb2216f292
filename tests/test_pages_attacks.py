"""What somebody with a script, not a browser, may try against the page."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import fakes

from assistant.conversation import Reply, Session

FILE = {"path": str(Path(__file__).resolve()), "meta": {"_type": "gradio.FileData"}}


class Held(fakes.FakeTurn):
    """A turn that waits at the word "wait", or where somebody opens the page, until the test lets go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.opens: threading.Event | None = None  # told that somebody opens the page, who then waits

    def start(self, *args: Any, **kwargs: Any) -> tuple[Session, Reply]:
        if self.opens:
            self.opens.set()
            self.go.wait(20)
        return super().start(*args, **kwargs)

    def respond(self, session: Session, text: str) -> tuple[Session, Reply]:
        if text == "wait":
            self.go.wait(20)
        return super().respond(session, text)


@pytest.fixture(scope="module")
def turn() -> Held:
    return Held()


@pytest.fixture(scope="module")
def app(turn: Held) -> Any:
    from assistant.pages import build

    parts = fakes.parts()
    parts.turn = turn
    return build(parts, fakes.settings(), writes=(1000, 1000))


@pytest.fixture(scope="module")
def web(app: Any) -> Iterator[httpx.Client]:
    with (
        fakes.running(app) as at,
        httpx.Client(base_url=at, headers={"origin": at, "accept-language": "en-GB"}, timeout=20) as client,
    ):
        yield client


def join(web: httpx.Client, **body: Any) -> int:
    plain = {"data": [], "fn_index": 1, "session_hash": "mallory", "event_data": None, "trigger_id": None}
    return web.post("/gradio_api/queue/join", json={**plain, **body}).status_code


def copies() -> list[Path]:
    """Whatever lies in the private temporary folder of this process."""
    return [path for path in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [FILE]},
        {"data": [[FILE]]},
        {"data": [{"a": {"b": FILE}}]},
        {"data": [{"path": "https://example.invalid/x", "meta": {"_type": "gradio.FileData"}}]},
        {"data": ["a", "b"]},
        {"data": [7]},
        {"data": "x"},
        {"event_data": {"act": FILE}, "fn_index": 2},
        {"event_data": [FILE], "fn_index": 2},
        {"event_data": "x", "fn_index": 2},
        {"fn_index": 99},
        {"fn_index": None},
        {"fn_index": "1"},
        {"session_hash": "../x"},
        {"session_hash": None},
    ],
)
def test_only_texts_go_into_the_queue(web: httpx.Client, body: dict[str, Any]) -> None:
    """A dictionary that names a file would make Gradio copy any file of this machine before a handler is asked."""
    assert join(web, **body) == 400
    assert copies() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{", b'{"data": []}'])
def test_what_is_no_event_is_refused(web: httpx.Client, body: bytes) -> None:
    assert web.post("/gradio_api/queue/join", content=body).status_code == 400


def test_gradio_itself_asks_which_files_it_may_touch(app: Any) -> None:
    """The second wall: should a shape slip through the Guard, Gradio refuses files outside its own folder."""
    assert app.state.demo.has_launched is True


@pytest.mark.parametrize("head", [{"host": "["}, {"host": "[::1"}, {"referer": "http://["}])
def test_an_impossible_address_in_a_header_is_no_error(web: httpx.Client, head: dict[str, str]) -> None:
    assert web.get("/healthz", headers=head).status_code in (200, 400, 421)
    bare = {k: v for k, v in web.headers.items() if k != "origin"}
    with httpx.Client(base_url=web.base_url, headers=bare) as other:
        assert other.post("/forget", content=b"x", headers=head).status_code in (400, 403, 421)


def test_a_page_that_is_being_opened_is_not_swept_away(app: Any, turn: Held, web: httpx.Client) -> None:
    turn.go.clear()
    turn.opens = threading.Event()
    found: list[str] = []
    visitor = threading.Thread(target=lambda: found.append(str(fakes.event(web, "opening1", fakes.OPENED, []))))
    visitor.start()
    try:
        assert turn.opens.wait(10)
        app.state.sweep()
    finally:
        turn.opens = None
        turn.go.set()
        visitor.join(20)
    assert found
    app.state.sweep()
    assert "hello" in str(fakes.event(web, "opening1", fakes.SENT, ["hello"]))


def test_forgetting_while_a_message_waits_does_not_end_the_page_for_others(
    app: Any, turn: Held, web: httpx.Client
) -> None:
    turn.go.clear()
    limit = 16
    for i in range(limit):  # every place is taken by somebody whose answer takes long
        fakes.event(web, f"busy{i}", fakes.OPENED, [])
    for i in range(limit):
        assert join(web, data=["wait"], session_hash=f"busy{i}") == 200
    time.sleep(0.5)
    # When the first of these starts, Gradio tells the others how long they wait: "leaving" is gone by then.
    for key in ("waiting1", "leaving", "waiting2"):
        assert join(web, data=["hello"], session_hash=key) == 200
    app.state.forget("leaving")  # it waits in the queue at this moment
    app.state.forget("busy3")  # and this one is being answered
    app.state.sweep()
    turn.go.set()
    deadline = time.monotonic() + 15
    while app.state.demo._queue.active_jobs and any(app.state.demo._queue.active_jobs):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert web.get("/healthz").json() == {"ok": True}
    assert "hello again" in str(fakes.event(web, "after1", fakes.SENT, ["hello again"]))


def test_healthz_tells_when_the_queue_has_ended(app: Any, web: httpx.Client) -> None:
    queue = app.state.demo._queue
    queue.stopped = True
    try:
        assert web.get("/healthz").status_code == 503
    finally:
        queue.stopped = False
