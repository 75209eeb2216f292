"""Take a directory in, and say what became of each of its records."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from corpus.custody import Brought
from corpus.groups.collapse import collapse
from corpus.groups.listing import Feed
from corpus.groups.read import Batch
from corpus.groups.times import next_meeting

if TYPE_CHECKING:
    from corpus.store import Store


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a directory. `records == loaded + len(refused)`. Counts are of groups, after days were put
    together, where it does not say records. without_timezone: groups with a time and no zone: no clock time is shown.
    """

    feed: str
    format: str
    dry_run: bool
    records: int
    loaded: int  # records
    refused: tuple[dict[str, str], ...]  # place, reason
    groups: int
    warnings: dict[str, int]  # by kind
    without_timezone: int
    with_next_occurrence: int
    by_appointment: int
    unlisted: int
    secrets_withheld: int
    examples: dict[str, tuple[str, ...]]  # of each kind of warning: places and words of the first few
    added: int
    changed: int
    unchanged: int
    back: int
    gone: int
    kept_away: int  # taken off by the program for good
    edited: int  # with changes by hand, which were kept
    notes: tuple[str, ...]
    columns: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def take_in(
    store: Store, batch: Batch, feed: Feed, *, actor: str, now: datetime, dry_run: bool = False, whole: bool = True
) -> Report:
    """Store a batch, or only say what would become of it. A second copy of the same directory changes nothing."""
    together = collapse(batch.listings)
    brought = Brought()
    if not dry_run and (together or not batch.refused):
        # A file of which nothing could be read is no empty directory: then nothing is made inactive.
        brought = store.put_listings(feed.name, [(one.group, one.key, one.raw) for one in together], actor, whole=whole)
    kinds = Counter(kind for one in batch.listings for kind, _ in one.warnings)
    examples: dict[str, list[str]] = {}
    for one in batch.listings:
        for kind, words in one.warnings:
            if len(few := examples.setdefault(kind, [])) < 3:
                few.append(f"{one.place}: {words}" if words else one.place)
    return Report(
        feed=feed.name,
        format=batch.format,
        dry_run=dry_run,
        records=batch.records,
        loaded=len(batch.listings),
        refused=tuple({"place": r.place, "reason": r.reason} for r in batch.refused),
        groups=len(together),
        warnings=dict(sorted(kinds.items())),
        without_timezone=sum(any(s.timezone is None for s in one.group.schedules) for one in together),
        with_next_occurrence=sum(
            one.group.always_open or next_meeting(one.group, now) is not None for one in together
        ),
        by_appointment=sum(one.group.by_appointment for one in together),
        unlisted=sum(one.group.status == "unlisted" for one in together),
        secrets_withheld=sum(one.withheld for one in batch.listings),
        examples={kind: tuple(few) for kind, few in sorted(examples.items())},
        notes=batch.notes,
        columns=dict(batch.columns),
        **{name: len(getattr(brought, name)) for name in (
            "added", "changed", "unchanged", "back", "gone", "kept_away", "edited",
        )},
    )  # fmt: skip


def as_text(report: Report) -> str:
    """For a terminal."""
    lines = [
        f"{report.feed} ({report.format}): {report.records} records = {report.loaded} loaded + "
        f"{len(report.refused)} refused; {report.groups} groups.",
    ]
    if not report.dry_run:
        lines.append(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.back} back, "
            f"{report.gone} gone (now inactive), {report.edited} with changes by hand (kept)."
        )
    lines.append(
        f"{report.with_next_occurrence} with a next meeting; {report.by_appointment} by appointment; "
        f"{report.without_timezone} without a time zone (no clock time is shown); {report.unlisted} unlisted; "
        f"{report.secrets_withheld} secrets withheld."
    )
    lines += [f"  {n:5} {kind}: {'; '.join(report.examples[kind])}"[:160] for kind, n in report.warnings.items()]
    lines += [f"  refused  {row['place']}: {row['reason']}" for row in report.refused[:20]]
    if len(report.refused) > 20:
        lines.append(f"  and {len(report.refused) - 20} more refused; --json lists them all")
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)
