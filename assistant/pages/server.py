"""The web application: our own plain routes, Gradio's chat mounted at `/`, the Guard around both.

`build` makes the application; `serve` runs it. Gradio is imported inside `build`, only after its environment is set,
and in a program that serves while everything else answers already.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from assistant.counts import Counts
from assistant.pages.later import Later
from assistant.pages.memory import give_back
from assistant.pages.sessions import Talks
from assistant.pages.talk import Room, Trouble, guarded, note
from assistant.pages.upkeep import kept_up
from assistant.pages.without_stubs import without_stubs
from corpus import jobs
from corpus.errors import SharedJourneyError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.settings import Parts, Settings

SWEEP_SECONDS = 20.0
TICK_SECONDS = 60.0
EMBED_SECONDS = 5.0
COUNT_SECONDS = 30.0
MOST_TALKS = 2000
WRITES = (40.0, 3.0)

# Set before Gradio and the hub client are imported: no statistics, no version check, no history of calls.
ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Gradio also keeps a table of every event and summarises it after each one (with pandas): never, and one row
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**12),
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


class AddressTaken(SharedJourneyError):
    """Another program listens where the page was to be served, or the address cannot be used."""


def listen(settings: Settings) -> socket.socket:
    """Take the page's address before anything slow happens, so that "already taken" is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((settings.host, settings.port))
    except OSError as error:
        door.close()
        raise taken(settings, error) from None
    return door


def taken(settings: Settings, error: OSError) -> AddressTaken:
    """What is said when another program has the address."""
    return AddressTaken(
        f"The page cannot be opened on {settings.host}, port {settings.port} ({error.strerror}). "
        "If it is already running, use that one; or choose another port with SHARED_JOURNEY_PORT."
    )


def prepare_environment() -> None:
    """What Gradio and its helpers read at import. Its temporary files go to a private folder, removed at exit."""
    os.environ.update(ENVIRONMENT)
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="shared-journey-")
        os.environ["GRADIO_TEMP_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def build(
    parts: Parts,
    settings: Settings,
    *,
    writes: tuple[float, float] = WRITES,
    later: Callable[[], object] | None = None,
) -> FastAPI:
    """The whole application around open parts. One application holds the conversations of one process.

    writes: how many messages one address may send at once, and how many more each second. later: Gradio is loaded when
    the application has started, and this is called if that fails (`app.state.gradio.failed` says why); None: at once.
    """
    prepare_environment()
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware

    from assistant.pages import choices, desk, group_wrong, groups, kept, missing, routes, safety, share
    from assistant.pages import yours as narrators
    from assistant.pages.guard import Guard

    talks = Talks(settings.conversation_minutes * 60, MOST_TALKS)
    counts = Counts(parts.store, enabled=settings.counts)
    room = Room(parts.turn, talks, counts, new_york=settings.new_york_notice)
    directory = parts.directory

    def conversation() -> FastAPI:
        """Gradio's chat as an application of its own. Takes seconds."""
        if later:
            warm(parts)
        with without_stubs():
            import gradio as gr
        from assistant.pages import chat, theme

        demo = chat.chat(room, default_country=settings.country)
        demo.state_session_capacity = MOST_TALKS  # the mount has no argument for it
        own = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        # Its presence alone turns off Gradio's own CORS, which lets any site read answers.
        own.add_middleware(CORSMiddleware, allow_origins=[])
        gr.mount_gradio_app(
            own, demo, "/", footer_links=[], run_history=False, allowed_paths=[], blocked_paths=["/"], show_error=True,
            max_file_size="1kb", ssr_mode=False, enable_monitoring=False, mcp_server=False, pwa=False,
            theme=theme.calm(),
        )  # fmt: skip
        # A mounted app never says so itself, and without it Gradio does not ask which files it may touch.
        demo.has_launched = True
        app.state.demo = demo
        if later:
            give_back()
        return own

    strays: set[str] = set()  # pages without a conversation of which Gradio held something at the last sweep

    def forget(key: str) -> None:
        talks.forget(key)
        strays.add(key)  # an answer that comes after this goes with the next sweep
        if app.state.demo:
            from assistant.pages import chat

            chat.forget(app.state.demo, key)

    def sweep() -> None:
        """Forget what nobody used for the idle time, and whatever Gradio still holds of a forgotten page, or at two
        sweeps in a row of one that has no conversation."""
        for key in talks.idle():
            forget(key)
        if demo := app.state.demo:
            from assistant.pages import chat

            now = {key for key in chat.held(demo) - chat.waiting(demo) if key not in talks}
            for key in now & strays:  # not all: one that is just being opened has a conversation by the next time
                chat.forget(demo, key)
            strays.clear()
            strays.update(now)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def sweeping() -> None:
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                try:
                    sweep()
                except Exception as error:  # a sweep that fails once must not be the last one
                    note(error)

        task = asyncio.create_task(sweeping())  # on the loop itself: it reaches into Gradio's queue
        duties = (
            (TICK_SECONDS, lambda: jobs.tick(parts.store)),
            (TICK_SECONDS, room.let_go),
            (TICK_SECONDS, lambda: app.state.desk.shelf.let_go()),
            (COUNT_SECONDS, counts.flush),
            (TICK_SECONDS, directory.keep_up),
            (EMBED_SECONDS, parts.finder.keep_up),  # so that a published story is not embedded in somebody's turn
        )
        async with gradio.running(later or (lambda: None)), kept_up(duties, at_end=(counts.flush,)):
            yield
        task.cancel()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.state.demo = None
    gradio = app.state.gradio = Later(conversation)
    routes.add(app, room, settings, forget)
    for pages in (share, narrators, missing, safety, desk, group_wrong):
        pages.add(app, parts, room, settings)
    groups.add(app, parts, room, settings, directory)
    choices.add(app, parts)
    kept.add(app, parts, room)
    app.mount("/", gradio)
    app.add_middleware(
        Guard,
        shell=routes.shell_for(room, settings),
        host=settings.host,
        origins=tuple(settings.allowed_origins),
        writes=writes,
    )
    app.state.room, app.state.forget, app.state.sweep = room, forget, sweep
    if not later:
        gradio.load()
    return app


def warm(parts: Parts) -> None:
    """One answer to nobody, so that what loads late is loaded before a person waits for it; then who stands back."""
    with contextlib.suppress(Trouble):
        guarded(lambda: parts.turn.respond(parts.turn.start("en", None)[0], "I was awake most of the night again"))
        guarded(parts.finder.keep_up)


def serve(parts: Parts, settings: Settings, door: socket.socket | None = None) -> None:
    """Serve until stopped. Prints the address once the page can be opened. No access log: paths can hold keys."""
    prepare_environment()
    import uvicorn

    from assistant.pages.guard import LOOPBACK

    open_door = door or listen(settings)
    app = build(parts, settings, later=lambda: setattr(server, "should_exit", True))
    try:  # two programs may have bound the address while neither listened yet
        open_door.listen(2048)
    except OSError as error:
        raise taken(settings, error) from None

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Without sending the signal again at the end, which would skip closing the parts and tidying up."""
            with super().capture_signals():
                yield
                self._captured_signals.clear()

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                host = f"[{settings.host}]" if ":" in settings.host else settings.host
                print(
                    f"Shared Journey is open at http://{host}:{open_door.getsockname()[1]} (Ctrl+C closes it)",
                    flush=True,
                )

    if settings.host not in LOOPBACK and not settings.allowed_origins:
        print(
            "Anybody who reaches this machine can open the page, and what they write travels unencrypted. "
            "Put it behind a proxy with https and name its address in SHARED_JOURNEY_ALLOWED_ORIGINS.",
            file=sys.stderr,
        )
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=2, lifespan="on"
    )
    server = Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[open_door])
    if app.state.gradio.failed:
        raise app.state.gradio.failed
