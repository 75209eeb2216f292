"""A collection leaves in one folder and comes back the same, byte for byte; whatever is wrong in a folder is named."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from corpus import errors, portable
from corpus.custody import CodeRow, Counted, Declined
from corpus.store import open_store
from corpus.store.sql import SqlStore
from corpus.types import Part, PartText, Purpose, State
from tests.conftest import Clock, make_consent, make_story, publish, reviewers, take_in


def fill(store: SqlStore, clock: Clock) -> None:
    """One of everything that a story can have."""
    text = "  Tabs\tand\r\nodd “quotes”, 𝔞𝔰𝔱𝔯𝔞𝔩 ﷽ and a zero\u200bwidth. "
    publish(store, make_story("published", parts=(PartText(part=Part.WHOLE, text=text),)), make_consent(*Purpose))
    publish(store, make_story("paused", hope=3, setbacks=True, stage="finding_my_way"))
    store.pause("paused", "narrator")
    take_in(
        store, make_story("coded"), code=CodeRow("apple-boat", "$argon2id$x"), cools_until=clock() + timedelta(days=3)
    )
    none = make_consent().model_copy(update={"purposes": frozenset()})
    take_in(store, make_story("held", provenance="program"), none, state=State.HELD)
    revision = take_in(store, make_story("busy"))
    store.approve("busy", "ann", 1, "r")
    store.ask("busy", "ann", "Who?")
    store.answer("busy", 1, "Nobody.", "narrator")
    store.ask("busy", "ben", "And then?")
    store.redact(make_story("busy", title="[…]"), revision, "ben", "a name", 1, 4)
    store.propose(make_story("busy", title="Other"), "ann", 2, "n")
    take_in(store, make_story("declined"), code=CodeRow("cloud-door", "h"))
    store.decline("declined", "ann", Declined.NOT_NOW, "Not now.")
    take_in(store, make_story("gone"))
    store.withdraw("gone", "narrator")
    store.count({("published", Counted.SHOWN): 7})
    store.add_sample(make_story("sample", provenance="sample"), make_consent(), "samples")
    store.withdraw("sample", "samples")
    store.add_sample(make_story("sample2", provenance="sample"), make_consent(), "samples")


def all_files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def saved(store: SqlStore, clock: Clock, tmp_path: Path) -> Path:
    fill(store, clock)
    folder = tmp_path.parent / f"{tmp_path.name}-portable"
    portable.save(store, folder, "test")
    return folder


def elsewhere(tmp_path: Path, clock: Clock) -> SqlStore:
    new = open_store(f"sqlite:///{tmp_path}/new/journey.db", clock=clock)
    new.add_sample(make_story("sample2", provenance="sample"), make_consent(), "samples")
    return new


def test_there_and_back_again_byte_for_byte(saved: Path, store: SqlStore, tmp_path: Path, clock: Clock) -> None:
    new = elsewhere(tmp_path, clock)
    clock.forward(hours=1)
    done = portable.load(new, saved, "test")
    assert done.stories == 5
    again = saved.with_name(saved.name + "-again")
    portable.save(new, again, "test")
    assert all_files(again) == all_files(saved)
    # what readers, narrators and reviewers see is the same
    ids = ["published", "paused", "coded", "held", "busy"]
    for purpose in Purpose:
        one, two = store.visible(ids, purpose), new.visible(ids, purpose)
        assert {id: v.story for id, v in one.items()} == {id: v.story for id, v in two.items()}
    for id in ids:
        one_dossier, two_dossier = store.dossier(id), new.dossier(id)
        assert one_dossier
        assert two_dossier
        assert two_dossier.approvals == one_dossier.approvals
        assert (two_dossier.version, two_dossier.state, two_dossier.held) == (
            one_dossier.version,
            one_dossier.state,
            one_dossier.held,
        )
    assert new.find_code("apple-boat").id == "coded"  # type: ignore[union-attr]
    assert new.find_code("cloud-door").outcome.reason is Declined.NOT_NOW  # type: ignore[union-attr]
    assert {"gone", "declined"} <= new.departed()
    assert "sample" not in new.departed()
    assert new.usage()["published"].shown == 7
    assert [p.faults for p in new.verify_audit()] == [(), ()]
    new.withdraw("published", "narrator")  # and it goes on from there
    assert [p.faults for p in new.verify_audit()] == [(), ()]
    new.close()


def test_sha256sum_reads_the_checksums(saved: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=saved, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_of_people_samples_or_the_house_travels(saved: Path) -> None:
    together = b"".join(all_files(saved).values())
    assert b"no password fits" not in together
    assert b"sample" not in together
    assert b'"house"' not in together


def tamper(saved: Path, name: str, change: Callable[[bytes], bytes], *, sums: bool) -> None:
    path = saved / name
    path.write_bytes(change(path.read_bytes()))
    if sums:  # as somebody would who knows the format
        files = {n: c for n, c in all_files(saved).items() if n != "SHA256SUMS"}
        text = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files))
        (saved / "SHA256SUMS").write_text(text)


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return change


@pytest.mark.parametrize(
    ("name", "change", "sums", "says"),
    [
        ("stories/published.json", swap("Title", "Other"), False, "stories/published.json: it was altered"),
        ("audit.jsonl", swap("ann", "bob"), True, "line 2 of the book stories was altered"),
        ("audit.jsonl", lambda c: c.split(b"\n", 1)[1], True, "line 1 of the book stories missing"),
        ("audit.jsonl", swap('"stories"', '"house"'), True, "another book"),
        ("audit.jsonl", lambda _: b"{\n", True, "audit.jsonl, line 1"),
        ("stories/published.json", swap('"state": "published"', '"state": "famous"'), True, "published.json"),
        ("stories/published.json", swap('"id": "published"', '"id": "other"'), True, "differ"),
        (
            "stories/published.json",
            swap('"provenance": "contributed"', '"provenance": "sample"'),
            True,
            "does not travel",
        ),
        ("stories/published.json", swap('"part": "whole"', '"part": "song"'), True, "published.json"),
        ("stories/published.json", swap('"grief"', '"taxes"'), True, "published.json"),
        ("stories/published.json", swap('"added_at": "2026', '"added_at": "x'), True, "no moment"),
        ("stories/published.json", swap('"usage"', '"uses"'), True, "published.json"),
        ("stories/published.json", swap('"added_at"', '"evil": 1, "added_at"'), True, "unknown evil"),
        ("stories/coded.json", swap('"locator": "apple-boat"', '"locator": "cloud-door"'), True, None),
        ("consents/published.json", swap('"surface"', '"everything"'), True, "consents/published.json"),
        ("departed.jsonl", swap('"gone"', '"published"'), True, "left and is in the folder"),
        ("outcomes.jsonl", swap("not_now", "never"), True, "outcomes.jsonl"),
        ("manifest.json", swap("journey/1", "journey/9"), True, "format"),
        ("manifest.json", lambda _: b"\xff", True, "not JSON"),
    ],
)
def test_what_is_wrong_in_a_folder_is_named_and_nothing_comes_in(
    saved: Path, tmp_path: Path, clock: Clock, name: str, change: Callable[[bytes], bytes], sums: bool, says: str | None
) -> None:
    tamper(saved, name, change, sums=sums)
    new = elsewhere(tmp_path, clock)
    with pytest.raises(errors.SharedJourneyError, match=says):
        portable.load(new, saved, "test")
    assert new.queue() == ()
    assert new.verify_audit()[0].lines == 0
    new.close()


def rows(change: Callable[[Any], object]) -> Callable[[bytes], bytes]:
    """A change of the document of a file, or of the last record of a file of lines."""

    def changed(content: bytes) -> bytes:
        *before, last = content.decode().rstrip("\n").split("\n") if content.startswith(b'{"') else [content.decode()]
        document = json.loads(last)
        change(document)
        return ("\n".join([*before, json.dumps(document)]) + "\n").encode()

    return changed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("stories/published.json", rows(lambda d: d["facts"].update(id="other"))),
        ("stories/published.json", rows(lambda d: d["facts"].update(provenance="sample"))),
        ("stories/published.json", rows(lambda d: d["facts"].pop("themes"))),
        ("stories/published.json", rows(lambda d: d["approvals"].clear())),
        ("stories/published.json", rows(lambda d: d["approvals"][0].update(void=True))),
        ("stories/published.json", rows(lambda d: d["approvals"][0].update(version=7))),
        ("stories/published.json", rows(lambda d: d["custody"][0].update(version=2))),
        ("stories/published.json", rows(lambda d: d["custody"][0].update(version=10**30))),
        ("stories/published.json", rows(lambda d: d["custody"][0].update(version="x"))),
        ("stories/coded.json", rows(lambda d: d["custody"][0].update(locator=["a"]))),
        ("stories/coded.json", rows(lambda d: d["custody"][0].update(code_hash=5))),
        ("stories/published.json", rows(lambda d: d.update(custody=[5]))),
        ("stories/published.json", rows(lambda d: d.update(questions=5))),
        ("stories/published.json", rows(lambda d: d.update(questions=[5]))),
        ("stories/published.json", rows(lambda d: d.pop("questions"))),
        ("stories/published.json", rows(lambda d: d["usage"][0].update(count="x"))),
        ("stories/published.json", lambda _: b"[" * 100_000),
        ("consents/published.json", lambda _: b"{}"),
        ("outcomes.jsonl", rows(lambda d: d.update(locator={}))),
        ("outcomes.jsonl", rows(lambda d: d.update(reason=[]))),
        ("outcomes.jsonl", lambda _: b"[" * 100_000 + b"\n"),
        ("departed.jsonl", rows(lambda d: d.update(id=[1]))),
        ("departed.jsonl", rows(lambda d: d.update(id={}))),
        ("audit.jsonl", rows(lambda d: d.update(number="x"))),
        ("audit.jsonl", rows(lambda d: d.pop("hash"))),
    ],
)
def test_whatever_somebody_wrote_into_a_folder_is_refused_with_a_line(
    saved: Path, tmp_path: Path, clock: Clock, name: str, change: Callable[[bytes], bytes]
) -> None:
    tamper(saved, name, change, sums=True)
    new = elsewhere(tmp_path, clock)
    with pytest.raises(errors.SharedJourneyError):
        portable.load(new, saved, "test")
    assert new.queue() == ()
    new.close()


def test_files_too_many_missing_or_linked_are_refused(saved: Path, tmp_path: Path, clock: Clock) -> None:
    new = elsewhere(tmp_path, clock)
    extra = saved / "stories" / "x.json"
    extra.write_text("{}")
    with pytest.raises(errors.BadRecord, match=r"stories/x.json"):
        portable.load(new, saved, "test")
    extra.unlink()
    kept = (saved / "stories" / "coded.json").read_bytes()
    (saved / "stories" / "coded.json").unlink()
    with pytest.raises(errors.BadRecord, match=r"stories/coded.json"):
        portable.load(new, saved, "test")
    (tmp_path / "outside.json").write_bytes(kept)
    (saved / "stories" / "coded.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(errors.BadRecord, match="link"):
        portable.load(new, saved, "test")
    sums = (saved / "SHA256SUMS").read_text()
    (saved / "SHA256SUMS").write_text(sums + f"{'0' * 64}  ../../etc/passwd\n")
    with pytest.raises(errors.BadRecord, match="passwd"):
        portable.load(new, saved, "test")
    (saved / "SHA256SUMS").unlink()
    with pytest.raises(errors.BadRecord, match="no whole folder"):
        portable.load(new, saved, "test")
    assert new.queue() == ()
    new.close()


def test_it_goes_into_an_empty_collection_only(saved: Path, store: SqlStore, tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(errors.IllegalMove, match="of its own"):
        portable.load(store, saved, "test")
    new = elsewhere(tmp_path, clock)
    portable.load(new, saved, "test")
    with pytest.raises(errors.IllegalMove):
        portable.load(new, saved, "test")
    new.close()


def test_where_it_may_not_be_written(saved: Path, store: SqlStore) -> None:
    with pytest.raises(errors.SettingsWrong, match="not empty"):
        portable.save(store, saved, "test")
    with pytest.raises(errors.SettingsWrong, match="data folder"):
        portable.save(store, store.folder / "out", "test")


def test_what_is_over_leaves_before(store: SqlStore, tmp_path: Path, clock: Clock) -> None:
    publish(store, make_story("short"), make_consent(days=1))
    publish(store, make_story("long"))
    clock.forward(days=2)
    folder = tmp_path.parent / f"{tmp_path.name}-over"
    assert portable.save(store, folder, "test").stories == 1
    assert not (folder / "stories" / "short.json").exists()
    assert json.loads((folder / "manifest.json").read_text())["counts"]["stories"] == 1


WORDS = st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text and text.strip())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=st.lists(
        st.tuples(WORDS, WORDS, WORDS, st.booleans(), st.sets(st.sampled_from(list(Purpose)))), min_size=0, max_size=5
    )
)
def test_any_collection_goes_there_and_back(tmp_path_factory: pytest.TempPathFactory, made: list) -> None:  # type: ignore[type-arg]
    folder, clock = tmp_path_factory.mktemp("moving"), Clock()
    one = open_store(f"sqlite:///{folder}/one/journey.db", clock=clock)
    reviewers(one)
    for n, (title, name, text, publishing, purposes) in enumerate(made):
        story = make_story(f"s{n}", title=title, narrator=name, parts=(PartText(part=Part.NOW, text=text),))
        consent = make_consent().model_copy(update={"purposes": frozenset(purposes)})
        if publishing and Purpose.SURFACE in purposes:
            publish(one, story, consent)
        else:
            take_in(one, story, consent)
    portable.save(one, folder / "a", "test")
    two = open_store(f"sqlite:///{folder}/two/journey.db", clock=clock)
    portable.load(two, folder / "a", "test")
    portable.save(two, folder / "b", "test")
    assert all_files(folder / "b") == all_files(folder / "a")
    one.close()
    two.close()
