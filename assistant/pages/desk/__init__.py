"""The desk (`/desk`): where a program looks after its stories. Plain pages behind a sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.pages.talk import Room
    from assistant.settings import Parts, Settings


def add(app: FastAPI, parts: Parts, _: Room, settings: Settings) -> None:
    """Put every page of the desk on the application. The Guard in front has checked path, origin, size and haste."""
    from assistant.pages.desk import access, coverage, export_page, groups, groups_import, lists, sign_in, story

    desk = access.Desk(parts.store, settings)
    app.state.desk = desk
    app.add_exception_handler(access.Refused, access.answer)
    for pages in (sign_in, lists, export_page, coverage, groups_import, groups, story):
        pages.add(app, parts, desk)
