"""The terms of a text: the same in every process, and read again only as they were made."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import terms
from index.terms import Reader, features, number, packed, terms_of, unpacked

SAID = "I lost my job, and the job’s people; émigré 東京 2019 don't"


def test_terms_are_the_stems_of_content_words_in_order() -> None:
    content = features(SAID)
    assert terms_of(SAID).tolist() == [number(stem) for stem in content if " " not in stem]
    assert terms_of(SAID).dtype == np.uint32
    assert len(terms_of("")) == len(terms_of("and I was … !")) == 0


@given(st.lists(st.text(), max_size=4))
def test_what_was_met_before_changes_nothing(texts: list[str]) -> None:
    read = Reader()
    for text in [*texts, *texts]:
        assert read(text).tolist() == terms_of(text).tolist()


def test_they_are_the_same_in_another_process() -> None:
    asked = f"from index.terms import *; print(packed(terms_of({SAID!r}), 12).hex())"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    found = unpacked(bytes.fromhex(done.stdout))
    assert found is not None
    assert (found[0].tolist(), found[1]) == (terms_of(SAID).tolist(), 12)


def test_no_number_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zero:
        def digest(self) -> bytes:
            return bytes(4)

    monkeypatch.setattr("hashlib.blake2b", lambda *_, **__: Zero())
    assert number("lamp") == 1


@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "none", "function words", "stemmer", "form"])
def test_what_other_rules_made_is_not_read(damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    kept: bytes | None = packed(terms_of(SAID), 12)
    assert kept is not None
    if damage == "function words":
        other = tmp_path / "words.txt"
        other.write_text("job")
        monkeypatch.setattr(terms, "COMMON", other)
    elif damage == "stemmer":
        monkeypatch.setattr("Stemmer.version", lambda: "0.0.0")
    elif damage == "form":
        monkeypatch.setattr(terms, "_FORM", -1)
    else:
        kept = {"cut": kept[:-1], "longer": kept + b"1", "empty": b"", "none": None}[damage]
    terms._made_by.cache_clear()
    try:
        assert unpacked(kept) is None
    finally:
        terms._made_by.cache_clear()
