"""When a group meets, on the clock of the person who reads it: worked out in their browser and sent to nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assistant.conversation import NextMeeting
from assistant.pages import build
from browser import fakes
from browser.conftest import Visit

Make = Callable[..., Visit]


def meeting(start: datetime, elsewhere: bool = True) -> NextMeeting:
    return NextMeeting(
        day="2026-12-01", weekday=2, time="19:00–20:00", city="Dublin", zone="Europe/Dublin",
        start=start.strftime("%Y-%m-%dT%H:%M:%SZ"), end=(start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        elsewhere=elsewhere,
    )  # fmt: skip


def shown(visit: Make, found: NextMeeting, zone: str) -> str:
    parts = fakes.parts()
    respond = parts.turn.respond

    def with_next(session: Any, text: str) -> Any:
        session, reply = respond(session, text)
        group = reply.groups[0].model_copy(update={"next": found})
        return session, reply.model_copy(update={"groups": (group,)})

    parts.turn.respond = with_next
    with fakes.running(build(parts, fakes.settings())) as address:
        one = visit(timezone_id=zone)
        one.address = address
        one.open()
        one.say("hello")
        text = str(one.page.locator(".sj-group time").inner_text())
        assert one.errors == []
        assert not [url for url in one.asked if zone.split("/")[1] in url]
    return text


THEN = datetime(2030, 12, 3, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "elsewhere", "text"),
    [
        ("Europe/Dublin", True, "Tuesday, 1 December 2026, 19:00–20:00 (Dublin time)"),
        ("Asia/Tokyo", False, "Tuesday, 1 December 2026, 19:00–20:00 (Dublin time)"),
    ],
)
def test_where_clocks_agree_or_people_come_by_foot_the_groups_own_time_stands(
    visit: Make, zone: str, elsewhere: bool, text: str
) -> None:
    assert shown(visit, meeting(THEN, elsewhere), zone) == text


def test_elsewhere_the_persons_own_day_and_hour_come_first(visit: Make) -> None:
    text = shown(visit, meeting(THEN), "Asia/Tokyo")
    assert text.startswith("Wednesday")
    assert "04:00 where you are (Tuesday, 1 December 2026, 19:00–20:00 (Dublin time))" in text


def test_what_is_happening_or_about_to_is_said(visit: Make) -> None:
    now = datetime.now(UTC)
    assert shown(visit, meeting(now - timedelta(minutes=20)), "Europe/Dublin").startswith("Happening now.")
    assert shown(visit, meeting(now + timedelta(minutes=20)), "Europe/Dublin").startswith(
        ("Starts in 20", "Starts in 19")
    )
