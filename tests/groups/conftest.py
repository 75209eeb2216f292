"""Small directories of our own in which each oddity of real ones stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpus.groups import read
from corpus.groups.listing import Listing
from corpus.groups.read import Batch
from corpus.samples.read import Refused

Reader = Callable[..., Batch]


@pytest.fixture
def batch(tmp_path: Path) -> Reader:
    """Read content as a file of some name: lists and dicts are written as JSON."""

    def reader(content: Any, name: str = "meetings.json", **given: str) -> Batch:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else None
        if data is None:
            data = (content if isinstance(content, str) else json.dumps(content)).encode()
        path.write_bytes(data)
        format = given.pop("format", "auto")
        return read.read(path, read.feed_of(path, **given), format)

    return reader


@pytest.fixture
def one(batch: Reader) -> Callable[..., Listing]:
    """The only listing of a Meeting Guide record with these fields."""

    def reader(feed: dict[str, str] | None = None, **fields: Any) -> Listing:
        record = {"slug": "s", "name": "Night Owls", "day": 1, "time": "19:00", **fields}
        found = batch([record], **(feed or {}))
        assert found.refused == (), found.refused
        return found.listings[0]

    return reader


def kinds(listing: Listing) -> set[str]:
    return {kind for kind, _ in listing.warnings}


def reasons(found: Batch) -> list[str]:
    return [row.reason for row in found.refused if isinstance(row, Refused)]
