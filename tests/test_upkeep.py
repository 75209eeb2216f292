"""Duties run again and again, one that fails takes no other with it, and the last ones run at the end."""

from __future__ import annotations

import asyncio

from assistant.pages.upkeep import kept_up


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
