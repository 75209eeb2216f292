"""What a message asks for, beside being a share. Plain rules that a reader can check; a long message is always a share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Intent = Literal[
    "share",
    "hello",
    "thanks",
    "about",
    "privacy",
    "listen",
    "stories",
    "more_like",
    "not_this",
    "hopeful",
    "helped",
    "groups",
    "start_over",
    "ack",
    "little",
    "wordless",
]


@dataclass(frozen=True, slots=True)
class Understood:
    intent: Intent
    position: int | None = None  # which of the stories last shown is meant: 0 the first, -1 the last, None not said


# A request is short. Somebody who tells something in more words than this is sharing, whatever words are in it.
_MOST_WORDS = 14

_POSITION = {
    "first": 0, "1st": 0, "top": 0, "one": 0, "1": 0,
    "second": 1, "2nd": 1, "two": 1, "2": 1, "middle": 1,
    "third": 2, "3rd": 2, "three": 2, "3": 2,
    "last": -1, "bottom": -1,
}  # fmt: skip

_WHICH = r"(?:the |number |no\.? ?|story )?(?P<which>first|1st|top|second|2nd|middle|third|3rd|last|bottom|one|two|three|[123])?(?: one| story)?"

# In order: the first that matches is meant. Patterns see the message in lower case with plain apostrophes.
_REQUESTS: tuple[tuple[Intent, str], ...] = (
    ("start_over", r"^(please )?(let'?s )?(start (over|again|afresh)|begin again|forget (this|everything|it all|all of (it|this))|reset|clear (this|everything|the conversation|all))[.! ]*$"),
    ("about", r"\b(are|r) (you|u) (a |an |just a )?(real|human|person|bot|robot|machine|computer|program(me)?|ai|a\.i\.|chat ?bot|alive|someone)\b"),
    ("about", r"\b(is (this|there|it) (a |an )?(real |actual )?(person|human|bot|robot|ai|computer|machine)|am i (talking|speaking|writing|chatting) (to|with)|who (are you|am i talking to|is this|made you|runs this)|what are you\b|what is this( (page|site|app|thing))?\??$|how does this work)"),
    ("privacy", r"\b(what|how much) (do|does|will|is|are|gets?) .{0,25}\b(keep|kept|store[ds]?|save[ds]?|record(ed)?|remember(ed)?|log(ged)?|know about me|collect(ed)?)\b"),
    ("privacy", r"\b(do|will|can) (you|this|anyone|anybody|someone|people|they|others) .{0,20}\b(keep|store|save|record|remember|log|see|read|track|share) .{0,20}\b(this|it|that|me|what i|my (words|messages?|data)|i (say|write|type))"),
    ("privacy", r"\b(is|are) (this|it|these|my \w+) (really |totally |completely )?(private|confidential|anonymous|safe|secret|recorded|stored|saved|kept|logged)\b|\bwho (can |will )?(see|read|reads|sees)\b.{0,20}\b(this|it|what i|my)\b|\bdelete (my (data|words?|messages?|conversation|chat|text)|what i)\b|^privacy\??$"),
    ("listen", r"\b(just|only|please) listen\b|\bjust (need|want|wanna|wanted|needed) (to )?(vent|talk|be heard|get (it|this|that) (out|off)|write|rant|someone to listen)|\b(no|don'?t (want|need|show me)( any)?|without|stop( the| showing( me)?)?) stories\b|\bneed (someone|somebody) to listen\b|^(let me )?(vent|rant)(ing)?\.?$"),
    ("more_like", r"\b(more|another|others?|something( else)?|anything( else)?|stories|one) (one )?(like|similar to) (this|that|these|those|it|him|her|them|" + _WHICH + r")(?: one| story)?\s*(please)?[.!? ]*$"),
    ("more_like", r"^(show me |give me )?more( of (this|that|these|those|the same))?( stories)?( please)?[.! ]*$"),
    ("hopeful", r"\b(more|something|anything|a (bit|little)( more)?|some|any)\b.{0,12}\b(hopeful|hope|lighter|positive|uplifting|encouraging|brighter|cheerful|less (heavy|dark|sad|bleak))\b|^((that|this|it|these|those|they)('?s| is| are| was| were)? )?(a bit |just |way |really |all )*(too|so) (heavy|dark|bleak|sad|depressing|much)( for me)?( (right )?now)?[.! ]*$|^(hopeful|lighter)( (one|story|stories))?( please)?[.! ]*$"),
    ("helped", r"\bwhat (has |have |had |did |actually |really )?(helped|worked|help|works|helps)\b|\bhow did (they|he|she|these people|people|others|you all|everyone) (\w+ )?(cope|manage|get (through|out|past|over)|do (it|that)|deal|survive|stop|quit)\b|\bwhat did (they|he|she|people|others) do\b"),
    ("groups", r"\b(find|show|see|any|is there|are there|suggest|join|need|want|looking for|recommend|know of|near(by)?)\b.{0,30}\b(groups?|meetings?|meet ?ups?|warm ?lines?)\b|^(a |any |the )?(support |peer )?(groups?|meetings?|warm ?lines?)( near me)?( please)?[.!? ]*$"),
    ("not_this", r"^(no,? )?(not|none of) (this|that|these|those|them|it|for me|like me|my thing|what i (meant|need|want)|relevant|helpful|the (first|1st|second|2nd|third|3rd|last|top|middle|bottom)( one| story)?)\b.{0,25}$|^(show me )?(something|anything|someone|a) ?(else|different)( one| story)?( please)?[.! ]*$|\bnot (really )?(like me|for me|my story|relevant)\b"),
    ("stories", r"^((yes|ok(ay)?|sure|please)[,. ]+)*(please )?((show|give|see|read|find)( me)?|i (want|would like|'?d like)( to (read|see))?|can i (see|read)|stories)\b.{0,20}\b(stories|story|please|now)?[.! ]*$"),
    ("ack", r"^((i'?m|am|it'?s|that'?s|i am) )?(all right|alright|fine|ok(ay)?|good|yes|yeah|yep|yup|no|nope|nah|maybe|perhaps|sure|i see|right|got it|hmm+|mhm|idk|dunno|i (don'?t|dont) know)( then| now| thanks| really)?[.!? ]*$"),
    ("thanks", r"^(ok(ay)?[, ]+)?(thank(s| you|u)|ty|thx|cheers|much appreciated|that (really )?helped|appreciate (it|this))\b.{0,40}$"),
    ("hello", r"^(hi+|hello+|hey+|hiya|yo|howdy|good (morning|afternoon|evening|day)|greetings|sup|what'?s up|anyone there|is anyone there|hello there)( there| all| everyone)?[.!?, ]*$"),
)  # fmt: skip
_COMPILED = tuple((intent, re.compile(pattern)) for intent, pattern in _REQUESTS)
_SHOWS_STORIES = re.compile(r"\bstor(y|ies)\b")
_NUMBERED = re.compile(r"\b(first|1st|top|second|2nd|middle|third|3rd|last|bottom|(?:number|story) [123])\b")

# Words that carry nothing to look for by themselves.
_FILLER = frozenset(
    "a an the i im i'm me my it its it's is am are was be so just very really too all of to and or but not no yes ok "
    "okay help please idk dunno know don't dont feel feeling feels felt hey hi um uh well like this that what why how "
    "lol eh meh hmm sigh ugh bad sad tired down low shit crap rubbish awful terrible same again today now here".split()
)


def understand(text: str) -> Understood:
    """The intent of one tidied message. Never raises."""
    plain = " ".join(text.lower().replace("’", "'").split())
    if not any(c.isalpha() for c in plain):
        return Understood("wordless")
    words = plain.split()
    if len(words) <= _MOST_WORDS:
        for intent, pattern in _COMPILED:
            if pattern.search(plain) and not (intent == "stories" and not _SHOWS_STORIES.search(plain)):
                return Understood(intent, _which(plain) if intent in ("more_like", "not_this", "helped") else None)
    telling = [w for w in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain) if w not in _FILLER]
    if len(telling) < 2 and len(words) <= 6:
        return Understood("little")
    return Understood("share")


def _which(plain: str) -> int | None:
    found = _NUMBERED.search(plain)
    return None if found is None else _POSITION[found.group(1).split()[-1]]


# Feelings that may be said back, and only in the very word that was written.
_FEELINGS = (
    "alone lonely scared afraid frightened terrified anxious worried ashamed guilty angry furious sad heartbroken "
    "hopeless helpless worthless useless numb empty exhausted overwhelmed lost stuck trapped broken invisible "
    "betrayed humiliated jealous confused restless homesick embarrassed desperate unloved drained"
).split()
_FEELING = re.compile(r"\b(" + "|".join(_FEELINGS) + r")\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(not|no longer|never|n't|less|isn't|without)\s+(\w+\s+){0,2}$", re.IGNORECASE)
_NOT_SELF = re.compile(r"\b(you|he|she|they|his|her|their|is|was)\s+(\w+\s+){0,2}$", re.IGNORECASE)


def feeling(text: str) -> str | None:
    """A word for a feeling that the person wrote about themselves, or None. "Lost" of a thing is no feeling."""
    for match in _FEELING.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        after = text[match.end() : match.end() + 12].lower()
        if _NEGATED.search(before) or _NOT_SELF.search(before):
            continue
        word = match.group(1).lower()
        if word in ("lost", "broken", "stuck", "empty", "alone"):
            if not re.search(r"\b(feel|feeling|felt|i'?m|am|so|all)\s+(\w+\s+)?$", before, re.IGNORECASE):
                continue
            if re.match(r"\s+(my|a|the|him|her|it|in|\w+ed)\b", after):
                continue
        return word
    return None
