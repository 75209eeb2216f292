"""Duties run again and again, one that fails takes no other with it, and the last ones run at the end."""

from __future__ import annotations

import asyncio

import pytest
from conftest import make_story, publish

from assistant.pages import upkeep
from assistant.pages.upkeep import kept_up
from corpus.store import Store


def test_scrubs_of_a_large_database_leave_time_for_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[float] = []
    scrub, ticks = store.scrub, [1000.0]

    def slow() -> object:
        ticks[0] += 2.0
        done.append(ticks[0])
        return scrub()

    monkeypatch.setattr(store, "scrub", slow)
    monkeypatch.setattr(upkeep.time, "monotonic", lambda: ticks[0])
    for id in ("one", "two"):
        publish(store, make_story(id))
        store.withdraw(id, "narrator")
        upkeep.scrub_soon(store)
    assert len(done) == 1
    assert store.scrub_is_due()  # the job does what this left
    ticks[0] += 18.0
    upkeep.scrub_soon(store)
    assert len(done) == 2
    assert not store.scrub_is_due()


def test_duties_go_on_after_a_failure_and_the_end_is_kept() -> None:
    done: list[str] = []

    def fails() -> None:
        done.append("fails")
        raise RuntimeError("no")

    async def run() -> None:
        duties = ((0.01, fails), (0.01, lambda: done.append("works")))
        async with kept_up(duties, (fails, lambda: done.append("end"))):
            await asyncio.sleep(0.2)

    asyncio.run(run())
    assert done.count("fails") > 2
    assert done.count("works") > 2
    assert done[-1] == "end"
    assert done.count("end") == 1
