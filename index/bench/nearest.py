"""What searching costs at which size, and how much of the nearest is found: `python -m index bench --vectors N …`.

The vectors are made: mixtures of three passages of the sample stories and a little noise, so that they lie as densely
as those of a real collection. Each figure is the median of CPU time of one thread; recall is against reading all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from corpus.samples.read import read_stories
from index.embed import Vectors, unit
from index.nearest import Nearest, Shut
from index.passages import cut
from index.settings import IndexSettings, open_embedder

_ASKED = 100
_COUNT = 400  # as many as the page asks for
_ROUNDS = 40


def bench(settings: IndexSettings, sizes: Sequence[int], write: Callable[[str], None]) -> None:
    """Print a table in Markdown. The settings' memory is what the vectors may take."""
    embedder = open_embedder(settings)
    passages = embedder.encode([span.of(story) for story in read_stories().good for span in cut(story)])
    chance = np.random.default_rng(0)
    asked = mixed(passages, _ASKED, chance)
    columns = (
        "form", "MB", "made in, CPU s", "recall@10", "search, CPU ms", "10 % shut", "90 % shut", "another 90 %",
        "remove one", "seen by a search after", "add three",
    )  # fmt: skip
    write(f"| vectors | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}")
    for size in sizes:
        write(_row(size, passages, asked, chance, settings.index_memory))


def mixed(passages: Vectors, count: int, chance: np.random.Generator) -> Vectors:
    """float32[count, d], rows unit-norm: mixtures of three of `passages` each, and a little noise."""
    made = np.empty((count, passages.shape[1]), dtype=np.float32)
    for start in range(0, count, 50_000):
        rows = made[start : start + 50_000]
        weights = chance.dirichlet((1, 1, 1), len(rows)).astype(np.float32)
        for n in range(3):
            rows[:] = (rows if n else 0) + weights[:, n : n + 1] * passages[
                chance.integers(0, len(passages), len(rows))
            ]
        rows += 0.02 * chance.standard_normal(rows.shape, dtype=np.float32)
        rows[:] = unit(rows)
    return made


def _row(size: int, passages: Vectors, asked: Vectors, chance: np.random.Generator, memory: int | None) -> str:
    vectors, ids = mixed(passages, size, chance), np.arange(size, dtype=np.int64) * 2
    near = Nearest(passages.shape[1])
    near.most_each = None if memory is None else (memory << 20) / size
    began = time.process_time()
    near.change((), ids, vectors)
    made = time.process_time() - began
    recall = statistics.mean(
        len({*(np.argpartition(-(vectors @ row), 10)[:10] * 2).tolist()} & {*near.search(row, _COUNT)[0][:10].tolist()})
        / 10
        for row in asked
    )
    few, most = (Shut(ids, chance.random(size) < part) for part in (0.1, 0.9))

    def search(shut: Shut | None) -> Callable[[int], object]:
        return lambda i: near.search(asked[i], _COUNT, shut=shut)

    cells = [_ms(search(shut)) for shut in (None, few, most)]
    cells.append(_ms(lambda i: near.search(asked[i], _COUNT, shut=Shut(ids, most.shut.copy()))))
    nothing = np.zeros((0, passages.shape[1]), dtype=np.float32)
    removed = _ms(lambda i: near.change([int(ids[i])], (), nothing))
    still = sum(np.isin(ids[:_ROUNDS], near.search(row, _COUNT)[0]).sum() for row in vectors[:_ROUNDS])
    added = _ms(lambda i: near.change((), [2 * size + 6 * i + 2 * n for n in range(3)], vectors[:3]))
    bytes_all = near.kind.bytes_each(passages.shape[1]) * size / 2**20
    told = (
        str(near.kind),
        f"{bytes_all:.0f}",
        f"{made:.1f}",
        f"{recall:.3f}",
        *cells,
        removed,
        f"{still} of {_ROUNDS}",
    )
    return f"| {size:,} | {' | '.join(told)} | {added} |"


def _ms(step: Callable[[int], object]) -> str:
    seen = []
    for i in range(_ROUNDS):
        began = time.thread_time()
        step(i)
        seen.append((time.thread_time() - began) * 1e3)
    return f"{statistics.median(seen):.2f}"
