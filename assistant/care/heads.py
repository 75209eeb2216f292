"""What rules cannot spell out: small heads over the message's vector, its words, and what the rules found.

Each head is one logistic regression; all of them read the same four things:

* how near the vector that finding looks for anyway (float32[384], unit norm) is to each of some hundred landmarks,
  which are middles of groups of training vectors: what counts as danger is no half of the space, it lies in places,
* words, pairs and triples of words, hashed into `WORDS` places and weighed by rarity,
* pieces of words, hashed into `PIECES` places of their own: what people write in languages that the model does not
  read, and in spellings that it never saw. A message has far more pieces than words; each kind has a length of its own,
  so that neither drowns the other,
* which rules and guards matched.

What is said of "any" and "crisis" is not the head's own word alone (`Said`): a danger is of some kind, and the head of
the likeliest kind knows it better than a head that has to know all of them.

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
WORDS, PIECES = 1 << 14, 1 << 14
GRAMS = WORDS + PIECES  # places of words come first
VECTOR = 384
SHARPNESS = 2.0  # how fast nearness falls; half and twice of it do nearly as well
_CHARACTERS = (3, 4, 5)  # of the pieces of a word, its ends marked


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
                found[zlib.crc32(f"{mark}{' '.join(words[i : i + n])}".encode()) % WORDS] += 1
        for word in words:
            marked = f"<{word}>"
            for n in _CHARACTERS:
                for i in range(len(marked) - n + 1):
                    found[WORDS + zlib.crc32(f"c{marked[i : i + n]}".encode()) % PIECES] += 1
    return found


def weighed(counted: Counter[int], rarity: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Places that were met and what each counts: 1 + log of how often, times rarity (float32[GRAMS]); the values of
    words have length 1 together, and those of pieces (0 where there is nothing)."""
    places = np.fromiter(counted.keys(), dtype=np.int64, count=len(counted))
    often = 1 + np.log(np.fromiter(counted.values(), dtype=np.float32, count=len(counted)))
    values = (often * rarity[places]).astype(np.float32)
    for kind in (places < WORDS, places >= WORDS):
        length = float(np.linalg.norm(values[kind]))
        if length:
            values[kind] /= length
    return places, values


def chance(odds: Any) -> Any:
    """From log-odds to [0, 1]."""
    return 1 / (1 + np.exp(-odds))


def nearness(vectors: Floats, landmarks: Floats) -> Floats:
    """float32[..., m] in (0, 1]: 1 where a unit vector (float32[..., 384]) is one of the m unit landmarks."""
    near: Floats = np.exp(SHARPNESS * (vectors @ landmarks.T - 1)).astype(np.float32)
    return near


class Said(NamedTuple):
    """Log-odds of a message, or of many (float[...]): what thresholds are set for, and what they are held against.

    Chosen on voices that were left out of the fit, at one share of check-ins on everyday distress: a third of the
    danger that "any" alone lets through is found.
    """

    any: Any
    crisis: Any

    @classmethod
    def of(cls, any: Any, crisis: Any, kinds: Any, everyday: Any) -> Said:
        """any, crisis, everyday: of these heads. kinds: float[..., k], of the heads of the kinds of danger."""
        likeliest = np.max(kinds, axis=-1)
        return cls(0.4 * any + 0.6 * likeliest - 0.4 * everyday, 0.7 * crisis + 0.3 * likeliest)


class Heads:
    """Weights that were read from a file. Threads: reading a message changes nothing."""

    def __init__(self, path: Path = FILE) -> None:
        with np.load(path, allow_pickle=False) as file:
            self.card: dict[str, Any] = json.loads(str(file["card"]))
            self._names: list[str] = self.card["heads"]
            self._bias = file["bias"].astype(np.float32)
            self._landmarks = file["landmarks"].astype(np.float32)
            self._near = file["near"]
            self._rules = file["rules"].astype(np.float32)
            self._grams = np.ascontiguousarray(file["grams"].T.astype(np.float32))  # [GRAMS, heads]: a row is read
            self._rarity = file["rarity"].astype(np.float32)
        self.thresholds: dict[str, float] = self.card["thresholds"]

    def reads(self, embedder: str) -> bool:
        """Whether vectors of this embedder are the ones that the heads were trained on."""
        return bool(embedder == self.card["embedder"])

    def score(self, sentences: Sequence[str], rules: Floats, vector: Floats) -> Scores:
        """sentences: plain. rules: float32[n], `Reading.features`. vector: float32[384], unit norm."""
        places, values = weighed(grams(sentences), self._rarity)
        logits = self._bias + self._rules @ rules + self._near @ nearness(vector, self._landmarks)
        logits = logits + values @ self._grams[places]
        odds = dict(zip(self._names, map(float, logits), strict=True))
        alone = {name: odds.pop(name) for name in ("any", "crisis", "everyday")}
        clinical, past, other = (float(chance(odds.pop(name))) for name in ("clinical", "past", "other"))
        said = Said.of(**alone, kinds=np.asarray(list(odds.values())))
        kinds = {name: float(chance(value)) for name, value in odds.items()}
        return Scores(float(chance(said.any)), float(chance(said.crisis)), clinical, past, other, kinds)


@lru_cache(maxsize=1)
def shipped() -> Heads:
    """The heads that come with the program."""
    return Heads()
