"""Which language a message is in. py3langid is imported in this file only, and only when it is needed.

Its tables take 75 MB and most of a second to unpack. Unpacked once, they are kept as files that are mapped into memory:
then only the parts that messages touch are in it. They are tables of letters and languages, never anybody's words.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import sha256

READ = frozenset({"en"})  # what the bundled embedding model was trained on

_SURE = 0.8  # probability from which a message is said to be in another language
_LEAST_WORDS = 4  # of fewer words nobody can tell


def unread_language(text: str) -> str | None:
    """The language (ISO 639-1) of a message that this program does not read, or None when it reads it or cannot tell.

    A message mostly in a script other than Latin is not read; its language is named where that can be told, else
    "und". Short Latin-script messages are taken as English: a wrong "I do not read this" would turn somebody away.
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters[:2000]) / len(letters[:2000])
    if latin < 0.5:
        guess = _guess(text)[0] if len(letters) >= 2 else None
        return "und" if guess in READ else guess
    if len(text.split()) < _LEAST_WORDS:
        return None
    language, probability = _guess(text)
    return language if language not in READ and probability >= _SURE else None


def prepare(folder: Path) -> None:
    """Make ready what tells languages apart, so that the first message does not wait for it, with its tables in
    `folder`. They are made anew when they are not whole, and a folder that cannot be written is no error."""
    global _kept
    if _kept != folder:
        _kept = folder
        _identifier.cache_clear()
    _identifier()


_kept: Path | None = None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    if _kept is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _mapped(_kept)
    return _unpacked()


def _unpacked() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


_TABLES = ("nb_ptc", "nb_pc", "tk_nextmove", "tk_output", "tk_row")  # as the constructor of the identifier calls them


def _mapped(folder: Path) -> Any:
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    here = folder / f"languages-{sha256(MODEL_DIR / MODEL_FILE)[:16]}"
    if not _whole(here):
        _keep(here)
    table = {name: np.load(here / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _TABLES}
    classes = json.loads((here / "about.json").read_text(encoding="utf-8"))["classes"]
    return LanguageIdentifier(
        table["nb_ptc"],
        np.array(table["nb_pc"]),
        classes,
        # looked into number by number: an array of numpy is ten times slower there
        memoryview(table["tk_nextmove"]),
        memoryview(table["tk_output"]),
        norm_probs=True,
        tk_row=memoryview(table["tk_row"]),
    )


def _whole(here: Path) -> bool:
    try:
        sums: dict[str, str] = json.loads((here / "about.json").read_text(encoding="utf-8"))["sums"]
        return all(sha256(here / f"{name}.npy") == sums[name] for name in _TABLES)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _keep(here: Path) -> None:
    """Write the tables; all of them or nothing."""
    found = _unpacked()
    here.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="export.tmp-", dir=here.parent) as folder:
        part = Path(folder) / "made"
        part.mkdir()
        for name in _TABLES:
            np.save(part / f"{name}.npy", np.asarray(getattr(found, name)))
        sums = {name: sha256(part / f"{name}.npy") for name in _TABLES}
        about = json.dumps({"classes": found.nb_classes, "sums": sums})
        (part / "about.json").write_text(about, encoding="utf-8")
        for old in here.parent.glob("languages-*"):  # what is not whole, or of another version
            shutil.rmtree(old, ignore_errors=True)
        try:
            part.rename(here)
        except OSError:  # another process was sooner
            if not _whole(here):
                raise


def _guess(text: str) -> tuple[str, float]:
    language, probability = _identifier().classify(text[:1000])
    return str(language), float(probability)
