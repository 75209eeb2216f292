"""Cells of a directory made fit to be shown: plain text, safe addresses, no secrets. What is taken out is counted."""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MOST = {"name": 200, "line": 300, "text": 4000}  # characters that are kept
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\s*/?>", re.IGNORECASE)
_STYLE = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
# Control characters, halves of characters, private ones, and marks that turn writing around or cannot be seen; the two
# joiners stay, some scripts are wrong without them.
_NEVER = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ue000-\uf8ff\ufeff\ufff9-\uffff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_BLANKS = re.compile(r"[ \t\f\v\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_URL = re.compile(r"https?://[^\s<>\"'\\^`{|}]+", re.IGNORECASE)
_BARE = re.compile(r"(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/[^\s<>\"']*)?", re.IGNORECASE)
_KEYS = r"(?:\w*pwd|\w*pass(?:code|word|wd)?|pw|pin|tk|\w*token|auth|jwt|key|(?:access|meeting|room)?_?code|hash)"
_SECRET_KEY = re.compile(rf"(?:^|[?&#;/]|%3f|%26){_KEYS}(?:=|%3d)", re.IGNORECASE)
_SECRET_PAIR = re.compile(rf"(?:[?&#;/]|%3f|%26){_KEYS}(?:=|%3d)[^&#;?%/]*", re.IGNORECASE)
_TEAMS = re.compile(r"(?<=[?&])p=[^&#]*&?", re.IGNORECASE)  # teams.microsoft.com/meet/1?p=… is its passcode
# "Passcode: 123456", "PW is recovery", "password - Unity", "contraseña: ..."; the word, a sign and one word after it.
_SECRET_WORDS = re.compile(
    r"\b(?:pass\s?-?\s?code|pass\s?-?\s?word|passwd|passwort|kennwort|kenncode|contrase[ñn]a|clave(?: de acceso)?|"
    r"c[óo]digo de acc?es+o|senha|mot de passe|mdp|code d.acc[èe]s|wachtwoord|toegangscode|codice d.accesso|parola "
    r"d.ordine|zugangscode|pwd|p/w|pw|pc|pin|pass|access code|(?:zoom|meeting|entry|security) code|host key|"
    r"(?:meeting\s)?key)"
    r"\b\s*(?:\([^()]{0,40}\)\s*)?(?:(?:(?:is|ist|es|est|é)\b|[=:#–-])\s*)+[\"“”‘’'«(]?(\S+)",
    re.IGNORECASE,
)
_SECRET_NEXT = re.compile(
    r"\b(?:pass\s?-?\s?code|pass\s?-?\s?word|passwort|kenncode|contrase[ñn]a|senha|mot de passe|pwd|p/w|pw|access code|"
    r"(?:zoom|meeting) code)\s+(?:[\"“‘'«]\s?([^\s\"”’'»)]+)|(?=\S*\d)(\S+))",
    re.IGNORECASE,
)
# One of these stands in everything in ASCII that the two patterns above and the one below can match.
_SECRET_STEMS = (
    "pass", "pw", "p/w", "pc", "pin", "key", "kenn", "contrase", "clave", "code", "codi", "senha", "mdp", "wacht",
    "parola",
)  # fmt: skip
# In a field for how to get in, any word after the name of a passcode is one: "Password Serenity".
_SECRET_FIELD = re.compile(
    r"\b(?:pass\s?-?\s?code|pass\s?-?\s?word|passwort|kennwort|pwd|p/w|pw)\s+"
    r"(?!(?:is |was )?(?:not|no|needed|required|necessary|protected|by|on|in|from|for|to|will|sent|available|please|"
    r"and|or|the|a|after|when|with|if|can|may)\b|\()(?:is\s+)?(\S+)",
    re.IGNORECASE,
)
# In a name or a place, what names no passcode for certain ("Key - to Recovery") does so only before figures.
_SECRET_SURELY = re.compile(
    r"pass\s?-?\s?(?:code|word)|passwd|passwort|kenn(?:wort|code)|contrase|clave de acc|senha|mot de passe|wachtwoord|"
    r"toegangscode|zugangscode|access code|\b(?:pwd|p/w|pw|mdp)\s*(?:[:=]|is\b)",
    re.IGNORECASE,
)
# "morning-light-passcode-8833": ids of websites are made of names
_SECRET_ID = re.compile(
    r"(?:pass-?code|pass-?word|passwort|pwd|pw|(?:zoom|access)-?code|pin)[^a-z0-9]+(?=[a-z]*\d)", re.IGNORECASE
)
_ALONE = re.compile(r"(?=\S*\d)[\w!@#$%&*.+-]{4,20}")
_ONE_TAP = re.compile(
    r"((?:,+|\s*(?:x|ext\.?)\s*)\d[\d ]{5,14}#?)\s*[,*#\d ]*[,*#][,*#\d ]*\d#?\s*$|,+\*\d+#?\s*$", re.IGNORECASE
)
_EMAIL = re.compile(
    r"[\w.+-]+(?:@|\s?[(\[]\s?at\s?[)\]]\s?)[\w-]+(?:(?:\.|\s?[(\[]\s?dot\s?[)\]]\s?)[\w-]+)+", re.IGNORECASE
)
# Seven figures are a number where the words say so, or a hyphen stands behind the third.
_LOCAL = re.compile(
    r"(?<![\w/.-])\d{3}-\d{4}(?![\w-])|\b(?<=call |text |cell |tel: |tel\. )\d{3}[ .]?\d{4}(?![\w-])", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_PHONE = re.compile(r"(?<![\w/=.-])(?:\+|\()?\d[\d\s().-]{7,17}\d(?!\w)")
_NUMBER = re.compile(r"[+(]?\d[\d\s().\-/*#,+x]*")
WITHHELD = "[…]"


def text(value: Any, most: int = MOST["text"]) -> str:
    """Plain text of a cell: without tags, entities read once, control characters and marks that turn writing around
    gone, runs of blanks as one. At most `most` characters. Numbers are written out; lists and objects are nothing."""
    if type(value) is str:
        if not value:
            return ""
        if len(value) <= most and value.isascii() and value.isprintable() and "<" not in value and "&" not in value:
            return value.strip() if "  " not in value else " ".join(value.split())
    if value is None or isinstance(value, bool | dict | list | tuple):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    raw = str(value)[: 20 * most]
    if "<" in raw:
        raw = _TAG.sub(" ", _BREAK.sub("\n", _STYLE.sub(" ", raw)))
    if "&" in raw:
        raw = html.unescape(raw)
        if "<" in raw:  # what was an entity is shown as it stands; a tag made of entities is none of ours
            raw = _TAG.sub(" ", _STYLE.sub(" ", raw))
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if not raw.isprintable():
        raw = _NEVER.sub("", raw)
    lines = [_BLANKS.sub(" ", line).strip() for line in raw.split("\n")]
    raw = _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
    return raw if len(raw) <= most else raw[: most - 1].rstrip() + "…"


def line(value: Any, most: int = MOST["line"]) -> str:
    """The same on one line."""
    if value is None or value == "":
        return ""
    if (
        type(value) is str
        and len(value) <= most
        and value.isascii()
        and value.isprintable()
        and "<" not in value
        and "&" not in value
    ):  # nearly every cell
        return value.strip() if "  " not in value else " ".join(value.split())
    found = text(value, most)
    return found if found.isprintable() and "  " not in found else " ".join(found.split())


class Address(NamedTuple):
    """url: the first web address of a cell, or "". rest: the other words. secret: it held a passcode."""

    url: str
    rest: str
    secret: bool


def address(value: Any) -> Address:
    """The first http(s) address of a cell. A passcode is cut out of it; other words of the cell are kept apart."""
    words = text(value)
    found = _URL.search(words)
    if found is None and _BARE.fullmatch(words):
        found = _URL.search("https://" + words)
        words = "https://" + words
    if found is None:
        return Address("", words, False)
    url = found.group().rstrip(".,;:!?)]}»”")
    rest = " ".join((words[: found.start()] + " " + words[found.start() + len(url) :]).split())
    try:
        parts = urlsplit(url)
        if not parts.hostname or "." not in parts.hostname or parts.username or parts.port == 0:
            return Address("", words, False)
    except ValueError:
        return Address("", words, False)
    bare, secret = _without_secret(url)
    return Address(bare[:2000] if len(bare) <= 2000 else "", rest, secret)


def _without_secret(url: str) -> tuple[str, bool]:
    bare = url
    if "teams." in url.lower():
        bare = _TEAMS.sub("", bare).rstrip("?&")
    if not _SECRET_KEY.search(bare):
        return bare, bare != url
    head, mark, query = bare.partition("?")
    query, hash_mark, fragment = query.partition("#") if mark else ("", *head.partition("#")[1:])
    head = head.partition("#")[0] if not mark else head
    kept = [pair for pair in re.split(r"[&;]", query) if pair and not _SECRET_KEY.search("&" + pair)]
    if fragment and _SECRET_KEY.search("&" + fragment):
        hash_mark = fragment = ""
    head = _SECRET_PAIR.sub("", head)  # "…/j/1&pwd=a" and "…/j/1%3Fpwd%3Da": broken on the way through other programs
    return head + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment, True


def without_secrets(words: str, *, field: bool = False, label: bool = False) -> tuple[str, int]:
    """(words without passcodes, how many were taken out). Web addresses in them lose theirs too.

    field: the words stand where a directory puts how to get in. There a word after "password", and one that stands
    all alone with figures in it, is a passcode. label: they are a name or a place, where "Key - to Recovery" is none.
    """
    count = 0

    def hide(match: re.Match[str]) -> str:
        nonlocal count
        secret = next(group for group in match.groups() if group)
        if label and not (_DIGIT.search(secret) or _SECRET_SURELY.search(match.group())):
            return match.group()
        if secret.rstrip(")") == WITHHELD:  # taken out before
            return match.group()
        count += 1
        head, _, tail = match.group().rpartition(secret)
        return head + WITHHELD + (")" if label and secret.endswith(")") else "") + tail

    def bare(match: re.Match[str]) -> str:
        nonlocal count
        url, secret = _without_secret(match.group())
        count += secret
        return url

    if "://" in words:
        words = _URL.sub(bare, words)
    if field and _ALONE.fullmatch(words.strip()):
        return WITHHELD, 1
    plain = words.lower()
    if words.isascii() and not any(stem in plain for stem in _SECRET_STEMS):
        return words, count  # most notes name no secret, and the patterns are slow
    words = _SECRET_WORDS.sub(hide, words)
    for pattern in (_SECRET_NEXT, _SECRET_FIELD) if field else (_SECRET_NEXT,):
        words = pattern.sub(lambda m: m.group() if WITHHELD in m.group() else hide(m), words)
    return words, count


def labels_without_secrets(value: Any) -> tuple[Any, int]:
    """The same of names, places and whatever else is shown in a few words: of a text, or of all texts in a tuple, list
    or dictionary. What was taken out already is not counted again."""
    if isinstance(value, str):
        return without_secrets(value, label=True)
    if isinstance(value, dict):
        made = {key: labels_without_secrets(some) for key, some in value.items()}
        return {key: some for key, (some, _) in made.items()}, sum(count for _, count in made.values())
    if isinstance(value, list | tuple):
        found = [labels_without_secrets(some) for some in value]
        return type(value)(some for some, _ in found), sum(count for _, count in found)
    return value, 0


def secret_in_id(key: str) -> bool:
    """Whether an id of a directory carries a passcode: it would stand in addresses."""
    of_words = " " in key  # put together out of the name and the place, where a directory gave no id
    return _SECRET_ID.search(key) is not None or (of_words and without_secrets(key, label=True)[1] > 0)


def without_people(words: str) -> tuple[str, int]:
    """(words without telephone numbers and e-mail addresses, how many were taken out): free notes name private ones."""
    count = 0

    def hide(match: re.Match[str]) -> str:
        nonlocal count
        digits = sum(c.isdigit() for c in match.group())
        if match.re is _PHONE and not 9 <= digits <= 15:
            return match.group()
        count += 1
        return WITHHELD

    if "@" in words or ("at" in words and ("(" in words or "[" in words)):
        words = _EMAIL.sub(hide, words)
    if not _DIGIT.search(words):
        return words, count
    words = _PHONE.sub(hide, words)
    words, more = _LOCAL.subn(WITHHELD, words)
    return words, count + more


def phone_with_passcode(value: Any) -> bool:
    """Whether a number to dial carries its passcode along, as in "+1646…,,123456789#,,,,*4455#"."""
    return _ONE_TAP.search(line(value, 80)) is not None


def phone(value: Any) -> str:
    """A number that can be dialled, as it was written, without the passcode that may stand behind the meeting's own
    number; "" when there are fewer than 3 digits or it is no number."""
    written = _ONE_TAP.sub(lambda m: m[1] or "", line(value, 80).strip("\"' "))
    found = _NUMBER.match(written)
    number = found.group().strip(" ,.-/x(") if found else ""
    return number if 3 <= sum(c.isdigit() for c in number) <= 20 and len(number) <= 40 else ""


def coordinates(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    """Degrees, or None when they are not there, not numbers, 0 and 0, or out of range."""
    try:
        at = float(str(latitude).strip()), float(str(longitude).strip())
    except (TypeError, ValueError):
        return None
    inside = -90 <= at[0] <= 90 and -180 <= at[1] <= 180
    return at if inside and (abs(at[0]) > 1e-6 or abs(at[1]) > 1e-6) else None


def yes(value: Any) -> bool | None:
    """What a cell says as yes or no; None when it says neither."""
    if isinstance(value, bool):
        return value
    word = line(value, 20).lower().strip(".!")
    if word in ("1", "y", "yes", "true", "t", "on", "x", "sí", "si", "oui", "ja", "sim"):
        return True
    return False if word in ("0", "n", "no", "false", "f", "off", "non", "nein", "não", "nao") else None
