# No `from __future__ import annotations` here: Gradio reads the handlers' annotations at run time.
"""The chat as Gradio Blocks: one HTML component for the conversation, one for a whole story, a box and a button.

The HTML templates are constants. Gradio re-evaluates the output of any other template in the browser, so text of a
person inside one could run as a script. Importing this module imports Gradio; `server.build` does it late.
"""

from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import gradio as gr

from assistant.care import guess_country
from assistant.dials import chosen
from assistant.pages.render import draw, language_for
from assistant.pages.routes import asked_in
from assistant.pages.talk import MAX_CHIP, REASONS, Room, Trouble
from assistant.words import say

# `trigger` reaches the one Python listener below; everything else the page does in the browser is in static/page.js.
ON_LOAD = "sharedJourney.attach('talk', element, function (d) { trigger('act', d); }, watch);"
ON_LOAD_STORY = "sharedJourney.attach('story', element, function () {}, watch);"
ON_LOAD_TOOLS = "sharedJourney.attach('tools', element, function () {}, watch);"

EVENT: dict[str, Any] = {
    "api_visibility": "private",  # hides, does not protect: every handler takes untrusted input
    "concurrency_limit": 16,
    "concurrency_id": "chat",
    "show_progress": "hidden",
}


def spoken_to(request: gr.Request, default_country: str) -> tuple[str, str | None]:
    """Language and country of a page: the ones in its own address, else what the browser says, else the setting."""
    headers = request.headers
    try:
        asked = dict(parse_qsl(urlsplit(headers.get("referer", "")).query))
    except ValueError:
        asked = {}
    accept = headers.get("accept-language")
    country = asked.get("country", "").upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        country = guess_country(accept) or default_country
    return language_for(asked_in({}, headers), accept), country or None


def text_of(data: Any, name: str, most: int) -> str:
    """A text out of what the browser sent; anything else, or more than `most` characters, counts as nothing."""
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and len(value) <= most else ""


def chat(room: Room, *, default_country: str = "", lang: str = "en") -> gr.Blocks:
    """The page's Blocks. `room` holds the conversations; nothing of them is kept in Gradio's own state."""

    def trouble() -> NoReturn:
        raise gr.Error(say("page.trouble.inside", lang), print_exception=False)

    def opened(request: gr.Request) -> tuple[Any, ...]:
        """The conversation, and what stands on the box and its buttons in the language of this visitor."""
        here, country = spoken_to(request, default_country)
        try:
            return (room.open(request.session_hash or "", here, country), *labels(here))
        except Trouble:
            trouble()

    def labels(here: str) -> tuple[Any, Any, Any]:
        if here == lang:
            return gr.skip(), gr.skip(), gr.skip()
        box_words = {"label": say("page.box.label", here), "placeholder": say("page.box.placeholder", here)}
        return gr.update(**box_words), str(draw("tools.html", here)), gr.update(value=say("page.box.send", here))

    def sent(text: str, request: gr.Request) -> tuple[str, str]:
        try:
            return room.say(request.session_hash or "", text or "", *spoken_to(request, default_country)), ""
        except Trouble:
            trouble()

    def acted(event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """A button inside the conversation or a story: (conversation, story), each only when it changed."""
        data, key = event._data, request.session_hash or ""
        act, story_id = text_of(data, "act", 20), text_of(data, "id", 200)
        at = spoken_to(request, default_country)
        try:
            if act == "say":
                label = text_of(data, "label", 200)
                return room.say(key, text_of(data, "text", MAX_CHIP), *at, label=label or None), gr.skip()
            if act == "more":
                return room.more_like(key, story_id, *at), gr.skip()
            if act == "not":
                return room.not_for_me(key, story_id, *at), gr.skip()
            if act == "why" and (reason := text_of(data, "why", 20)) in REASONS:
                return room.why_not(key, story_id, reason, *at), gr.skip()
            if act == "choose":
                return room.choose(key, chosen(text_of(data, "dials", MAX_CHIP)), *at), gr.skip()
            if act == "read":
                return gr.skip(), room.read(key, story_id, *at)
            if act == "close" and room.closed(key, text_of(data, "step", 20)):
                return gr.skip(), ""
            if act == "felt":
                room.felt(key, story_id, text_of(data, "what", 20), *at)
            if act == "without":
                room.without(key, text_of(data, "note", 60), text_of(data, "on", 3) == "yes", *at)
            if act == "country" and (code := text_of(data, "country", 2).upper()).isalpha():
                room.country(key, at[0], code)
        except Trouble:
            trouble()
        return gr.skip(), gr.skip()

    with gr.Blocks(title=say("page.title", lang), analytics_enabled=False, fill_width=True) as demo:
        talk = gr.HTML("", html_template="${value}", js_on_load=ON_LOAD, elem_id="sj-talk", apply_default_css=False)
        story = gr.HTML(
            "", html_template="${value}", js_on_load=ON_LOAD_STORY, elem_id="sj-story", apply_default_css=False
        )
        with gr.Column(elem_id="sj-composer"):
            gr.HTML(str(draw("trouble.html", lang)), html_template="${value}", js_on_load=None, apply_default_css=False)
            box = gr.Textbox(
                label=say("page.box.label", lang),
                placeholder=say("page.box.placeholder", lang),
                lines=2,
                max_lines=8,
                elem_id="sj-box",
                submit_btn=False,
                autofocus=False,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=True),
            )
            with gr.Row(elem_id="sj-row"):
                tools = gr.HTML(
                    str(draw("tools.html", lang)),
                    html_template="${value}",
                    js_on_load=ON_LOAD_TOOLS,
                    elem_id="sj-tools",
                    apply_default_css=False,
                )
                send = gr.Button(say("page.box.send", lang), variant="primary", elem_id="sj-send", scale=0)
        demo.load(opened, None, [talk, box, tools, send], **EVENT)
        send.click(sent, box, [talk, box], **EVENT)
        # "multiple": a story that is being closed must not swallow the opening of the next one
        talk.act(acted, None, [talk, story], trigger_mode="multiple", **EVENT)
    demo.queue(max_size=256, default_concurrency_limit=16)
    let_go(demo)
    return demo


def let_go(demo: gr.Blocks) -> None:
    """Make Gradio's queue drop what an event carried as soon as it is answered.

    Its loops keep the last event in a local variable until somebody else's event comes, which at night may be hours.
    """
    process = demo._queue.process_events

    async def process_and_drop(events: Any, *more: Any) -> None:
        try:
            await process(events, *more)
        finally:
            for event in events:
                event.data = event.request = None

    demo._queue.process_events = process_and_drop
    send = demo._queue.send_message

    def send_or_drop(event: Any, message: Any) -> None:
        """A message to a page that was forgotten is dropped: Gradio would end its queue over it, for everybody."""
        if event.session_hash in demo._queue.pending_messages_per_session:
            send(event, message)

    demo._queue.send_message = send_or_drop
    # It looks for work every millisecond, and for progress that we never report every ten: 2.6 % of a core for nothing.
    demo._queue.sleep_when_free = 0.01
    demo._queue.progress_update_sleep_when_free = 1.0


def forget(demo: gr.Blocks, key: str) -> None:
    """Removes everything that Gradio itself holds of one page: values, states, undelivered answers, statistics.

    It reaches into Gradio 6.31's internals, because there is no public way; a test fails when an upgrade moves them.
    """
    holder = demo.state_holder
    holder.session_data.pop(key, None)
    holder.time_last_used.pop(key, None)
    queue = demo._queue
    for waiting in queue.event_queue_per_concurrency_id.values():
        for event in [event for event in waiting.queue if event.session_hash == key]:
            event.alive = False
            waiting.queue.remove(event)
    if key in queue.pending_messages_per_session:
        del queue.pending_messages_per_session[key]
    for event_id in queue.pending_event_ids_session.pop(key, set()):
        queue.event_ids_to_events.pop(event_id, None)
    for event_id in [i for i, row in list(queue.event_analytics.items()) if row.get("session_hash") == key]:
        queue.event_analytics.pop(event_id, None)


def waiting(demo: gr.Blocks) -> set[str]:
    """Keys of pages of which a message waits in the queue: they are open, whether or not they have an answer yet."""
    queues = demo._queue.event_queue_per_concurrency_id.values()
    return {str(event.session_hash) for queue in queues for event in queue.queue}


def held(demo: gr.Blocks) -> set[str]:
    """Keys of every page of which Gradio holds something."""
    queue = demo._queue
    found = set(demo.state_holder.session_data) | set(queue.pending_event_ids_session)
    return found | {str(row.get("session_hash")) for row in list(queue.event_analytics.values())}
