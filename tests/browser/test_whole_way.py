"""One story's whole way, in one run of the real program: from the form through two reviewers to a reader's screen, and
out again by its code, with the proof that nothing is left. Nothing is faked but the time to think again, which is 0."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import ROOT, Visit, program
from browser.photo import photo
from tests.conftest import copied

WORDS = (
    "For a year I fed the swans behind the ice factory every morning because it was the only appointment that I could "
    "keep. My marriage had ended by text message and I could not sit in the flat with the quiet."
)
NOW = "The swans know my bag. On Sundays my neighbour Ottilie comes along, and we do not say much."
ASK = "my marriage ended by text message and now I feed the swans every morning because I cannot stand the quiet flat"


def corpus(data: Path, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "corpus", *command],
        cwd=ROOT, env={**os.environ, "SHARED_JOURNEY_DATA": str(data)}, input=stdin, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def data(embedded: Path, tmp_path: Path) -> Path:
    folder = copied(embedded, tmp_path / "data")
    for name in ("ann", "ben"):
        made = corpus(
            folder,
            "people",
            "add",
            name,
            "--role",
            "reviewer",
            "--password-stdin",
            stdin=f"the blue kettle of {name}\n",
        )
        assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def come(chromium: Any, data: Path) -> Iterator[Any]:
    made: list[Visit] = []
    with program(data, SHARED_JOURNEY_COOLING_OFF_HOURS="0") as address:

        def make(**options: Any) -> Visit:
            made.append(Visit(chromium, address, **options))
            return made[-1]

        yield make
        for one in made:
            one.context.close()


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def give(one: Visit) -> str:
    """The form from its first page to the receipt; the code."""
    page = one.page
    page.goto(one.address + "/share")
    press(page, "Begin")
    page.get_by_label("What was going on").fill(WORDS)
    page.get_by_label("Where I am now").fill(NOW)
    press(page, "Go on")
    page.get_by_label("Title").fill("Swans behind the ice factory")
    press(page, "Go on")
    assert "Ottilie" in page.locator("mark").all_inner_texts()  # pointed at before it is sent
    press(page, "Go on")
    press(page, "Go on")
    press(page, "Send my story")
    page.wait_for_selector(".sj-code li span")
    return "-".join(page.locator(".sj-code li span").all_inner_texts())


def review(one: Visit, name: str) -> str:
    """Sign in, open the story from the queue, approve it; what the page says."""
    page = one.page
    page.goto(one.address + "/desk")
    page.get_by_label("Name of the account").fill(name)
    page.get_by_label("Password").fill(f"the blue kettle of {name}")
    press(page, "Sign in")
    page.wait_for_url("**/desk")
    photo(page, f"whole-queue-{name}", full_page=True)
    page.locator("a[href^='/desk/story/s-']").first.click()
    page.wait_for_url("**/desk/story/*")
    assert "Ottilie" in page.locator("#sj-text mark").all_inner_texts()
    photo(page, f"whole-story-{name}", full_page=True)
    form = page.locator("form[action$='/approve']")
    if not form.locator("[name='reason']").is_visible():
        page.locator("details:has(form[action$='/approve']) > summary").click()
    form.locator("[name='reason']").fill("Reads as it was meant. The first name is agreed.")
    with page.expect_navigation():
        form.locator("button").last.click()
    return str(page.locator("main").inner_text())


def titles(one: Visit) -> list[str]:
    return [str(text) for text in one.page.locator(".sj-card .sj-title").all_inner_texts()]


def test_from_the_form_through_two_reviewers_to_a_reader_and_out_again(come: Any, data: Path) -> None:
    narrator, reader = come(), come()
    code = give(narrator)
    assert len(code.split("-")) == 6
    reader.open()
    reader.say(ASK)
    assert "Swans behind the ice factory" not in titles(reader)

    review(come(size=(1280, 900)), "ann")
    reader.say("feeding swans every morning after my marriage ended by text message")
    assert "Swans behind the ice factory" not in titles(reader)  # one is not two
    said = review(come(size=(1280, 900)), "ben")
    assert re.search(r"published|readers can", said, re.IGNORECASE), said

    later = come()
    later.open()
    later.say(ASK)
    assert "Swans behind the ice factory" in titles(later)
    card = later.page.locator(".sj-card", has_text="Swans behind the ice factory")
    card.locator("[data-act='read']").click()
    later.page.wait_for_selector(".sj-story-part")
    shown = "".join(later.page.locator(".sj-story .sj-words").all_text_contents())
    assert WORDS in shown
    assert NOW in shown
    photo(later.page, "whole-reader", full_page=True)

    assert corpus(data, "backup").returncode == 0  # with the story in it
    (data.parent / "words.txt").write_text(WORDS)
    there = corpus(data, "check", "--words", str(data.parent / "words.txt"))
    assert there.returncode == 1, "check has to be able to find it"

    page = narrator.page
    page.goto(narrator.address + "/yours")
    page.locator("#sj-code").fill(code.upper().replace("-", "  "))
    page.locator("button[name='act'][value='open']").first.click()
    assert "Swans behind the ice factory" in page.locator("main").text_content()
    photo(page, "whole-yours", full_page=True)
    page.goto(narrator.address + "/yours")
    page.locator("#sj-code").fill(code)
    page.locator("button[name='act'][value='withdraw']").click()
    page.locator("button[name='act'][value='withdraw-now']").click()
    page.wait_for_load_state()
    assert "Swans" not in page.locator("main").text_content()
    photo(page, "whole-withdrawn", full_page=True)

    # open pages, new pages, and a page that held the story's words
    later.page.locator("#sj-story [data-act='close']").first.click()
    later.say("I fed swans again this morning, it was quiet")  # whatever is answered, what left is drawn no more
    held = later.page.evaluate(
        "w => [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some("
        "n => n.nodeType === 3 && n.data.includes(w))).map(e => e.outerHTML.slice(0, 200))", "ice factory"
    )  # fmt: skip
    assert held == []
    fresh = come()
    fresh.open()
    fresh.say(ASK)
    assert "Swans behind the ice factory" not in titles(fresh)
    assert corpus(data, "scrub").returncode == 0
    gone = corpus(data, "check", "--words", str(data.parent / "words.txt"), "--json")
    assert gone.returncode == 0, gone.stdout
    looked = {file["path"] for file in json.loads(gone.stdout)["files"]}
    assert "journey.db" in looked
    assert any(path.startswith("backups/") for path in looked)
    assert corpus(data, "audit", "verify").returncode == 0
    page.goto(narrator.address + "/yours")
    page.locator("#sj-code").fill(code)
    page.locator("button[name='act'][value='open']").first.click()
    assert page.locator("#sj-error, [role='alert']").count() >= 1  # the code opens nothing any more
