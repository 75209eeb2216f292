"""The form for looking through groups: what was ticked and typed, what can be, and both in words.

Everything that arrives is untrusted: a value that no group has is as if it had not been sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from assistant.group_cards import city_of, kind_name
from assistant.words import label as label_of
from assistant.words import say
from assistant.words.local import capital, either, language_name, weekday_name
from corpus.groups.weekdays import DAYS
from index.facets import Choice, Offers
from index.places import Town, plain

TICKED = ("kinds", "ways", "days", "times", "languages", "themes", "audience", "openness", "cost", "access")
TYPED = {"words": 200, "near": 100, "within": 4, "clock": 60, "country": 2, "page": 5, "only": 4}  # longest, characters
WITHIN = ("10", "25", "50", "100")  # km
MOST_FIELDS = 400
_MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was sent."""

    ticked: Mapping[str, tuple[str, ...]]
    typed: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.typed[name]

    @property
    def page(self) -> int:
        """The page of the list that is asked for, 1 and up."""
        return max(1, int(self["page"])) if self["page"].isascii() and self["page"].isdigit() else 1

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a form that only turns the page carries on."""
        fields = [(name, value) for name, values in self.ticked.items() for value in values]
        return fields + [(name, self[name]) for name in ("words", "near", "within", "clock") if self[name]]


def read(body: bytes) -> Asked:
    """ValueError when there are more fields than this form has."""
    fields = parse_qs(body.decode("utf-8", "replace"), errors="replace", max_num_fields=MOST_FIELDS)
    return Asked(
        {name: tuple(dict.fromkeys(fields.get(name, ()))) for name in TICKED},
        {name: fields.get(name, [""])[0].replace("\x00", "")[:most].strip() for name, most in TYPED.items()},
    )


NOTHING = read(b"")


def values(offers: Offers) -> dict[str, tuple[str, ...]]:
    """What can be ticked, by the names of the fields."""
    return {
        "kinds": offers.kinds, "ways": offers.ways, "days": offers.days, "times": offers.times,
        "languages": offers.languages, "themes": offers.themes, "audience": offers.audience,
        "openness": offers.openness, "cost": ("free",) if offers.free else (), "access": tuple(offers.access),
    }  # fmt: skip


def known(asked: Asked, offers: Offers) -> Asked:
    """The same without what is not offered."""
    there = values(offers)
    ticked = {name: tuple(v for v in given if v in there[name]) for name, given in asked.ticked.items()}
    clock = asked["clock"] if asked["clock"] in offers.clocks else ""
    within = asked["within"] if asked["within"] in WITHIN else ""
    return Asked(ticked, {**asked.typed, "clock": clock, "within": within})


def choice_of(asked: Asked, town: Town | None) -> Choice:
    """What is looked for; `asked` holds only what is offered."""
    sets = {name: frozenset(given) for name, given in asked.ticked.items() if name != "cost"}
    return Choice(
        kinds=sets["kinds"], ways=sets["ways"], languages=sets["languages"], days=sets["days"], times=sets["times"],
        audience=sets["audience"], themes=sets["themes"], openness=sets["openness"], access=sets["access"],
        free="free" in asked.ticked["cost"], clock=asked["clock"] or None,
        words=tuple(plain(asked["words"]).split()[:_MOST_WORDS]), town=town,
        within=int(asked["within"]) if asked["within"] else None,
    )  # fmt: skip


def label(name: str, value: str, offers: Offers, lang: str) -> str:
    """One value of a facet in words."""
    if name == "kinds":
        return kind_name(value, lang)
    if name == "languages":
        return capital(language_name(value, lang))
    if name == "days":
        return capital(weekday_name(DAYS.index(value) + 1, lang))
    if name == "themes":
        return label_of("themes", value, lang)
    if name == "audience":
        return label_of("contexts", value, lang)
    if name == "access":
        return capital(offers.access[value])
    return say(f"page.groups.{name}.{value}", lang)


def facets(asked: Asked, offers: Offers, lang: str) -> dict[str, dict[str, object]]:
    """The sets of ticks for the page: what each is called, (value, label, ticked) of each tick, how many are ticked."""
    made: dict[str, dict[str, object]] = {}
    for name, there in values(offers).items():
        rows = [(value, label(name, value, offers, lang), value in asked.ticked[name]) for value in there]
        if name in ("kinds", "languages", "themes", "audience"):
            rows.sort(key=lambda row: plain(row[1]))
        if rows:
            title = say(f"page.groups.{name}", lang)
            made[name] = {"title": title, "rows": rows, "ticked": sum(row[2] for row in rows)}
    return made


def said(asked: Asked, offers: Offers, town: Town | None, lang: str) -> list[str]:
    """What was chosen, in words, one line each facet."""
    lines = [
        say("page.groups.chosen", lang, facet=say(f"page.groups.{name}", lang),
            values=either((label(name, value, offers, lang) for value in given), lang))
        for name, given in asked.ticked.items()
        if given
    ]  # fmt: skip
    if asked["clock"] and (asked.ticked["days"] or asked.ticked["times"]):
        lines.append(say("page.groups.chosen.clock", lang, city=city_of(asked["clock"])))
    if town:
        within = say("page.groups.within.km", lang, km=asked["within"]) if asked["within"] else ""
        lines.append(say("page.groups.chosen.near", lang, town=town.label) + (f" ({within})" if within else ""))
    if asked["words"]:
        lines.append(say("page.groups.chosen.words", lang, words=asked["words"]))
    return lines
