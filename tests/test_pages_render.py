"""What is drawn: everything escaped, notes before words, the narrator's text byte for byte."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from browser import fakes
from hypothesis import given
from hypothesis import strategies as st

from assistant.care import Help, Screen, help_for
from assistant.conversation import Chip, Reply
from assistant.pages.render import draw, heavy, language_for, nice_date, pieces, story_html, turn_html, web_link
from assistant.pages.sessions import Turn
from assistant.words import keys, variants


class Parsed(HTMLParser):
    """Tags with attributes, and the text of the page as a reader sees it."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def everywhere(text: str) -> str:
    """A turn with the text in every place that can hold one."""
    card = fakes.card("id", text, (text,), text).model_copy(
        update={"narrator": text, "origin": text, "stage": text, "why": (text,), "language": "en"}
    )
    group = fakes.group().model_copy(
        update={"name": text, "description": text, "how_to_join": text, "where": text, "phone": None, "why": (text,)}
    )
    reply = Reply(
        kind="stories", lead=(text,), cards=(card,), groups=(group,), chips=(Chip(label=text, send=text),), notice=text
    )
    return turn_html(Turn(text, reply))


@pytest.mark.parametrize("text", fakes.NASTY)
def test_text_of_anybody_is_only_ever_text(text: str) -> None:
    page = Parsed(everywhere(text))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "style", "object", "link", "svg"}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
    assert text in page.text


@given(st.text(max_size=200))
def test_any_text_at_all_adds_no_tag(text: str) -> None:
    plain = [tag for tag, _ in Parsed(everywhere("x")).tags]
    got = [tag for tag, _ in Parsed(everywhere(text or "x")).tags]
    assert [t for t in got if t not in ("mark", "details", "summary", "span")] == [
        t for t in plain if t not in ("mark", "details", "summary", "span")
    ]


@given(st.text(max_size=60), st.integers(-5, 70), st.integers(-5, 70))
def test_a_marked_text_is_still_the_text(text: str, start: int, end: int) -> None:
    assert "".join(pieces(text, (start, end))) == text


def test_the_narrators_words_are_shown_byte_for_byte() -> None:
    text = "First line.\n\n  Second,  with two spaces & an ampersand <3\tand a tab."
    card = fakes.card("id", "T", (), text)
    drawn = turn_html(Turn("said", Reply(kind="stories", cards=(card,))))
    inside = re.search(r"<blockquote[^>]*>\s*<p>(.*?)</p>", drawn, re.S)
    assert inside
    shown = html.unescape(re.sub(r"<[^>]+>", "", inside[1])).removesuffix(" …")
    assert shown == text


def test_notes_come_before_words_and_heavy_ones_fold_them() -> None:
    for label, folded in (
        ("Strong language", False),
        ("Thoughts of suicide or an attempt", True),
        ("Unheard of", True),
    ):
        drawn = turn_html(Turn("x", Reply(kind="stories", cards=(fakes.card(notes=(label,)),))))
        assert drawn.index(label) < drawn.index("The nights were")
        assert ("<details" in drawn[: drawn.index("The nights were")]) is folded
        assert heavy((label,)) is folded


def test_help_comes_before_everything_else() -> None:
    risk = Screen(tier=2, categories=("suicidal",), clinical=False, stopping=False, who="self", why=())
    help = help_for(risk, "GB", "en")
    assert isinstance(help, Help)
    drawn = turn_html(Turn("x", Reply(kind="help", help=help, lead=("A lead.",), cards=(fakes.card(),))))
    assert drawn.index("sj-help") < drawn.index("A lead.") < drawn.index("sj-card")
    assert 'href="tel:999"' in drawn
    assert "What would make it hard" in drawn


def test_a_group_card_says_all_of_it() -> None:
    group = fakes.group()
    text = Parsed(turn_html(Turn("x", Reply(kind="groups", groups=(group,))))).text
    for said in (
        group.name, group.kind, group.description, *group.when, group.where, group.how_to_join, group.how_to_leave,
        group.phone, group.cost, group.who_for, *group.access, group.run_by, group.listed_by, "20 November 2026",
        group.emergency_calls, *group.why, "made up for demonstration",
    ):  # fmt: skip
        assert str(said) in text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", "", None])
def test_only_plain_links_become_links(link: str | None) -> None:
    assert web_link(link) is None
    drawn = turn_html(Turn("x", Reply(kind="groups", groups=(fakes.group().model_copy(update={"link": link}),))))
    assert not link or f'href="{link}' not in drawn


def test_a_story_that_left_is_said_kindly() -> None:
    drawn = story_html(None, "one", "en", 3)
    assert 'data-gone="one"' in drawn
    assert "no longer here" in drawn


def test_without_scripts_every_button_is_a_form() -> None:
    turn = Turn("x", Reply(kind="stories", cards=(fakes.card(),), chips=(Chip(label="A", send="a"),)))
    drawn = turn_html(turn, scripts=False)
    assert "data-act" not in drawn
    assert drawn.count('<form method="post"') == 2


def test_the_opening_says_its_lead_once_above_and_not_in_the_talk() -> None:
    reply = Reply(kind="hello", lead=("This is a computer program. It looks.",))
    assert "computer program" not in turn_html(Turn(None, reply))
    notice = draw("notice.html", "en", lead=reply.lead, minutes=15)
    assert '<strong class="sj-program">This is a computer program. </strong>It looks.' in notice
    assert "15 quiet minutes" in notice


def test_dates_are_words() -> None:
    assert nice_date("2026-11-20") == "20 November 2026"
    assert nice_date("last week") == "last week"
    assert nice_date(None) == ""


def test_the_language_is_one_that_has_words() -> None:
    assert language_for(None, None) == "en"
    assert language_for("xx", "yy-ZZ,en;q=0.8") == "en"
    assert language_for("en", "de") == "en"


def test_no_word_is_missing_and_none_is_left_over() -> None:
    """Every key the templates and scripts use exists, and every key is used."""
    from assistant.pages import render

    code = "\n".join(p.read_text() for p in render.HERE.rglob("*") if p.suffix in (".html", ".py", ".js"))
    own = {k.removeprefix("page.") for k in keys("en") if k.startswith("page.")}
    used = set(re.findall(r"""\bt\(\s*["']([a-z_.]+)["']""", code))
    used |= {k.removeprefix("page.") for k in re.findall(r"""["'](page\.[a-z_.]+)["']""", code) if not k.endswith(".")}
    used |= set(re.findall(r"""words\[["']([a-z_.]+)["']\]""", code))
    dynamic = ("trouble.", "status.", "language.")
    assert {u for u in used if "." in u and not u.endswith(".")} <= own
    known = used | {"card.save", "card.unsave", "fresh", "notice.again"}
    assert {k for k in own if k not in known and not k.startswith(dynamic)} == set()


def test_the_pages_own_sentences_keep_the_rules() -> None:
    from assistant.care import check_reply

    for key in keys("en"):
        if key.startswith("page."):
            for text in variants(key):
                assert check_reply(text) == (), (key, text)
