"""What travels through the steps of "Share your story": the form as a value, what is refused, and the story it makes.

Nothing is kept on the server before the last step: every answer is in every form. Pure functions; nothing here draws
or stores. Everything typed is untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal
from urllib.parse import parse_qs

from pydantic import ValidationError

from corpus import vocabulary
from corpus.custody import MOST_CHARACTERS
from corpus.errors import BadRecord
from corpus.types import Part, PartText, Provenance, Purpose, Story
from corpus.wording import Wording

Step = Literal["words", "about", "check", "consent", "preview"]
STEPS: tuple[Step, ...] = ("words", "about", "check", "consent", "preview")
SEND: Literal["send"] = "send"
ASKED = (Part.GOING_ON, Part.WAS_LIKE, Part.HELPED, Part.NOW)
PARTS = tuple(part.value for part in ASKED)

ONE = (
    *PARTS, "title", "name", "language", "stage", "hope", "setbacks", "months", "wording", "seed", "country",
)  # fmt: skip
MANY: dict[str, vocabulary.Kind | None] = {
    "themes": "themes", "pathways": "pathways", "contexts": "contexts", "notes": "content_notes", "purposes": None,
    "seen": None,
}  # fmt: skip

MOST_FIELDS = 250  # the vocabularies together, and some more
MOST_TITLE, MOST_NAME = 200, 80  # characters, as corpus.types.Story has them
# Languages (BCP-47) that a narrator can choose from; any other is UNDETERMINED.
LANGUAGES = tuple(
    "af ar bn ca cs cy da de el en es fa fi fr ga gd gu he hi hr hu id it ja ko mi mr nl no pa pl pt ro ru so sr sv sw "
    "ta th tl tr uk ur vi xh yo zh".split()
)
UNDETERMINED = "und"  # BCP-47 for a language that is not on the list
HOPES = ("1", "2", "3", "4", "5")
SETBACKS = ("yes", "no")
_SEED = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass(frozen=True, slots=True)
class Form:
    """All answers so far. `one` has every name of ONE, `many` every name of MANY; nothing in them is checked."""

    one: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]
    go: str = ""  # the step that the pressed button leads to

    def __getitem__(self, name: str) -> str:
        return self.one[name]

    def all(self, name: str) -> tuple[str, ...]:
        return self.many[name]

    def has(self, name: str, value: str) -> bool:
        return value in self.many[name]

    def changed(self, **given: str | tuple[str, ...]) -> Form:
        """The same form with other answers."""
        one = {**self.one, **{k: v for k, v in given.items() if isinstance(v, str)}}
        many = {**self.many, **{k: v for k, v in given.items() if not isinstance(v, str)}}
        return replace(self, one=one, many=many)

    def saw(self, step: Step) -> Form:
        """The same form, knowing that this step has been on the screen."""
        return self if self.has("seen", step) else self.changed(seen=(*self.all("seen"), step))

    @property
    def characters(self) -> int:
        return sum(len(self[part]) for part in PARTS)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step cannot be left yet: the field it is about, and the sentence `page.share.wrong.<key>`."""

    field: str
    key: str
    slots: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """A slice of a text: `inside` are the numbers of the findings that mark it, `ends` those that end with it."""

    text: str
    inside: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


# --- reading ----------------------------------------------------------------------------------------------------------


def read_form(body: bytes) -> Form:
    """The form in the body of a request. BadRecord when it has more fields than the form can have.

    Browsers send line breaks as CR LF: they become LF here, once, so that the stored words have LF. What no page can
    show (NUL, bytes that are not UTF-8) becomes U+FFFD, as a browser does.
    """
    try:
        fields = parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise BadRecord("This form has more fields than the page gave it.") from error
    clean = {name: tuple(map(_clean, values)) for name, values in fields.items()}
    return Form(
        one={name: clean.get(name, ("",))[0] for name in ONE},
        many={name: tuple(dict.fromkeys(clean.get(name, ()))) for name in MANY},
        go=clean.get("go", ("",))[0],
    )


def _clean(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


def carried(form: Form, shown: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The hidden fields of a page: every answer but those that the page itself asks for."""
    here = set(shown)
    one = [(name, form[name]) for name in ONE if name not in here and form[name]]
    return one + [(name, value) for name in MANY if name not in here for value in form.all(name)]


def has_seed(form: Form) -> bool:
    """Whether the form carries a seed of the shape that `codes.new_seed` gives."""
    return bool(_SEED.fullmatch(form["seed"]))


# --- what is refused --------------------------------------------------------------------------------------------------


def where(form: Form, target: str, wording: Wording) -> tuple[Step | Literal["send"], tuple[Refusal, ...]]:
    """The step to show when somebody asks for `target`, and why it is an earlier one when something refuses.

    Going back never refuses. A step that was never on the screen is not passed over: nobody sends a story without
    having met what was pointed out, the consent and the card. A target that there is not is the first step.
    """
    wanted = next((step for step in STEPS if step == target), STEPS[0])
    for step in STEPS if target == SEND else STEPS[: STEPS.index(wanted)]:
        if wrong := refusals(form, step, wording):
            return step, (wrong if form.has("seen", step) or step == "words" else ())
        if step != "words" and not form.has("seen", step):
            return step, ()
    return (SEND if target == SEND else wanted), ()


def refusals(form: Form, step: Step, wording: Wording) -> tuple[Refusal, ...]:
    """What keeps this step from being left, in the order of the page."""
    if step == "words":
        return tuple(_of_words(form))
    if step == "about":
        return tuple(_of_about(form))
    if step == "consent":
        return tuple(_of_consent(form, wording))
    return ()


def _of_words(form: Form) -> Iterable[Refusal]:
    if not form[PARTS[0]].strip():
        yield Refusal(PARTS[0], "empty", {})
    if form.characters > MOST_CHARACTERS:
        over = form.characters - MOST_CHARACTERS
        slots = {"count": f"{form.characters:,}", "most": f"{MOST_CHARACTERS:,}", "over": f"{over:,}"}
        yield Refusal(max(PARTS, key=lambda part: len(form[part])), "long", slots)


def _of_about(form: Form) -> Iterable[Refusal]:
    for field, text, most in (("title", title_of(form), MOST_TITLE), ("name", one_line(form["name"]), MOST_NAME)):
        if field == "title" and not text:
            yield Refusal(field, "title", {})
        if len(text) > most:
            yield Refusal(field, f"{field}_long", {"count": len(text), "most": most})
    closed: dict[str, tuple[str, ...]] = {
        "language": (*LANGUAGES, UNDETERMINED),
        "stage": ("", *vocabulary.ids("stages")),
        "hope": ("", *HOPES),
        "setbacks": ("", *SETBACKS),
    }
    for field, known in closed.items():
        if form[field] not in known:
            yield Refusal(field, "unknown", {})
    for field, kind in MANY.items():
        if kind and vocabulary.unknown(kind, form.all(field)):
            yield Refusal(field, "unknown", {})


def _of_consent(form: Form, wording: Wording) -> Iterable[Refusal]:
    if set(form.all("purposes")) - set(map(str, Purpose)):
        yield Refusal("purposes", "unknown", {})
    elif not form.has("purposes", Purpose.SURFACE.value):
        yield Refusal("purposes", "surface", {})
    if form["months"] not in map(str, wording.months):
        yield Refusal("months", "months", {})
    if form["wording"] != wording.id:
        yield Refusal("purposes", "wording", {})


def known_only(form: Form) -> Form:
    """Without choices that are on no list, so that the step that refused them can be left."""
    many = {
        name: tuple(v for v in form.all(name) if kind is None or v in vocabulary.ids(kind))
        for name, kind in MANY.items()
    }
    purposes = tuple(p for p in form.all("purposes") if p in set(map(str, Purpose)))
    return form.changed(**{**many, "purposes": purposes})


# --- what it makes ----------------------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """A title or a name: the fields have one line, so a line break in it came from elsewhere."""
    return " ".join(text.split("\n")).strip()


def title_of(form: Form) -> str:
    return one_line(form["title"])


def part_texts(form: Form) -> tuple[PartText, ...]:
    """The parts that hold words, exactly as they were typed."""
    return tuple(PartText(part=part, text=form[part.value]) for part in ASKED if form[part.value].strip())


def purposes_of(form: Form) -> frozenset[Purpose]:
    return frozenset(Purpose(value) for value in form.all("purposes"))


def draft(form: Form, nameless: str) -> Story:
    """The story that the form tells. `nameless`: the name when none was given. BadRecord when it is none."""
    try:
        return Story(
            id="draft",
            title=title_of(form),
            narrator=one_line(form["name"]) or nameless,
            language=form["language"],
            parts=part_texts(form),
            themes=form.all("themes"),
            stage=form["stage"] or None,
            hope=int(form["hope"]) if form["hope"] in HOPES else None,
            setbacks={"yes": True, "no": False}.get(form["setbacks"]),
            pathways=form.all("pathways"),
            context=form.all("contexts"),
            content_notes=form.all("notes"),
            provenance=Provenance.CONTRIBUTED,
        )
    except ValidationError:  # its own message would quote the words
        raise BadRecord("Something in this form does not fit a story. Going back to its parts shows them.") from None


def marked(text: str, places: Sequence[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """A text cut at the places (number, start, end) that are pointed at; the pieces joined are the text.

    Places may lie over each other; one that does not fit the text marks nothing.
    """
    fit = [p for p in places if 0 <= p[1] < p[2] <= len(text)]
    edges = sorted({0, len(text), *(edge for _, start, end in fit for edge in (start, end))})
    return tuple(
        Piece(
            text[left:right],
            tuple(n for n, start, end in fit if start <= left and right <= end),
            tuple(n for n, _, end in fit if end == right),
        )
        for left, right in pairwise(edges)
    )
