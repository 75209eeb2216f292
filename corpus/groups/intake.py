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
from corpus.groups.times import meets_again

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
    added: int  # this and the next six: of a dry run, what would be
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
    if together or not batch.refused:
        # A file of which nothing could be read is no empty directory: then nothing is made inactive.
        rows = [(one.group, one.key, one.raw) for one in together]
        if dry_run:
            brought = store.compare_listings(feed.name, rows, whole=whole)
        else:
            brought = store.put_listings(feed.name, rows, actor, whole=whole)
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
            one.group.always_open or meets_again(one.group, now) for one in together
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


# What is counted while records are read, in plain words. The names are those that readers give to `Draft.warn`.
WARNINGS: dict[str, str] = {
    "all_day": "From midnight to midnight: read as open all day.",
    "audience_unknown": "Words for whom it is that name no known group of people. They are kept in the record only.",
    "cell_lost": "A cell that the spreadsheet program lost (####).",
    "closed_that_day": "No opening hour: read as closed that day.",
    "contact_in_notes": "A telephone number or e-mail address stood in the notes. It was left out.",
    "contact_withheld": "A private contact was kept back.",
    "coordinates_unusable": "Coordinates that cannot be. They were left out.",
    "day_from_heading": "The day stood in a heading above the row.",
    "day_is_a_date": "A date where a day belongs. It is shown as it stands; no next date is promised.",
    "day_number_unclear": "A day as a number, and nothing says which day is the first. No time is shown. Write days as "
    "words, or put how they are counted in the header, such as “Day (0=Sunday)”.",
    "day_missing": "A time and no day that could be read. No time is shown.",
    "day_seven_is_sunday": "The day 7, which the format does not know: read as Sunday.",
    "day_words": "Words beside the day, such as “2nd Sunday”. They are shown as they stand; no next date is promised.",
    "edit_address_withheld": "An address for editing the record was kept back.",
    "end_in_the_afternoon": "An end before its beginning: read as the afternoon.",
    "end_twelve_hours_off": "An end that is twelve hours off: read as the other half of the day.",
    "long_session": "It lasts longer than six hours.",
    "host_unknown": "A link to a site that is not known here. Look at it before readers do.",
    "id_missing": "No id of its own. One was made from its words.",
    "id_twice": "The same id on other days.",
    "link_missing": "Online, but without a link.",
    "link_unreadable": "A link that is no web address.",
    "money_withheld": "A way to give money was kept back.",
    "name_missing": "No name. It is called after its programme.",
    "passcode_withheld": "A passcode was kept back.",
    "place_withheld": "A place that must not be known was kept back. Its town is shown.",
    "rule_unreadable": "A rule for dates that cannot be read.",
    "said_inactive": "The directory says that it does not meet now.",
    "status_unknown": "A status that is not known here.",
    "more_cells_than_columns": "More cells than columns: a comma too many, perhaps. Look at this row.",
    "time_half_unclear": "A time without am or pm, where others have it. No time is shown.",
    "time_unreadable": "A time that cannot be read. No time is shown.",
    "timezone_is_an_offset": "A time zone given as an offset. It is not used.",
    "timezone_unknown": "No time zone is known. No clock time is shown.",
    "timezone_unreadable": "A time zone that is none.",
    "unlisted": "Not to be listed. Readers do not see it.",
    "way_in_unknown": "Neither a door nor a link nor a number.",
    "weekly_assumed": "Read as weekly, although its words may say otherwise.",
    "words_in_link": "Words stood in the field for the link. They are shown under how to join.",
}


def in_words(kind: str) -> str:
    """What a kind of warning means; a kind without words stands as it is."""
    return WARNINGS.get(kind, kind.replace("_", " "))


def told(report: Report) -> tuple[str, ...]:
    """The sums of a report in plain sentences, for a terminal and a page alike."""
    lines = [
        f"{report.feed} ({report.format}): {report.records} records = {report.loaded} loaded + "
        f"{len(report.refused)} refused; {report.groups} groups.",
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.back} back, "
        f"{report.gone} gone (now inactive), {report.edited} with changes by hand (kept).",
        f"{report.with_next_occurrence} with a next meeting; {report.by_appointment} by appointment; "
        f"{report.without_timezone} without a time zone (no clock time is shown); {report.unlisted} unlisted; "
        f"{report.secrets_withheld} secrets withheld.",
    ]
    if report.dry_run:
        lines[1] = "It would be: " + lines[1].replace("now inactive", "would be inactive")
    if report.kept_away:
        lines.append(f"{report.kept_away} stay away, because the program took them off for good.")
    return tuple(lines)


def as_text(report: Report) -> str:
    """For a terminal."""
    lines = list(told(report))
    for kind, n in report.warnings.items():
        lines.append(f"  {n:5} {kind}: {in_words(kind)} {'; '.join(report.examples[kind])}"[:200])
    lines += [f"  refused  {row['place']}: {row['reason']}" for row in report.refused[:20]]
    if len(report.refused) > 20:
        lines.append(f"  and {len(report.refused) - 20} more refused; --json lists them all")
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)
