"""A phone with a weak line, in Chromium: what comes over the wire, and when. The page runs as it is and knows nothing of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from browser.conftest import Visit

# The slow 4G of Chromium's own tools: milliseconds and bytes a second.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
NO_LIMIT = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
SLOWER = 4  # times slower than this machine's own processor
# How long the work of PROBE takes in Chromium on the machine that the bars were written for, two cores with nothing to do.
IDLE_MS = 60.0
# A fixed piece of work, of the kind that opening a page is made of: numbers, texts, and elements.
PROBE = """() => {
  const from = performance.now();
  let sum = 0;
  for (let i = 0; i < 8e6; i++) sum = (sum * 31 + i) % 1000003;
  const words = [];
  for (let i = 0; i < 60000; i++) words.push('word ' + (i * sum) % 9973);
  const box = document.createElement('div');
  box.innerHTML = words.slice(0, 6000).map(w => '<p><b>' + w + '</b></p>').join('');
  return performance.now() - from + 0 * box.textContent.length;
}"""
# Notes in the page, by its own clock, when somebody could first see and use its parts: an animation frame runs only once
# the browser draws. `box`: what is typed and sent is taken; `open`: the conversation itself is there.
WATCH = """() => {
  const at = window.seen = {}, shown = where => { const e = document.querySelector(where); return e && e.checkVisibility(); };
  const parts = {
    bar: () => shown('#sj-bar a[href^="tel:"]'),
    box: () => window.sharedJourney && (shown('#sj-early textarea') || shown('#sj-box textarea')),
    open: () => shown('.sj-talk') && shown('#sj-send') && !document.querySelector('#sj-early'),
  };
  const look = () => {
    for (const [name, there] of Object.entries(parts)) if (!(name in at) && there()) at[name] = performance.now();
    if (!('open' in at)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@dataclass
class Came:
    """One thing that came over the wire. Times are milliseconds since the page was asked for."""

    url: str
    asked: float
    done: float | None = None
    size: int = 0

    @property
    def name(self) -> str:
        return self.url.split("?")[0].partition("//")[2].partition("/")[2]

    @property
    def of_gradio(self) -> bool:
        return self.name.startswith(("assets/", "theme.css", "static/", "gradio_api/"))


@dataclass
class Wire:
    """Listens to the browser's network: everything that a page asks for, and the bytes that came, with their heads."""

    came: dict[str, Came] = field(default_factory=dict)
    start: float = 0.0

    def asked(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("data:"):
            return
        self.start = self.start or event["timestamp"]
        self.came[event["requestId"]] = Came(event["request"]["url"], (event["timestamp"] - self.start) * 1000)

    def done(self, event: dict[str, Any]) -> None:
        if (one := self.came.get(event["requestId"])) is not None:
            one.done = (event["timestamp"] - self.start) * 1000
            one.size = int(event["encodedDataLength"])

    def before(self, when: float) -> list[Came]:
        """What had come in whole before this moment."""
        return [one for one in self.came.values() if one.done is not None and one.done <= when]

    @property
    def all(self) -> list[Came]:
        return list(self.came.values())


@dataclass
class Phone:
    """A visitor with a cold profile, on a narrow screen, whose line and processor can be slowed."""

    visit: Visit
    tools: Any
    wire: Wire

    @property
    def page(self) -> Any:
        return self.visit.page

    def speed(self) -> float:
        """How many times slower this machine is now than the one of the bars, at least 1. Ask before `slow`."""
        took = statistics.median(self.page.evaluate(PROBE) for _ in range(5))
        return max(1.0, took / IDLE_MS)

    def slow(self, *, line: dict[str, Any] | None = None, processor: float = SLOWER) -> None:
        self.tools.send("Network.emulateNetworkConditions", line or SLOW_4G)
        self.tools.send("Emulation.setCPUThrottlingRate", {"rate": processor})

    def open(self) -> dict[str, float]:
        """Ask for the page and wait until the conversation is there: when each part could be used."""
        self.page.goto(self.visit.address, wait_until="commit")
        self.page.wait_for_function("window.seen && 'open' in window.seen", timeout=90_000)
        seen: dict[str, float] = self.page.evaluate("window.seen")
        return seen


def phone(make: Callable[..., Visit]) -> Phone:
    """A phone with nothing in its cache, that has not asked for anything yet."""
    one = make(has_touch=True, is_mobile=True)
    one.context.add_init_script(f"({WATCH})()")
    tools = one.context.new_cdp_session(one.page)
    wire = Wire()
    tools.on("Network.requestWillBeSent", wire.asked)
    tools.on("Network.loadingFinished", wire.done)
    tools.send("Network.enable")
    return Phone(one, tools, wire)
