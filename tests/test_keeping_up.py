"""A finder keeps up with the store: what is new is found, what left is not, and no more is read than is shown."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpus import vocabulary
from corpus.errors import DatabaseBusy
from corpus.store import Store, open_store
from corpus.types import Group, Part, PartText, Purpose
from index.embed import WordEmbedder
from index.facts import Facts
from index.find import Finder
from index.query import Query, Sense
from index.suggest import Wanted
from tests.conftest import Clock, approve, make_consent, make_group, make_story, publish


def story_of(text: str, id: str = "one", **changes: object):  # type: ignore[no-untyped-def]
    return make_story(id, parts=(PartText(part=Part.GOING_ON, text=text),), **changes)


def ids(finder: Finder, text: str, **query: object) -> list[str]:
    return [m.story.id for m in finder.find(Query(finder.sense(text), **query)) if m.close]  # type: ignore[arg-type]


PATHWAYS, CONTEXT = vocabulary.ids("pathways"), vocabulary.ids("contexts")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def suggest(finder: Finder, sense: Sense, country: str | None = None) -> list[Group]:
    return finder.groups(Wanted(sense.near, country=country), sense, NOW)


def test_whoever_refreshes_embeds_what_is_new(store: Store, finder: Finder) -> None:
    publish(store, story_of("my cat left me"))
    assert ids(finder, "my cat left me") == ["one"]
    assert store.unembedded(finder.scheme, 10) == ()


def test_a_turn_goes_on_when_the_database_cannot_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(store, WordEmbedder(), floor=0.1)
    publish(store, story_of("my cat left me"))
    assert ids(finder, "my cat left me") == ["one"]
    publish(store, story_of("my cat left me too", "two"))

    def busy(*_: object) -> bool:
        raise DatabaseBusy("in use")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_passages", busy)
        assert ids(finder, "my cat left me") == ["one"]
    store.withdraw("one", "t")
    assert ids(finder, "my cat left me") == []  # it still pulls what left
    finder._embed_again_at = 0  # a minute later, and nothing else has changed since
    assert ids(finder, "my cat left me") == ["two"]


def test_many_new_stories_are_embedded_over_several_turns(store: Store, finder: Finder) -> None:
    for i in range(70):
        publish(store, story_of(f"my cat left me {i}", f"s{i:02}"))
    waiting = [len(store.unembedded(finder.scheme, 100)) for _ in range(4) if finder.refresh() is None]
    assert waiting == [38, 6, 0, 0]


@pytest.mark.parametrize("leave", ["withdraw", "pause", "consent", "expire"])
def test_a_finder_that_is_behind_shows_nothing_that_left(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    finder = Finder(store, WordEmbedder(), floor=0.1)
    publish(store, story_of("my cat left me"))
    assert ids(finder, "my cat left me") == ["one"]
    monkeypatch.setattr(finder, "refresh", lambda: None)  # it never hears of the change
    if leave == "withdraw":
        store.withdraw("one", "t")
    elif leave == "pause":
        store.pause("one", "t")
    elif leave == "consent":
        store.set_consent("one", make_consent(Purpose.EVALUATE), "t")
    else:
        clock.forward(days=400)
    assert finder.find(Query(finder.sense("my cat left me"))) == []


def test_a_story_that_leaves_while_others_are_chosen_makes_room_for_the_next(
    store: Store, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question who may be shown and the reading of words: these come through the gate again."""
    for id in ("one", "two", "three", "four"):
        publish(store, story_of(f"my cat left me {id}", id))
    first, second, *_ = ids(finder, "my cat left me", count=2)
    passing = store.passing

    def then_one_leaves(some: Iterable[str], purpose: Purpose) -> frozenset[str]:
        found = passing(some, purpose)
        store.withdraw(first, "t")
        return found

    monkeypatch.setattr(store, "passing", then_one_leaves)
    monkeypatch.setattr(finder, "refresh", lambda: None)
    left = ids(finder, "my cat left me", count=2)
    assert len(left) == 2
    assert first not in left
    assert second in left


def test_no_word_of_a_story_is_read_to_choose_from(
    store: Store, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lamp", "rain", "stone", "river", "whisky", "trains"):
        publish(store, story_of(f"my cat left me {name} {name}", name))
    finder.refresh()
    read: list[str] = []
    visible = store.visible
    monkeypatch.setattr(store, "visible", lambda some, purpose: read.extend(some) or visible(some, purpose))
    assert len(ids(finder, "my cat left me", count=3)) == 3 == len(read)


def without_terms(store: Store, like: bytes | None = None) -> None:
    """As a database of an earlier version has it; or with something else in the place of all terms."""
    with contextlib.closing(sqlite3.connect(store.path)) as raw, raw:
        raw.execute(
            "UPDATE vector SET terms = ? WHERE passage_id IN (SELECT id FROM passage WHERE part IS NULL)", (like,)
        )


def reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the stories whose words are read from now on."""
    read: list[str] = []
    visible = store.visible
    monkeypatch.setattr(
        store, "visible", lambda some, purpose: read.extend(some := list(some)) or visible(some, purpose)
    )
    return read


@pytest.mark.parametrize("like", [None, b"", b"\x00" * 12, b"of other rules than these"])
def test_a_start_reads_no_words_but_those_of_which_nothing_was_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch, like: bytes | None
) -> None:
    told = dict(
        themes=("grief", "work"), stage="further_along", language="en-GB", content_notes=("violence",), hope=4,
        setbacks=True, pathways=PATHWAYS[:2], context=CONTEXT[:3],
    )  # fmt: skip
    publish(store, story_of("my cat left me, my cat who slept", "one", **told))
    publish(store, story_of("the lighthouse was dark", "two"))
    Finder(store, WordEmbedder(), floor=0.1).build()

    def start() -> tuple[Finder, list[str]]:
        with monkeypatch.context() as patch:
            read = reads(store, patch)
            finder = Finder(store, WordEmbedder(), floor=0.1)
            finder.build()
            return finder, read

    finder, read = start()
    assert read == []
    for id, seen in store.visible(["one", "two"], Purpose.SURFACE).items():
        assert finder.collection.facts(id) == Facts.of(seen.story)
    without_terms(store, like)
    old, read = start()
    assert sorted(read) == ["one", "two"]
    again, read = start()
    assert read == []
    for other in (old, again):
        assert other.collection.where() == finder.collection.where()
        assert other.collection.facts("one").words == 8
        assert other.collection.holding(["cat left"]) == {"one"}
        assert other.collection.rarity("lighthouse") == finder.collection.rarity("lighthouse") == 0.5
        assert other.find(Query(other.sense("my cat"))) == finder.find(Query(finder.sense("my cat")))


def test_a_page_answers_before_it_is_known_who_stands_back(store: Store) -> None:
    for i, word in enumerate(("work", "sleep", "mum", "night", "alone", "money", "drink", "grief") * 4):
        publish(store, story_of(f"{word} was all I thought of {word} {i}", f"s{i:02}"))
    finder, other = (Finder(store, WordEmbedder(), floor=0.1) for _ in range(2))
    finder.build(standing=False)
    assert finder._ranker.standing == {}
    assert ids(finder, "I cannot sleep at night and sleep is gone")
    assert finder._ranker.standing == {}, "nobody waited for it"
    finder.keep_up()
    other.build()
    assert finder._ranker.standing == other._ranker.standing
    assert any(finder._ranker.standing.values())


def test_what_cannot_be_kept_of_words_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(store, story_of("my cat left me"))
    Finder(store, WordEmbedder()).build()
    without_terms(store)

    def busy(_: object) -> None:
        raise DatabaseBusy("in use")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_terms", busy)
        finder = Finder(store, WordEmbedder(), floor=0.1)
        finder.build()
    assert ids(finder, "my cat left me") == ["one"]
    read = reads(store, monkeypatch)
    Finder(store, WordEmbedder(), floor=0.1).build()
    assert read == ["one"]


def test_terms_of_old_words_are_never_kept_for_new_ones(store: Store) -> None:
    seen = publish(store, story_of("my cat left me"))
    Finder(store, WordEmbedder()).build()
    without_terms(store)
    slow, quick = (Finder(store, WordEmbedder(), floor=0.1) for _ in range(2))
    slow.pull()  # has read the words and kept nothing yet
    store.edit(story_of("the lighthouse was dark"), seen, "t")
    approve(store, "one")
    quick.build()
    slow.keep_up()
    for finder in (slow, quick, Finder(store, WordEmbedder(), floor=0.1)):
        finder.refresh()
        assert finder.collection.holding(["cat"]) == frozenset()
        assert finder.collection.holding(["lighthouse"]) == {"one"}


def test_a_group_is_read_once_and_as_it_is_now(store: Store, finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    for id in ("tea", "walk"):
        store.put_group(make_group(id, name=f"About grief {id}"), "t")
    read: list[str] = []
    visible = store.visible_groups
    monkeypatch.setattr(store, "visible_groups", lambda some: read.extend(some := list(some)) or visible(some))

    def names() -> set[str]:
        return {group.name for group in finder._known_groups.listed(["tea", "walk", "nobody"]).values()}

    finder.refresh()
    read.clear()
    for _ in range(2):
        assert names() == {"About grief tea", "About grief walk"}
        assert sorted(read) == ["tea", "walk"]
    store.put_group(make_group("tea", name="About grief and tea"), "t")
    assert names() == {"About grief and tea", "About grief walk"}
    assert read.count("walk") == 1
    store.put_group(make_group("walk", status="unlisted"), "t")
    assert names() == {"About grief and tea"}
    store.withdraw_group("tea", "t")
    assert names() == set()
    finder.refresh()
    assert finder._known_groups._known == {}


def test_no_word_of_a_story_that_left_stays_in_memory(
    store: Store, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdrawn; and gone from the gate between the two reads of a pull."""
    publish(store, story_of("zebras yodelled", "one"))
    publish(store, story_of("quokkas yodelled", "two"))
    finder.refresh()
    assert finder.collection.holding(["zebras"]) == {"one"}
    store.withdraw("one", "t")
    finder.refresh()
    assert finder.collection.holding(["zebras"]) == frozenset()
    without_terms(store)
    store.pause("two", "t")
    store.resume("two", "t")
    with monkeypatch.context() as patch:
        patch.setattr(store, "visible", lambda *_: {})
        finder.pull()
    assert finder.collection.holding(["quokkas"]) == frozenset()
    assert len(finder.collection) == 0
    publish(store, story_of("wombats yodelled", "three"))
    finder.refresh()
    without_terms(store)
    store.pause("three", "t")
    store.resume("three", "t")
    finder.refresh()
    assert set(finder._unkept) == {"three"}  # read, and not kept yet
    store.withdraw("three", "t")
    finder.refresh()
    assert finder._unkept == {}


def test_a_finder_that_is_behind_never_shows_old_words_of_an_edited_story(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale, fresh = (Finder(store, WordEmbedder(), floor=0.1) for _ in range(2))
    seen = publish(store, story_of("my cat left me"))
    stale.refresh()
    store.edit(story_of("the lighthouse was dark"), seen, "t")
    fresh.refresh()
    monkeypatch.setattr(stale, "refresh", lambda: None)
    assert stale.find(Query(stale.sense("my cat left me"))) == []


def test_a_build_that_was_cut_off_goes_on_where_it_stopped(store: Store) -> None:
    class Failing(WordEmbedder):
        """Fails after some texts, as a full disk or a kill would."""

        left = 1_000_000

        def encode(self, texts):  # type: ignore[no-untyped-def]
            self.left -= len(texts)
            if self.left < 0:
                raise MemoryError("cut off")
            return super().encode(texts)

    for i in range(20):
        publish(store, story_of(f"my cat left me {i}", f"s{i:02}"))
    embedder = Failing()
    finder = Finder(store, embedder, floor=0.1)
    embedder.left = 2 * 11  # texts: two a story
    with pytest.raises(MemoryError):
        finder.build()
    left = len(store.unembedded(finder.scheme, 100))
    assert 0 < left < 20
    embedder.left = 1_000_000
    seen: list[tuple[int, int]] = []
    assert Finder(store, embedder, floor=0.1).build(lambda done, total: seen.append((done, total))) == left
    assert seen[0] == (0, left)
    assert seen[-1] == (left, left)
    assert store.unembedded(finder.scheme, 100) == ()
    before = store.revision()
    assert Finder(store, embedder).build() == 0  # the second start embeds nothing
    assert store.revision() == before


def test_two_finders_over_two_processes_worth_of_stores(tmp_path: Path) -> None:
    one, two = (open_store(f"sqlite:///{tmp_path}/j.db") for _ in range(2))
    a, b = Finder(one, WordEmbedder(), floor=0.1), Finder(two, WordEmbedder(), floor=0.1)
    publish(one, story_of("my cat left me"), make_consent(days=100_000))
    assert ids(a, "my cat left me") == ids(b, "my cat left me") == ["one"]
    two.withdraw("one", "t")
    assert ids(a, "my cat left me") == ids(b, "my cat left me") == []
    one.close()
    two.close()
