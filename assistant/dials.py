"""What a person can choose about the stories they want to meet: out of what a browser sent, and said in one line.

The choices live in the conversation, in memory, and are forgotten with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from assistant.words import label, say
from assistant.words.local import commas, language_name
from corpus import vocabulary
from index.query import Dials

# Each of the first three dials goes one way, the other, or is left alone.
TURNED: dict[str, tuple[str, str]] = {
    "along": ("near", "further"),
    "outcome": ("still_in_it", "out"),
    "length": ("short", "long"),
}
TICKED: dict[str, vocabulary.Kind] = {"pathways": "pathways", "context": "contexts", "without": "content_notes"}
MOST_WORDS, LONGEST_WORD = 12, 40  # that no story shown may hold
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def chosen(text: str) -> Dials:
    """The choices as the page sends them, in JSON: as one text, because nothing with a shape of its own is let in."""
    try:
        return dials_of(json.loads(text))
    except (ValueError, RecursionError):
        return Dials()


def dials_of(data: Any) -> Dials:
    """The choices out of what the browser sent. What is not in the form is passed over."""
    given = data if isinstance(data, dict) else {}
    turned = {name: given[name] for name, ways in TURNED.items() if given.get(name) in ways}
    ticked = {
        name: frozenset(id for id in _texts(given.get(name)) if id in vocabulary.ids(kind))
        for name, kind in TICKED.items()
    }
    return Dials(
        along=cast("Literal['near', 'further'] | None", turned.get("along")),
        outcome=cast("Literal['still_in_it', 'out'] | None", turned.get("outcome")),
        length=cast("Literal['short', 'long'] | None", turned.get("length")),
        languages=frozenset(tag for tag in _texts(given.get("languages")) if _LANGUAGE.fullmatch(tag)),
        mute=_words(given.get("mute")),
        **ticked,
    )


def of_form(fields: Mapping[str, Sequence[str]]) -> Dials:
    """The choices out of a plain form: every value of each field."""
    first = {name: values[0] for name in (*TURNED, "mute") if (values := fields.get(name))}
    return dials_of(first | {name: list(fields.get(name, ())) for name in (*TICKED, "languages")})


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _words(value: Any) -> tuple[str, ...]:
    """Words as somebody writes them into one box, each once."""
    if not isinstance(value, str):
        return ()
    words = (" ".join(word.split())[:LONGEST_WORD] for word in re.split(r"[,;\n،]", value[:1000]))
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def as_data(dials: Dials) -> dict[str, Any]:
    """The choices as the form holds them: `dials_of` of it is the same again."""
    turned: dict[str, Any] = {name: getattr(dials, name) for name in TURNED if getattr(dials, name)}
    ticked = {name: sorted(getattr(dials, name)) for name in (*TICKED, "languages") if getattr(dials, name)}
    return {**turned, **ticked, **({"mute": ", ".join(dials.mute)} if dials.mute else {})}


def spoken(dials: Dials, lang: str) -> str:
    """What was chosen, in one line: what stands in the conversation as the person's own turn."""
    parts = [say(f"page.choices.{name}.{getattr(dials, name)}", lang) for name in TURNED if getattr(dials, name)]
    for name, kind in TICKED.items():
        if ids := [id for id in vocabulary.ids(kind) if id in getattr(dials, name)]:
            parts.append(
                say(f"page.choices.said.{name}", lang, names=commas((label(kind, id, lang) for id in ids), lang))
            )
    if dials.languages:
        names = commas((language_name(tag, lang) for tag in sorted(dials.languages)), lang)
        parts.append(say("page.choices.said.languages", lang, names=names))
    if dials.mute:
        parts.append(say("page.choices.said.mute", lang, names=commas(dials.mute, lang)))
    return say("page.choices.said", lang, choices="; ".join(parts)) if parts else say("page.choices.none", lang)
