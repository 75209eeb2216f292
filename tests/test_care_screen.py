"""The screen: every example of every rule file, tiers over turns, disguises, guards, and any text at all."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time

import pytest

from assistant.care import CATEGORIES, Screen, screen

module = importlib.import_module("assistant.care.screen")
FILES = {lang: module.read_file(lang) for lang in module.LANGUAGES}


def matching(text: str) -> set[str]:
    """Ids of all rules whose phrases stand in the text, before guards."""
    book = module.book()
    plain = module.sentences(text, book.lexicon)
    return {book.rules[s.owner].id for s in book.phrases.find(plain) if 0 <= s.owner < len(book.rules)}


@pytest.mark.parametrize(("lang", "rule"), [(lang, r) for lang, f in FILES.items() for r in f["rules"]],
                         ids=lambda v: v["id"] if isinstance(v, dict) else v)  # fmt: skip
def test_examples_of_rules(lang: str, rule: dict) -> None:
    assert rule["id"].startswith(f"{lang}.")
    assert rule["examples"]
    assert rule["no"]
    for text in rule["examples"]:
        assert rule["id"] in matching(text), text
    for text in rule["no"]:
        assert rule["id"] not in matching(text), text


@pytest.mark.parametrize("guard", [g for f in FILES.values() for g in f["guards"]], ids=lambda g: g["id"])
def test_examples_of_guards(guard: dict) -> None:
    for text in guard["examples"]:
        assert guard["id"] in screen(text).why, text
    for text in guard["no"]:
        assert guard["id"] not in screen(text).why, text


def test_ids_are_unique_and_categories_known() -> None:
    ids = [e["id"] for f in FILES.values() for e in [*f["rules"], *f["guards"]]]
    assert len(ids) == len(set(ids))
    for data in FILES.values():
        covered = {r["category"] for r in data["rules"]}
        assert covered == set(CATEGORIES)
        assert all(set(g.get("only", [])) <= set(CATEGORIES) for g in data["guards"])


# (text, lowest tier, a category that must be named); written for this test.
CALLS = [
    ("i just swallowed all my mums tablets", 3, "overdose"),
    ("took about 30 paracetamol an hour ago, should i be worried", 3, "overdose"),
    ("he wont wake up and his lips are going blue", 3, "overdose"),
    ("ive got the rope round my neck", 3, "suicidal"),
    ("He's banging on the door and says he will kill me", 3, "violence_from_other"),
    ("i stopped drinking on monday and now im shaking and seeing things", 3, "medical_emergency"),
    ("I'm standing on the edge of the platform. Sorry.", 1, "suicidal"),
    ("I want to kill my self", 2, "suicidal"),
    ("might k1ll myself tbh", 2, "suicidal"),
    ("thinking bout unaliving myself", 2, "suicidal"),
    ("gonna kms fr this time", 2, "suicidal"),
    ("I am having sucidal thoughts since my wife passed", 2, "suicidal"),
    ("i want to s u i c i d e", 1, "suicidal"),
    ("I have been thinking of ending my life, sir", 2, "suicidal"),
    ("i don tire for this life, i wan die", 2, "suicidal"),
    ("been thinking about topping meself", 1, "suicidal"),
    ("I wish I could go to sleep and never wake up", 1, "suicidal_passive"),
    ("My kids would be better off without me", 1, "suicidal_passive"),
    ("I have lived long enough. I am no use to anyone now", 1, "suicidal_passive"),
    ("what's even the point of me", 1, "suicidal_passive"),
    ("giving away my stuff, goodbye everyone", 1, "suicidal_passive"),
    ("so tired of being here", 1, "suicidal_passive"),
    ("cut myself again last night", 2, "self_harm"),
    ("my husband hits me when he has been drinking", 2, "violence_from_other"),
    ("I keep having thoughts about hurting my baby", 2, "danger_to_others"),
    ("the voices are telling me to jump", 2, "command_voices"),
    ("i havent eaten in 6 days and i keep fainting", 2, "eating_danger"),
    ("im 13 and my stepdad comes into my room at night", 2, "minor_at_risk"),
    ("im 14 and i want to die", 2, "minor_at_risk"),
    ("My best mate texted me that he wants to end his life", 2, "worry_about_other"),
    ("I lost my brother to suicide in March", 1, "suicide_bereavement"),
    ("quiero quitarme la vida", 2, "suicidal"),
    ("me tomé todas las pastillas de mi madre", 3, "overdose"),
    ("mi novio me pega", 2, "violence_from_other"),
    ("j'ai plus envie de vivre", 2, "suicidal"),
    ("je viens d'avaler tous mes cachets", 3, "overdose"),
    ("mon copain me frappe", 2, "violence_from_other"),
    ("ich möchte einfach nicht mehr leben", 2, "suicidal"),
    ("ich habe gerade alle Tabletten genommen", 3, "overdose"),
    ("meine Mutter schlägt mich", 2, "violence_from_other"),
    ("eu não quero mais viver", 2, "suicidal"),
    ("tomei todos os remédios da minha mãe", 3, "overdose"),
    ("meu namorado me bateu", 2, "violence_from_other"),
]


@pytest.mark.parametrize(("text", "tier", "category"), CALLS)
def test_calls(text: str, tier: int, category: str) -> None:
    seen = screen(text)
    assert seen.tier >= tier, seen
    assert category in seen.categories, seen


ORDINARY = [
    "", "hi", "I feel so sad today", "I hate my life", "my job is hopeless and I cry every evening",
    "I'm so anxious I can't sleep", "this traffic is killing me", "I'm dying to see the new season",
    "my phone died on the bus", "I relapsed last week and I feel ashamed", "I have been sober for six months",
    "My dad died in June and the house is so quiet", "I ran 10 kms today", "my boss is a nightmare",
    "how do people find a sponsor?", "I feel like nobody listens to me", "I was in hospital with my heart last year",
    "I quit drinking three years ago and life is good", "my girlfriend left me and I feel empty",
    "I'm a carer for my mum and I am exhausted", "I need to cut down on sugar", "he pushed me away when I cried",
    "estoy muy triste y lloro mucho", "odio mi trabajo", "je suis triste et je pleure", "je meurs de faim",
    "ich bin traurig und weine viel", "ich hasse meinen Job", "estou muito triste", "odeio o meu trabalho",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_distress_stays_ordinary(text: str) -> None:
    seen = screen(text)
    assert seen.tier == 0, seen
    assert not seen.clinical, seen


@pytest.mark.parametrize(
    ("text", "highest"),
    [
        ("if I hear that song one more time I'm going to kill myself lol", 1),
        ("I used to want to die. Today I'm glad I'm alive.", 1),
        ("I'm not suicidal", 1),
        ("I have never thought of killing myself", 1),
        ("I'm writing an essay about suicide rates", 0),
        ("I cut myself shaving", 1),
        ("Hace diez años quise morir", 1),
        ("Früher habe ich mich geritzt", 1),
    ],
)
def test_guards_lower(text: str, highest: int) -> None:
    assert screen(text).tier <= highest


@pytest.mark.parametrize("text", ["so embarrassing I wanted to die lol", "I have never thought of killing myself"])
def test_guards_lower_by_one_tier_only(text: str) -> None:
    assert screen(text).tier == 1


@pytest.mark.parametrize(
    "text",
    [
        "I'm not suicidal but I want to die tonight",
        "I used to want to die and it's back, I want to die again",
        "lol I have the gun in my hand",
        "years ago I took pills, and I just took all my pills",
        "I thought I was past it, but I want to kill myself",
    ],
)
def test_guards_never_lower_an_emergency_or_what_stands_next_to_but(text: str) -> None:
    assert screen(text).tier >= 2


@pytest.mark.parametrize(
    ("now", "long_ago"),
    [
        ("I took a load of tablets and I feel odd", "when I was 17 I took a load of tablets and my aunt found me"),
        ("I took an overdose", "at nineteen I took an overdose, which my children know"),
        ("sat on the bridge, one more step", "in 2009 I sat on the bridge, one more step they say"),
    ],
)
def test_an_emergency_told_as_long_past_is_none(now: str, long_ago: str) -> None:
    assert screen(now).tier == 3
    assert screen(long_ago).tier < 3


@pytest.mark.parametrize("who", [("I want to kill myself", "self"), ("my sister wants to kill herself", "other")])
def test_who(who: tuple[str, str]) -> None:
    assert screen(who[0]).who == who[1]


@pytest.mark.parametrize(
    ("text", "stopping"),
    [
        ("can I just stop drinking after twenty years?", True),
        ("is it ok to quit xanax cold turkey", True),
        ("how much sertraline can I take", False),
        ("do I have bipolar", False),
        ("¿puedo dejar el alcohol de golpe?", True),
        ("est-ce que je peux arrêter mon traitement", True),
        ("kann ich Tavor einfach absetzen", True),
        ("posso parar de beber de repente?", True),
    ],
)
def test_clinical_and_stopping(text: str, stopping: bool) -> None:
    seen = screen(text)
    assert seen.clinical
    assert "clinical" in seen.categories
    assert seen.stopping is stopping


# --- over turns -------------------------------------------------------------------------------------------------------


def talk(*texts: str) -> list[Screen]:
    seen: list[Screen] = []
    for text in texts:
        seen.append(screen(text, seen))
    return seen


def test_two_check_ins_in_a_row_are_a_crisis() -> None:
    assert [s.tier for s in talk("I'm so tired of being here", "nobody would miss me")] == [1, 2]


def test_a_check_in_then_something_ordinary_ends() -> None:
    assert [s.tier for s in talk("I'm so tired of being here", "my cat is called Tom")] == [1, 0]


def test_yes_after_a_check_in_is_a_crisis_about_the_same() -> None:
    seen = talk("I don't want to wake up", "Yes.")
    assert seen[1].tier == 2
    assert "suicidal_passive" in seen[1].categories
    assert seen[1].who == "self"
    assert screen("yes").tier == 0


@pytest.mark.parametrize(
    "denial", ["I'm fine", "never mind", "no", "estoy bien", "ça va", "mir geht's gut", "estou bem"]
)
def test_fine_keeps_the_card(denial: str) -> None:
    assert talk("I want to kill myself", denial)[1].tier == 1
    assert talk("I don't want to wake up", denial)[1].tier == 1


def test_after_a_crisis_ordinary_messages_keep_the_card() -> None:
    assert [s.tier for s in talk("I want to die", "what a day", "ok thanks")] == [2, 1, 1]


def test_i_took_them_is_an_emergency_only_after_a_crisis() -> None:
    assert screen("I took them").tier < 3
    assert talk("I want to die", "I took them")[1].tier == 3


def test_speaking_of_a_loss_twice_is_not_a_crisis() -> None:
    assert [s.tier for s in talk("my son died by suicide", "his suicide is on my mind")] == [1, 1]


def test_three_different_signs_are_a_crisis() -> None:
    seen = screen("My family would be better off without me. I don't want to wake up. I can't go on like this.")
    assert seen.tier == 2


# --- any text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x02", "\ud800", "💀" * 2000, "שלום עולם", "مرحبا بالعالم", "a" * 100_000, "i want to " * 10_000,
        "k i l l " * 12_500, "want to die? " * 8_000, "i cant " * 15_000, "* - # ! 1 " * 10_000, "((([[[{{{|||" * 5_000,
        "k*-" * 30_000, "no " * 33_000, "\u200b" * 50_000, "é" * 100_000,
    ],
    ids=range(16),
)  # fmt: skip
def test_any_text_is_read_in_time(text: str) -> None:
    module.book()
    start = time.thread_time()
    assert isinstance(screen(text), Screen)
    assert time.thread_time() - start < 1.0


def test_a_long_varied_text_is_read_in_time() -> None:
    words = " ".join(w for f in FILES.values() for r in f["rules"] for t in r["examples"] for w in t.split())
    long = (words + " ") * (100_000 // len(words) + 1)
    module.book()
    start = time.thread_time()
    assert screen(long[:100_000]).tier == 3
    assert time.thread_time() - start < 1.0


def test_a_chat_line_is_fast() -> None:
    screen("warm up")
    start = time.thread_time()
    for _ in range(50):
        screen("I had a long day and my sister did not call back, and I keep thinking about the old house.")
    assert (time.thread_time() - start) / 50 < 0.05


@pytest.mark.parametrize(
    "text",
    ["I want to d\u200bie", "I want to ｄｉｅ", "I want to d1e", "i want to dieeee", "I WANT TO DIE", "I want to dіe",
     "i really fucking want to die", "k.i.l.l myself", "k!ll myself", "k*ll myself", "kill mysefl"],
)  # fmt: skip
def test_disguises(text: str) -> None:
    assert screen(text).tier >= 2


def test_why_holds_rule_ids_and_never_words_of_the_person() -> None:
    seen = screen("Zanzibar xylophone, I want to die")
    assert seen.why
    assert all(w.replace("_", "").replace(".", "").isalpha() for w in seen.why)
    assert "zanzibar" not in seen.model_dump_json().lower()


def test_importing_reads_no_rules_and_nothing_heavy() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import assistant.care; "
        "heavy = {'torch', 'gradio', 'langchain_core', 'sklearn', 'sqlalchemy'} & set(sys.modules); "
        "import importlib; m = importlib.import_module('assistant.care.screen'); "
        "assert not heavy, heavy; assert m.book.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "text",
    ["I want to\ndie", "I just want to... die", "I want to… die", "i want\nto kill\nmyself", "I. want. to. die."],
)
def test_a_crisis_is_heard_across_a_break(text: str) -> None:
    assert screen(text).tier >= 1


def test_two_lines_of_a_list_are_not_read_as_one_when_a_stop_ends_them() -> None:
    assert screen("I want to.\n\nDie Katze ist krank").tier == 0
