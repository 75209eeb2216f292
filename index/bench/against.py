"""This program against what a developer would pick instead: `python -m index bench --against`.

Everybody has the same passages and vectors, made before, and embeds messages with the same weights. Each has a process
of its own, with as many threads as it comes with, and they take turns step by step, so that a busy machine is as busy
for one as for the other. Trust ratios more than milliseconds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.bench import floor
from index.bench.made import FILTERED, Made, make, messages
from index.bench.own_python import own_python
from index.bench.peer import Died, Failed, Peer
from index.bench.seen import NOTHING, Seen, table
from index.embed import Vectors, source
from index.settings import IndexSettings, open_embedder

OURS = "ours"
_OWN = {
    OURS: "index.bench.ours",
    "ours, stories through the gate": "index.bench.through_gate",
    "ours, whole turn": "assistant.whole_turn",
}
_CONTENDERS = Path(__file__).parent / "contenders"
# What the others share, without threads that wait for each other: on a busy machine those burn most of their CPU.
PLAIN = ("sentence-transformers in one thread + FAISS", _CONTENDERS / "exact_flat.py")
PEERS = {
    "langchain": ("LangChain FAISS + HuggingFaceEmbeddings", "langchain_faiss.py"),
    "txtai": ("txtai", "txtai_content.py"),
    "chroma": ("Chroma", "chroma.py"),
    "lancedb": ("LanceDB", "lance.py"),
    "haystack": ("Haystack in memory", "haystack_memory.py"),
    "sqlite-vec": ("sqlite-vec", "sqlite_vec_table.py"),
}
SIZES = (1_000, 10_000)
LENGTHS = (5, 30, 120)  # of messages, in tokens
CROWDS = (8, 32)  # messages at once
TURNS = [f"turn {n}" for n in LENGTHS]


@dataclass(frozen=True)
class Entry:
    """Who takes part: a module of this program, or a file that `python` runs."""

    name: str
    what: str | Path
    python: Path | None = None

    def start(self) -> Peer:
        return Peer(self.what, self.python)


def against(
    settings: IndexSettings, names: Sequence[str], sizes: Sequence[int], folder: Path, write: Callable[[str], None]
) -> None:
    """Print tables in Markdown for each number of passages. names: of PEERS; none: all of them. folder: keeps what is
    made once, which is a Python with the packages, and the passages."""
    python = own_python(folder / "python", write)
    entries = [Entry(name, what) for name, what in _OWN.items()]
    entries.append(Entry(*PLAIN))
    entries += [Entry(PEERS[name][0], _CONTENDERS / PEERS[name][1], python) for name in names or PEERS]
    speeds = floor.bandwidth(), floor.rate()
    for size in sizes:
        made = make(settings, size, folder, write)
        seen = Comparison(settings, made, entries, folder / "running").run()
        write(f"\n{len(made.passages):,} passages\n\n{report(seen, [e.name for e in entries])}")
        write(_floor(made, *speeds))


@dataclass(frozen=True)
class Rounds:
    """How often each step is measured."""

    turns: int = 20
    starts: int = 3
    crowds: int = 5
    changes: int = 10


class Comparison:
    """One interleaved run over one collection."""

    def __init__(
        self,
        settings: IndexSettings,
        made: Made,
        entries: Sequence[Entry],
        running: Path,
        rounds: Rounds = Rounds(),
    ) -> None:
        """running: a folder for what the contenders make; it is emptied before and afterwards."""
        self._rounds = rounds
        found = source(settings.model)
        self._given = {"weights": str(found[0]) if found else settings.model, "settings": settings.model_dump_json()}
        self._made = made
        self._entries = {entry.name: entry for entry in entries}
        self._running = running
        embedder = open_embedder(settings)
        self._messages = {n: messages(embedder, n, rounds.turns) for n in LENGTHS}
        self._crowd = messages(embedder, 31, max(CROWDS))
        self._asked = embedder.encode(self._messages[30])
        self.seen = Seen()

    def run(self) -> Seen:
        shutil.rmtree(self._running, ignore_errors=True)
        try:
            self._build()
            for n in range(1, self._rounds.starts):
                for name in [*self._entries]:
                    with self._noted(name, "first answer"), self._entries[name].start() as peer:
                        self._start(name, peer, n)
            with ExitStack() as closing:
                peers = {}
                for name in [*self._entries]:
                    with self._noted(name, "first answer"):
                        peers[name] = closing.enter_context(self._entries[name].start())
                        self._start(name, peers[name], 0)
                self._turns(peers)
                self._held(peers)
                self._together(peers)
                self._changes(peers)
        finally:
            shutil.rmtree(self._running, ignore_errors=True)
        return self.seen

    def _state(self, name: str) -> str:
        return str(self._running / f"contender-{[*self._entries].index(name)}")

    def _noted(self, name: str, step: str) -> _Noted:
        return _Noted(self.seen, self._entries, name, step)

    def _those(self, peers: dict[str, Peer]) -> Iterator[tuple[str, Peer]]:
        """Who is left."""
        for name, peer in peers.items():
            if name in self._entries:
                yield name, peer

    def _build(self) -> None:
        for name, entry in [*self._entries.items()]:
            state = Path(self._state(name))
            state.mkdir(parents=True)
            with self._noted(name, "build"), entry.start() as peer:
                folder = str(self._made.folder)
                built = peer.ask("build", folder=folder, state=str(state), given=self._given)
                self.seen.add(name, "build", 0, built["cpu"] / 1e3)
            kept = sum(path.stat().st_size for path in state.rglob("*") if path.is_file())
            self.seen.add(name, "disk", 0, kept / 2**20)

    def _start(self, name: str, peer: Peer, n: int) -> None:
        """From the start of a process until it has answered once."""
        peer.ask("open", state=self._state(name), given=self._given)
        peer.ask("turn", text=self._messages[30][n])
        self.seen.add(name, "start wall", n, time.perf_counter() - peer.began)
        self.seen.add(name, "start cpu", n, peer.ask("held")["cpu"] / 1e3)

    def _turns(self, peers: dict[str, Peer]) -> None:
        spanish = np.asarray([p["language"] == FILTERED for p in self._made.passages])
        ids = np.asarray([p["id"] for p in self._made.passages])
        for n in range(self._rounds.turns):
            for tokens in LENGTHS:
                for name, peer in self._those(peers):
                    with self._noted(name, "turn"):
                        self._spent(name, f"turn {tokens}", n, peer.ask("turn", text=self._messages[tokens][n]))
            vector = self._asked[n]
            for name, peer in self._those(peers):
                for step, rows in (("search", slice(None)), ("filtered", spanish)):
                    with self._noted(name, step):
                        answer = peer.ask(step, vector=vector.tolist())
                        self._spent(name, step, n, answer)
                        best = nearest(ids[rows], self._made.vectors[rows], vector)
                        self.seen.add(name, f"{step} recall", n, len(best & {*answer["ids"]}) / len(best))

    def _spent(self, name: str, step: str, n: int, answer: dict[str, Any]) -> None:
        self.seen.add(name, step, n, answer["cpu"])
        self.seen.add(name, f"{step} wall", n, answer["wall"])

    def _together(self, peers: dict[str, Peer]) -> None:
        for n in range(self._rounds.crowds):
            for many in CROWDS:
                for name, peer in self._those(peers):
                    with self._noted(name, f"{many} at once"):
                        self._spent(name, f"{many} at once", n, peer.ask("together", texts=self._crowd[:many]))

    def _held(self, peers: dict[str, Peer]) -> None:
        for name, peer in self._those(peers):
            with self._noted(name, "memory"):
                held = peer.ask("held")["memory"]
                if held is not None:
                    self.seen.add(name, "memory", 0, held)

    def _changes(self, peers: dict[str, Peer]) -> None:
        """Last, because afterwards they hold different things."""
        stories: dict[str, int] = {}  # a passage of each: what shares a story leaves with it
        for at, passage in enumerate(self._made.passages):
            stories.setdefault(passage["story"], at)
        places = [*stories.values()]
        first = max(p["id"] for p in self._made.passages) + 1
        for n in range(self._rounds.changes):
            leaving, coming = places[n * 7 % len(places)], self._made.vectors[[n, n + 1, n + 2]][:, ::-1]
            for name, peer in self._those(peers):
                with self._noted(name, "withdraw"):
                    vector = self._made.vectors[leaving].tolist()
                    answer = peer.ask("withdraw", passage=self._made.passages[leaving], vector=vector)
                    self._spent(name, "withdraw", n, answer)
                    self.seen.add(name, "looks", n, answer["looks"])
                with self._noted(name, "add"):
                    texts = self._messages[30][:3]
                    answer = peer.ask("add", first=first + 3 * n, texts=texts, vectors=coming.tolist())
                    self._spent(name, "add", n, answer)


class _Noted:
    """A step of one contender that may fail: why is kept, and whoever died is not asked again."""

    def __init__(self, seen: Seen, entries: dict[str, Entry], name: str, step: str) -> None:
        self._seen, self._entries, self._name, self._step = seen, entries, name, step

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, Failed):
            self._seen.reasons.setdefault((self._name, self._step), str(error))
            if isinstance(error, Died) or self._step in ("build", "first answer"):
                self._entries.pop(self._name, None)
        return isinstance(error, Failed)


def nearest(ids: Any, vectors: Vectors, vector: Vectors) -> set[int]:
    """The ids of the ten vectors with the highest inner product, by reading all."""
    return {*map(int, ids[np.argsort(-(vectors @ vector), kind="stable")[:10]])}


def report(seen: Seen, names: Sequence[str]) -> str:
    """Three tables, what could not be measured and why, and how far ahead of LangChain this program is."""

    def turn(step: str) -> tuple[str, Callable[[str], str]]:
        heading = f"{step.removeprefix('turn ')} tokens"
        return heading, lambda name: f"{seen.spread(name, step)} / {seen.spread(name, f'{step} wall')}"

    def spread(heading: str, step: str, digits: int = 1) -> tuple[str, Callable[[str], str]]:
        return heading, lambda name: seen.spread(name, step, digits)

    def recall(name: str) -> str:
        found = [seen.of(name, f"{step} recall") for step in ("search", "filtered")]
        if not all(found) or (name != OURS and name in _OWN):  # stories are not passages
            return NOTHING
        return " / ".join(f"{sum(some) / len(some):.3f}" for some in found)

    def times(*steps: str) -> Callable[[str], str]:
        return lambda name: f"{seen.ratio(name, OURS, steps)}"

    first = table(
        "a turn: CPU ms / wall ms",
        names,
        [*map(turn, TURNS), ("turns a CPU-second", lambda n: _per_second(seen, n)), ("CPU, × ours", times(*TURNS))],
    )
    second = table(
        "ms",
        names,
        [
            *(spread(f"{many} at once, wall", f"{many} at once wall", 0) for many in CROWDS),
            spread("search, CPU", "search", 2),
            spread("10 % allowed, CPU", "filtered", 2),
            ("recall@10 / of those allowed", recall),
            spread("withdraw until not found, wall", "withdraw wall"),
            spread("add three until found, wall", "add wall"),
        ],
    )
    third = table(
        "a cold process",
        names,
        [
            spread("first answer, CPU s", "start cpu"),
            spread("wall s", "start wall"),
            ("wall, × ours", times("start wall")),
            spread("memory MB", "memory", 0),
            spread("disk MB", "disk", 0),
            spread("built in, CPU s", "build"),
        ],
    )
    parts = [first, second, third]
    parts += [f"- {who}, {step}: {why}" for (who, step), why in seen.reasons.items() if why != "it has no such thing"]
    other = PEERS["langchain"][0]
    if seen.ratios(other, OURS, TURNS):
        turns, start = seen.ratio(other, OURS, TURNS), seen.ratio(other, OURS, ["start wall"])
        parts.append(
            f"Against {other}: {turns} times as many turns a CPU-second; the first answer of a cold process comes "
            f"{start} times sooner."
        )
    return "\n\n".join(parts)


def _per_second(seen: Seen, name: str) -> str:
    """Of messages of the three lengths alike, by medians."""
    middle = [m for step in TURNS if (m := seen.median(name, step)) is not None]
    return f"{1e3 * len(middle) / sum(middle):.1f}" if middle else NOTHING


def _floor(made: Made, bandwidth: float, rate: float) -> str:
    reading = made.vectors.nbytes / bandwidth * 1e3
    computing = " / ".join(f"{floor.operations(n) / rate * 1e3:.1f}" for n in LENGTHS)
    return (
        f"\nFloor: reading the vectors once {reading:.2f} ms ({bandwidth / 1e9:.1f} GB/s); the model's multiplications "
        f"for {' / '.join(map(str, LENGTHS))} tokens {computing} CPU ms ({rate / 1e9:.0f} GFLOP a CPU-second)."
    )
