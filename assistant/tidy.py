"""What somebody typed, as it is read and shown: without what cannot be seen."""

from __future__ import annotations

import unicodedata

# Bidirectional overrides: shown inside a page they could reorder the words around them.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy(text: str) -> str:
    """A message without control characters, lone surrogates and the invisible marks that turn writing around."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs", "Co") and c not in _TURNS))
    return "".join(kept).strip()
