"""Codes: the words, that a seed gives one code, that what a tired person types is read, and that nothing shows a secret."""

from __future__ import annotations

import hashlib
import re
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus import codes
from corpus.codes import FILE, Code, code_from, is_seed, new_code, new_passphrase, new_seed, read_code
from corpus.errors import BadRecord

WORDS = FILE.read_text(encoding="ascii").splitlines()
# Nobody who is going through something should be handed one of these, nor spell one of two that sound alike.
NOT_HERE = """
dead death grave coffin funeral urn bury ghost skull kill murder bomb bullet gun knife blade razor rope noose cliff bridge
train railway ledge roof tower drown burn smoke fire flame cut carve blood scar bruise wound pain fight war battle weapon
sword arrow cage trap chain cell prison jail police officer court judge guard handcuff crime thief abuse rape victim
wine beer cider vodka whisky gin rum brandy cocktail liquor tavern saloon bottle drunk sober pub keg
drug weed grass poppy needle spoon powder crystal crack rock pill tablet syringe dose opium heroin heron hemp pipe joint
mushroom candy lighter foil stoned relapse slip wagon dealer
body hand foot arm leg breast chest belly hip bone tooth skin hair womb face nail palm
sick illness disease cancer fever nurse doctor hospital ward clinic asylum patient surgery bandage
money coin penny nickel cash dollar debt rent loan bank purse wallet price cheap bingo casino
god angel church temple mosque chapel bible prayer priest bishop holy heaven hell sin soul spirit
shame guilt blame fault failure loser dirty filthy ugly fat thin skinny diet calorie weight pound ounce gram scale
mother father baby infant orphan cradle widow
pair pear pare plum plumb flour flower leek leak beet beat thyme time bean root route bear bare deer dear hare moose mousse
mussel muscle whale wail reed read sea see tide creek bough berry currant current mist rain reign weather night knight sun
son stair pail cereal serial roll role jam horse hoarse fir fur ferry fairy cymbal symbol cellar seller pedal peddle
petal plane plain sail sale peak tail tale toad vale veil wave week wheel wood would maize beech beach bass base chord cord
choir jewel lynx links tern steppe copse knot knit wren wrapper jeans muslin mourning morning coral kernel peace piece
""".split()  # fmt: skip


def distance(a: str, b: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours between two words (Damerau-Levenshtein)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


# --- the words ------------------------------------------------------------------------------------------------------


def test_the_words_are_1024_of_plain_letters_in_order() -> None:
    assert len(WORDS) == len(set(WORDS)) == 1024
    assert sorted(WORDS) == WORDS
    assert [w for w in WORDS if not re.fullmatch(r"[a-z]{4,8}", w)] == []


def test_four_letters_tell_each_word_from_every_other() -> None:
    assert len({w[:4] for w in WORDS}) == len(WORDS)


def test_no_word_is_one_slip_away_from_another() -> None:
    examples = [("form", "from"), ("lamp", "lamb"), ("cat", "cart"), ("a", "abc")]
    assert [distance(*pair) for pair in examples] == [1, 1, 1, 2]
    close = [(a, b) for a, b in combinations(WORDS, 2) if abs(len(a) - len(b)) < 2 and _may_be_close(a, b)]
    assert [pair for pair in close if distance(*pair) < 2] == []


def _may_be_close(a: str, b: str) -> bool:
    """One slip leaves at most two letters without a partner on either side (a bound that is quick to see)."""
    return len(set(a) - set(b)) < 2 and len(set(b) - set(a)) < 2


def test_no_word_hurts_or_sounds_like_another() -> None:
    assert sorted(set(WORDS) & set(NOT_HERE)) == []


def test_the_words_never_change() -> None:
    """Codes on paper depend on them: whoever changes the list takes a narrator's way out."""
    found = hashlib.sha256("\n".join(WORDS).encode()).hexdigest()
    assert found == "160cfe17c883e1133603ff4a203f759cc83d9b5d5cd933ef4dd654f77d3b50ce"


# --- from a seed ----------------------------------------------------------------------------------------------------

SEED = "abcdefghijklmnopqrstuv"


def test_the_same_form_gives_the_same_code_for_ever() -> None:
    assert str(code_from(SEED)) == "entrance-fleet-eddy-cricket-ripe-season"
    assert str(code_from(SEED, 1)) == "hammock-apple-pyramid-tempo-grocery-canoe"


def test_another_seed_or_turn_gives_other_words() -> None:
    found = {code_from(SEED, turn) for turn in range(50)} | {code_from(new_seed()) for _ in range(50)}
    assert len({c.locator for c in found}) > 95
    assert len({c.secret for c in found}) == 100


def test_a_code_is_two_words_and_four() -> None:
    for _ in range(50):
        code = new_code()
        assert len(code.locator.split("-")) == 2
        assert len(code.secret.split("-")) == 4
        assert set(str(code).split("-")) <= set(WORDS)
        assert len(code.locator) <= 40  # the column of the table


def test_every_word_can_be_drawn_at_every_place() -> None:
    """60 bits: no place is poorer than ten."""
    drawn: list[set[str]] = [set() for _ in range(6)]
    for turn in range(12_000):
        for place, word in enumerate(str(code_from(SEED, turn)).split("-")):
            drawn[place].add(word)
    assert [len(words) for words in drawn] == [
        1024
    ] * 6  # each is missed with a chance of 1 in 100,000, once and for all


def test_a_seed_is_128_bits_and_no_two_are_alike() -> None:
    seeds = {new_seed() for _ in range(200)}
    assert len(seeds) == 200
    assert all(len(seed) == 22 and is_seed(seed) for seed in seeds)


@pytest.mark.parametrize("wrong", ["", "short", "a" * 19, "a" * 65, "a b" * 10, "é" * 22, "a" * 22 + "\n"])
def test_a_code_is_never_made_from_an_empty_or_broken_field(wrong: str) -> None:
    assert not is_seed(wrong)
    with pytest.raises(BadRecord):
        code_from(wrong)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_the_secret_is_on_the_receipt_and_in_no_log() -> None:
    code = new_code()
    assert str(code) == f"{code.locator}-{code.secret}"
    for shown in (repr(code), repr([code]), f"{code!r}"):
        assert code.locator in shown
        assert not any(word in shown for word in set(code.secret.split("-")) - set(code.locator.split("-")))


def test_it_can_be_read_aloud_and_taken_back() -> None:
    code = Code("apple-basket", "canoe-daisy-otter-tulip")
    assert code.spoken == "1 apple, 2 basket, 3 canoe, 4 daisy, 5 otter, 6 tulip"
    assert read_code(code.spoken) == code


def test_a_passphrase_is_six_words() -> None:
    phrases = {new_passphrase() for _ in range(100)}
    assert len(phrases) == 100
    assert all(len(p.split("-")) == 6 and set(p.split("-")) <= set(WORDS) for p in phrases)


# --- what is typed --------------------------------------------------------------------------------------------------

CODE = Code("apple-basket", "canoe-daisy-otter-tulip")


@pytest.mark.parametrize(
    "typed",
    [
        "apple-basket-canoe-daisy-otter-tulip",
        "  APPLE Basket   canoe daisy OTTER tulip\n",
        "1. apple\r\n2. basket\r\n3. canoe\r\n4. daisy\r\n5. otter\r\n6. tulip",
        "① apple ② basket ③ canoe ④ daisy ⑤ otter ⑥ tulip",
        "1)apple;2)basket;3)canoe;4)daisy;5)otter;6)tulip.",
        "appl bask cano dais otte tuli",
        "apples, baskets, canoes, daisies, otters, tulips",
        "“apple – basket — canoe • daisy / otter | tulip”",
        "ａｐｐｌｅ ｂａｓｋｅｔ ｃａｎｏｅ ｄａｉｓｙ ｏｔｔｅｒ ｔｕｌｉｐ",
        "ap\u00adple\u00a0bas\u200bket\u2003canoe\tdaisy_otter\ufeff+tulip",
    ],
)
def test_what_a_tired_person_types_is_read(typed: str) -> None:
    assert read_code(typed) == CODE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "apple basket canoe daisy otter",
        "apple basket canoe daisy otter tulip tulip",
        "apple basket canoe daisy otter app",
        "apple basket canoe hello daisy otter tulip",  # six known words, and one more
        "apple basket canoe daisy otter tul ip",
        "applebasketcanoedaisyottertulip",
        "apple basket canoe daisy otter qqqq",
        "аpple basket canoe daisy otter tulip",  # the first letter is Cyrillic
        "apple basket canoe daisy otter tulip" + " " * 500,
        "\ud800" * 6,
    ],
)
def test_anything_else_is_no_code(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text(max_size=600))
@example("İ" * 100)
@example("ﷺ" * 300)
def test_no_text_is_an_error(typed: str) -> None:
    found = read_code(typed)
    assert found is None or (set(str(found).split("-")) <= set(WORDS) and read_code(str(found)) == found)


MESS = st.text(st.sampled_from(" ,.;:-_/\n\t\r0123456789()#'\u00a0\u2013"), min_size=1, max_size=8)


@given(
    st.lists(st.sampled_from(WORDS), min_size=6, max_size=6),
    st.lists(MESS, min_size=7, max_size=7),
    st.lists(st.integers(4, 8), min_size=6, max_size=6),
    st.lists(st.sampled_from([str.lower, str.upper, str.title, str.swapcase]), min_size=6, max_size=6),
)
def test_words_come_back_through_any_separators_case_and_shortening(words, mess, lengths, cases) -> None:  # type: ignore[no-untyped-def]
    typed = mess[0] + "".join(
        case(word[:length]) + between
        for word, length, case, between in zip(words, lengths, cases, mess[1:], strict=True)
    )
    found = read_code(typed)
    assert found is not None
    assert str(found) == "-".join(words)


@given(st.lists(st.sampled_from(WORDS), max_size=12).filter(lambda words: len(words) != 6))
def test_six_words_and_no_other_number(words: list[str]) -> None:
    assert read_code(" ".join(words)) is None


def test_the_reader_and_the_drawer_share_one_list() -> None:
    assert list(codes._words()) == WORDS
