"""What codes such as `O`, `WCHR` or `YP` mean, by programme: the same letters say different things in different ones.

One YAML file for each programme, its head explains the fields. A code that a programme's file does not have is shown as
it stands, and nothing is guessed. Codes of licensed taxonomies (211/AIRS) are never shipped.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from corpus.groups.listing import Draft

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def programmes() -> tuple[str, ...]:
    """Names of the programmes whose codes are known."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@lru_cache(maxsize=32)
def book(programme: str) -> dict[str, Any]:
    """Of a programme: "name", "themes", "codes", "by_label" (label → code), "hidden" (labels of codes that speak of the
    listing itself), "closed" (its words for who may come); empty ones for a programme that has no file here."""
    path = _FOLDER / f"{programme}.yaml"
    if programme not in programmes():
        return {"name": "", "themes": [], "codes": {}, "by_label": {}, "hidden": frozenset(), "closed": ""}
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = data["codes"] = {str(code).upper(): entry for code, entry in data["codes"].items()}
    data["by_label"] = {entry["label"].lower(): code for code, entry in found.items()}
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
    for code in codes:
        entry = known["codes"].get(code.upper())
        if entry is None:
            formats.append((labels or {}).get(code, code)[:80])
            if not (labels or {}).get(code):
                draft.warn("code_unknown", code[:40])
            continue
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
    if languages:
        draft.fields["languages"] = tuple(dict.fromkeys(languages))
    if "closed" in says:  # both at once: whoever is not sure is told that it is closed
        draft.fields["openness"] = "closed"
        if known["closed"].lower() != "closed":
            draft.fields["eligibility"] = known["closed"]
    elif "open" in says:
        draft.fields["openness"] = "open"
    return frozenset(says - {"open", "closed"})
