"""From typed answers to HTML. Every value is escaped by Jinja2; nothing that a person wrote is ever a template.

The result goes to Gradio's HTML component as a value of the constant template `${value}`, which does not evaluate it
(Handlebars expressions would: text with `${…}` in it would run).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assistant.conversation import Excerpt, StoryPart, StoryView
from assistant.dials import as_data, spoken
from assistant.pages.sessions import Talk, Turn
from assistant.words import DEFAULT, keys, label, languages, local, say
from corpus import vocabulary
from corpus.custody import FELT

HERE = Path(__file__).parent

# Notes behind which the words stay folded until the person opens them (PRACTICE R24, R25). The lighter ones are
# named before the text as well, but do not hide it: one more tap on nearly every card would be a barrier of its own.
HEAVY = (
    "violence", "sex", "sex:assault", "disturbing", "mental_health:suicide", "mental_health:self_harm",
    "mental_health:eating", "death:suicide", "death:child", "abuse", "abuse:child",
)  # fmt: skip


@lru_cache(maxsize=1)
def _light_labels() -> frozenset[str]:
    """What the lighter notes are called, in every language of the page."""
    ids = [id for id in vocabulary.ids("content_notes") if id not in HEAVY]
    return frozenset(label("content_notes", id, lang) for lang in languages() for id in ids)


def heavy(notes: tuple[str, ...]) -> bool:
    """True when one of these content notes (labels) is a heavy one. A label nobody knows counts as heavy."""
    return any(note not in _light_labels() for note in notes)


def pieces(text: str, mark: tuple[int, int] | None) -> tuple[str, str, str]:
    """Before, marked, after: together they are the text, byte for byte. A mark that does not fit marks nothing."""
    if mark is None or not 0 <= mark[0] < mark[1] <= len(text):
        return text, "", ""
    return text[: mark[0]], text[mark[0] : mark[1]], text[mark[1] :]


def of_excerpt(excerpt: Excerpt) -> tuple[str, str, str]:
    return pieces(excerpt.text, excerpt.mark)


def of_part(part: StoryPart) -> tuple[str, str, str]:
    return pieces(part.text, part.mark)


def nice_date(value: date | str | None, lang: str = "en") -> str:
    """`2026-11-20` as `20 November 2026`, in the words of `lang`; anything that is not a date as it is."""
    if value is None:
        return ""
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError:
        return str(value)
    return local.date_name(day, lang)


def web_link(href: str | None) -> str | None:
    """A link that may stand on the page: a web, mail or telephone address, or our help page. Else None."""
    if href and (href == "/help" or href.lower().startswith(("https://", "http://", "tel:", "sms:", "mailto:"))):
        return href
    return None


def language_for(asked: str | None, accept: str | None) -> str:
    """The page's language: the one asked for, else the first the browser accepts that has words, else English.

    A language must have the page's own words: a page in two languages at once would be worse than English.
    """
    known = spoken_here()
    wanted = [asked or ""] + [piece.split(";")[0] for piece in (accept or "").split(",")]
    for tag in wanted:
        primary = tag.strip().split("-")[0].lower()
        if primary in known:
            return primary
    return DEFAULT


def address(path: str, lang: str = "", country: str = "") -> str:
    """A page of ours with what was chosen: `/groups?lang=de&country=AT`. Never anything that was written."""
    chosen = urlencode({name: value for name, value in (("lang", lang), ("country", country)) if value})
    return f"{path}?{chosen}" if chosen else path


@lru_cache(maxsize=1)
def spoken_here() -> tuple[str, ...]:
    """The languages that the page can be read in, English first."""
    return tuple(lang for lang in languages() if "page.name" in keys(lang))


@lru_cache(maxsize=16)
def version_of(name: str) -> str:
    """A short hash of a static file, so that a browser never uses yesterday's."""
    return hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=1)
def _env() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(heavy=heavy, of_excerpt=of_excerpt, of_part=of_part, web_link=web_link, version_of=version_of)
    env.globals.update(words_in=words_in, link=address, dir_of=local.direction, commas=local.commas)
    env.globals.update(weekday=local.weekday_name, month=local.month_name, isolated=local.isolated)
    env.globals.update(tongues=tuple((tag, local.capital(local.language_name(tag, tag))) for tag in spoken_here()))
    return env


def words_in(lang: str) -> tuple[Callable[..., str], Callable[[tuple[str, ...]], str], Callable[..., str]]:
    """What templates say in one language: (the page's sentences, names of languages, dates)."""

    def t(key: str, **slots: object) -> str:
        return say(f"page.{key}", lang, **slots)

    def spoken(codes: tuple[str, ...]) -> str:
        return local.commas((local.language_name(code, lang) for code in codes), lang)

    def day(value: date | str | None) -> str:
        return nice_date(value, lang)

    return t, spoken, day


def draw(template: str, lang: str, **values: Any) -> Markup:
    """One template with the page's words in `lang`: `t("card.read")` is the sentence `page.card.read`.

    `url(path)` is the address of a page of ours in the same language, `to(path)` also for the same country. carry: the
    language that they name; left out, English is not named, because it is what a page is in anyway.
    """
    t, spoken, day = words_in(lang)
    carry = values.setdefault("carry", "" if lang == DEFAULT else lang)
    country = values.get("country", "")
    values |= {"url": lambda path: address(path, carry), "to": lambda path: address(path, carry, country)}
    return Markup(_env().get_template(template).render(t=t, spoken=spoken, day=day, lang=lang, **values))


def turn_html(turn: Turn, lang: str = "en", *, scripts: bool = True, country: str = "") -> str:
    """One exchange on a page in `lang`. It is drawn once and kept until something in it changes.

    The answer itself may be in another language (`reply.lang`): help comes in the one that was written, where it can.
    """
    if not scripts:
        return str(draw("turn.html", lang, turn=turn, reply=turn.reply, scripts=False, country=country, chosen={}))
    if turn.drawn is None:
        turn.drawn = str(draw("turn.html", lang, turn=turn, reply=turn.reply, scripts=True, country=""))
    return turn.drawn


def talk_html(talk: Talk) -> str:
    """The whole conversation as the page shows it."""
    turns = [Markup(turn_html(turn, talk.session.lang)) for turn in talk.turns]
    last = talk.turns[-1].reply if talk.turns else None
    lang, dials = talk.session.lang, talk.session.dials
    chosen = as_data(dials)
    values = {
        "memory": json.dumps(talk.memory()),
        "dials": json.dumps(chosen),
        "chosen": spoken(dials, lang) if chosen else "",
    }
    return str(draw("talk.html", lang, talk=talk, turns=turns, last=last, **values))


def story_html(
    view: StoryView | None,
    story_id: str,
    lang: str,
    step: int,
    *,
    asking: bool = False,
    felt: str | None = None,
    without: Collection[str] = (),
) -> str:
    """A whole story for the reading view, or the kind sentence that it is gone.

    asking: whether it is asked what the story left somebody feeling; felt: what they said already. without: ids of
    content notes that they chose not to meet.
    """
    values = {"step": step, "asking": asking, "felt": felt, "choices": FELT, "without": without}
    chips = {"group": say("chip.group", lang), "listen": say("page.box.listen", lang)}
    return str(draw("story.html", lang, view=view, story_id=story_id, **values, **chips))
