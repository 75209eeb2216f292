"""What is drawn: everything escaped, notes before words, the narrator's text byte for byte."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import fakes
from hypothesis import given
from hypothesis import strategies as st

from assistant.care import Help, Screen, countries, doors, help_for
from assistant.conversation import Chip, Reply, Session
from assistant.pages.render import (
    draw,
    heavy,
    language_for,
    nice_date,
    pieces,
    story_html,
    turn_html,
    web_link,
)
from assistant.pages.sessions import Turn
from assistant.understand import meant, understand
from assistant.words import keys, say, variants
from assistant.words.local import language_name, month_name


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


def test_without_scripts_a_card_is_a_form_and_no_chip_leads_nowhere() -> None:
    turn = Turn("x", Reply(kind="stories", cards=(fakes.card(),), chips=(Chip(label="Show me", send="show me"),)))
    drawn = turn_html(turn, scripts=False, country="US")
    assert "data-act" not in drawn
    assert "Show me" not in drawn
    assert drawn.count('<form method="post"') == 1
    assert '<input type="hidden" name="country" value="US">' in drawn


def test_every_button_of_a_card_names_its_story() -> None:
    drawn = turn_html(Turn("x", Reply(kind="stories", cards=(fakes.card(notes=("Unheard of",)),))))
    names = [Parsed(b).text for b in re.findall(r"<button.*?</button>|<summary>.*?</summary>", drawn, re.S)]
    assert names == [
        f"{name}: The kitchen floor"
        for name in ("Show the words", "Read the whole story", "Save", "More like this", "Not for me")
    ]
    assert "aria-pressed" not in drawn + story_html(fakes.FakeTurn().read(Session(), "one"), "one", "en", 1)


def test_after_a_heavy_story_there_is_a_gentle_landing_and_not_after_another() -> None:
    view = fakes.FakeTurn().read(Session(), "one")
    assert view
    heavy = story_html(view.model_copy(update={"content_notes": ("Unheard of",)}), "one", "en", 1)
    light = story_html(view.model_copy(update={"content_notes": (), "note_ids": ()}), "one", "en", 1)
    assert 'class="sj-landing"' in heavy
    assert 'class="sj-landing"' not in light
    order = ["sj-end", 'class="sj-landing"', "What now", 'data-act="close"', 'data-act="more"']
    assert [heavy.index(one) for one in order] == sorted(heavy.index(one) for one in order)


def test_a_story_ends_with_one_first_step_and_ways_that_the_conversation_understands() -> None:
    view = fakes.FakeTurn().read(Session(), "one")
    for lang in ("en", "es", "fr", "de", "pt", "ar"):
        end = story_html(view, "one", lang, 1).split("sj-what-now", 1)[1]
        assert end.split('class="sj-pause"')[0].count("sj-first") == 1
        assert re.findall(r'sj-first" data-act="(\w+)"', end) == ["close"]
        sent = [understand(meant(html.unescape(text))) for text in re.findall(r'data-text="([^"]*)"', end)]
        assert [one.intent for one in sent] == ["lighter", "dial", "groups", "listen"], lang
        assert sent[1].dials == (("along", "further"),)


def test_the_words_are_the_same_with_and_without_the_tools() -> None:
    view = fakes.FakeTurn().read(Session(), "one")
    assert view
    drawn = story_html(view, "one", "ar", 1)
    words = re.findall(r'<div class="sj-words"[^>]*>(.*?)</div>', drawn, re.S)
    assert [html.unescape(re.sub("<[^>]*>", "", one)) for one in words] == [part.text for part in view.parts]
    assert drawn.index("sj-notes") < drawn.index("sj-reader") < drawn.index("sj-words")


def test_what_needs_the_script_is_hidden_until_it_is_there() -> None:
    view = fakes.FakeTurn().read(Session(), "one")
    assert view
    drawn = story_html(view, "one", "en", 1, asking=True)
    for tag in re.findall(r"<[^>]*data-reader[^>]*>", drawn):
        assert tag.endswith(" hidden>")
    bare = re.sub(
        r'(?s)<div class="sj-reader".*?(?=<section class="sj-story-part")|<section class="sj-(felt|pause)".*?</section>',
        "",
        drawn,
    )
    assert re.findall(r"<button[^>]*data-read=[^>]*>", bare) == [
        '<button type="button" class="sj-chip" data-read="pause" data-reader hidden>'
    ]
    without_mark = view.model_copy(update={"parts": view.parts[:1], "note_ids": ()})
    drawn = story_html(without_mark, "one", "en", 1)
    assert 'data-read="passage"' not in drawn
    assert 'data-read="without"' not in drawn


def test_a_note_that_is_left_out_says_how_it_comes_back() -> None:
    view = fakes.FakeTurn().read(Session(), "one")
    press = r'data-read="without" data-note="mental_health" data-on="(\w+)"[^>]*>([^<]*)<'
    assert re.findall(press, story_html(view, "one", "en", 1)) == [
        ("yes", "No more stories about this: Mental distress")
    ]
    again = story_html(view, "one", "en", 1, without={"mental_health"})
    assert re.findall(press, again) == [("no", "Show stories about this again: Mental distress")]


def test_a_story_that_left_holds_and_shows_nothing_but_a_line() -> None:
    reply = Reply(kind="stories", cards=(fakes.card(), fakes.card("two", "Back row", (), "Rain.")))
    turn = Turn("More like “The kitchen floor”", reply, True, about=("one", "More like “…”"))
    assert "tiles" in turn_html(turn)
    turn.let_go({"one"})
    drawn = turn_html(turn)
    assert 'data-story="one"' not in drawn
    assert "kitchen" not in drawn
    assert "The person who told it took it back" in drawn
    assert 'data-story="two"' in drawn
    assert "kitchen" not in repr(turn)
    assert "More like “…”" in drawn
    assert turn.story_ids() == {"two"}


def test_a_group_is_in_languages_that_have_names() -> None:
    text = Parsed(turn_html(Turn("x", Reply(kind="groups", groups=(fakes.group(),))))).text
    assert "English, Welsh" in text
    assert "How to join and leave" in text


def test_every_language_that_the_page_names_has_a_name() -> None:
    told = {code for country, _ in countries() for door in doors(country, "en") for code in door.languages}
    files = (Path(__file__).parents[1] / "corpus" / "samples" / "groups").glob("*.md")
    for found in re.findall(r"^languages: \[(.*)\]", "\n".join(f.read_text(encoding="utf-8") for f in files), re.M):
        told |= {code.strip(" \"'") for code in found.split(",")}
    assert len(told) > 20
    assert {code for code in told if language_name(code, "en") == code} == set()
    assert language_name("pt-BR", "en") == "Portuguese"
    assert language_name("xx", "en") == "xx"


@pytest.mark.parametrize("lang", ["es", "fr", "de", "pt", "ar"])
@pytest.mark.parametrize("tier", [2, 3])
def test_help_in_another_language_is_all_in_that_language(lang: str, tier: int) -> None:
    help = help_for(Screen(tier=tier, categories=("suicidal",)), "CH", lang)
    drawn = turn_html(Turn("x", Reply(kind="help", lang=lang, help=help, chips=(Chip(label="Stories", send="s"),))))
    inside, outside = drawn.split("</section>")
    assert f'<div lang="{lang}"' in inside
    assert "Answer" not in inside.split(f'<div lang="{lang}"')[1]
    assert "Stories" in outside
    for key in ("help.barriers", "help.languages", "help.verified", "bar.new_tab"):
        english = say(f"page.{key}", languages="German", date="20 November 2026")
        assert english not in inside, key
    months = {month_name(n, "en") for n in range(1, 13)} - {month_name(n, lang) for n in range(1, 13)}
    assert not [name for name in ("German", "French", "Italian", *months) if re.search(rf"\b{name}\b", inside)]


def test_the_emergency_number_comes_under_the_first_line_and_first_of_all_when_it_is_now() -> None:
    block = help_for(Screen(tier=2, categories=("suicidal",)), "GB", "en")
    assert block
    drawn = turn_html(Turn("x", Reply(kind="help", help=block)))
    order = [
        html.escape(block.title),
        html.escape(block.lines[0]),
        "tel:999",
        html.escape(block.lines[1]),
        "tel:116123",
    ]
    places = [drawn.index(text) for text in order]
    assert places == sorted(places)
    assert drawn.count("tel:999") == 1
    now = help_for(Screen(tier=3, categories=("suicidal",)), "GB", "en")
    assert now
    drawn = turn_html(Turn("x", Reply(kind="help", help=now)))
    assert drawn.index(now.title) < drawn.index("tel:999") < drawn.index(html.escape(now.lines[0]))


def test_every_door_is_drawn_once_in_every_kind_of_help() -> None:
    for tier in (0, 1, 2, 3):
        for country in ("GB", "US", "CH", None):
            risk = Screen(tier=tier, categories=("suicidal",) if tier else (), clinical=not tier, stopping=True)
            block = help_for(risk, country, "en")
            assert block
            drawn = turn_html(Turn("x", Reply(kind="help", help=block)))
            for door in block.doors:
                assert drawn.count(f">{html.escape(door.label)}<") == len(
                    [d for d in block.doors if d.label == door.label]
                ), (tier, country, door.label)


def test_an_answer_without_a_lead_is_whole() -> None:
    cards = turn_html(Turn("x", Reply(kind="stories", cards=(fakes.card(),))))
    assert "sj-lead" not in cards
    nothing = turn_html(Turn("x", Reply(kind="ok")))
    assert "nothing to show for this" in nothing
    assert "<p></p>" not in draw("notice.html", "en", lead=(), minutes=15)


def test_the_notice_says_truly_when_the_words_are_forgotten() -> None:
    notice = draw("notice.html", "en", lead=("x",), minutes=15)
    assert "when you press “Leave this page” or “Forget”, or after 15 quiet minutes" in notice


def test_the_opening_says_its_lead_once_above_and_not_in_the_talk() -> None:
    reply = Reply(kind="hello", lead=("This is a computer program. It looks.",))
    assert "computer program" not in turn_html(Turn(None, reply))
    notice = draw("notice.html", "en", lead=reply.lead, minutes=15)
    assert '<strong class="sj-program">This is a computer program. </strong>It looks.' in notice
    assert "15 quiet minutes" in notice


def test_dates_are_words() -> None:
    assert nice_date("2026-11-20") == "20 November 2026"
    assert nice_date("2026-11-20", "es") == "20 de noviembre de 2026"
    assert nice_date("2026-03-01", "de") == "1. März 2026"
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
    code += (render.HERE.parent / "dials.py").read_text()
    own = {k.removeprefix("page.") for k in keys("en") if k.startswith("page.")}
    used = set(re.findall(r"""\bt\(\s*["']([a-z_.]+)["']""", code))
    used |= {k.removeprefix("page.") for k in re.findall(r"""["'](page\.[a-z_.]+)["']""", code) if not k.endswith(".")}
    used |= set(re.findall(r"""words\[["']([a-z_.]+)["']\]""", code))
    scripts = "\n".join(p.read_text() for p in render.HERE.rglob("*.js"))
    for words in re.findall(r"""\bsay\(([^(){}]*)""", scripts):
        used |= set(re.findall(r'"([a-z_]+\.[a-z_.]+)"', words))
    built = {u for u in used if u.endswith((".", "_"))}  # the rest of the key is put behind it
    built |= set(re.findall(r"""["'](?:page\.)?([a-z_]+\.[a-z_.]+)\{""", code))
    assert {u for u in used - built if "." in u} <= own
    built = {prefix.removeprefix("page.") for prefix in built}
    dynamic = ("trouble.", "status.", *built)
    assert [prefix for prefix in built if not any(k.startswith(prefix) for k in own)] == []
    known = used | {"card.save", "card.unsave", "fresh", "notice.again"}
    assert {k for k in own if k not in known and not k.startswith(dynamic)} == set()


def test_the_pages_own_sentences_keep_the_rules() -> None:
    from assistant.care import check_reply

    for key in keys("en"):
        if key.startswith("page."):
            for text in variants(key):
                assert check_reply(text) == (), (key, text)


def test_beside_groups_stands_the_way_to_all_of_them() -> None:
    assert 'href="/groups"' in turn_html(Turn("x", Reply(kind="groups", groups=(fakes.group(),))))
    assert 'href="/groups"' not in turn_html(Turn("x", Reply(kind="groups", lead=("None.",))))
