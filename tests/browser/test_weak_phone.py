"""A cheap phone on a weak line: what it has to fetch, in which order, and when it can be used.

Held strictly: weight, order, and how much is asked for. Times depend on the machine, which tests share with others: they
are held to three times the bar, times how much slower this machine is at that moment than an idle one (`Phone.speed`).
The figures: SHARED_JOURNEY_RUNS=5 python -m pytest -s tests/browser/test_weak_phone.py -k time
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from browser import weak
from browser.conftest import Visit
from browser.test_early import Held

Make = Callable[..., Visit]
RUNS = int(os.environ.get("SHARED_JOURNEY_RUNS", "1"))
SHARE = "I have been drinking every night since the divorce"
HEAVIEST = 300_000  # bytes over the wire until the page can be used, heads of the answers included
BAR, BOX = 1000, 3500  # milliseconds: the help bar, and a box to write in and send from, on the weak phone
ROOM = 3
GRADIO = "**/{assets,static,gradio_api}/**"


def test_the_page_is_light_and_asks_nobody_else(visit: Make) -> None:
    one = weak.phone(visit)
    one.slow()
    one.open()
    one.page.wait_for_load_state("networkidle")
    came = one.wire.all
    weight = sum(each.size for each in came)
    print(f"\n{weight / 1000:.0f} kB in {len(came)} requests")
    heaviest = sorted(((each.size, each.name) for each in came), reverse=True)[:8]
    assert weight <= HEAVIEST, heaviest
    assert len(came) <= 60
    assert {urlsplit(each.url).netloc for each in came} == {urlsplit(one.visit.address).netloc}
    assert one.visit.errors == []


def test_help_is_there_before_anything_of_gradio_and_before_our_own_scripts(visit: Make) -> None:
    """They are asked for and never come, as on a line that hangs: the bar is drawn, and its links lead on."""
    one = weak.phone(visit)
    for what in (GRADIO, "**/theme.css*", "**/own/*.js*"):
        Held(one.visit, what)
    one.slow()
    page = one.page
    page.goto(one.visit.address, wait_until="commit")
    page.wait_for_function("window.seen && 'bar' in window.seen")
    numbers = page.locator('#sj-bar a[href^="tel:"]')
    assert numbers.first.is_visible()
    page.locator(".sj-more > summary").click()
    with page.context.expect_page() as opened:
        page.locator(".sj-more-panel a[href^='/help']").last.click()
    opened.value.wait_for_selector("main .sj-help a[href^='tel:'], main a[href^='tel:']")
    done = [each.name for each in one.wire.all if each.done is not None]
    assert [name for name in done if name.endswith(".js") or name.startswith(("assets", "gradio"))] == []
    assert len(done) <= 3, f"the page, its style sheet, perhaps its icon: {done}"


def test_the_box_can_be_used_before_anything_of_gradio(visit: Make) -> None:
    """What is written and sent while nothing of Gradio has come goes out as soon as it has."""
    one = weak.phone(visit)
    held = [Held(one.visit, what) for what in (GRADIO, "**/theme.css*")]
    one.slow()
    page = one.page
    page.goto(one.visit.address, wait_until="commit")
    page.wait_for_function("window.seen && 'box' in window.seen", timeout=60_000)
    needed = [each for each in one.wire.all if each.done is not None]
    assert [each.name for each in needed if each.of_gradio] == []
    assert len(needed) <= 10, [each.name for each in needed]
    assert sum(each.size for each in needed) <= 45_000
    page.locator("#sj-early-box").tap()
    page.keyboard.type("x")
    assert page.locator("#sj-early-box").input_value() == "x"
    page.fill("#sj-early-box", SHARE)
    page.get_by_role("button", name="Send").tap()
    one.slow(line=weak.NO_LIMIT, processor=1)
    for each in held:
        each.let_go()
    page.wait_for_selector("article[data-story]", timeout=60_000)
    assert page.locator(".sj-said p").all_inner_texts() == [SHARE]


@pytest.mark.parametrize(
    ("line", "processor"),
    [(weak.NO_LIMIT, 1), (weak.SLOW_4G, 1), (weak.SLOW_4G, weak.SLOWER)],
    ids=["here", "weak-line", "weak-phone"],
)
def test_the_time_until_it_can_be_used(visit: Make, line: dict[str, Any], processor: float) -> None:
    runs, speeds = [], []
    for _ in range(RUNS):
        one = weak.phone(visit)
        speeds.append(one.speed())
        one.slow(line=line, processor=processor)
        runs.append(one.open())
        one.visit.context.close()
    took = {part: statistics.median(run[part] for run in runs) for part in ("bar", "box", "open")}
    slower = statistics.median(speeds)
    print(f"\nmachine {slower:.1f} times slower than idle; milliseconds: { {k: round(v) for k, v in took.items()} }")
    assert took["bar"] <= took["box"] <= took["open"]
    assert took["bar"] <= ROOM * slower * BAR
    assert took["box"] <= ROOM * slower * BOX
