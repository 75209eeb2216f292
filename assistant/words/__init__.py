"""Every sentence the app says itself, per language, kept as data so that one person can read all of it.

`assistant/words/<lang>/*.yaml` each hold a `version` and flat keys. A key's value is one text or a list of texts that
mean the same (variants). Slots are written `{name}` and filled by `say`. A key missing in a language falls back to
English, so a half-made translation can never leave a hole in the page.

What themes and the like are called is in `corpus/vocabulary.yaml` for English and in `labels.yaml` of each other
language.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from corpus import vocabulary
from corpus.yaml_file import read_yaml

FOLDER = Path(__file__).parent
DEFAULT = "en"


@lru_cache(maxsize=16)
def _load(lang: str) -> dict[str, tuple[str, ...]]:
    """All keys of one language; a key written twice is an error, because one of the two would silently win."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((FOLDER / lang).glob("*.yaml")):
        data = read_yaml(path) or {}
        data.pop("version", None)
        for key, value in data.items():
            if key in found:
                raise ValueError(f"{path}: the key {key!r} is already in another file of this language")
            found[key] = tuple(str(v) for v in value) if isinstance(value, list) else (str(value),)
    return found


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages (BCP-47 primary subtags) that have a folder of words, English first."""
    others = sorted(p.name for p in FOLDER.iterdir() if p.is_dir() and any(p.glob("*.yaml")) and p.name != DEFAULT)
    return (DEFAULT, *others)


def _own(lang: str) -> dict[str, tuple[str, ...]]:
    return _load(lang) if lang in languages() else {}


def keys(lang: str = DEFAULT) -> tuple[str, ...]:
    """Every key that this language itself has (without the fall-back)."""
    return tuple(_load(lang))


def variants(key: str, lang: str = DEFAULT) -> tuple[str, ...]:
    """All texts of a key, slots unfilled. KeyError when not even English has it."""
    own = _own(lang).get(key)
    return own if own is not None else _load(DEFAULT)[key]


def say(key: str, lang: str = DEFAULT, /, **slots: object) -> str:
    """The first text of a key with its slots filled. Slots are filled literally: a value is never formatted again."""
    return fill(variants(key, lang)[0], **slots)


def label(kind: vocabulary.Kind, id: str, lang: str, *, inside: bool = False) -> str:
    """What a person reads for an id of a vocabulary.

    inside: to stand inside a sentence. Only English writes it small then: a German noun keeps its capital, and in other
    languages the translation is written so that it fits.
    """
    own = _own(lang).get(f"label.{kind}.{id}")
    if own is not None:
        return own[0]
    english = vocabulary.label(kind, id)
    return english.lower() if inside and lang == DEFAULT else english


def theme_phrase(theme: str, lang: str) -> str:
    """A theme in plain words, to stand in `{themes}` of a sentence: "losing someone"."""
    own = _own(lang).get(f"phrase.{theme}")
    return own[0] if own is not None else vocabulary.phrase(theme)


def fill(text: str, /, **slots: object) -> str:
    """Fill `{name}` slots in one pass; a missing slot is an error, an unknown brace in a value stays as it is."""
    return text.format(**{name: str(value) for name, value in slots.items()})
