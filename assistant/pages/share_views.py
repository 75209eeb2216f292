"""What each step of "Share your story" shows: the values of its template, made from the form and the story so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.cards import part_label, story_card, story_view
from assistant.care import Help, help_for, screen
from assistant.conversation import StoryCard
from assistant.language import unread_language
from assistant.pages import share_form as sf
from assistant.pages.render import nice_date
from assistant.pages.share_form import Form, Step
from assistant.pages.talk import note
from assistant.words import keys, label, say
from assistant.words.local import by_name, capital, language_name
from corpus import vocabulary
from corpus.custody import MOST_CHARACTERS
from corpus.narrator import Receipt
from corpus.review import Finding, FindingKind, proposed_notes, review
from corpus.types import Part, Purpose, Story
from corpus.wording import Wording
from index.find import Match
from index.passages import cut

if TYPE_CHECKING:
    from assistant.settings import Parts

HAPPENING_NOW = 3  # the tier of assistant.care at which help stands above the form
GROUPS: tuple[tuple[str, vocabulary.Kind], ...] = (
    ("themes", "themes"), ("notes", "content_notes"), ("pathways", "pathways"), ("contexts", "contexts"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding as the page tells it. `place` is the slice of the narrator's words, "" for the whole story."""

    number: int
    place: str
    reason: str


# (values of the template, the form as it goes on, names of the fields that are on the page)
View = tuple[dict[str, Any], Form, tuple[str, ...]]


def _words(form: Form, _parts: Parts, _wording: Wording, _lang: str) -> View:
    return {"parts": sf.PARTS, "most": MOST_CHARACTERS}, form, sf.PARTS


def _about(form: Form, parts: Parts, _wording: Wording, lang: str) -> View:
    guessed: frozenset[str] = frozenset()
    if not form.has("seen", "about"):  # guesses are made once: what the narrator then chose is never guessed over
        found = guesses(form, parts, lang)
        guessed = frozenset(name for name, value in found.items() if value)
        form = form.changed(**found, name=form["name"] or say("page.share.about.nameless", lang))
    names = by_name((code, capital(language_name(code, lang))) for code in sf.LANGUAGES)
    other = (sf.UNDETERMINED, say("page.share.about.language_other", lang))
    groups = choices(form, lang)
    values = {
        "groups": groups, "guessed": guessed & {group["name"] for group in groups}, "most_title": sf.MOST_TITLE,
        "most_name": sf.MOST_NAME, "languages": [*names, other],
    }  # fmt: skip
    return values, form, ("title", "name", "language", *(group["name"] for group in groups))


def _check(form: Form, _parts: Parts, _wording: Wording, lang: str) -> View:
    given = sf.part_texts(form)
    found = review(given, form.all("notes"), sf.title_of(form), sf.one_line(form["name"]), form.all("themes"))
    texts: dict[object, str] = {p.part: p.text for p in given}
    texts |= {"title": sf.title_of(form), "narrator": sf.one_line(form["name"])}
    remarks: dict[object, list[Remark]] = defaultdict(list)
    places: dict[object, list[tuple[int, int, int]]] = defaultdict(list)
    missing: dict[str, str] = {}
    number = 0
    for one in found:
        if one.kind is FindingKind.MISSING_NOTE and one.note:
            missing.setdefault(one.note, one.reason)
            continue
        number += 1
        where = _where(one)
        place = texts.get(where, "")[one.start : one.end]
        remarks[where].append(Remark(number, place, one.reason))
        places[where].append((number, one.start, one.end))
    checked = [
        {"name": p.part.value, "label": part_label(p.part, lang), "pieces": sf.marked(p.text, places[p.part]),
         "reasons": remarks[p.part]}
        for p in given
    ]  # fmt: skip
    about = [*remarks["title"], *remarks["narrator"]]
    values = {
        "checked": checked, "whole": remarks[None], "about": about, "count": number, "most_title": sf.MOST_TITLE,
        "most_name": sf.MOST_NAME,
        "missing": [(id, label("content_notes", id, lang), reason) for id, reason in missing.items()],
    }  # fmt: skip
    return values, form, (*(p.part.value for p in given), *(("title", "name") if about else ()))


def _where(finding: Finding) -> object:
    """What a finding is in: a part, "title", "narrator", or None for the whole story."""
    if finding.part is not None:
        return finding.part
    return finding.field if finding.field in ("title", "narrator") else None


def _consent(form: Form, _parts: Parts, words: Wording, _lang: str) -> View:
    if not form.has("seen", "consent"):  # PRACTICE R15: all but the first are off, until they are turned on
        form = form.changed(purposes=(Purpose.SURFACE.value,), months=str(min(words.months)))
    return {"wording": words}, form, ("purposes", "months", "wording")


def _preview(form: Form, _parts: Parts, words: Wording, lang: str) -> View:
    story = sf.draft(form, say("page.share.about.nameless", lang))
    agreed = [words.purposes[purpose] for purpose in Purpose if purpose in sf.purposes_of(form)]
    view = story_view(story, None, lang)
    return {"card": _card(story, lang), "view": view, "agreed": agreed, "wording": words}, form, ()


VIEWS: dict[Step, Callable[[Form, Parts, Wording, str], View]] = {
    "words": _words, "about": _about, "check": _check, "consent": _consent, "preview": _preview,
}  # fmt: skip


# --- what the views are made of ---------------------------------------------------------------------------------------


def plain_hours(hours: float) -> str:
    """Hours without a needless decimal; "" for none."""
    return f"{hours:g}" if hours else ""


def moment(receipt: Receipt, lang: str) -> dict[str, str]:
    until = receipt.cools_until
    return {"date": nice_date(until.date(), lang), "time": f"{until:%H:%M}"}


def help_now(form: Form, country: str, lang: str) -> Help | None:
    """Help to stand above the form when the words about the present say that something is happening now.

    A story is told from afar, so nothing less than an emergency counts, and nothing is held up by it.
    """
    text = form[Part.NOW.value]
    if not text.strip():  # all of it may be in the first box
        text = form[Part.GOING_ON.value]
    seen = screen(text)
    return help_for(seen, country or None, lang) if seen.tier >= HAPPENING_NOW else None


def guesses(form: Form, parts: Parts, lang: str) -> dict[str, str | tuple[str, ...]]:
    """What the words suggest, for the narrator to change; without the model there are fewer guesses, never none at all.

    lang: of the page, for words whose language cannot be told.
    """
    from index.proposals import propose

    texts = sf.part_texts(form)
    language = unread_language("\n".join(p.text for p in texts)) or ("en" if texts else lang)
    found: dict[str, str | tuple[str, ...]] = {
        "notes": proposed_notes(texts),
        "language": language if language in sf.LANGUAGES else sf.UNDETERMINED,
    }
    try:
        proposed = propose(parts.finder.embedder, parts.finder.themes, texts)
    except Exception as error:  # a guess is never worth the page
        note(error)
        return found
    found |= {"themes": tuple(proposed.themes), "stage": proposed.stage or ""}
    return found | {"hope": str(proposed.hope or "")}


def choices(form: Form, lang: str) -> list[dict[str, Any]]:
    """The groups of choices about a story: name, label, hint, kind of input, options, what is chosen."""

    def group(name: str, kind: str, options: Sequence[tuple[str, str]], chosen: tuple[str, ...]) -> dict[str, Any]:
        hint = f"page.share.about.{name}_hint"
        return {
            "name": name, "label": say(f"page.share.about.{name}", lang), "kind": kind, "options": options,
            "chosen": chosen, "hint": say(hint, lang) if hint in keys("en") else "",
        }  # fmt: skip

    def one_of(name: str, options: Mapping[str, str]) -> dict[str, Any]:
        unsaid = ("", say("page.share.about.unsaid", lang))
        return group(name, "radio", [unsaid, *options.items()], (form[name],))

    many = {
        name: group(name, "checkbox", [(id, label(kind, id, lang)) for id in vocabulary.ids(kind)], form.all(name))
        for name, kind in GROUPS
    }
    stages = {id: label("stages", id, lang) for id in vocabulary.ids("stages")}
    return [
        many["themes"],
        many["notes"],
        one_of("stage", stages),
        one_of("hope", {n: say(f"page.share.about.hope_{n}", lang) for n in sf.HOPES}),
        one_of("setbacks", {n: say(f"page.share.about.setbacks_{n}", lang) for n in sf.SETBACKS}),
        many["pathways"],
        many["contexts"],
    ]


def _card(story: Story, lang: str) -> StoryCard:
    """The card as a reader meets it, without why: that depends on the reader."""
    card = story_card(Match(story, 0, cut(story)[0], 1.0, close=True), said="", themes=(), lang=lang)
    return card.model_copy(update={"why": ()})


def text_of(receipt: Receipt, words: Wording, place: str, lang: str) -> str:
    """The receipt as plain text, for a file or a copy. Nothing of the story is in it, not even its title."""

    def t(key: str, **slots: object) -> str:
        return say(f"page.share.receipt.{key}", lang, **slots)

    lines = [
        t("file_title"), "", t("file_code", code=" ".join(str(receipt.code).split("-"))), "",
        t("file_sent", date=nice_date(receipt.submitted_at.date(), lang)),
        *([t("file_waits", **moment(receipt, lang))] if receipt.cools_until > receipt.submitted_at else []),
        t("file_ends", date=nice_date(receipt.expires_at.date(), lang)), t("file_place", place=place),
        t("file_no_copy"), "", t("removed"), *(f"- {line}" for line in words.removed), "", t("not_removed"),
        *(f"- {line}" for line in words.not_removed),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
