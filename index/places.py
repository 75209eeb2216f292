"""Towns and postcodes that a directory of groups itself names: the only gazetteer there is, so no place that somebody
typed leaves the machine. Distances are coarse, because they are only for order and for a rough word.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from corpus.types import Place

_EARTH = 6371.0  # km, mean radius
_ONE_TOWN = 75.0  # km: two places of one name that are nearer than this are the same town
_KM_OF_A_MILE = 1.609344
Point = tuple[float, float]  # latitude, longitude in degrees


@dataclass(frozen=True, slots=True)
class Town:
    """A town or the area of a postcode. middle: of its groups that have coordinates; None when none has."""

    label: str
    middle: Point | None
    ids: frozenset[str]  # groups that say that they are in it


def plain(text: str) -> str:
    """For comparing: without case, accents and doubled spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def distance(one: Point, other: Point) -> float:
    """Kilometres over the ground (haversine)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, point)) for point in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(half)))


def coarse(km: float) -> int:
    """A distance as it is said: to 5 km, from 50 km to 10, from 200 to 50, from 1,000 to 100; never less than 5."""
    step = 5 if km < 50 else 10 if km < 200 else 50 if km < 1000 else 100
    return max(5, round(km / step) * step)


def miles(km: int) -> int:
    return max(1, round(km / _KM_OF_A_MILE))


def middle(points: Iterable[Point]) -> Point | None:
    """The middle of points on the globe, over the date line too; None of none."""
    x = y = z = 0.0
    for lat, lon in points:
        a, b = math.radians(lat), math.radians(lon)
        x, y, z = x + math.cos(a) * math.cos(b), y + math.cos(a) * math.sin(b), z + math.sin(a)
    if math.hypot(x, y, z) < 1e-9:
        return None
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def point_of(place: Place | None) -> Point | None:
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return place.latitude, place.longitude


class Gazetteer:
    """Made once of the places of all listed groups."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        """places: id of a group to where it meets."""
        towns: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
        codes: dict[str, list[str]] = defaultdict(list)
        for id, place in places.items():
            if place.city and plain(place.city):
                towns[plain(place.city)][(plain(place.region or ""), place.country or "")].append(id)
            for code in _codes(place.postal_code or ""):
                codes[code].append(id)
        self._places = places
        self._found: dict[str, list[Town]] = {}
        names: set[str] = set()
        for name, parts in towns.items():
            made = [self._town(ids) for ids in _together(parts, places)]
            if len({town.label for town in made}) < len(made):
                made = [self._town(list(town.ids), with_country=True) for town in made]
            names.update(town.label for town in made)
            for key, town in [(name, town) for town in made] + [(plain(town.label), town) for town in made]:
                if town not in self._found.setdefault(key, []):
                    self._found[key].append(town)
        for code, ids in codes.items():
            self._found.setdefault(code, []).append(self._area(code, ids))
        self.names = tuple(sorted(names))  # every town as it is said

    def find(self, text: str) -> tuple[Town, ...]:
        """The towns or postcode areas that are meant: none when the directory does not know it, several when more than
        one bears that name. A full postcode that no group has stands for its area, where that is known."""
        name = plain(text.replace(",", ", "))
        for key in (name, *_codes(text)):
            if found := self._found.get(key):
                return tuple(found)
        return ()

    def _town(self, ids: list[str], with_country: bool = False) -> Town:
        rows = [self._places[id] for id in ids]
        named = [_most(row.city for row in rows), _most(row.region for row in rows)]
        if with_country:
            named.append(_most(row.country for row in rows))
        label = ", ".join(dict.fromkeys(filter(None, named)))
        return Town(label, middle(p for p in map(point_of, rows) if p), frozenset(ids))

    def _area(self, code: str, ids: list[str]) -> Town:
        return Town(code.upper(), middle(p for id in ids if (p := point_of(self._places[id]))), frozenset(ids))


def _codes(text: str) -> tuple[str, ...]:
    """A postcode and the area that it lies in, in small letters: "SW1A 1AA" is in "SW1A", "94110-1234" in "94110"."""
    code = " ".join(text.lower().split())
    if not re.search(r"\d", code) or len(code) > 12:
        return ()
    if re.fullmatch(r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}", code):  # United Kingdom
        tight = code.replace(" ", "")
        return f"{tight[:-3]} {tight[-3:]}", tight[:-3]
    if re.fullmatch(r"[a-z]\d[\dw] ?[a-z\d]{4}", code):  # Ireland
        tight = code.replace(" ", "")
        return f"{tight[:3]} {tight[3:]}", tight[:3]
    if re.fullmatch(r"[a-z]\d[a-z] ?\d[a-z]\d", code):  # Canada
        tight = code.replace(" ", "")
        return f"{tight[:3]} {tight[3:]}", tight[:3]
    if re.fullmatch(r"\d{5}-\d{4}", code):  # United States
        return code, code[:5]
    return (code,)


def _most(values: Iterable[str | None]) -> str | None:
    """The value that stands most often, the first in the alphabet where two do."""
    counts: dict[str, int] = defaultdict(int)
    for value in values:
        if value:
            counts[value] += 1
    return min(counts, key=lambda v: (-counts[v], v)) if counts else None


def _together(parts: Mapping[tuple[str, str], list[str]], places: Mapping[str, Place]) -> list[list[str]]:
    """Ids of groups in one town of this name each. parts: ids by (region, country), as they were written.

    What lies near to each other is one town however it is written. What has no coordinates joins the one town that
    contradicts neither its region nor its country, or stands alone where there are several or none.
    """
    with_middle: list[tuple[Point, list[tuple[str, str]], list[str]]] = []
    without: list[tuple[tuple[str, str], list[str]]] = []
    for key, ids in sorted(parts.items()):
        at = middle(p for id in ids if (p := point_of(places[id])))
        if at is None:
            without.append((key, ids))
            continue
        for point, keys, mine in with_middle:
            if distance(point, at) <= _ONE_TOWN:
                keys.append(key)
                mine.extend(ids)
                break
        else:
            with_middle.append((at, [key], list(ids)))
    alone: list[tuple[list[tuple[str, str]], list[str]]] = []
    for key, ids in without:
        fits = [mine for _, keys, mine in with_middle if any(_agree(key, other) for other in keys)]
        fits += [mine for keys, mine in alone if any(_agree(key, other) for other in keys)]
        if len(fits) == 1:
            fits[0].extend(ids)
        else:
            alone.append(([key], list(ids)))
    return [ids for _, _, ids in with_middle] + [ids for _, ids in alone]


def _agree(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return all(not a or not b or a == b for a, b in zip(one, other, strict=True))
