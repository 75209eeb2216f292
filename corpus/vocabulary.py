"""The closed vocabularies (themes, stages, pathways, contexts, content notes), read from `vocabulary.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from corpus.yaml_file import read_yaml

FILE = Path(__file__).with_name("vocabulary.yaml")

Kind = Literal["themes", "stages", "pathways", "contexts", "content_notes"]


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, dict[str, str]]]:
    data: dict[str, dict[str, dict[str, str]]] = read_yaml(FILE)
    return data


def ids(kind: Kind) -> tuple[str, ...]:
    """Every id of a vocabulary, in the order of the page (which is no ranking)."""
    return tuple(_all()[kind])


def label(kind: Kind, id: str) -> str:
    """What a person reads for an id. An unknown id (from a newer or foreign collection) is shown as it is."""
    entry = _all()[kind].get(id)
    return entry["label"] if entry else id.replace("_", " ")


def phrase(theme: str) -> str:
    """Completes "something about ..." for a theme, in plain person-first words."""
    entry = _all()["themes"].get(theme)
    return entry["phrase"] if entry else theme.replace("_", " ")


def unknown(kind: Kind, given: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of `given` that the vocabulary does not have."""
    known = _all()[kind]
    return tuple(id for id in given if id not in known)
