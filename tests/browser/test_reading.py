"""Reading a whole story: every tool by keyboard, no letter changed, nothing kept, no voice from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from assistant.conversation import Session, StoryPart, StoryView
from assistant.words import say
from browser import fakes
from browser.conftest import Visit
from browser.photo import photo
from corpus.custody import Counted

Make = Callable[..., Visit]
NOTHING: dict[str, Any] = {"local": {}, "session": {}, "cookies": "", "databases": 0, "caches": 0, "workers": 0}
NIGHT = (
    "I sat up most nights that winter, and I told nobody. The radiator ticked. Somebody upstairs had a piano, and "
    "played four bars of it, never the fifth.\n\n  “Go to bed,” said my brother on the phone. “I am in bed,” I said.\r\n"
    "My café had closed in May — I had run it for 9 years, e.g. with Dr. Amin's help… And then? Nothing. 🙂\tOnly post."
)
PARTS = (
    StoryPart(part="going_on", label="What was going on", text=NIGHT, mark=None),
    StoryPart(part="was_like", label="What it was like", text=NIGHT + "\n\n" + fakes.TEXT, mark=(4, 52)),
    StoryPart(part="helped", label="What helped (or didn't)", text=NIGHT * 2, mark=None),
    StoryPart(part="now", label="Where I am now", text="I sleep. Not always.", mark=None),
)
# One voice of the device and one that would send what it reads to whoever offers it; the second comes first.
VOICES = """
window.spoken = []; window.cancelled = 0;
window.voices = [
  {name: 'far', lang: 'en-GB', localService: false, default: true}, {name: 'unsure', lang: 'en-GB'},
  {name: 'other', lang: 'fr-FR', localService: true}, {name: 'near', lang: 'en_GB', localService: true}];
const speech = {now: null, getVoices: () => window.voices, addEventListener() {}, cancel() { window.cancelled += 1; },
  speak(one) { window.spoken.push([one.voice ? one.voice.name : '', one.lang, one.text]); speech.now = one; }};
Object.defineProperty(window, 'speechSynthesis', {value: speech});
Object.defineProperty(window, 'SpeechSynthesisUtterance', {value: class { constructor(text) { this.text = text; } }});
"""


class LongTurn(fakes.FakeTurn):
    def read(self, session: Session, story_id: str) -> StoryView | None:
        view = super().read(session, story_id)
        notes = {
            "content_notes": ("Mental distress", "A death by suicide"),
            "note_ids": ("mental_health", "death:suicide"),
        }
        return view and view.model_copy(update={"parts": PARTS, **notes})


@pytest.fixture(scope="module")
def app() -> Any:
    from assistant.pages import build

    parts = fakes.parts()
    parts.turn = LongTurn()
    return build(parts, fakes.settings(), writes=(1000, 1000))


@pytest.fixture(scope="module")
def at(app: Any) -> Iterator[str]:
    with fakes.running(app) as address:
        yield address


@pytest.fixture
def come(chromium: Any, at: str) -> Iterator[Make]:
    made: list[Visit] = []

    def make(path: str = "/", script: str = VOICES, **options: Any) -> Visit:
        one = Visit(chromium, at, **options)
        one.context.add_init_script(script)
        made.append(one.open(path))
        one.say("hello")
        return one

    yield make
    for one in made:
        one.context.close()


def read(one: Visit, id: str = "one") -> None:
    one.page.locator(f'article[data-story="{id}"] [data-act="read"]').last.click()
    one.page.wait_for_selector(f'#sj-story .sj-story[data-story="{id}"] .sj-reader:not([hidden])')


def words(one: Visit) -> list[str]:
    found: list[str] = one.page.eval_on_selector_all("#sj-story .sj-words", "all => all.map(e => e.textContent)")
    return found


def marked(one: Visit, name: str) -> str | None:
    found: str | None = one.page.evaluate(
        "name => CSS.highlights.has(name) ? [...CSS.highlights.get(name)].map(String).join('|') : null", name
    )
    return found


def active(one: Visit, of: str) -> Any:
    return one.page.evaluate(f"document.activeElement.{of}")


def tool(one: Visit, name: str) -> Any:
    return one.page.locator(f'#sj-story [data-read="{name}"]').first


def looks(one: Visit) -> None:
    one.page.locator("#sj-story summary", has_text="How it looks").click()


def test_no_tool_changes_a_letter_and_none_keeps_anything(come: Make) -> None:
    one = come()
    read(one)
    # as HTML has it: a line break of any kind is one character
    given = [part.text.replace("\r\n", "\n") for part in PARTS]
    assert words(one) == given
    aria = "document.querySelector('#sj-story .sj-story-part').outerHTML.replace(/ data-lit=\"\"/, '')"
    before = one.page.evaluate(aria)
    size = "parseFloat(getComputedStyle(document.querySelector('#sj-story .sj-words')).fontSize)"
    sizes = [one.page.evaluate(size)]
    looks(one)
    for step in ("1", "2", "3"):
        one.page.locator(f'[data-read="size"][value="{step}"]').check()
        assert words(one) == given
        sizes.append(one.page.evaluate(size))
    assert sizes == sorted(set(sizes))
    assert len(sizes) == 4
    tool(one, "line").check()
    for _ in range(3):
        one.page.keyboard.press("Tab")
    for _ in range(6):
        one.page.keyboard.press("ArrowDown")
    assert words(one) == given
    tool(one, "aloud").click()
    one.page.evaluate("speechSynthesis.now.onend()")
    assert words(one) == given
    tool(one, "hush").click()
    assert one.page.evaluate(aria) == before, "nothing that a screen reader reads has changed"
    assert one.stored() == NOTHING

    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-box textarea")
    read(one, "two")
    assert one.page.evaluate(size) == sizes[3], "what was chosen holds for the next story"
    assert one.page.locator('[data-read="size"][value="3"]').is_checked()
    assert tool(one, "line").is_checked()
    assert marked(one, "sj-line")
    assert words(one) == given
    assert one.stored() == NOTHING
    one.page.reload()
    one.page.wait_for_selector(".sj-talk")
    assert one.page.evaluate("document.documentElement.dataset.size") in (None, "0"), "and for this page only"
    assert one.errors == []


def test_everything_by_keyboard_alone(come: Make) -> None:
    one = come(size=(1280, 800))
    page, key = one.page, one.page.keyboard
    page.locator('article[data-story="one"] [data-act="read"]').focus()
    key.press("Enter")
    page.wait_for_selector("#sj-story .sj-reader:not([hidden])")
    assert active(one, "className") == "sj-story-title"
    key.press("Tab")
    assert active(one, "dataset.read") == "passage"
    key.press("Enter")
    assert (active(one, "tagName"), active(one, "textContent")) == ("MARK", PARTS[1].text[4:52])
    box = page.locator("#sj-story mark").bounding_box()
    assert box
    assert 60 < box["y"] < 740
    tool(one, "passage").focus()
    key.press("Tab")
    assert active(one, "textContent") == say("page.reading.looks")
    key.press("Enter")
    key.press("Tab")
    assert (active(one, "dataset.read"), active(one, "value")) == ("size", "0")
    key.press("ArrowDown")
    assert page.evaluate("document.documentElement.dataset.size") == "1", "arrows in the list of sizes are its own"
    key.press("Tab")
    key.press("Space")
    assert tool(one, "line").is_checked()
    first = marked(one, "sj-line")
    assert first
    assert NIGHT.startswith(first)
    seen = [first]
    key.press("Tab")  # an arrow in a field is the field's own
    for _ in range(5):
        key.press("ArrowDown")
        seen.append(marked(one, "sj-line") or "")
    assert all(a != b for a, b in pairwise(seen))
    assert all(len(line.split()) <= 30 for line in seen)
    key.press("ArrowUp")
    assert marked(one, "sj-line") == seen[4]
    line = page.evaluate("[...CSS.highlights.get('sj-line')][0].getBoundingClientRect().top")
    assert 0 < line < 800
    for _ in range(60):
        key.press("ArrowDown")
    assert marked(one, "sj-line") in PARTS[3].text, "the last lines are the end"
    page.mouse.move(600, 400)
    page.mouse.wheel(0, -4000)
    page.wait_for_function("first => [...CSS.highlights.get('sj-line')].map(String).join() === first", arg=first)

    tool(one, "pause").focus()
    key.press("Enter")
    assert active(one, "textContent") == say("page.reading.pause_title")
    visible = [b.inner_text() for b in page.locator("#sj-story button").all() if b.is_visible()]
    assert visible == [say("page.reading.pause_back")]
    assert page.locator("#sj-bar a").first.is_visible()
    assert page.locator("#sj-story .sj-words").first.is_hidden()
    key.press("Escape")
    assert active(one, "dataset.read") == "pause"
    assert page.locator("#sj-story .sj-words").first.is_visible(), "back in the story, and not in the conversation"
    time.sleep(1)  # two Esc within 900 ms leave the page
    key.press("Escape")
    page.wait_for_selector("#sj-box textarea")
    assert active(one, "dataset.id") == "one"
    page.wait_for_function("!document.querySelector('#sj-story .sj-story')")
    assert marked(one, "sj-line") is None
    assert one.errors == []


def test_a_tap_moves_the_lines_in_focus(come: Make) -> None:
    one = come(has_touch=True, is_mobile=True)
    read(one)
    looks(one)
    tool(one, "line").check()
    last = one.page.locator("#sj-story .sj-words").last
    last.scroll_into_view_if_needed()
    last.tap(position={"x": 20, "y": 12})
    assert marked(one, "sj-line") == PARTS[3].text


def test_where_ranges_cannot_be_marked_whole_parts_are_in_focus(come: Make) -> None:
    one = come(script=VOICES + "delete window.Highlight;")
    read(one)
    looks(one)
    tool(one, "line").check()
    lit = one.page.locator("#sj-story .sj-story-part[data-lit] .sj-part")
    assert lit.all_inner_texts() == ["What was going on"]
    one.page.locator("#sj-story summary").first.focus()
    one.page.keyboard.press("ArrowDown")
    assert lit.all_inner_texts() == ["What it was like"]
    tool(one, "aloud").click()
    assert one.page.evaluate("spoken.length") == 1
    assert one.errors == []


def test_only_a_voice_of_this_device_reads_and_only_when_asked(come: Make) -> None:
    one = come()
    read(one)
    page = one.page
    looks(one)
    assert page.evaluate("[spoken.length, cancelled]") == [0, 0]
    tool(one, "aloud").click()
    assert active(one, "dataset.read") == "hold"
    assert marked(one, "sj-said") == "I sat up most nights that winter, and I told nobody."
    page.evaluate("speechSynthesis.now.onend()")
    assert marked(one, "sj-said") == "The radiator ticked."
    page.keyboard.press("Enter")
    assert active(one, "textContent") == say("page.reading.aloud_on")
    page.evaluate("speechSynthesis.now.onend()")  # what a browser says of a sentence that was cut off
    assert page.evaluate("spoken.length") == 2, "it waits"
    page.keyboard.press("Enter")
    assert page.evaluate("spoken.map(s => s[2]).slice(1)") == ["The radiator ticked."] * 2
    for _ in range(80):
        if not page.evaluate("'aloud' in document.documentElement.dataset"):
            break
        page.evaluate("speechSynthesis.now.onend()")
    told = page.evaluate("spoken")
    assert {(voice, lang) for voice, lang, _ in told} == {("near", "en_GB")}
    said = " ".join(text for n, (_, _, text) in enumerate(told) if n != 2)
    assert said.split() == " ".join(part.text for part in PARTS).split(), "every word, in order, and no other"
    assert marked(one, "sj-said") is None
    assert active(one, "dataset.read") == "aloud"

    tool(one, "aloud").click()
    page.evaluate("window.voices = window.voices.filter(v => v.name !== 'near')")  # it was taken away meanwhile
    before = page.evaluate("spoken.length")
    page.evaluate("speechSynthesis.now.onend()")
    assert page.evaluate("spoken.length") == before, "rather silence than another voice"
    assert one.errors == []


def test_it_is_quiet_when_the_story_is_left(come: Make) -> None:
    one = come()
    page = one.page
    page.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="an ordinary page"))
    heard: list[str] = []
    page.expose_function("quiet", lambda how: heard.append(how))  # outlives the page
    page.evaluate(
        "const c = speechSynthesis.cancel; speechSynthesis.cancel = () => { c(); window.quiet('yes'); }; null"
    )
    leaving: dict[str, Callable[[], object]] = {
        "end": lambda: tool(one, "hush").click(),
        "pause": lambda: tool(one, "pause").click(),
        "close": lambda: page.locator('#sj-story [data-act="close"]').click(),
        "back": page.go_back,
        "say": lambda: page.locator('#sj-story [data-act="more"]').click(),
        "Escape": lambda: page.keyboard.press("Escape"),
        "leave": lambda: page.locator("[data-leave]").click(),
    }
    for how, leave in leaving.items():
        page.wait_for_function("!document.documentElement.dataset.busy")
        if page.evaluate("document.documentElement.dataset.view") != "reading":
            page.wait_for_function("!document.querySelector('#sj-story .sj-story')")
            read(one)
        if page.evaluate("'pause' in document.documentElement.dataset"):
            tool(one, "unpause").click()
        if not tool(one, "aloud").is_visible():
            looks(one)
        tool(one, "aloud").click()
        assert heard == [], how
        leave()
        wait_for(lambda: bool(heard), page)
        assert heard == ["yes"], how
        heard.clear()
        if how != "leave":
            assert page.evaluate("'aloud' in document.documentElement.dataset") is False
            assert marked(one, "sj-said") is None
    page.wait_for_url("https://www.wikipedia.org/")


def test_without_a_voice_of_its_own_it_says_so_and_offers_none(come: Make) -> None:
    one = come()
    one.page.evaluate("voices = voices.filter(v => v.name !== 'near')")
    read(one)
    looks(one)
    assert one.page.get_by_text(say("page.reading.aloud_none")).is_visible()
    assert not tool(one, "aloud").is_visible()
    assert one.page.evaluate("spoken") == []
    assert one.errors == []
    mute = come(script="Object.defineProperty(window, 'speechSynthesis', {value: undefined});")
    read(mute)
    looks(mute)
    assert mute.page.get_by_text(say("page.reading.aloud_none")).is_visible()
    assert mute.errors == []


def test_notes_are_left_out_of_this_conversation_and_nothing_else_happens(come: Make, app: Any) -> None:
    one = come()
    read(one)
    page = one.page
    page.locator("#sj-story summary", has_text=say("page.reading.leave_out")).click()
    button = page.locator('[data-read="without"]').nth(1)
    assert button.inner_text() == "No more stories about this: A death by suicide"
    button.click()
    assert "A death by suicide" in page.locator(".sj-without-said").inner_text()
    assert button.inner_text() == "Show stories about this again: A death by suicide"
    room = app.state.room

    def without() -> frozenset[str]:
        key = room.talks.key_of(page.evaluate("sharedJourney.token"))
        found: frozenset[str] = room.talks.get(key).session.dials.without
        return found

    wait_for(lambda: without() == {"death:suicide"}, page)
    assert page.locator("#sj-story .sj-words").first.is_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector("#sj-box textarea")
    assert page.locator(".sj-turn").count() == 2
    read(one, "two")
    assert button.inner_text() == "Show stories about this again: A death by suicide"
    button.click()
    wait_for(lambda: without() == frozenset(), page)
    assert one.stored() == NOTHING


def test_what_it_left_somebody_feeling(come: Make, app: Any) -> None:
    counts, said = app.state.room.counts, []
    keep, counts.felt = counts.felt, lambda id, what, before=None: said.append((id, what, before))
    try:
        one = come()
        assert one.page.locator('.sj-tell-missing a[href="/missing"][target="_blank"]').count() == 1
        read(one)
        page = one.page
        press = page.locator('#sj-story [data-read="felt"]')
        assert press.all_inner_texts() == ["less alone", "a bit more hopeful", "heavier", "no change"]
        assert not page.locator(".sj-felt-heavy").is_visible()
        press.nth(2).focus()
        page.keyboard.press("Enter")
        assert page.locator(".sj-felt-thanks").inner_text() == say("page.reading.felt_thanks")
        assert page.locator(".sj-felt-heavy").is_visible()
        assert page.locator(".sj-felt-heavy button").all_inner_texts() == ["Pause here", "Something lighter"]
        assert active(one, "dataset.what") == "heavier", "the focus stays"
        press.nth(3).click()
        assert not page.locator(".sj-felt-heavy").is_visible()
        wait_for(lambda: len(said) == 2, page)
        assert said == [("one", Counted.HEAVIER, None), ("one", Counted.NO_CHANGE, Counted.HEAVIER)]
        page.keyboard.press("Escape")
        page.wait_for_selector("#sj-box textarea")
        read(one)
        assert page.locator('#sj-story [data-read="felt"][aria-pressed="true"]').all_inner_texts() == ["no change"]
        one.page.locator('#sj-story [data-act="say"]', has_text="Someone further along").first.click()
        one.answered(2)
        assert page.locator(".sj-said p").last.inner_text() == "Someone further along"
        assert one.errors == []
    finally:
        counts.felt = keep


def wait_for(true: Callable[[], bool], page: Any) -> None:
    for _ in range(160):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come")


@pytest.mark.parametrize(
    ("width", "look", "lang"), [(390, "light", "en"), (1280, "dark", "en"), (390, "dark", "ar"), (1280, "light", "ar")]
)
def test_nothing_is_wider_than_the_page_or_too_small_to_press(come: Make, width: int, look: str, lang: str) -> None:
    one = come(f"/?lang={lang}", size=(width, 844), color_scheme=look)
    read(one)
    page = one.page
    page.wait_for_timeout(200)
    photo(page, f"reading-{lang}-{width}-{look}")
    for fold in page.locator("#sj-story summary").all():
        fold.click()
    small = page.eval_on_selector_all(
        "#sj-story :is(button, summary, label)",
        "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
    )
    assert small == []
    photo(page, f"reading-{lang}-{width}-{look}-whole", full_page=True)
    page.locator('[data-read="size"][value="3"]').check()
    tool(one, "line").check()
    tool(one, "aloud").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_timeout(100)
    photo(page, f"reading-{lang}-{width}-{look}-tools")
    tool(one, "hush").click()
    page.locator('#sj-story [data-read="felt"]').nth(2).click()
    page.locator("#sj-story .sj-what-now").scroll_into_view_if_needed()
    photo(page, f"reading-{lang}-{width}-{look}-end")
    page.locator('#sj-story [data-read="pause"]').first.click()
    photo(page, f"reading-{lang}-{width}-{look}-pause")
    assert one.errors == []
