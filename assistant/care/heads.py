"""What rules cannot spell out: small linear heads over the message's vector, its words, and what the rules found.

Each head is one logistic regression; all of them read the same three things:

* the vector that finding looks for anyway (float32[384], unit norm),
* words, pairs and triples of words and pieces of words, hashed into `GRAMS` places and weighed by rarity: what people
  write in languages that the model does not read, and in spellings that it never saw,
* which rules and guards matched.

`heads.npz` holds the weights, what they were trained on and the thresholds; `training.py` makes it. It holds
weights of hashed features and no words.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FILE = Path(__file__).with_name("heads.npz")
GRAMS = 1 << 14
VECTOR = 384
_PIECES = (3, 4, 5)  # characters of the pieces of a word, its ends marked


class Scores(NamedTuple):
    """What the heads say of one message, each in [0, 1]: for the thresholds only, as classes were balanced.

    any: it calls for at least a check-in. crisis: for at least a crisis. clinical: it is a question for a clinician.
    past: it is told as over. other: it is about somebody else. kinds: for each category of risk.
    """

    any: float
    crisis: float
    clinical: float
    past: float
    other: float
    kinds: dict[str, float]


def grams(sentences: Sequence[str]) -> Counter[int]:
    """How often each place among `GRAMS` is met by the words of plain sentences (care/normalise.py)."""
    found: Counter[int] = Counter()
    for sentence in sentences:
        words = sentence.split()
        for n, mark in ((1, "w"), (2, "b"), (3, "t")):
            for i in range(len(words) - n + 1):
                found[zlib.crc32(f"{mark}{' '.join(words[i : i + n])}".encode()) % GRAMS] += 1
        for word in words:
            marked = f"<{word}>"
            for n in _PIECES:
                for i in range(len(marked) - n + 1):
                    found[zlib.crc32(f"c{marked[i : i + n]}".encode()) % GRAMS] += 1
    return found


class Heads:
    """Weights that were read from a file. Threads: reading a message changes nothing."""

    def __init__(self, path: Path = FILE) -> None:
        with np.load(path, allow_pickle=False) as file:
            self.card: dict[str, Any] = json.loads(str(file["card"]))
            self._names: list[str] = self.card["heads"]
            self._bias = file["bias"].astype(np.float32)
            self._vector = file["vector"].astype(np.float32)
            self._rules = file["rules"].astype(np.float32)
            self._grams = np.ascontiguousarray(file["grams"].T.astype(np.float32))  # [GRAMS, heads]: a row is read
            self._rarity = file["rarity"].astype(np.float32)
        self.thresholds: dict[str, float] = self.card["thresholds"]

    def reads(self, embedder: str) -> bool:
        """Whether vectors of this embedder are the ones that the heads were trained on."""
        return bool(embedder == self.card["embedder"])

    def score(self, sentences: Sequence[str], rules: Floats, vector: Floats) -> Scores:
        """sentences: plain. rules: float32[n], `Reading.features`. vector: float32[384], unit norm."""
        counted = grams(sentences)
        logits = self._bias + self._rules @ rules + self._vector @ vector
        if counted:
            places = np.fromiter(counted.keys(), dtype=np.int64)
            often = 1 + np.log(np.fromiter(counted.values(), dtype=np.float32))
            values = often * self._rarity[places]
            length = float(np.linalg.norm(values))
            if length:
                logits = logits + (values / length) @ self._grams[places]
        said = dict(zip(self._names, map(float, 1 / (1 + np.exp(-logits))), strict=True))
        return Scores(
            any=said.pop("any"),
            crisis=said.pop("crisis"),
            clinical=said.pop("clinical"),
            past=said.pop("past"),
            other=said.pop("other"),
            kinds=said,
        )


@lru_cache(maxsize=1)
def shipped() -> Heads:
    """The heads that come with the program."""
    return Heads()
