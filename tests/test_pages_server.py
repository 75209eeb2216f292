"""The whole application in this process, with fake parts: what a browser or anybody else can get from it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import html
import re
import secrets
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from browser import fakes

from assistant.conversation import Reply
from assistant.dials import of_form
from assistant.words import keys
from assistant.words import say as words
from corpus.custody import Noticed
from index.query import Dials


@pytest.fixture(scope="module")
def app() -> Any:
    from assistant.pages import build

    return build(fakes.parts(), fakes.settings(), writes=(1000, 1000))


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    with fakes.running(app) as at:
        yield at


@pytest.fixture
def web(address: str) -> Iterator[httpx.Client]:
    headers = {"origin": address, "accept-language": "en-GB,en;q=0.9"}
    with httpx.Client(base_url=address, headers=headers, timeout=20) as client:
        yield client


def say(web: httpx.Client, key: str, text: str) -> str:
    return str(fakes.event(web, key, fakes.SENT, [text])["output"]["data"][0])


def test_importing_the_page_loads_no_gradio() -> None:
    code = "import sys, assistant.pages; sys.exit(bool({'gradio', 'fastapi', 'uvicorn', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_gradio_is_loaded_without_writing_stubs_for_editors() -> None:
    """It would parse each component's source for them: half of the time that its import takes."""
    code = (
        "import inspect, sys\nfrom assistant.pages.without_stubs import without_stubs\nknown = inspect.getfile\n"
        "with without_stubs():\n import gradio\nassert inspect.getfile is known\n"
        "from gradio import component_meta as made\nread = []\n"
        "made.extract_class_source_code = lambda code, name: read.append(name) or (None, None)\n"
        "with without_stubs():\n type(gradio.HTML)('Ours', (gradio.HTML,), {'__module__': 'assistant.pages', 'EVENTS': []})\n"
        "sys.exit(bool(read))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_needs_no_gradio_answers_before_it_is_there() -> None:
    """Help, asking and forgetting; the conversation waits, and is there once it is loaded."""
    from assistant.pages import build

    early = build(fakes.parts(), fakes.settings(), writes=(1000, 1000), later=lambda: None)

    async def ask() -> None:
        transport = httpx.ASGITransport(early, client=("127.0.0.1", 1))
        headers = {"origin": "http://127.0.0.1", "accept-language": "en"}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            for path in ("/healthz", "/help", "/ask", "/share", "/safety"):
                assert (await client.get(path)).status_code == 200, path
            assert "<article" in (await client.post("/ask", data={"text": "I lost my mum"})).text
            assert (await client.post("/forget", content="early1")).status_code == 204
            early.state.forget("early1")
            early.state.sweep()
            assert early.state.demo is None
            whole = asyncio.create_task(client.get("/"))
            await asyncio.sleep(0.1)
            assert not whole.done()
            async with early.router.lifespan_context(early):
                assert "<gradio-app" in (await whole).text
            assert early.state.gradio.failed is None

    asyncio.run(ask())


def test_the_page_holds_help_and_the_way_out_before_gradio(web: httpx.Client) -> None:
    page = web.get("/").text
    body = page.index("<body")
    assert body < page.index('href="tel:999"') < page.index("<gradio-app")
    assert body < page.index('data-leave href="https://www.wikipedia.org/"') < page.index("<gradio-app")
    assert "This is a computer program" in page
    assert "<noscript>" in page
    assert "og:image" not in page
    assert "raw.githubusercontent" not in page
    assert "iframeResizer" not in page.split("window.iFrameResizer")[-1]


def test_every_inline_script_has_the_nonce(web: httpx.Client) -> None:
    answer = web.get("/")
    nonce = answer.headers["content-security-policy"].split("'nonce-")[1].split("'")[0]
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert len(scripts) >= 5
    assert all(f'nonce="{nonce}"' in script for script in scripts)


def test_the_country_of_the_bar_is_chosen_or_read_from_the_language(web: httpx.Client) -> None:
    assert 'href="tel:911"' in web.get("/?country=US").text
    assert 'href="tel:112"' in web.get("/", headers={"accept-language": "de-DE"}).text
    assert 'href="tel:911"' in web.get("/help/bar?country=US").text


def test_the_help_page_lists_every_country_without_scripts(web: httpx.Client) -> None:
    page = web.get("/help?country=GB").text
    assert 'href="tel:116123"' in page
    assert "Australia" in page
    assert 'href="tel:131114"' in page


@pytest.mark.parametrize("lang", ["en", "es", "fr", "de", "pt", "ar"])
def test_what_is_done_about_danger_is_said_in_every_language_that_care_reads(web: httpx.Client, lang: str) -> None:
    page = web.get(f"/safety?lang={lang}").text
    assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"' in page
    for key in keys("en"):
        if key.startswith("page.safety.misses"):
            assert words(key, lang) in html.unescape(page), key
    assert page.count('hreflang="') == 5, "the others are one press away"
    assert f'hreflang="{lang}"' not in page
    assert lang == "en" or words("page.safety.what") not in html.unescape(page)


def test_a_message_is_answered_without_scripts(web: httpx.Client) -> None:
    for text in fakes.NASTY:
        page = web.post("/ask", data={"text": text})
        assert page.status_code == 200
        assert "Heard, number 1" in page.text
        assert "<img" not in page.text
        assert "<script>document" not in page.text
    assert web.get("/ask").status_code == 200
    assert "Nothing was written" in web.post("/ask", data={"text": "  "}).text
    assert "tiles" in web.post("/story", data={"id": "one"}).text


def test_without_scripts_the_country_is_carried_on(web: httpx.Client) -> None:
    for page in (
        web.post("/ask", data={"text": "hello", "country": "US"}),
        web.post("/ask", data={"text": " ", "country": "US"}),
        web.post("/story", data={"id": "one", "country": "US"}),
        web.get("/ask?country=US"),
    ):
        assert 'href="tel:911"' in page.text
        assert 'href="tel:999"' not in page.text
        assert '<input type="hidden" name="country" value="US">' in page.text
    assert "in US: hello" in web.post("/ask", data={"text": "hello", "country": "US"}).text
    assert "Something more hopeful" not in web.post("/ask", data={"text": "hello"}).text


def test_without_scripts_choices_go_along_with_the_message_and_stay_in_the_form(app: Any, web: httpx.Client) -> None:
    turns, seen = app.state.room.turns, []
    respond = turns.respond

    def watched(session: Any, text: str) -> Any:
        seen.append(session.dials)
        return respond(session, text)

    turns.respond = watched
    try:
        fields = {"text": "hello", "along": "further", "without": ["violence", "no such note"], "mute": "rain, <b>snow"}
        page = web.post("/ask", data=fields).text
        plain = web.post("/ask", data={"text": "hello"}).text
    finally:
        turns.respond = respond
    assert seen == [Dials(along="further", without=frozenset({"violence"}), mute=("rain", "<b>snow")), Dials()]
    ticked = re.findall(r'name="(\w+)" value="(\w*)" checked', page)
    assert ticked == [("along", "further"), ("outcome", ""), ("length", ""), ("without", "violence")]
    assert 'value="rain, &lt;b&gt;snow"' in page
    assert words("page.choices.along.further") in page.split("<textarea", 1)[0]  # said above the answer
    assert '<details class="sj-fold" open>' in page
    assert re.findall(r'name="(\w+)" value="(\w*)" checked', plain) == [
        (name, "") for name in ("along", "outcome", "length")
    ]
    assert words("page.choices.none") not in plain


def test_without_scripts_choices_take_no_room_beside_an_answer_of_help(app: Any, web: httpx.Client) -> None:
    turns = app.state.room.turns
    respond = turns.respond
    turns.respond = lambda session, _: (session, Reply(kind="help", lead=("Help stands here.",)))
    try:
        page = web.post("/ask", data={"text": "hello", "along": "further"}).text
    finally:
        turns.respond = respond
    assert "Help stands here." in page
    assert words("page.choices.said", choices=words("page.choices.along.further")) not in page
    assert '<details class="sj-fold" open>' not in page
    assert 'value="further" checked' in page  # not lost


def sent_by(page: str, action: str) -> dict[str, list[str]]:
    """What a browser without scripts sends when the first form that leads there is sent as it came."""
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page.split(f'action="{action}"', 1)[1].split("</form>")[0]):
        at = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if at["type"] in ("hidden", "text") or tag.endswith(" checked>"):
            fields.setdefault(at["name"], []).append(html.unescape(at.get("value", "")))
    return fields


def test_without_scripts_choices_last_through_a_story_and_back(web: httpx.Client) -> None:
    chosen = {"along": "further", "without": ["sex", "violence"], "languages": ["de"], "mute": "rain, <b>snow"}

    def kept(page: str) -> Dials:
        return of_form(sent_by(page, "/ask"))

    page = web.post("/ask", data={"text": "hello", **chosen}).text
    dials = kept(page)
    assert dials.along == "further"
    assert dials.without == {"sex", "violence"}
    assert dials.mute == ("rain", "<b>snow")
    story = web.post("/story", data=sent_by(page, "/story")).text
    assert "tiles" in story
    assert kept(story) == dials
    assert html.escape(words("page.choices.along.further")) in story
    felt = web.post("/felt", data=sent_by(story, "/felt") | {"felt": "heavier"}).text
    assert words("page.reading.felt_thanks") in felt
    assert kept(felt) == dials
    refused = web.post("/felt", data=sent_by(story, "/felt") | {"felt": "nothing of the list"})
    assert refused.status_code == 404
    assert kept(refused.text) == dials
    assert kept(web.post("/story", data={"id": "one"}).text) == Dials()


def test_every_choice_at_once_is_not_too_many(web: httpx.Client) -> None:
    shown = re.findall(r'name="(\w+)" value="(\w+)"', web.get("/ask").text)
    assert len(shown) > 30
    fields: dict[str, Any] = {"text": "hello", "mute": "rain"}
    for name, value in shown:
        fields.setdefault(name, []).append(value)
    page = web.post("/ask", data=fields).text
    assert "hello" in page
    assert "Nothing was written" not in page


def test_a_failure_without_scripts_is_said(web: httpx.Client) -> None:
    page = web.post("/ask", data={"text": "break"})
    assert page.status_code == 500
    assert "tel:999" in page.text


def test_a_way_to_help_is_counted_by_its_kind(app: Any, web: httpx.Client) -> None:
    assert 'data-door="emergency"' in web.get("/").text
    assert 'data-counting="yes"' in web.get("/").text
    for body in ("call", "nonsense", b"\xff" * 90):
        assert web.post("/door", content=body).status_code == 204
    assert dict(app.state.room.counts._care) == {Noticed.DOOR_CALL: 1}
    assert app.state.room.counts.flush()


def test_writes_from_another_site_are_refused(web: httpx.Client) -> None:
    for path in ("/ask", "/story", "/forget", "/gradio_api/queue/join"):
        assert web.post(path, headers={"origin": "https://evil.example"}, content=b"x").status_code == 403
        assert web.post(path, content=b"x" * 70_000).status_code == 413


def test_no_origin_is_let_in_by_cors(web: httpx.Client) -> None:
    answer = web.get("/", headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-allow")]


def test_gradios_other_doors_are_shut(web: httpx.Client) -> None:
    for path in (
        "/config", "/gradio_api/info", "/gradio_api/runs", "/gradio_api/deep_link?session_hash=a", "/openapi.json",
        "/gradio_api/file=/etc/passwd", "/monitoring", "/gradio_api/app_id", "/login_check",
    ):  # fmt: skip
        assert web.get(path).status_code == 404, path
    for path in ("/gradio_api/upload", "/gradio_api/run/opened", "/gradio_api/call/sent", "/login"):
        assert web.post(path, content=b"x").status_code == 404, path


def test_the_chat_answers_through_gradios_queue(web: httpx.Client) -> None:
    opening = fakes.event(web, "chat1", fakes.OPENED, [])["output"]["data"][0]
    assert "I cannot sleep" in opening
    assert "in GB: hello there" in say(web, "chat1", "hello there")
    read = fakes.event(web, "chat1", fakes.ACTED, [], {"act": "read", "id": "one"})["output"]["data"]
    assert "counted the tiles" in read[1]
    more = fakes.event(web, "chat1", fakes.ACTED, [], {"act": "more", "id": "one"})["output"]["data"]
    assert "Near to that one" in more[0]


@pytest.mark.parametrize("pressed", [{}, {"act": "drop"}, {"act": 7}, {"act": "read", "id": ["x"]}, [], "x", None])
def test_a_button_that_nobody_drew_changes_nothing(web: httpx.Client, pressed: Any) -> None:
    body = {"data": [], "fn_index": fakes.ACTED, "session_hash": "odd", "event_data": pressed, "trigger_id": None}
    assert web.post("/gradio_api/queue/join", json=body).status_code in (200, 400, 422)
    assert "hello" in say(web, secrets.token_hex(4), "hello")


def test_an_error_inside_is_said_and_the_words_stay(web: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    message = fakes.event(web, "err", fakes.SENT, ["break"])
    assert message["success"] is False
    assert "still in the box" in str(message["output"]["error"])
    out = "".join(capfd.readouterr())
    assert "quotes break" not in out


def test_two_visitors_at_once_stay_apart(web: httpx.Client) -> None:
    def one(n: int) -> str:
        return say(web, f"visitor{n}", f"words-of-{n:02}")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(one, range(8)))
    for n, page in enumerate(pages):
        assert f"words-of-{n:02}" in page
        assert not any(f"words-of-{m:02}" in page for m in range(8) if m != n)


def holders(text: str) -> list[Any]:
    """Every object of this process that still holds a text in which `text` occurs."""
    gc.collect()
    found = []
    for thing in gc.get_objects():
        if isinstance(thing, types.FrameType):  # this test's own
            continue
        for value in gc.get_referents(thing):
            if (isinstance(value, str) and text in value) or (isinstance(value, bytes) and text.encode() in value):
                found.append(thing)
                break
    return found


def test_forgetting_leaves_nothing(app: Any, web: httpx.Client) -> None:
    """In the conversations, in Gradio's state and queue, anywhere in the process. Fails if an upgrade moves things."""
    demo, room = app.state.demo, app.state.room
    canary = secrets.token_hex(8)
    fakes.event(web, "leave1", fakes.OPENED, [])
    assert canary in say(web, "leave1", canary)
    assert "leave1" in demo.state_holder.session_data
    assert len(holders(canary)) >= 2  # Gradio's copy and ours: the search below finds what there is
    token = room.talks.get("leave1").token
    assert web.post("/forget", content=token).status_code == 204
    assert "leave1" not in room.talks
    assert "leave1" not in demo.state_holder.session_data
    assert "leave1" not in demo.state_holder.time_last_used
    assert "leave1" not in demo._queue.pending_messages_per_session
    assert "leave1" not in demo._queue.pending_event_ids_session
    assert not [row for row in demo._queue.event_analytics.values() if row.get("session_hash") == "leave1"]
    assert not [e for e in demo._queue.event_ids_to_events.values() if e.session_hash == "leave1"]
    held: list[Any] = []
    for _ in range(20):
        held = [h for h in holders(canary) if h is not held]
        if not held:
            break
        time.sleep(0.25)
    shown = [(type(h).__name__, [type(r).__name__ for r in gc.get_referrers(h)]) for h in held]
    assert not held, shown


def test_forgetting_takes_the_right_token_and_says_nothing(app: Any, web: httpx.Client) -> None:
    fakes.event(web, "keep1", fakes.OPENED, [])
    assert web.post("/forget", content="keep1").status_code == 204
    assert web.post("/forget", content=b"\xff" * 300).status_code == 204
    assert "keep1" in app.state.room.talks


def test_the_sweep_empties_what_is_idle(app: Any, web: httpx.Client) -> None:
    say(web, "idle1", "old words")
    app.state.room.talks.get("idle1").used -= 3600
    fakes.event(web, "stray1", fakes.ACTED, [], {"act": "none"})
    app.state.sweep()
    assert "idle1" not in app.state.room.talks
    assert "idle1" not in app.state.demo.state_holder.session_data
    app.state.sweep()  # what nobody knows of the first time may be a page that is just being opened
    assert "stray1" not in app.state.demo.state_holder.session_data


def test_listening_on_a_taken_port_is_one_clear_line() -> None:
    from assistant.pages import listen
    from assistant.pages.server import AddressTaken

    first = listen(fakes.settings())
    first.listen()
    try:
        with pytest.raises(AddressTaken, match="SHARED_JOURNEY_PORT"):
            listen(fakes.settings(port=first.getsockname()[1]))
    finally:
        first.close()


def test_what_travels_is_packed_and_the_same(web: httpx.Client) -> None:
    for path in ("/", "/own/page.css", "/own/page.js", "/own/exit.js"):
        packed = web.get(path, headers={"accept-encoding": "gzip"})
        plain = web.get(path, headers={"accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert re.sub(r'nonce="[^"]+"', "", packed.text) == re.sub(r'nonce="[^"]+"', "", plain.text)
    assert web.get("/own/icon.svg").status_code == 404


# --- what was saved is asked after ---------------------------------------------------------------------------------------


def test_what_left_is_told_apart_from_what_is_here(app: Any, web: httpx.Client) -> None:
    asked = {"stories": ["one", "gone"], "groups": ["g-none"]}
    app.state.room.turns.gone.add("gone")
    try:
        assert web.post("/kept", json=asked).json() == {"stories": ["one"], "groups": []}
    finally:
        app.state.room.turns.gone.clear()
    assert web.post("/kept", json={}).json() == {"stories": [], "groups": []}


@pytest.mark.parametrize(
    "body",
    ["", "[]", "no json", '{"stories": "one"}', '{"stories": [1]}', '{"stories": [""]}', '{"groups": ["' + "x" * 201 + '"]}',
     '{"stories": ' + str(["a"] * 501).replace("'", '"') + "}", "[" * 30000],
)  # fmt: skip
def test_what_is_no_list_of_saved_things_is_refused(web: httpx.Client, body: str) -> None:
    assert web.post("/kept", content=body).status_code == 400


def test_when_it_cannot_be_said_nothing_is_said_to_have_left(app: Any, web: httpx.Client) -> None:
    app.state.room.turns.unsure = True
    try:
        assert web.post("/kept", json={"stories": ["one"]}).status_code == 503
    finally:
        app.state.room.turns.unsure = False


def test_the_form_of_choices_is_in_the_language_of_the_page(web: httpx.Client) -> None:
    assert "Out the other side" in web.get("/choices").text
    assert "Auf der anderen Seite" in web.get("/choices?lang=de").text
    assert web.get("/choices?text=secret").status_code == 303, "nothing but the language may stand in its address"
