"""Makes `heads.npz`: one command, minutes on two cores, the same numbers each time.

    python -m assistant train-care --posts risk_posts.jsonl --questions counsel_questions.jsonl

Trains on the written lines of the voices that are not kept apart and, where they are given, on every second forum post
({"text", "severity": 0–6}) and counselling question ({"title", "text"}); the others stay for measuring. Thresholds are
set on predictions for voices that were left out of the fit (eight folds of whole voices), against the bars of
`measuring.py`. scikit-learn is imported here only, and only when this runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.care import heads as form
from assistant.care.lines import Line, seen_by_rules, written
from assistant.care.screen import CATEGORIES, Reading, read
from assistant.care.screener import embedded
from corpus.errors import BadRecord
from index.embed import unit

if TYPE_CHECKING:
    from index.embed import Embedder

FOLDS = 8
STRENGTH = 0.5  # C of the logistic regressions; twice and half of it do as well
# How much each kind of feature counts before the fit: what is scaled up is regularised less.
SCALE_NEAR, SCALE_RULES, SCALE_GRAMS = 4.0, 0.3, 4.0
LANDMARKS = 512
# A forum post was rated by somebody else, for something else. Less weight brings a point of recall on our own lines
# that were left out, and costs twelve on real posts.
POST_WEIGHT = 0.5
RISKS = tuple(name for name in CATEGORIES if name != "clinical")
HEADS = ("any", "crisis", "clinical", "past", "other", "everyday", *RISKS)
NOT_SAID = -1.0  # what a label is where nobody gave one


class Example(NamedTuple):
    """One message to learn from. labels: HEADS → 1, 0 or NOT_SAID."""

    text: str
    voice: str  # who is left out together
    labels: dict[str, float]
    weight: float = 1.0
    line: Line | None = None


def examples(posts: Path | None, questions: Path | None) -> list[Example]:
    """The written lines, and every second row of the two files."""
    found = [Example(line.text, line.voice, _labels(line), line=line) for line in written(kept_apart=False)]
    for place, row in enumerate(_rows(posts)):
        if place % 2 == 0:
            severity = int(row["severity"])  # 0 none, 1 wish to be dead, 2 thoughts, 3–6 plan, intent, behaviour
            labels = dict.fromkeys(HEADS, NOT_SAID) | {"any": float(severity >= 1), "clinical": 0.0}
            labels["crisis"] = NOT_SAID if severity == 2 else float(severity >= 3)
            found.append(Example(row["text"], f"post {place % FOLDS}", labels, POST_WEIGHT))
    for place, row in enumerate(_rows(questions)):
        text = f"{row.get('title', '')}\n{row['text']}"
        if place % 2 == 0 and read(text).screen.tier == 0:  # what rules see something in has no label
            labels = dict.fromkeys(HEADS, NOT_SAID) | {"any": 0.0, "crisis": 0.0, "clinical": 0.0}
            found.append(Example(text, f"question {place % FOLDS}", labels, POST_WEIGHT))
    return found


def _labels(line: Line) -> dict[str, float]:
    labels = {name: float(line.kind == name) for name in RISKS}
    return labels | {
        "any": float(line.tier >= 1 and line.kind != "clinical"),
        "crisis": float(line.tier >= 2 and line.kind != "clinical"),
        "clinical": float(line.kind == "clinical"),
        "past": float(line.when == "past"),
        "other": float(line.who == "other"),
        "everyday": float(line.kind == "everyday"),
    }


def _rows(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    try:
        return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]
    except (OSError, json.JSONDecodeError) as error:
        raise BadRecord(f"{path} cannot be read: {error}") from error


class Features(NamedTuple):
    """One row for each example."""

    near: NDArray[np.float32]  # [n, LANDMARKS], nearness made independent of each other by `whitening`
    rules: NDArray[np.float32]  # [n, r]
    grams: Any  # scipy.sparse CSR [n, GRAMS], as `heads.weighed`
    landmarks: NDArray[np.float16]  # [LANDMARKS, 384]
    whitening: NDArray[np.float64]  # [LANDMARKS, LANDMARKS]
    rarity: NDArray[np.float32]  # [GRAMS]
    readings: list[Reading]


def features(found: Sequence[Example], embedder: Embedder) -> Features:
    from scipy import sparse

    readings = [read(example.text) for example in found]
    counted = [form.grams(reading.plain) for reading in readings]
    met = np.bincount([place for c in counted for place in c], minlength=form.GRAMS)
    rarity = np.log(len(found) / (1 + met)).clip(0).astype(np.float16).astype(np.float32)  # as it is kept
    parts = [form.weighed(c, rarity) for c in counted]
    starts = np.cumsum([0, *(len(places) for places, _ in parts)])
    values, places = np.concatenate([v for _, v in parts]), np.concatenate([p for p, _ in parts])
    vectors = embedder.encode([embedded(e.text) for e in found])
    landmarks = middles(vectors[[example.line is not None for example in found]])
    kept = landmarks.astype(np.float32)
    # Nystroem: with these, a linear fit on nearness to landmarks is a fit with a Gaussian kernel on vectors.
    sizes, axes = np.linalg.eigh(form.nearness(kept, kept).astype(np.float64))
    whitening = (axes / np.sqrt(sizes.clip(1e-4))) @ axes.T
    return Features(
        near=(form.nearness(vectors, kept) @ whitening).astype(np.float32),
        rules=np.stack([reading.features for reading in readings]),
        grams=sparse.csr_matrix((values, places, starts), shape=(len(found), form.GRAMS)),
        landmarks=landmarks,
        whitening=whitening,
        rarity=rarity,
        readings=readings,
    )


def middles(vectors: NDArray[np.float32]) -> NDArray[np.float16]:
    """Unit middles of at most `LANDMARKS` groups of unit vectors."""
    from sklearn.cluster import KMeans

    groups = KMeans(min(LANDMARKS, len(vectors)), n_init=1, max_iter=30, random_state=0).fit(vectors)
    return unit(groups.cluster_centers_.astype(np.float32)).astype(np.float16)


class Fit(NamedTuple):
    """Weights of one head, in the scales of `Heads`."""

    bias: float
    near: NDArray[np.float32]  # of `Features.near`
    rules: NDArray[np.float32]
    grams: NDArray[np.float32]


def fit(matrix: Any, rules: int, labels: NDArray[np.float64], weights: NDArray[np.float64]) -> Fit:
    from sklearn.linear_model import LogisticRegression

    known = labels != NOT_SAID
    model = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=0)
    model.fit(matrix[known], labels[known], sample_weight=weights[known])
    row = model.coef_[0].astype(np.float32)
    near = matrix.shape[1] - form.GRAMS - rules
    return Fit(
        float(model.intercept_[0]),
        row[:near] * SCALE_NEAR,
        row[near : near + rules] * SCALE_RULES,
        row[near + rules :] * SCALE_GRAMS,
    )


def train(
    embedder: Embedder, posts: Path | None, questions: Path | None, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Fit, calibrate and write `heads.npz`. Returns its card."""
    from joblib import Parallel, delayed
    from scipy import sparse

    found = examples(posts, questions)
    say(f"{len(found)} messages")
    made = features(found, embedder)
    matrix = sparse.hstack(
        [
            sparse.csr_matrix(made.near * SCALE_NEAR),
            sparse.csr_matrix(made.rules * SCALE_RULES),
            made.grams * SCALE_GRAMS,
        ]
    ).tocsr()
    rules = made.rules.shape[1]
    weights = np.asarray([example.weight for example in found])
    labels = {name: np.asarray([example.labels[name] for example in found]) for name in HEADS}
    voices = sorted({example.voice for example in found})
    fold_of = {voice: place % FOLDS for place, voice in enumerate(voices)}
    fold = np.asarray([fold_of[example.voice] for example in found])
    odds = {name: np.zeros(len(found)) for name in HEADS}
    for number in range(FOLDS):
        inside, outside = fold != number, fold == number
        rows = matrix[inside]
        of_fold = Parallel(n_jobs=-1)(
            delayed(fit)(rows, rules, labels[name][inside], weights[inside]) for name in HEADS
        )
        for name, one in zip(HEADS, of_fold, strict=True):
            odds[name][outside] = said(one, made, outside)
        say(f"fold {number + 1} of {FOLDS}")
    both = form.Said.of(odds["any"], odds["crisis"], np.stack([odds[kind] for kind in RISKS], axis=1), odds["everyday"])
    left_out = {name: form.chance(odds[name]) for name in ("clinical", "past")}
    left_out |= {"any": form.chance(both.any), "crisis": form.chance(both.crisis)}
    thresholds = calibrate(found, made.readings, left_out)
    fits = [fit(matrix, rules, labels[name], weights) for name in HEADS]
    card = {
        "heads": list(HEADS),
        "thresholds": thresholds,
        "embedder": embedder.name,
        "messages": len(found),
        "lines": sum(example.line is not None for example in found),
        "voices": len({example.voice for example in found if example.line}),
        "posts": sum(example.voice.startswith("post ") for example in found),
        "questions": sum(example.voice.startswith("question ") for example in found),
        "made_on": datetime.now(UTC).date().isoformat(),
    }
    keep(form.FILE, card, made, fits)
    return card


def said(one: Fit, made: Features, rows: Any) -> NDArray[np.float64]:
    """What a head says of some rows, as log-odds."""
    logits = made.near[rows] @ one.near + made.rules[rows] @ one.rules + made.grams[rows] @ one.grams
    return np.asarray(one.bias + logits, dtype=np.float64)


def keep(path: Path, card: dict[str, Any], made: Features, fits: Sequence[Fit]) -> None:
    """Write weights as `Heads` reads them, `fits` in the order of card["heads"]."""
    np.savez_compressed(
        path,
        card=json.dumps(card),
        bias=np.asarray([one.bias for one in fits], dtype=np.float32),
        landmarks=made.landmarks,
        near=np.stack([made.whitening @ one.near for one in fits]).astype(np.float32),
        rules=np.stack([one.rules for one in fits]).astype(np.float16),
        grams=np.stack([one.grams for one in fits]).astype(np.float16),
        rarity=made.rarity.astype(np.float16),
    )


# Shares of false alarms that thresholds are set for, on voices that were left out. Figures of speech have no limit of
# their own beside rules: one that kept them within their bar would silence most crises.
RAISED_AT_MOST = {"everyday": 0.015, "figurative": 0.035, "recovered": 0.035, "negated": 0.045, "informational": 0.03}
CRISIS_AT_MOST = {"everyday": 0.02, "recovered": 0.065, "negated": 0.05, "informational": 0.05}
PAST = 0.4  # from which the head of the time frame takes something as told of the past; 0.3 and 0.5 do nearly as well
CHECK_IN_AT_MOST = 0.13  # of everyday distress; voices that are new come out higher than those left out here
# Of all other messages. At half of it "I am worn out and drink too much" is still taken for a question for a clinician,
# and recall of those that are falls by seven points.
CLINICAL_AT_MOST = 0.025


def calibrate(
    found: Sequence[Example], readings: Sequence[Reading], left_out: dict[str, NDArray[np.float64]]
) -> dict[str, float]:
    """Thresholds for `screen.weigh`, each the lowest that keeps the shares above on lines that nothing was fitted to.

    crisis, any, clinical: from which a head raises. crisis_calm, any_calm: below which a rule's tier counts one less;
    past: from which a rule's crisis does, where the heads see none.
    """
    seen = seen_by_rules()
    lines = [i for i, example in enumerate(found) if example.line and example.line.voice not in seen]
    kind = np.asarray([found[i].line.kind for i in lines])  # type: ignore[union-attr]
    rules = np.asarray([readings[i].screen.tier for i in lines])
    by_rule_clinical = np.asarray([readings[i].screen.clinical for i in lines])
    crisis, some, clinical, past = (left_out[name][lines] for name in ("crisis", "any", "clinical", "past"))

    def lowest(scores: NDArray[np.float64], fits: Callable[[float], bool]) -> float:
        steps = np.unique(np.round(scores, 3))
        low, high = 0, len(steps)  # the shares fall as a threshold rises
        while low < high:
            middle = (low + high) // 2
            if fits(float(steps[middle])):
                high = middle
            else:
                low = middle + 1
        return float(steps[low]) if low < len(steps) else 1.0

    def raised(t: float) -> bool:
        return all(np.mean(crisis[kind == name] >= t) <= most for name, most in RAISED_AT_MOST.items())

    t_crisis = lowest(crisis, raised)

    def calmed(t: float) -> bool:
        alarmed = (crisis >= t_crisis) | ((rules == 2) & (crisis >= t) & (past < PAST))
        return all(np.mean(alarmed[kind == name]) <= most for name, most in CRISIS_AT_MOST.items())

    t_calm = min(lowest(crisis, calmed), t_crisis)

    def quiet(t: float) -> bool:
        warned = (some >= t) | (crisis >= t_crisis) | ((rules >= 1) & (some >= t / 2))
        return bool(np.mean(warned[kind == "everyday"]) <= CHECK_IN_AT_MOST)

    t_any = lowest(some, quiet)
    others = kind != "clinical"
    t_clinical = lowest(
        clinical, lambda t: bool(np.mean(((clinical >= t) | by_rule_clinical)[others]) <= CLINICAL_AT_MOST)
    )
    return {
        "crisis": round(t_crisis, 3),
        "crisis_calm": round(t_calm, 3),
        "past": PAST,
        "any": round(t_any, 3),
        "any_calm": round(t_any / 2, 3),
        "clinical": round(t_clinical, 3),
    }
