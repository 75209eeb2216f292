"""What a pattern of characters found, looked at once more: is it a phone number, a date, a number of a person?"""

from __future__ import annotations

import re

_CALLED = re.compile(
    r"(?i)\b(?:call|ring|text|phone|tel|telephone|mobile|cell|number|whatsapp|signal|fax|reach me|tel[ée]fono|"
    r"telefon\w*|ligue|ll[aá]m\w+|appel\w+|anruf\w*|ruft?|handy|t[ée]l[ée]phone|telefone|m[óo]vil)\b"
)
_NEAR = 40  # characters before a short number in which a word says that it is one to call
_YEARS = re.compile(r"(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d")
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_KNOWN_DAYS = re.compile(
    r"(?i)(?:(?:the )?4(?:th)?(?: of)? july|july (?:the )?4(?:th)?|(?:24|25|26|31)(?:st|th)?(?: of)? dec(?:ember)?|"
    r"dec(?:ember)? (?:24|25|26|31)(?:st|th)?|1(?:st)?(?: of)? jan(?:uary)?|"
    r"jan(?:uary)? 1(?:st)?|31(?:st)?(?: of)? oct(?:ober)?)"
)
_VERBS = re.compile(r"(?:may|march|mar|dec) \d+|\d+ (?:may|march|mar|dec)")  # without a capital and a year
_UP, _DOWN = "one two three four five six seven eight nine ten", "ten nine eight seven six five four three two one"


def holds(check: str | None, found: str, text: str, start: int) -> bool:
    """Whether what a pattern found at `start` of a text is what the rule is about."""
    if check == "phone":
        return _phone(found, text[max(0, start - _NEAR) : start])
    if check == "date":
        return not _KNOWN_DAYS.fullmatch(found.strip(" ,.")) and not _VERBS.fullmatch(found)
    if check == "id":
        return _id(found)
    return True


def counts(words: str) -> bool:
    """Whether number words only count up or down, as in "breathe, one two three four"."""
    return words in _UP or words in _DOWN or len(set(words.split())) < 3


def _phone(found: str, before: str) -> bool:
    digits = sum(c.isdigit() for c in found)
    thousands = _THOUSANDS.fullmatch(found) and (found.endswith("000") or digits < 9)
    if _YEARS.fullmatch(found) or _DATE.fullmatch(found) or thousands:
        return bool(_CALLED.search(before)) and digits >= 9
    if any(len(group) < 2 for group in re.findall(r"\d+", found)[1:]):
        return False  # "3-1, 2-2": a score, a list
    if digits >= 9:
        return digits <= 15
    return digits >= 7 and (bool(re.fullmatch(r"\d{3}[- .]\d{4}", found)) or bool(_CALLED.search(before)))


def _id(found: str) -> bool:
    number = re.search(r"[A-Z]{0,4}[-/ ]?\d[\dA-Za-z /-]*$", found)
    tail = number.group() if number else found
    digits = sum(c.isdigit() for c in tail)
    return digits >= 5 or (digits >= 4 and any(c.isupper() for c in tail))
