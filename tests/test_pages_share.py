"""The form for a story, as a browser without scripts meets it: nothing typed is lost, nothing is kept before the end."""

from __future__ import annotations

import concurrent.futures
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser import fakes

from assistant.pages import share_form as sf
from corpus import codes, custody, errors, narrator, vocabulary, wording
from corpus.custody import MOST_CHARACTERS, Dossier
from corpus.store import Store, open_store
from corpus.types import Part, PartText, Purpose, State
from index.embed import WordEmbedder
from index.find import Finder

WORDS = "My cat left in spring and the house was quiet.\n\nI did not tell anybody."
RIGHT_TO_LEFT = "كان البيت هادئا جدا \u202bבית\u202c"
EMOJI = "  two spaces first 👩‍👩‍👧 ☂️\ttab\n\n\nthree breaks, then one at the end\n"


class Page(HTMLParser):
    """What a browser makes of a page: the form's fields as they would be sent, and the text that can be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.fields: list[tuple[str, str]] = []
        self.kinds: dict[str, str] = {}
        self.buttons: list[str] = []
        self.texts: dict[str, str] = {}  # of elements with a class that a test asks for
        self._in_form = False
        self._area: str | None = None
        self._select: str | None = None
        self._open: list[tuple[str, str]] = []
        self.read: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form" and a.get("action") == "/share":
            self._in_form = True
        if not self._in_form:
            return
        if tag == "input":
            kind = a.get("type", "text")
            self.kinds.setdefault(a["name"], kind)
            if kind not in ("checkbox", "radio") or "checked" in a:
                self.fields.append((a["name"], a.get("value", "")))
        elif tag == "textarea":
            self._area = a["name"]
            self.kinds[a["name"]] = "textarea"
            self.fields.append((a["name"], ""))
        elif tag == "select":
            self._select = a["name"]
            self.kinds[a["name"]] = "select"
        elif tag == "option" and self._select and "selected" in a:
            self.fields.append((self._select, a["value"]))
        elif tag == "button":
            self.buttons.append(a.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        elif tag == "textarea" and self._area:
            name, text = self.fields.pop()
            self.fields.append((name, text.removeprefix("\n")))  # a browser drops the first line break
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.read.append(data)
        if self._area:
            name, text = self.fields.pop()
            self.fields.append((name, text + data))

    def one(self, name: str) -> str:
        return next((v for n, v in self.fields if n == name), "")

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.fields if n == name]

    @property
    def step(self) -> str:
        found = re.search(r'id="sj-share" data-step="([a-z]+)"', self.html)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.read).split())


class Walk:
    """A person at the form. `go` presses a button, after changing some answers."""

    def __init__(self, web: httpx.Client) -> None:
        self.web = web
        self.answer = web.get("/share")
        self.page = Page(self.answer.text)

    def body(self, go: str, **changes: str | list[str]) -> bytes:
        """As a browser sends it: line breaks are CR LF."""
        fields = [(n, v) for n, v in self.page.fields if n not in changes]
        for name, value in changes.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        fields.append(("go", go))
        return urlencode([(n, v.replace("\n", "\r\n")) for n, v in fields]).encode()

    def go(self, go: str, **changes: str | list[str]) -> Page:
        self.answer = post(self.web, self.body(go, **changes))
        self.page = Page(self.answer.text)
        return self.page

    def to(self, step: str, **words: str) -> Page:
        """Walk on with small answers until this step is on the screen."""
        given: dict[str, dict[str, str | list[str]]] = {
            "words": {}, "about": {"going_on": WORDS, **words}, "check": {"title": "A quiet house"},
        }  # fmt: skip
        for one in sf.STEPS[: sf.STEPS.index(step) + 1]:  # type: ignore[arg-type]
            self.go(one, **given.get(one, {}))
            assert self.page.step == one
        return self.page


def post(web: httpx.Client, body: bytes) -> httpx.Response:
    return web.post("/share", content=body, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('share')}/journey.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def settings() -> Any:
    return fakes.settings(cooling_off_hours=72, wording=None)


@pytest.fixture(scope="module")
def address(kept: Store, settings: Any) -> Iterator[str]:
    from assistant.pages import build

    parts = SimpleNamespace(turn=fakes.FakeTurn(), store=kept, finder=Finder(kept, WordEmbedder(), floor=0.1))
    with fakes.running(build(parts, settings, writes=(1000, 1000))) as at:  # type: ignore[arg-type]
        yield at


@pytest.fixture
def web(address: str) -> Iterator[httpx.Client]:
    headers = {"origin": address, "accept-language": "en-GB,en;q=0.9"}
    with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def walk(web: httpx.Client) -> Walk:
    return Walk(web)


def code_on(page: Page) -> str:
    return "-".join(re.findall(r"<li><span>([a-z]+)</span></li>", page.html))


def stored(kept: Store, page: Page) -> Dossier:
    opened = narrator.open_story(kept, code_on(page))
    assert isinstance(opened, Dossier)
    return opened


def waiting(kept: Store) -> int:
    return len(kept.queue())


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_a_story_goes_from_the_first_word_to_the_receipt(walk: Walk, kept: Store) -> None:
    before = waiting(kept)
    assert walk.page.step == "intro"
    assert walk.go("words").step == "words"
    assert walk.go("about", going_on=WORDS, was_like=RIGHT_TO_LEFT, helped=EMOJI, now="").step == "about"
    page = walk.go("check", title="  A quiet house ", name="Robin", themes=["grief", "loneliness"], hope="2",
                   stage="in_the_middle", setbacks="no", pathways=["animals"], contexts=["rural"], notes=["death"],
                   language="en")  # fmt: skip
    assert page.step == "check"
    assert walk.go("consent").step == "consent"
    page = walk.go("preview", purposes=["surface", "quote"], months="24")
    assert page.step == "preview"
    assert waiting(kept) == before, "nothing is stored before the last step"
    page = walk.go("send")
    assert page.step == "receipt"
    assert walk.answer.status_code == 200
    dossier = stored(kept, page)
    story = dossier.story
    assert [(p.part, p.text) for p in story.parts] == [
        (Part.GOING_ON, WORDS), (Part.WAS_LIKE, RIGHT_TO_LEFT), (Part.HELPED, EMOJI)
    ]  # fmt: skip
    assert (story.title, story.narrator, story.language) == ("A quiet house", "Robin", "en")
    assert (story.themes, story.stage, story.hope, story.setbacks) == (
        ("grief", "loneliness"),
        "in_the_middle",
        2,
        False,
    )
    assert (story.pathways, story.context, story.content_notes) == (("animals",), ("rural",), ("death",))
    assert dossier.consent.purposes == {Purpose.SURFACE, Purpose.QUOTE}
    assert dossier.consent.wording == wording.current("en").id
    assert dossier.consent.expires_at == custody.months_after(dossier.held.submitted_at, 24)
    assert dossier.state is State.PENDING
    assert (dossier.held.cools_until - dossier.held.submitted_at).total_seconds() == 72 * 3600
    assert story.id != "draft"


def test_only_the_first_part_and_a_title_are_asked_for(walk: Walk, kept: Store) -> None:
    walk.to("about", going_on="enough")
    assert walk.page.one("name") == "Anonymous"
    walk.go("check", title="Enough", themes=[], notes=[], stage="", hope="", language="en", name=" ")
    walk.go("consent")
    walk.go("preview")
    dossier = stored(kept, walk.go("send"))
    story = dossier.story
    assert story.narrator == "Anonymous"
    assert (story.themes, story.content_notes, story.stage, story.hope, story.setbacks) == ((), (), None, None, None)
    assert dossier.consent.purposes == {Purpose.SURFACE}


def test_the_receipt_says_what_is_needed_once(walk: Walk) -> None:
    walk.to("preview")
    page = walk.go("send")
    code = code_on(page)
    assert codes.read_code(code) is not None
    assert f"Code: {code.replace('-', ' ')}" in page.html
    for line in (*wording.current("en").removed, *wording.current("en").not_removed):
        assert line in page.text
    assert "/yours" in page.html
    assert 'href="tel:999"' in page.html.split("<main")[1]
    assert re.search(r"Until \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d \(UTC\), no reader", page.text)
    assert "data-wipe" in page.html
    assert "A quiet house" not in page.html, "the receipt may lie about: nothing of the story is on it"


def test_going_back_and_forth_keeps_everything(walk: Walk) -> None:
    walk.to("about", was_like=EMOJI)
    walk.go("check", title=EMOJI.strip(), themes=["sleep"], pathways=["music", "time"], notes=[], stage="", hope="5")
    walk.go("consent")
    walk.go("preview", purposes=["surface", "model"], months="24")
    there = sorted((n, v) for n, v in walk.page.fields)
    for step in ("words", "about", "check", "consent", "preview", "about", "words"):
        walk.go(step)
        assert walk.page.step == step
    walk.go("preview")
    assert sorted((n, v) for n, v in walk.page.fields) == there
    assert walk.page.one("was_like") == EMOJI


@pytest.mark.parametrize(
    "text", [EMOJI, RIGHT_TO_LEFT, "\n\nfirst line empty", "a\tb", "&lt; &amp; <b>", "\u2028x\u0085"]
)
def test_every_step_carries_the_words_exactly(walk: Walk, text: str) -> None:
    walk.go("words")
    for step in sf.STEPS[1:]:
        page = walk.go(step, **({"going_on": text} if step == "about" else {"title": "t"} if step == "check" else {}))
        assert page.step == step
        assert page.one("going_on") == text
    assert walk.go("words").one("going_on") == text


def test_line_breaks_become_lf_once() -> None:
    form = sf.read_form(b"going_on=a%0D%0Ab%0Dc%0Ad&was_like=x%00y%ED%A0%80z%FF")
    assert form["going_on"] == "a\nb\nc\nd"
    assert "\x00" not in form["was_like"]
    PartText(part=Part.WAS_LIKE, text=form["was_like"]).model_dump_json().encode()


# --- what is refused, kindly ------------------------------------------------------------------------------------------


def test_the_first_part_is_asked_for_and_the_rest_is_kept(walk: Walk) -> None:
    walk.go("words")
    page = walk.go("about", going_on=" \n ", helped=EMOJI, now=RIGHT_TO_LEFT)
    assert walk.answer.status_code == 422
    assert page.step == "words"
    assert (page.one("going_on"), page.one("helped"), page.one("now")) == (" \n ", EMOJI, RIGHT_TO_LEFT)
    assert 'href="#sj-going_on"' in page.html
    assert re.search(
        r'<textarea id="sj-going_on"[^>]*aria-describedby="sj-going_on-hint sj-going_on-wrong"[^>]*aria-invalid',
        page.html,
    )
    assert 'role="alert"' in page.html


def test_a_story_that_is_too_long_is_refused_with_the_count(walk: Walk) -> None:
    long = "é🙂" * (MOST_CHARACTERS // 2)
    walk.go("words")
    assert walk.go("about", going_on=long).step == "about", "exactly the limit fits"
    walk.go("words")
    page = walk.go("about", going_on=long, helped="one\nmore")
    assert page.step == "words"
    assert f"{MOST_CHARACTERS + 8:,}" in page.text
    assert (page.one("going_on"), page.one("helped")) == (long, "one\nmore")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"title": "t", "name": "n" * 81}, "name"),
        ({"title": "t", "language": "tlh"}, "language"),
        ({"title": "t", "themes": ["grief", "dragons"]}, "themes"),
        ({"title": "t", "notes": ["<b>"]}, "notes"),
        ({"title": "t", "contexts": ["x"]}, "contexts"),
        ({"title": "t", "pathways": ["x"]}, "pathways"),
        ({"title": "t", "stage": "healed"}, "stage"),
        ({"title": "t", "hope": "6"}, "hope"),
        ({"title": "t", "setbacks": "maybe"}, "setbacks"),
    ],
)
def test_what_is_told_about_a_story_is_refused_by_field(walk: Walk, changes: dict[str, Any], field: str) -> None:
    walk.to("about", helped=EMOJI)
    page = walk.go("check", **changes)
    assert walk.answer.status_code == 422
    assert page.step == "about"
    assert f'<a href="#sj-{field}">' in page.html
    assert f'id="sj-{field}-wrong"' in page.html
    assert (page.one("going_on"), page.one("helped")) == (WORDS, EMOJI)
    assert page.one("title") == changes.get("title")
    if "themes" in changes:
        assert page.all("themes") == ["grief"], "what is on the list stays"


def test_at_first_nothing_is_called_wrong(walk: Walk) -> None:
    walk.to("about")
    assert 'role="alert" tabindex' not in walk.page.html
    walk.go("send")
    assert walk.page.step == "about", "with no title it goes no further"


def test_the_switches_start_as_they_should(walk: Walk) -> None:
    page = walk.to("consent")
    assert page.all("purposes") == ["surface"]
    assert page.one("months") == "12"
    for purpose, words in wording.current("en").purposes.items():
        assert re.search(f'type="checkbox" name="purposes" value="{purpose.value}"', page.html)
        assert words.meaning in page.text
        assert words.is_not in page.text
    for section in wording.current("en").sections:
        assert all(paragraph in page.text for paragraph in section.paragraphs)
    page = walk.go("check")
    page = walk.go("consent")
    assert page.all("purposes") == ["surface"]


def test_switches_that_were_turned_off_stay_off(walk: Walk) -> None:
    walk.to("consent")
    page = walk.go("about", purposes=[])
    page = walk.go("consent")
    assert page.all("purposes") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["quote", "share"]}, "purposes"),
        ({"purposes": ["surface", "everything"]}, "purposes"),
        ({"months": "600"}, "months"),
        ({"months": ""}, "months"),
        ({"months": "12.0"}, "months"),
        ({"wording": "2001-01"}, "purposes"),
        ({"wording": ""}, "purposes"),
    ],
)
def test_a_consent_that_is_none_is_refused(walk: Walk, kept: Store, changes: dict[str, Any], field: str) -> None:
    before = waiting(kept)
    walk.to("consent")
    for go in ("preview", "send"):
        page = walk.go(go, **changes)
        assert walk.answer.status_code == 422
        assert page.step == "consent"
        assert f'<a href="#sj-{field}">' in page.html
        assert page.one("going_on") == WORDS
        assert page.one("wording") == wording.current("en").id
    assert waiting(kept) == before


@pytest.mark.parametrize("skip", ["check", "consent", "preview"])
def test_no_step_can_be_skipped(walk: Walk, kept: Store, skip: str) -> None:
    before = waiting(kept)
    walk.to("preview")
    page = walk.go("send", seen=[step for step in sf.STEPS if step != skip])
    assert page.step == skip
    assert waiting(kept) == before


@pytest.mark.parametrize("go", ["", "nowhere", "receipt", "../send", "\x00"])
def test_a_button_that_nobody_drew_leads_to_the_first_step(walk: Walk, go: str) -> None:
    page = walk.go(go, going_on=WORDS)
    assert page.step == "words"
    assert page.one("going_on") == WORDS


def test_more_fields_than_the_form_has_are_refused(web: httpx.Client) -> None:
    answer = post(web, b"&".join(b"themes=%d" % n for n in range(400)))
    assert answer.status_code == 400
    assert Page(answer.text).step == "intro"


@pytest.mark.parametrize(
    "body", [b"", b"%", b"=&=&=", b"\xff\xfe\x00", b"going_on=%00&go=about", b"seen=send&go=send", b"a;b;c"]
)
def test_no_body_breaks_the_page(web: httpx.Client, body: bytes) -> None:
    assert post(web, body).status_code in (200, 422)


# --- what the page points out and proposes ----------------------------------------------------------------------------


def test_places_are_marked_in_the_words_and_nothing_is_held_up(walk: Walk) -> None:
    text = "Ask me at robin@example.org. <b>It</b> was quiet.\nThen 07700 900123 rang."
    walk.to("check", going_on=text, helped="soup")
    page = walk.page
    assert "<mark>robin@example.org</mark>" in page.html
    shown = re.findall(r'<div class="sj-words sj-checked"[^>]*>(.*?)</div>', page.html, re.S)
    bare = Page(re.sub(r"<sup>.*?</sup>", "", shown[0]))
    assert "".join(bare.read) == text
    numbers = re.findall(r'<a href="#sj-why-(\d+)" id="sj-at-\1">', page.html)
    assert len(numbers) >= 2
    for number in numbers:
        assert f'<li id="sj-why-{number}" value="{number}"><a href="#sj-at-{number}">' in page.html
    assert walk.go("consent").step == "consent"
    assert walk.page.one("going_on") == text


def test_words_can_be_changed_where_they_were_marked(walk: Walk) -> None:
    walk.to("check", going_on="Write to robin@example.org")
    page = walk.go("check", going_on="Write to nobody\n")
    assert "<mark>" not in page.html
    assert walk.go("consent").one("going_on") == "Write to nobody\n"
    walk.go("check")
    assert walk.go("consent", going_on="").step == "words"


def test_a_missing_note_is_offered_and_added_only_by_the_narrator(walk: Walk) -> None:
    walk.to("about", going_on="I took all the pills and wanted to die. My sister found me and I called a line.")
    page = walk.go("check", title="After", notes=[])
    offered = re.findall(r'type="checkbox" name="notes" value="([a-z_:]+)"', page.html)
    assert "mental_health:suicide" in offered
    assert page.all("notes") == []
    assert walk.go("consent").all("notes") == []
    walk.go("check")
    assert walk.go("consent", notes=["mental_health:suicide"]).all("notes") == ["mental_health:suicide"]


def test_guesses_are_said_to_be_guesses_and_made_once(walk: Walk) -> None:
    page = walk.to("about", going_on="My grandmother died in spring. I cried a lot. I am losing someone.")
    assert "death" in page.all("notes")
    assert "Guess: " in page.text
    assert "It is often wrong" in page.text
    page = walk.go("check", title="t", notes=[], themes=[])
    page = walk.go("about")
    assert page.all("notes") == []
    assert page.all("themes") == []
    assert "Guess: " not in page.text


def test_when_guessing_fails_the_form_goes_on(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise errors.ModelUnavailable("no model")

    monkeypatch.setattr("index.proposals.propose", broken)
    page = walk.to("about")
    assert page.one("going_on") == WORDS


def test_danger_now_shows_help_first_and_goes_on(walk: Walk) -> None:
    page = walk.to("about", now="I just took all of my pills and I am going to die tonight")
    main = page.html.split("<main")[1]
    assert main.index('class="sj-help"') < main.index("<form")
    assert 'href="tel:999"' in main
    walk.go("check", title="t")
    assert 'class="sj-help"' not in walk.page.html.split("<main")[1]
    walk.go("consent")
    assert 'class="sj-help"' in walk.go("preview").html.split("<main")[1]


def test_a_story_of_the_past_is_not_an_emergency(walk: Walk) -> None:
    page = walk.to(
        "about", going_on="Years ago I wanted to die.", now="Some nights I still want to die. I call a friend."
    )
    assert 'class="sj-help"' not in page.html.split("<main")[1]


def test_the_card_is_the_one_that_readers_see(walk: Walk) -> None:
    walk.to("about", going_on=WORDS, helped="A neighbour came by with soup.")
    walk.go("check", title="A <quiet> house", name="Robin", notes=["death:suicide"], themes=["grief"])
    walk.go("consent")
    page = walk.go("preview")
    card = page.html.split('<fieldset class="sj-shown" disabled>')[1].split("</fieldset>")[0]
    assert '<h4 class="sj-title" lang="en" dir="auto">A &lt;quiet&gt; house</h4>' in card
    assert "told by Robin" in card
    assert "Shared with consent" in card
    assert "A death by suicide" in card
    assert '<details class="sj-fold"' in card, "a heavy note folds the words, as for readers"
    assert "<form" not in card
    assert WORDS in page.html
    assert "A neighbour came by with soup." in page.html.split('id="sj-whole"')[1]


@pytest.mark.parametrize("nasty", fakes.NASTY)
def test_what_is_typed_is_never_run(walk: Walk, nasty: str) -> None:
    walk.go("words")
    for step, changes in (
        ("about", dict.fromkeys(sf.PARTS, nasty)), ("check", {"title": nasty, "name": nasty[:80]}), ("consent", {}),
        ("preview", {}),
    ):  # fmt: skip
        page = walk.go(step, **changes)
        assert page.step == step
        assert "<img" not in page.html
        assert "<script>" not in page.html
        assert not re.search(r"<[a-z]+[^>]* onmouseover=", re.sub(r'"[^"]*"', '""', page.html))
        assert page.one("going_on") == nasty


# --- sending ----------------------------------------------------------------------------------------------------------


def test_sent_twice_is_one_story_with_one_code(walk: Walk, kept: Store) -> None:
    walk.to("preview")
    body, before = walk.body("send"), waiting(kept)
    first, second = (Page(post(walk.web, body).text) for _ in range(2))
    assert waiting(kept) == before + 1
    assert code_on(first) == code_on(second) != ""
    assert "It was stored once" not in first.text
    assert "The story was stored once" not in first.text
    assert "The story was stored once" in second.text


def test_sent_again_much_later_it_is_only_said_to_be_there(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to("preview")
    body = walk.body("send")
    code = code_on(Page(post(walk.web, body).text))
    monkeypatch.setattr(narrator, "SHOWN_AGAIN", narrator.SHOWN_AGAIN * -1)
    answer = post(walk.web, body)
    assert answer.status_code == 409
    assert Page(answer.text).step == "received"
    assert code.split("-")[5] not in answer.text
    assert "data-wipe" in answer.text


def test_eight_at_once_are_eight_stories(web: httpx.Client, kept: Store) -> None:
    before = waiting(kept)

    def one(n: int) -> str:
        with httpx.Client(base_url=web.base_url, headers=web.headers, timeout=60) as own:
            walk = Walk(own)
            walk.to("preview", going_on=f"{WORDS} Number {n}.")
            page = walk.go("send")
            assert stored(kept, page).story.text(Part.GOING_ON) == f"{WORDS} Number {n}."
            return code_on(page)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))
    assert len(set(found)) == 8
    assert waiting(kept) == before + 8


def test_the_same_form_eight_times_at_once_is_one_story(walk: Walk, kept: Store) -> None:
    walk.to("preview")
    body, before = walk.body("send"), waiting(kept)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(walk.web, body), range(8)))
    assert [a.status_code for a in answers] == [200] * 8
    assert len({code_on(Page(a.text)) for a in answers}) == 1
    assert waiting(kept) == before + 1


@pytest.mark.parametrize("seed", ["", "short", "x" * 500, "../../etc/passwd-and-some-more", "🙂" * 22])
def test_a_seed_that_is_none_is_drawn_anew_before_anything_is_sent(walk: Walk, kept: Store, seed: str) -> None:
    walk.to("preview")
    before = waiting(kept)
    page = walk.go("send", seed=seed)
    assert page.step == "preview"
    assert walk.answer.status_code == 409
    assert waiting(kept) == before
    assert page.one("seed") not in ("", seed)
    assert walk.go("send").step == "receipt"


def test_each_form_has_its_own_seed(web: httpx.Client) -> None:
    seeds = set()
    for _ in range(5):
        walk = Walk(web)
        walk.go("words")
        seeds.add(walk.page.one("seed"))
    assert len(seeds) == 5


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.DatabaseBusy("Somebody else is writing."), 503),
        (errors.DiskFull("There is no room left."), 503),
        (errors.BadRecord("That does not fit."), 422),
        (RuntimeError("quotes " + WORDS), 500),
    ],
)
def test_when_it_cannot_be_stored_it_is_said_and_can_be_sent_again(
    walk: Walk, kept: Store, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    walk.to("preview")
    before = waiting(kept)

    def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(narrator, "submit", fails)
        page = walk.go("send")
    assert walk.answer.status_code == status
    assert page.step == "preview"
    assert (str(error) in page.text) is (status != 500)
    assert WORDS not in caplog.text
    assert walk.go("send").step == "receipt"
    assert waiting(kept) == before + 1


def test_whatever_breaks_the_words_stay_and_it_can_go_on(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    walk.to("about", helped=EMOJI)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("quotes " + WORDS)

    with monkeypatch.context() as broken:
        broken.setattr("assistant.pages.share_views.review", fails)
        page = walk.go("check", title="A quiet house")
    assert walk.answer.status_code == 500
    assert page.step == "trouble"
    assert WORDS not in caplog.text
    assert page.one("helped") == EMOJI
    walk.answer = post(walk.web, urlencode([(n, v.replace("\n", "\r\n")) for n, v in page.fields]).encode())
    walk.page = Page(walk.answer.text)
    assert (walk.page.step, walk.page.one("helped"), walk.page.one("title")) == ("check", EMOJI, "A quiet house")


def test_writes_from_another_site_are_refused(web: httpx.Client) -> None:
    answer = web.post("/share", headers={"origin": "https://evil.example"}, content=b"go=words")
    assert answer.status_code == 403


def test_nothing_is_cached_or_set(walk: Walk) -> None:
    for step in (*sf.STEPS, "send"):
        walk.go(step, **({"going_on": WORDS} if step == "about" else {"title": "t"} if step == "check" else {}))
        assert walk.answer.headers["cache-control"].startswith("no-store")
        assert "set-cookie" not in walk.answer.headers
        assert "<title>Reading page</title>" in walk.page.html


def test_a_country_that_was_chosen_goes_along(web: httpx.Client) -> None:
    walk = Walk(web)
    walk.answer = web.get("/share?country=US")
    walk.page = Page(walk.answer.text)
    for step in ("words", "about"):
        page = walk.go(step, **({"going_on": WORDS} if step == "about" else {}))
        assert 'href="tel:911"' in page.html
        assert page.one("country") == "US"


def test_the_wording_can_be_read_on_its_own(web: httpx.Client) -> None:
    now = wording.current("en")
    answer = web.get("/share/wording")
    assert answer.status_code == 200
    assert now.sections[0].paragraphs[0] in Page(answer.text).text
    assert web.get(f"/share/wording?id={now.id}").status_code == 200
    for odd in ("../../../etc/passwd", "x", "%00", "é" * 100):
        assert web.get("/share/wording", params={"id": odd}).status_code == 404


def test_a_page_in_another_language_has_one_language(web: httpx.Client) -> None:
    answer = web.get("/share", headers={"accept-language": "es-ES,es"})
    assert '<html lang="en"' in answer.text


def test_a_wait_of_no_hours_is_not_spoken_of(walk: Walk, settings: Any) -> None:
    settings.cooling_off_hours = 0
    try:
        assert " 0 hours" not in Page(walk.web.get("/share").text).text
        walk.to("preview")
        page = walk.go("send")
        assert "Until" not in page.text
        assert "No reader can see it yet" in page.text
    finally:
        settings.cooling_off_hours = 72


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "places",
    [
        [], [(1, 0, 4)], [(1, 2, 6), (2, 4, 9)], [(1, 2, 9), (2, 3, 5)], [(1, 2, 5), (2, 2, 5)],
        [(1, -1, 4), (2, 5, 5), (3, 4, 400), (4, 0, 12)],
    ],
)  # fmt: skip
def test_marked_pieces_are_the_text(places: list[tuple[int, int, int]]) -> None:
    text = "0123456789🙂b"
    pieces = sf.marked(text, places)
    assert "".join(piece.text for piece in pieces) == text
    for number, start, end in places:
        marked = "".join(piece.text for piece in pieces if number in piece.inside)
        fits = 0 <= start < end <= len(text)
        assert marked == (text[start:end] if fits else "")
        assert [number in piece.ends for piece in pieces].count(True) == (1 if fits else 0)


def test_every_choice_of_the_form_is_in_the_vocabulary(walk: Walk) -> None:
    page = walk.to("about")
    for name, kind in (
        ("themes", "themes"),
        ("notes", "content_notes"),
        ("pathways", "pathways"),
        ("contexts", "contexts"),
    ):
        there = re.findall(f'type="checkbox" name="{name}" value="([^"]+)"', page.html)
        assert tuple(there) == vocabulary.ids(kind)  # type: ignore[arg-type]


def test_every_field_has_a_label(walk: Walk) -> None:
    for step in sf.STEPS:
        page = walk.to(step) if step == "words" else walk.go(step, **_answers(step))
        assert page.step == step
        for tag in re.findall(r"<(?:textarea|select|input type=\"text\")[^>]*>", page.html.split("<main")[1]):
            id = re.search(r'id="([^"]+)"', tag)
            assert id, tag
            assert f'<label for="{id[1]}">' in page.html
        ids = re.findall(r' id="([^"]+)"', page.html)
        assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
        for group in re.findall(r"<fieldset.*?</fieldset>", page.html, re.S):
            assert "<legend" in group


def _answers(step: str) -> dict[str, Any]:
    return {"about": {"going_on": WORDS + " robin@example.org"}, "check": {"title": "t"}}.get(step, {})
