"""Which language a message is in. py3langid is imported in this file only, and only when it is needed."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

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


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _guess(text: str) -> tuple[str, float]:
    language, probability = _identifier().classify(text[:1000])
    return str(language), float(probability)
