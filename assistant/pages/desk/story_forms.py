"""What a reviewer typed on a story's page: read, checked, and kept to be shown again when it is refused. Pure.

Everything typed is untrusted. What is missing or too long is named per field; nothing here touches the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from assistant.pages.desk.story_marks import MOST_PLACES, Place, one_break, read_place
from assistant.pages.diff import compare
from assistant.pages.share_form import LANGUAGES, MOST_NAME, MOST_TITLE, SETBACKS, UNDETERMINED, one_line
from assistant.words import say
from corpus import vocabulary
from corpus.custody import MOST_CHARACTERS, MOST_NOTE, Declined, Dossier
from corpus.types import Part, PartText, Story

MOST_FIELDS = MOST_PLACES + 250  # the vocabularies together, and some more
CHECKED = ("people", "methods", "notes", "coping", "gloss")  # what a reviewer can say that they looked at
ASKED = (Part.GOING_ON, Part.WAS_LIKE, Part.HELPED, Part.NOW)
LISTS: dict[str, vocabulary.Kind] = {
    "themes": "themes", "pathways": "pathways", "context": "contexts", "content_notes": "content_notes",
}  # fmt: skip
NEEDED = {"approve": "reason", "ask": "text", "decline": "note", "propose": "note", "redact": "reason"}  # words of each


@dataclass(frozen=True, slots=True)
class Typed:
    """One form as it was sent. `verb` is empty when nothing was sent."""

    verb: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def one(self, verb: str, name: str, otherwise: str = "") -> str:
        """What was typed into a field of this verb's form; `otherwise` when that form was not sent."""
        return self.fields.get(name, ("",))[0] if self.verb == verb else otherwise

    def all(self, verb: str, name: str, otherwise: Iterable[str] = ()) -> tuple[str, ...]:
        return self.fields.get(name, ()) if self.verb == verb else tuple(otherwise)

    def get(self, name: str) -> str:
        return self.fields.get(name, ("",))[0]

    @property
    def seen(self) -> tuple[str, str]:
        """Version and text revision that the reviewer had before them."""
        return self.get("version"), self.get("text_revision")

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that are to be removed; what is no place is passed over."""
        found = (read_place(value) for value in self.fields.get("place", ())[:MOST_PLACES])
        return tuple(dict.fromkeys(place for place in found if place))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a form was refused: a plain sentence, and the field that it is about (empty: none)."""

    field: str
    text: str


def typed_from(verb: str, fields: Mapping[str, Iterable[str]]) -> Typed:
    """The form of a verb. Line breaks become LF; what no page can show (NUL) becomes U+FFFD, as in a browser."""
    return Typed(verb, {n: tuple(one_break(v).replace("\x00", "\ufffd") for v in vs) for n, vs in fields.items()})


def seen_now(typed: Typed, dossier: Dossier) -> bool:
    """Whether the words that the reviewer read are the ones that there are."""
    return typed.seen == (str(dossier.version), str(dossier.text_revision))


# --- what is refused before anything is asked of the store -----------------------------------------------------------


def refusals(typed: Typed, lang: str = "en") -> tuple[Wrong, ...]:
    """What is missing or too long in the words of a form, in the order of the page."""
    found: list[Wrong] = []
    if typed.verb == "decline" and typed.get("reason") not in set(Declined):
        found.append(Wrong("reason", _say("wrong.choose", lang)))
    if typed.verb == "redact" and not typed.places:
        found.append(Wrong("places", _say("wrong.no_places", lang)))
    name = NEEDED.get(typed.verb)
    if name:
        text = approval(typed, lang) if typed.verb == "approve" else typed.get(name)
        if not typed.get(name).strip():
            found.append(Wrong(name, _say("wrong.empty", lang)))
        elif len(text.strip()) > MOST_NOTE:
            found.append(Wrong(name, _say("wrong.long", lang, count=len(text.strip()), most=MOST_NOTE)))
    return tuple(found)


def approval(typed: Typed, lang: str = "en") -> str:
    """The reason of an approval as it is kept: what was typed, and what was ticked and what was not."""
    ticked = [name for name in CHECKED if name in typed.fields.get("checked", ())]
    left = [name for name in CHECKED if name not in ticked]
    lines = [typed.get("reason").strip()]
    for key, names in (("approve.checked", ticked), ("approve.unchecked", left)):
        if names:
            lines.append(_say(key, lang, what="; ".join(_say(f"check.{name}", lang) for name in names)))
    return "\n".join(lines)


def staff_note(typed: Typed) -> tuple[str, ...]:
    """The note, question or reason in a form: words of the program."""
    return (typed.get(NEEDED[typed.verb]),) if typed.verb in NEEDED else ()


def staff_edit(typed: Typed, story: Story) -> tuple[str, ...]:
    """What an edit adds to the narrator's words, piece by piece; nothing for any other form."""
    if typed.verb != "propose":
        return ()
    pairs = [(story.title, typed.get("title")), (story.narrator, typed.get("narrator"))]
    pairs += [(one_break(story.text(part) or ""), typed.get(part.value)) for part in parts_of(story)]
    return tuple(p.text for old, new in pairs if old != new for p in compare(old, new) if p.kind == "new")


def narrators_words(story: Story) -> str:
    return "\n".join((story.title, story.narrator, *(part.text for part in story.parts)))


# --- another wording --------------------------------------------------------------------------------------------------


def parts_of(story: Story) -> tuple[Part, ...]:
    """The parts that a story of this kind can have."""
    return (Part.WHOLE,) if story.text(Part.WHOLE) is not None else ASKED


def fields_of(story: Story) -> dict[str, tuple[str, ...]]:
    """A story as the fields of the form that proposes another wording."""
    one = {
        "title": story.title, "narrator": story.narrator, "language": story.language, "stage": story.stage or "",
        "setbacks": {True: "yes", False: "no", None: ""}[story.setbacks],
    }  # fmt: skip
    parts = {part.value: one_break(story.text(part) or "") for part in parts_of(story)}
    return {name: (value,) for name, value in {**one, **parts}.items()} | {n: getattr(story, n) for n in LISTS}


def languages_for(story: Story) -> tuple[str, ...]:
    return tuple(dict.fromkeys((story.language, *LANGUAGES, UNDETERMINED)))


def proposed(story: Story, typed: Typed, lang: str = "en") -> tuple[Story | None, tuple[Wrong, ...]]:
    """The whole story as a form would have it, or what is wrong in the form.

    A text that was not touched keeps its own line breaks. The narrator's rating of hope is theirs and stays.
    """
    wrong: list[Wrong] = []
    title, narrator = one_line(typed.get("title")), one_line(typed.get("narrator"))
    for name, text, most in (("title", title, MOST_TITLE), ("narrator", narrator, MOST_NAME)):
        if not text:
            wrong.append(Wrong(name, _say("wrong.empty", lang)))
        elif len(text) > most:
            wrong.append(Wrong(name, _say("wrong.long", lang, count=len(text), most=most)))
    texts = {part: typed.get(part.value) for part in parts_of(story)}
    first = next(iter(texts)).value
    if not any(text.strip() for text in texts.values()):
        wrong.append(Wrong(first, _say("wrong.no_words", lang)))
    if (count := sum(map(len, texts.values()))) > MOST_CHARACTERS:
        wrong.append(Wrong(first, _say("wrong.long", lang, count=count, most=MOST_CHARACTERS)))
    closed: dict[str, tuple[str, ...]] = {
        "language": languages_for(story),
        "stage": ("", *vocabulary.ids("stages")),
        "setbacks": ("", *SETBACKS),
    }
    wrong += [Wrong(n, _say("wrong.unknown", lang)) for n, known in closed.items() if typed.get(n) not in known]
    lists = {name: tuple(dict.fromkeys(typed.fields.get(name, ()))) for name in LISTS}
    wrong += [Wrong(n, _say("wrong.unknown", lang)) for n, kind in LISTS.items() if vocabulary.unknown(kind, lists[n])]
    if wrong:
        return None, tuple(wrong)
    try:
        changed = Story(
            id=story.id,
            title=story.title if title == one_line(one_break(story.title)) else title,
            narrator=story.narrator if narrator == one_line(one_break(story.narrator)) else narrator,
            language=typed.get("language"),
            parts=tuple(
                PartText(part=part, text=_kept(story.text(part) or "", text))
                for part, text in texts.items()
                if text.strip()
            ),
            stage=typed.get("stage") or None,
            hope=story.hope,
            setbacks={"yes": True, "no": False}.get(typed.get("setbacks")),
            provenance=story.provenance,
            **{name: _in_order(getattr(story, name), chosen) for name, chosen in lists.items()},
        )
    except ValidationError:  # its own message would quote the words
        return None, (Wrong("", _say("wrong.unfit", lang)),)
    return changed, ()


def _kept(old: str, new: str) -> str:
    return old if one_break(old) == new else new


def _in_order(old: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    """What stays keeps its order (the first theme is the one that a story is most about), what is new comes after."""
    return tuple(id for id in old if id in chosen) + tuple(id for id in chosen if id not in old)


def _say(key: str, lang: str, **slots: object) -> str:
    return say(f"page.desk.story.{key}", lang, **slots)
