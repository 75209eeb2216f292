"""The sample groups: three directories in formats that programs really have, read by the importers that read those."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.groups.listing import Feed
from corpus.samples.read import FOLDER, Loaded
from corpus.types import Group, Provenance
from corpus.yaml_file import read_yaml

if TYPE_CHECKING:
    from corpus.groups.read import Batch

GROUPS = FOLDER / "groups"
INDEX = "directories.yaml"

# Until 0.4 each sample group was a file of its own. Old id → the id that the same group has in the sheet.
MOVED = {
    f"sample-group-{key}": f"sample-neighbourhood:{key}"
    for key in (
        "balcon-abierto", "blue-bench-line", "caminhada-do-ipe", "coats-on-chairs", "degrau-do-meio",
        "first-morning-out", "gate-latch-line", "grande-table", "horizontal-club", "lantern-stairs",
        "milk-and-moonlight", "night-kettle-line", "parallel-desks", "radio-room", "runder-tisch-nord", "second-bell",
        "second-cup-muster", "shavings-and-tea", "taller-de-los-lunes", "tide-tables", "two-cups-of-chai",
        "unset-place", "well-at-dusk", "worry-workbench",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleDirectory:
    """A file of the folder as its importer read it; every group is marked as a sample. about: one sentence."""

    feed: Feed
    about: str
    batch: Batch


def read_directories(folder: Path = GROUPS) -> tuple[SampleDirectory, ...]:
    """The directories that `directories.yaml` names, in its order. BadRecord when one of the files is not there."""
    from corpus.groups import read

    given: list[dict[str, Any]] = read_yaml(folder / INDEX)["directories"]
    found = []
    for one in given:
        feed = Feed(one["feed"], one["timezone"], one["programme"], one["entity"])
        batch = read.read(folder / one["file"], feed, one["format"])
        # Whatever a record says of who lists it: a card names the samples.
        mark = {"provenance": Provenance.SAMPLE, "listed_by": feed.entity}
        listings = tuple(replace(row, group=row.group.model_copy(update=mark)) for row in batch.listings)
        found.append(SampleDirectory(feed, one["about"], replace(batch, listings=listings)))
    return tuple(found)


def read_groups(folder: Path = GROUPS) -> Loaded[Group]:
    """The groups of all sample directories, days of one group put together, in the order of the files."""
    from corpus.groups.collapse import collapse

    directories = read_directories(folder)
    return Loaded(
        tuple(row.group for one in directories for row in collapse(one.batch.listings)),
        tuple(refused for one in directories for refused in one.batch.refused),
    )
