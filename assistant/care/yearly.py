"""How often the page referred somebody to a crisis service in a year, in the shape of California's yearly report.

California Business and Professions Code § 22603 (SB 243) asks, from July 2027 on, for the number of crisis service
provider referral notifications of the year before and the protocols about suicidal ideation; nothing about anybody.
Counts are kept by ISO week, so a year begins with the Monday of its first week.
"""

from __future__ import annotations

from typing import Any

from assistant.care.report import published
from assistant.words import say
from corpus.custody import FLOOR, Noticed

_DETECTS = ("safety.how.rules", "safety.turns", "safety.tier.3", "safety.tier.2", "safety.tier.1")
_PROHIBITS = ("safety.tier.2", "safety.how.rules", "safety.clinical")


def yearly(year: int, sums: dict[Noticed, int], counting: bool) -> dict[str, Any]:
    """The report as JSON-ready values. Counts below the floor, and every count where nothing is counted, are None.

    sums: from `CountStore.care_in`. counting: whether the program counts at all (the setting `counts`).
    """
    told = {what: n if counting and n >= FLOOR else None for what, n in sums.items()}
    figures = published()
    return {
        "calendar_year": year,
        "crisis_service_provider_referral_notifications": told[Noticed.REFERRAL],
        "protocols_to_detect_remove_and_respond": [say(f"page.{key}") for key in _DETECTS],
        "protocols_to_prohibit_responses": [say(f"page.{key}") for key in _PROHIBITS],
        "how_it_is_measured": {
            "page": "/safety",
            "measured_on": figures["measured_on"],
            "bars": {name: figure for name, figure in figures["bars"].items()},
        },
        "also_counted": {what.value: n for what, n in told.items() if what is not Noticed.REFERRAL},
        "counting": counting,
        "floor": FLOOR,
        "identifiers": "none are kept",
    }


def as_text(report: dict[str, Any]) -> str:
    """For a terminal."""

    def told(n: int | None) -> str:
        return (f"fewer than {report['floor']}" if n is None else str(n)) if report["counting"] else "not counted"

    lines = [
        f"{report['calendar_year']}: answers that named a crisis service: "
        + told(report["crisis_service_provider_referral_notifications"]),
        *(f"  {what}: {told(n)}" for what, n in report["also_counted"].items()),
        "",
        "To detect, remove and respond:",
        *(f"  {line}" for line in report["protocols_to_detect_remove_and_respond"]),
        "So that nothing is said about how:",
        *(f"  {line}" for line in report["protocols_to_prohibit_responses"]),
    ]
    return "\n".join(lines)
