"""Every route, for everybody, from everywhere: the whole application, and the answer that each may get.

A route of the application or a door of the Guard without a row here fails the test, so nothing opens unseen.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from browser import fakes
from conftest import ROLES, Clock, make_group, make_story, publish, reviewers, take_in

from assistant.pages.desk.access import digest
from assistant.pages.guard import _ALLOW, ALLOW
from corpus.custody import Role
from corpus.store import Store, open_store
from corpus.types import Group, Provenance, State

ACTORS = ("nobody", "read-only", "reviewer", "lead", "expired", "disabled")
ORIGINS: dict[str, dict[str, str]] = {
    "own": {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"},
    "foreign": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "none": {},
}
OUTSIDE = ("nobody", "expired", "disabled")


@dataclass(frozen=True)
class Row:
    """A request and the status for each actor. `route` is the path as FastAPI names it, where it is one of ours."""

    method: str
    path: str
    status: dict[str, int]
    route: str = ""
    body: dict[str, str] | str = field(default_factory=dict)

    def expected(self, actor: str, origin: str) -> int:
        if self.method == "POST" and origin != "own":  # a door that is not there is not there before anybody asks why
            return 403 if any(m == "POST" and path.fullmatch(self.path) for m, path in _ALLOW) else 404
        return self.status[actor]


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys(ACTORS, status)


def page(least: Role, status: int = 200) -> dict[str, int]:
    """A page of the desk: without a session to the sign-in, with a lower role refused."""
    inside = {role.value: status if role.may(least) else 403 for role in Role}
    return {**dict.fromkeys(OUTSIDE, 303), **inside}


def verb(least: Role, status: int) -> dict[str, int]:
    """A form of the desk that is complete but for what it is about, so `status` says that it was let through."""
    inside = {role.value: status if role.may(least) else 403 for role in Role}
    return {**dict.fromkeys(OUTSIDE, 401), **inside}


READ, REVIEW, LEAD = Role.READ_ONLY, Role.REVIEWER, Role.LEAD
EVENT = json.dumps({"data": [], "fn_index": 0, "session_hash": "matrix1", "event_data": None, "trigger_id": None})
STORY, VERB, GROUP = "/desk/story/{id}", "/desk/story/s-none/", "/desk/groups/{id}"

ROWS: tuple[Row, ...] = (
    # what anybody may open
    Row("GET", "/", everybody(200)),
    Row("GET", "/theme.css", everybody(200)),
    Row("GET", "/assets/none.js", everybody(404)),
    Row("GET", "/static/fonts/Lora/Lora-SemiBold.woff2", everybody(200)),
    Row("GET", "/gradio_api/queue/data", everybody(422)),
    Row("GET", "/gradio_api/heartbeat/matrix1", everybody(200)),
    Row("GET", "/gradio_api/startup-events", everybody(200)),
    Row("POST", "/gradio_api/queue/join", everybody(200), body=EVENT),
    Row("POST", "/gradio_api/cancel", everybody(422)),
    Row("POST", "/gradio_api/reset", everybody(422)),
    Row("GET", "/favicon.ico", everybody(200), "/favicon.ico"),
    Row("GET", "/robots.txt", everybody(200), "/robots.txt"),
    Row("GET", "/healthz", everybody(200), "/healthz"),
    Row("GET", "/own/page.css", everybody(200), "/own/{name}"),
    Row("GET", "/help", everybody(200), "/help"),
    Row("GET", "/help/bar", everybody(200), "/help/bar"),
    Row("GET", "/safety", everybody(200), "/safety"),
    Row("GET", "/ask", everybody(200), "/ask"),
    Row("POST", "/ask", everybody(200), "/ask", {"text": "hello"}),
    Row("POST", "/story", everybody(200), "/story", {"id": "one"}),
    Row("POST", "/forget", everybody(204), "/forget"),
    Row("GET", "/choices", everybody(200), "/choices"),
    Row("POST", "/kept", everybody(200), "/kept", '{"stories": ["one"], "groups": ["tea"]}'),
    Row("POST", "/door", everybody(204), "/door"),
    Row("POST", "/felt", everybody(200), "/felt", {"id": "one", "felt": "heavier"}),
    Row("GET", "/share", everybody(200), "/share"),
    Row("POST", "/share", everybody(200), "/share"),
    Row("GET", "/share/wording", everybody(200), "/share/wording"),
    Row("GET", "/yours", everybody(200), "/yours"),
    Row("POST", "/yours", everybody(400), "/yours"),
    Row("GET", "/missing", everybody(200), "/missing"),
    Row("POST", "/missing", everybody(400), "/missing"),
    Row("GET", "/groups", everybody(200), "/groups"),
    Row("POST", "/groups", everybody(200), "/groups", {"kinds": "meeting"}),
    Row("GET", "/groups/tea", everybody(200), "/groups/{id}"),
    Row("GET", "/groups/hidden", everybody(404), "/groups/{id}"),
    Row("GET", "/groups/none", everybody(404), "/groups/{id}"),
    Row("GET", "/groups/tea.ics", everybody(200), "/groups/{id}.ics"),
    Row("GET", "/groups/hidden.ics", everybody(404), "/groups/{id}.ics"),
    Row("GET", "/groups/tea/wrong", everybody(200), "/groups/{id}/wrong"),
    Row("GET", "/groups/hidden/wrong", everybody(404), "/groups/{id}/wrong"),
    Row("POST", "/groups/tea/wrong", everybody(400), "/groups/{id}/wrong"),
    Row("POST", "/groups/hidden/wrong", everybody(404), "/groups/{id}/wrong", {"reason": "gone"}),
    # the door of the desk
    Row("GET", "/desk/sign-in", {**page(READ, 303), **dict.fromkeys(OUTSIDE, 200)}, "/desk/sign-in"),
    Row("POST", "/desk/sign-in", everybody(422), "/desk/sign-in"),
    Row("POST", "/desk/sign-out", verb(READ, 303), "/desk/sign-out"),
    # the desk
    Row("GET", "/desk", page(READ), "/desk"),
    Row("GET", "/desk/calendar", page(READ), "/desk/calendar"),
    Row("GET", "/desk/coverage", page(READ), "/desk/coverage"),
    Row("GET", "/desk/people", page(LEAD), "/desk/people"),
    Row("GET", "/desk/audit", page(LEAD), "/desk/audit"),
    Row("GET", "/desk/export", page(LEAD), "/desk/export"),
    Row("POST", "/desk/export", verb(LEAD, 422), "/desk/export"),
    Row("GET", "/desk/groups", page(READ), "/desk/groups"),
    Row("GET", "/desk/groups/import", page(LEAD), "/desk/groups/import"),
    Row("POST", "/desk/groups/import", verb(LEAD, 422), "/desk/groups/import"),
    Row("POST", "/desk/groups/import/read", verb(LEAD, 409), "/desk/groups/import/read"),
    Row("GET", "/desk/groups/town:open", page(READ), GROUP),
    Row("GET", "/desk/groups/town:hidden", {**page(READ), "read-only": 404}, GROUP),
    Row("GET", "/desk/groups/town:none", page(READ, 404), GROUP),
    *(
        Row("POST", f"/desk/groups/town:none/{name}", verb(LEAD, 404), f"{GROUP}/{name}")
        for name in ("edit", "undo", "status", "checked", "withdraw")
    ),
    Row("GET", "/desk/story/s-shown", page(READ), STORY),
    Row("GET", "/desk/story/s-waits", {**page(READ), "read-only": 404}, STORY),
    Row("GET", "/desk/story/s-held", page(READ, 404), STORY),
    Row("GET", "/desk/story/s-none", page(READ, 404), STORY),
    *(
        Row("POST", f"{VERB}{name}", verb(LEAD if name == "withdraw" else REVIEW, 404), f"{STORY}/{name}")
        for name in ("approve", "ask", "decline", "propose", "take-back", "redact", "unpublish", "withdraw")
    ),
    # what is shut for everybody, also for a lead
    *(Row("GET", path, everybody(404)) for path in (
        "/config", "/gradio_api/info", "/gradio_api/app_id", "/openapi.json", "/docs", "/monitoring", "/desk/", "/desk/x",
        "/groups/", "/groups/TEA", "/groups/tea/edit", "/desk/story/", "/desk/story/../audit", "/desk/story/S-SHOWN", "/desk/story/s-shown/approve", "/desk/sign-out",
    )),
    *(Row("POST", path, everybody(404)) for path in (
        "/gradio_api/upload", "/login", "/desk", "/desk/people", "/desk/audit", "/desk/story/s-shown",
        "/desk/story/s-shown/publish", "/gradio_api/run/opened",
    )),
    Row("PUT", "/desk", everybody(404)),
    Row("DELETE", "/desk/story/s-shown", everybody(404)),
)  # fmt: skip


class Matrix:
    """The application, and one request to it as somebody from somewhere."""

    def __init__(self, app: Any, store: Store, clock: Clock) -> None:
        self.app, self.store, self.clock = app, store, clock
        self.loop = asyncio.Runner()  # one for all: Gradio binds what it makes to the first
        self.names = {role.value: name for name, role in ROLES.items()}

    def session(self, actor: str) -> tuple[str, str]:
        """(cookie, form key) of a browser of this actor, made for one request."""
        if actor == "nobody":
            return "", "no key"
        token, key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        name = {"expired": "cleo", "disabled": "gone"}.get(actor) or self.names[actor]
        lasts = timedelta(minutes=1 if actor == "expired" else 600)
        self.store.open_session(name, digest(token), key, self.clock() + lasts)
        if actor == "expired":
            self.clock.forward(minutes=2)
        return token, key

    def status(self, row: Row, actor: str, origin: str, key: str | None = None) -> tuple[int, dict[str, str]]:
        """The status and headers of the answer. The rest of it is not waited for: some never end."""
        token, own_key = self.session(actor)
        body = row.body
        if isinstance(body, dict):
            body = urlencode({**body, **({"form_key": own_key if key is None else key} if "/desk" in row.path else {})})
        headers = {"host": "127.0.0.1", "accept-language": "en-GB", **ORIGINS[origin]}
        if row.method == "POST":
            kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
            headers |= {"content-type": kind, "content-length": str(len(body.encode()))}
        if token:
            headers["cookie"] = f"sj-desk={token}"
        return self.loop.run(self._ask(row, headers, body.encode()))

    async def _ask(self, row: Row, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        given = False

        async def receive() -> Any:
            nonlocal given
            if given:
                await asyncio.sleep(30)
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" and not started.done():
                started.set_result(message)

        parts = urlsplit(row.path)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": row.method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()], "client": ("127.0.0.1", 9),
            "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        task = asyncio.ensure_future(self.app(scope, receive, send))
        await asyncio.wait({task, started}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            await task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        answer = started.result()
        return answer["status"], {k.decode().lower(): v.decode() for k, v in answer["headers"]}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    from assistant.pages import build

    clock = Clock()
    folder: Path = tmp_path_factory.mktemp("matrix")
    store = open_store(f"sqlite:///{folder}/journey.db", clock=clock)
    reviewers(store)
    store.add_person("gone", Role.LEAD, "no password fits", "test")
    publish(store, make_story("s-shown"))
    take_in(store, make_story("s-waits"))
    take_in(store, make_story("s-held", provenance=Provenance.PROGRAM), state=State.HELD)
    store.put_group(Group(id="town:open", name="Open", kind="meeting", description=""), "test")
    store.put_group(Group(id="town:hidden", name="Hidden", kind="meeting", description="", status="unlisted"), "test")
    store.remove_person("gone", "test")
    weekly = {"days": ("MO",), "start": "19:00", "timezone": "Europe/Dublin"}
    store.put_group(make_group("tea", schedules=(weekly,)), "test")
    store.put_group(make_group("hidden", schedules=(weekly,), status="unlisted"), "test")
    app = build(fakes.parts(store), fakes.settings(), writes=(10_000, 10_000))
    made = Matrix(app, store, clock)
    yield made
    made.loop.close()
    store.close()


def test_every_route_has_a_row(matrix: Matrix) -> None:
    routes = {
        (method, route.path)
        for route in matrix.app.routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }
    assert len(routes) >= 30
    assert routes - {(row.method, row.route) for row in ROWS} == set()


def test_every_door_of_the_guard_has_a_row() -> None:
    without = [
        (method, path)
        for (method, path), (_, pattern) in zip(ALLOW, _ALLOW, strict=True)
        if not any(row.method == method and pattern.fullmatch(row.path) for row in ROWS)
    ]
    assert without == []


def test_every_row_is_of_a_route_or_of_nothing(matrix: Matrix) -> None:
    routes = {getattr(route, "path", None) for route in matrix.app.routes}
    assert [row.path for row in ROWS if row.route and row.route not in routes] == []


def test_the_matrix(matrix: Matrix) -> None:
    wrong = []
    for row in ROWS:
        for actor in ACTORS:
            for origin in ORIGINS:
                got, _ = matrix.status(row, actor, origin)
                if got != (wanted := row.expected(actor, origin)):
                    wrong.append(f"{row.method} {row.path} as {actor} from {origin}: {got}, not {wanted}")
    assert not wrong, "\n".join(wrong)


FORMS = tuple(
    row for row in ROWS if row.method == "POST" and row.route.startswith("/desk") and "sign-in" not in row.path
)


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row.path)
def test_a_form_of_the_desk_without_its_key_is_refused(matrix: Matrix, row: Row) -> None:
    """For whoever may send it, too: another page cannot know the key."""
    for key in ("", "guessed"):
        assert matrix.status(row, "lead", "own", key)[0] == 403


def test_who_is_sent_to_the_sign_in_is_sent_there_and_nowhere_else(matrix: Matrix) -> None:
    for row in ROWS:
        if row.method == "GET" and row.status["nobody"] == 303:
            assert matrix.status(row, "nobody", "own")[1]["location"] == "/desk/sign-in"


def test_only_the_desk_sets_cookies(matrix: Matrix) -> None:
    for row in ROWS:
        _, headers = matrix.status(row, "lead", "own")
        assert "set-cookie" not in headers or row.path.startswith("/desk"), row.path


def test_nothing_of_the_desk_is_kept_by_a_browser(matrix: Matrix) -> None:
    for row in ROWS:
        if row.path.startswith("/desk"):
            assert matrix.status(row, "lead", "own")[1]["cache-control"] == "no-store, max-age=0", row.path
