"""What codes such as `O`, `WCHR` or `YP` mean, by programme: the same letters say different things in different ones.

One YAML file for each programme, its head explains the fields. A code that a programme's file does not have is shown as
it stands, and nothing is guessed. Codes of licensed taxonomies (211/AIRS) are never shipped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus import vocabulary
from corpus.groups.listing import Draft
from corpus.imports.columns import fold
from corpus.yaml_file import read_yaml

_FOLDER = Path(__file__).parent
_OF_LANGUAGES = "aa"


@lru_cache(maxsize=1)
def programmes() -> tuple[str, ...]:
    """Names of the programmes whose codes are known."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


_ALSO = {"acoa": "aca", "alateen": "alanon", "recoverydharma": "rd", "refugerecovery": "rr", "cea": "ceahow"}


def programme_of(name: str) -> str:
    """The short name of a programme: of "Al-Anon", "alanon"; of "Recovery Dharma" and "ACoA", theirs too."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in programmes():
        return plain
    full = {re.sub(r"[^a-z]", "", book(one)["name"].lower()): one for one in programmes()}
    return _ALSO.get(plain) or full.get(plain, plain)


def _spoken(entry: dict[str, Any]) -> bool:
    return "lang" in entry and not entry.get("access") and "Sign" not in entry["label"]


@lru_cache(maxsize=64)
def book(programme: str) -> dict[str, Any]:
    """Of a programme: "name", "themes", "codes", "by_label" (label → code), "hidden" (labels of codes that speak of the
    listing itself), "closed" (its words for who may come); empty ones for a programme that has no file here."""
    path = _FOLDER / f"{programme}.yaml"
    if programme not in programmes():
        return {
            "name": "",
            "themes": [],
            "codes": {},
            "by_label": {},
            "labels": frozenset(),
            "hidden": frozenset(),
            "closed": "",
        }
    data: dict[str, Any] = read_yaml(path)
    found = {str(code).upper(): entry for code, entry in data["codes"].items()}
    if programme != _OF_LANGUAGES:  # every programme of the format has these, unless the letters mean something else
        languages = {code: entry for code, entry in book(_OF_LANGUAGES)["codes"].items() if _spoken(entry)}
        labels = {entry["label"].lower() for entry in found.values()}
        found |= {
            code: entry
            for code, entry in languages.items()
            if code not in found and entry["label"].lower() not in labels
        }
    data["codes"] = found
    data["by_label"] = {entry["label"].lower(): code for code, entry in found.items()}
    data["labels"] = frozenset(entry["label"] for entry in found.values())
    data["hidden"] = frozenset(entry["label"] for entry in found.values() if entry.get("is"))
    data["closed"] = next((entry["label"] for entry in found.values() if entry.get("is") == "closed"), "")
    return data


def apply(draft: Draft, codes: list[str], programme: str, labels: dict[str, str] | None = None) -> frozenset[str]:
    """Put what codes say into a draft: formats, languages, whom it is for, open or closed, access.

    labels: what the directory itself says that a code means, for codes that the programme's file does not have.
    Returns what the codes say of the listing itself: of `online`, `hybrid`, `place_closed`.
    """
    known = book(programme)
    says: set[str] = set()
    formats: list[str] = []
    audience: list[str] = []
    languages: list[str] = []
    access: list[str] = []
    themes: list[str] = []
    for code in codes:
        entry = known["codes"].get(code.upper())
        if entry is None and not known["codes"]:  # no table of its own: plain words say what they say
            entry = plain_word((labels or {}).get(code, code))
            if entry and "theme" in entry:
                themes.append(entry["theme"])
                continue
        if entry is None:
            formats.append((labels or {}).get(code, code)[:80])
            if not (labels or {}).get(code):
                draft.warn("code_unknown", code[:40])
            continue
        if known["codes"] or "is" not in entry:  # of a table, `hidden` keeps those out
            (access if entry.get("access") else formats).append(entry["label"])
        if "for" in entry:
            audience.append(entry["for"])
        if "lang" in entry:
            languages.append(entry["lang"])
        if "is" in entry:
            says.add(entry["is"])
    draft.fields["formats"] = tuple(dict.fromkeys(f for f in formats if f and f not in known["hidden"]))[:20]
    draft.fields["audience"] = tuple(dict.fromkeys(audience))
    draft.fields["access"] = tuple(dict.fromkeys(access))
    if themes:
        draft.fields["themes"] = tuple(dict.fromkeys((*draft.fields.get("themes", ()), *themes)))
    if languages:
        draft.fields["languages"] = tuple(dict.fromkeys(languages))
    if "closed" in says:  # both at once: whoever is not sure is told that it is closed
        draft.fields["openness"] = "closed"
        if known["closed"].lower() not in ("closed", ""):
            draft.fields["eligibility"] = known["closed"]
    elif "open" in says:
        draft.fields["openness"] = "open"
    return frozenset(says - {"open", "closed"})


_WORDS_IN_CAPITALS = frozenset("ASL BSL BIPOC CBT DBT LGBT PTSD ADHD OCD BPD".split())


@lru_cache(maxsize=4096)
def unexplained(format: str) -> bool:
    """Whether something of `formats` is letters that no table here and no directory explains ("XT"). Readers see it as
    "code XT", so that they can ask about it; nothing is guessed of it."""
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,4}", format) or format in _WORDS_IN_CAPITALS:
        return False
    return not any(format in book(programme)["labels"] for programme in programmes())


_STATES = {"open": "open", "closed": "closed", "online": "online", "hybrid": "hybrid"}
_ACCESS = frozenset(
    {"wheelchair access", "step free", "step free entrance", "lift", "hearing loop", "live captions", "quiet room",
     "children welcome", "fragrance free", "sign language", "large print", "text chat", "dogs welcome"}
)  # fmt: skip


@lru_cache(maxsize=1024)
def plain_word(word: str) -> dict[str, Any] | None:
    """An entry such as those of a programme's file for a word that is exactly a name of the vocabulary (a theme, whom
    it is for), of a language, of open and closed, or of what makes it easier to come; None for every other word."""
    from corpus.imports.aliases import LANGUAGES

    plain = fold(word)
    if plain in _STATES:
        return {"label": word, "is": _STATES[plain]}
    if plain in LANGUAGES:
        return {"label": word, "lang": LANGUAGES[plain]}
    if plain in _ACCESS:
        return {"label": word, "access": True}
    named: tuple[tuple[vocabulary.Kind, str], ...] = (("themes", "theme"), ("contexts", "for"))
    for kind, field in named:
        for id in vocabulary.ids(kind):
            if plain in (fold(id), fold(vocabulary.label(kind, id))):
                return {"label": word, field: id}
    return None
