"""The store's contract on what readers told of groups that is wrong; `test_store.py` runs it."""

from __future__ import annotations

from corpus.custody import Wrong
from corpus.store import Store
from corpus.types import Book
from tests.conftest import Clock, make_group


class WrongContract:
    def test_what_is_told_of_a_group_is_a_count_until_somebody_looked(self, store: Store, clock: Clock) -> None:
        store.put_group(make_group(), "test")
        store.put_group(make_group("hidden", status="unlisted"), "test")
        assert not store.tell_wrong("hidden", Wrong.TIME)
        assert not store.tell_wrong("none", Wrong.TIME)
        assert store.told_wrong() == {}
        for reason in (Wrong.UNSAFE, Wrong.TIME, Wrong.TIME):
            assert store.tell_wrong("tea", reason)
        clock.forward(days=2)
        store.tell_wrong("tea", Wrong.TIME)
        told = store.told_wrong()["tea"]
        assert list(told.counts.items()) == [(Wrong.TIME, 3), (Wrong.UNSAFE, 1)]
        assert told.last == clock().date()
        assert store.settle_wrong("tea", "cleo") == 4
        assert store.settle_wrong("tea", "cleo") == 0
        assert store.told_wrong() == {}
        assert [(e.actor, e.verb, e.subject, e.counts) for e in store.audit(1, Book.HOUSE)] == [
            ("cleo", "group:settled", "tea", {"told": 4})
        ]

    def test_three_doubts_within_thirty_days_put_a_group_in_doubt(self, store: Store, clock: Clock) -> None:
        store.put_group(make_group(), "test")
        for _ in range(5):
            store.tell_wrong("tea", Wrong.PLACE)
        store.tell_wrong("tea", Wrong.GONE)
        store.tell_wrong("tea", Wrong.UNSAFE)
        assert store.doubted_groups() == frozenset()
        clock.forward(days=29)
        store.tell_wrong("tea", Wrong.GONE)
        assert store.doubted_groups() == {"tea"}
        clock.forward(days=1)
        assert store.doubted_groups() == frozenset(), "two of them are thirty days old"

    def test_what_was_told_goes_with_the_group_and_after_a_year(self, store: Store, clock: Clock) -> None:
        for id in ("tea", "walk"):
            store.put_group(make_group(id), "test")
            store.tell_wrong(id, Wrong.LINK)
        store.withdraw_group("walk", "test")
        assert set(store.told_wrong()) == {"tea"}
        clock.forward(days=364)
        assert store.drop_old_wrong() == 0
        clock.forward(days=1)
        assert store.drop_old_wrong() == 1
        assert store.told_wrong() == {}
