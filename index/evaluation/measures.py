"""Measures of a run against judgments. ir_measures (trec_eval's own code) is imported in this file only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Our names → those of ir_measures. nDCG with linear gain over the grades (Järvelin & Kekäläinen 2002), as trec_eval
# has it.
NAMES = {
    "ndcg@10": "nDCG@10",
    "recall@10": "R@10",
    "mrr@10": "RR@10",
    "p@1": "P@1",
    "p@3": "P@3",
    "judged@10": "Judged@10",
}
_RESAMPLES = 2000
_FLIPS = 10_000
_SEED = 20261126  # of resampling: the same figures each time


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over queries with its 95 % bootstrap interval (percentiles of 2,000 resamples of the queries)."""

    mean: float
    lo: float
    hi: float

    def as_dict(self) -> dict[str, float]:
        return {"mean": round(self.mean, 4), "lo": round(self.lo, 4), "hi": round(self.hi, 4)}


def per_query(
    judgments: Mapping[str, Mapping[str, int]], ranked: Mapping[str, Sequence[str]], queries: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Measure → float64[n], one value for each of `queries` in order. A query with nothing found counts as 0.

    ranked: query → ids of documents, best first.
    """
    import ir_measures

    wanted = {ir_measures.parse_measure(name): ours for ours, name in NAMES.items()}
    qrels = [ir_measures.Qrel(q, d, grade) for q in queries for d, grade in judgments[q].items()]
    run = [ir_measures.ScoredDoc(q, d, float(-i)) for q in queries for i, d in enumerate(ranked.get(q, ()))]
    place = {q: i for i, q in enumerate(queries)}
    values = {ours: np.zeros(len(queries)) for ours in NAMES}
    for metric in ir_measures.iter_calc(list(wanted), qrels, run):
        values[wanted[metric.measure]][place[metric.query_id]] = metric.value
    return values


def mean(values: NDArray[np.float64]) -> Mean:
    """The mean with its interval. Values of no query at all are an error: not measured is not zero."""
    if not len(values):
        raise ValueError("no values to average")
    rng = np.random.default_rng(_SEED)
    means = np.array([values[rng.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)])
    lo, hi = np.percentile(means, [2.5, 97.5])
    return Mean(float(values.mean()), float(lo), float(hi))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a` against `b` over the same queries: the mean difference a - b with its interval, and how likely so large a
    one would be
    if both were alike (paired randomisation test, two-sided, 10,000 sign flips; Smucker 2007)."""

    a: str
    b: str
    measure: str
    difference: Mean
    p: float

    def as_dict(self) -> dict[str, object]:
        return {
            "a": self.a,
            "b": self.b,
            "measure": self.measure,
            "difference": self.difference.as_dict(),
            "p": round(self.p, 4),
        }


def compare(a: str, b: str, measure: str, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Comparison:
    """Paired: the values of both are of the same queries in the same order."""
    difference = ours - theirs
    rng = np.random.default_rng(_SEED)
    observed = abs(difference.mean())
    as_large = 0
    for start in range(0, _FLIPS, 1000):
        signs = rng.choice((-1.0, 1.0), size=(min(1000, _FLIPS - start), len(difference)))
        as_large += int((np.abs((signs * difference).mean(axis=1)) >= observed - 1e-12).sum())
    return Comparison(a, b, measure, mean(difference), (as_large + 1) / (_FLIPS + 1))


def gini(values: NDArray[np.float64]) -> float:
    """0 when all have the same, towards 1 when one has all. 0 when nobody has anything."""
    if not values.sum():
        return 0.0
    ordered = np.sort(values)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))
