"""Several processes on one collection: what is acknowledged survives a kill, and what left is left for all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from corpus import jobs
from corpus.custody import CodeRow
from corpus.store import open_store
from corpus.store.sql import SqlStore
from corpus.types import Part, PartText, Purpose
from index.embed import WordEmbedder
from index.find import Finder
from index.query import Query
from tests.conftest import make_story, publish, reviewers, take_in

ROOT = Path(__file__).parent.parent
WORDS = "I kept the porch light on for eleven nights and then I let it go out by itself."

# Takes stories in with eight threads and says each id once it is acknowledged, as a page would by its receipt.
SUBMITTER = """
import sys, threading
from corpus.custody import CodeRow
from corpus.store import open_store
from corpus.types import Part, PartText
from tests.conftest import make_story, take_in
store = open_store(sys.argv[1])
name, lock = sys.argv[2], threading.Lock()
def work(n):
    for i in range(n, 100, 8):
        id = f"{name}-{i}"
        story = make_story(id, parts=(PartText(part=Part.WHOLE, text=f"{id}: " + "I sat in the car. " * 40),))
        take_in(store, story, code=CodeRow(f"{name}-{i}", "hash"))
        with lock:
            print(id, flush=True)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
"""


def submitter(url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUBMITTER, url, name], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def test_two_hundred_at_once_and_a_kill_in_the_middle_lose_no_acknowledged_story(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journey.db"
    open_store(url).close()
    killed, other = submitter(url, "killed"), submitter(url, "other")
    said: dict[str, list[str]] = {"killed": [], "other": []}

    def listen(name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            if line.endswith("\n"):
                said[name].append(line.strip())

    listeners = [threading.Thread(target=listen, args=pair) for pair in (("killed", killed), ("other", other))]
    for listener in listeners:
        listener.start()
    deadline = time.monotonic() + 60
    while len(said["killed"]) < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(10)
    other.wait(60)
    for listener in listeners:
        listener.join(10)
    assert 40 <= len(said["killed"]) < 100  # it was killed in the middle
    assert len(said["other"]) == 100
    store = open_store(url)
    there = {row.id for row in store.queue()}
    assert set(said["killed"] + said["other"]) <= there
    for id in there:
        dossier = store.dossier(id)
        assert dossier
        assert dossier.story.text(Part.WHOLE) == f"{id}: " + "I sat in the car. " * 40
        assert store.find_code(id).id == id  # type: ignore[union-attr]
    assert all(proof.faults == () for proof in store.verify_audit())
    store.close()


@pytest.mark.parametrize("way", ["withdraw", "decline", "expire", "consent", "pause", "unpublish", "redact"])
def test_what_left_in_one_process_is_gone_in_the_other_with_a_finder_that_has_not_heard(
    tmp_path: Path, way: str
) -> None:
    """The other process is a real one; its finder is told to pull nothing."""
    url = f"sqlite:///{tmp_path}/journey.db"
    store = open_store(url)
    publish(store, make_story(parts=(PartText(part=Part.WHOLE, text=WORDS),)))
    Finder(store, WordEmbedder(), floor=0.1).build()
    program = (
        "import sys\nfrom corpus.store import open_store\nfrom index.find import Finder\nfrom index.query import Query\n"
        "from index.embed import WordEmbedder\n"
        f"s = open_store({url!r})\nf = Finder(s, WordEmbedder(), floor=0.1)\nf.pull()\nf.refresh = f.pull = lambda: None\n"
        f"look = lambda: print(len(f.find(Query(f.sense({WORDS!r})))), flush=True)\nlook()\n"
        "for line in sys.stdin: look()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin
    assert other.stdout
    try:
        assert other.stdout.readline() == "1\n"
        leave(store, way)
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "0\n"
    finally:
        other.stdin.close()
        other.wait(20)
    assert Finder(store, WordEmbedder(), floor=0.1).find(Query(None, like=("one",))) == []
    if way in ("withdraw", "decline", "expire", "redact"):
        store.scrub()
        slices = [WORDS[i : i + 24].encode() for i in range(len(WORDS) - 23)]
        vector = WordEmbedder().encode([WORDS])[0].tobytes()
        for path in tmp_path.rglob("*"):
            there = path.read_bytes()
            assert not any(s in there for s in slices), path.name
            assert vector not in there, path.name
    store.close()


def leave(store: SqlStore, way: str) -> None:
    from datetime import timedelta

    from corpus.custody import Declined
    from corpus.store import utc_now

    dossier = store.dossier("one")
    assert dossier
    match way:
        case "withdraw":
            store.withdraw("one", "narrator")
        case "decline":
            store.unpublish("one", "ann")
            store.decline("one", "ann", Declined.OTHER, "n")
        case "expire":
            soon = dossier.consent.model_copy(update={"expires_at": utc_now() + timedelta(seconds=0.2)})
            store.set_consent("one", soon, "narrator")
            time.sleep(0.3)
            assert jobs.tick(store).expired == ("one",)
        case "consent":
            off = dossier.consent.model_copy(update={"purposes": frozenset({Purpose.EVALUATE})})
            store.set_consent("one", off, "narrator")
        case "pause":
            store.pause("one", "narrator")
        case "unpublish":
            store.unpublish("one", "ben")
        case "redact":
            story = make_story(parts=(PartText(part=Part.WHOLE, text="[…]"),))
            store.redact(story, dossier.text_revision, "ann", "r", 1, len(WORDS))


def test_the_job_of_two_processes_publishes_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journey.db"
    store, other = open_store(url), open_store(url)
    reviewers(store)
    for n in range(5):
        take_in(store, make_story(f"s{n}"), code=CodeRow(f"a-{n}", "h"))
    done: list[str] = []

    def approve_and_tick(at: SqlStore, who: str) -> None:
        for n in range(5):
            at.approve(f"s{n}", who, 1, "r")
            done.extend(jobs.tick(at).published)

    threads = [threading.Thread(target=approve_and_tick, args=pair) for pair in ((store, "ann"), (other, "ben"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(e.verb == "publish" for e in store.audit(200)) == 5
    store.close()
    other.close()
