"""What is taken out of cells before anybody sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.groups import clean


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>Up the stairs &amp; left</p>", "Up the stairs & left"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("a\x00b\x07c", "abc"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;stay", "stay"),
        ("<script>alert(1)</script>stay", "stay"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),  # unescaped once, not twice
        ("we \u202eyas\u202c so", "we yas so"),
        (12.0, "12"),
        (None, ""),
        (["a"], ""),
        (True, ""),
        ("a   b\t c", "a b c"),
        ("5 < 6 > 4", "5 < 6 > 4"),
    ],
)
def test_text_is_plain(cell: object, text: str) -> None:
    assert clean.text(cell) == text


@given(st.text(max_size=300))
def test_no_tag_and_no_control_character_is_left(cell: str) -> None:
    found = clean.text(cell)
    assert "<script" not in found.lower()
    assert not any(ord(c) < 32 and c != "\n" for c in found)
    assert clean.text(found, 4000) == clean.text(clean.text(found))


@pytest.mark.parametrize(
    ("cell", "url", "rest", "secret"),
    [
        ("https://zoom.us/j/123?pwd=abcDEF", "https://zoom.us/j/123", "", True),
        ("https://zoom.us/j/123?a=1&pwd=abc&b=2#success", "https://zoom.us/j/123?a=1&b=2#success", "", True),
        ("Register at https://example.org/x then wait", "https://example.org/x", "Register at then wait", False),
        ("meet.example.org/room", "https://meet.example.org/room", "", False),
        ("javascript:alert(1)", "", "javascript:alert(1)", False),
        ("e-mail kim@example.org for the link", "", "e-mail kim@example.org for the link", False),
        ("https://user:pass@example.org/", "", "https://user:pass@example.org/", False),
        ("ftp://example.org/x", "", "ftp://example.org/x", False),
        ("", "", "", False),
        ("https://[broken", "", "https://[broken", False),
    ],
)
def test_the_first_address_comes_without_its_passcode(cell: str, url: str, rest: str, secret: bool) -> None:
    assert clean.address(cell) == (url, rest, secret)


@pytest.mark.parametrize(
    "words",
    [
        "Passcode: 482913", "pass code = hope1", "Password is Serenity", "PW: 99xx", "pwd - 55aa", "Passcode 123456",
        "Kennwort: Hoffnung", "contraseña: fe2020", "senha: paz12", "mot de passe : espoir", "Host key: 998877",
        "PASSWORD - Unity!", "passcode:\u00a0abc123",
    ],
)  # fmt: skip
def test_passcodes_in_words_are_withheld(words: str) -> None:
    left, count = clean.without_secrets(f"Come early. {words} See you.")
    assert count == 1
    assert words.split()[-1].strip("!") not in left
    assert "Come early." in left


@pytest.mark.parametrize(
    "name",
    (
        "passcode|pass-code|pass word|passwd|passwort|kennwort|kenncode|contrasena|clave|clave de acceso|codigo de acceso|"
        "codigo de acesso|senha|mot de passe|mdp|code d'acces|wachtwoord|toegangscode|codice d'accesso|parola d'ordine|"
        "zugangscode|pwd|p/w|pw|pc|pin|pass|access code|zoom code|security code|host key|meeting key|key"
    ).split("|"),
)
def test_every_name_of_a_passcode_in_plain_letters_is_looked_for(name: str) -> None:
    for written in (name, name.upper()):
        assert clean.without_secrets(f"Come early. {written}: 88x1")[1] == 1


@pytest.mark.parametrize("words", ["We pass the hat.", "Key chains for newcomers", "No password needed", "pin board"])
def test_ordinary_words_are_no_passcodes(words: str) -> None:
    assert clean.without_secrets(words) == (words, 0)


@pytest.mark.parametrize(
    "words", ["Call Kim on 212-555-0199", "+44 20 7946 0958", "kim.b+aa@example.org", "(03) 9496 0123"]
)
def test_private_contacts_in_notes_are_withheld(words: str) -> None:
    left, count = clean.without_people(words)
    assert count == 1
    assert clean.WITHHELD in left
    assert "0199" not in left
    assert "@" not in left
    assert "0958" not in left


@pytest.mark.parametrize(
    "words", ["Room 101, 2nd floor", "since 1998", "7:30-9:00", "12 steps, 12 traditions", "Zip 90210"]
)
def test_other_figures_stay(words: str) -> None:
    assert clean.without_people(words) == (words, 0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "found"),
    [
        ("40.5", -74, (40.5, -74.0)), (0, 0, None), ("0.0", "0.0", None), (100, 101, None), ("", "", None),
        (None, 3, None), ("x", "y", None), ("nan", "1", None), (51.5, 0, (51.5, 0.0)),
    ],
)  # fmt: skip
def test_coordinates_that_cannot_be_are_none(latitude: object, longitude: object, found: object) -> None:
    assert clean.coordinates(latitude, longitude) == found


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ('"+44 1234 234567"', "+44 1234 234567"),
        ("none", ""),
        ("12", ""),
        ("212-555-0123", "212-555-0123"),
        ("+16469313860,,123456789#", "+16469313860,,123456789#"),
    ],
)
def test_phone(cell: str, number: str) -> None:
    assert clean.phone(cell) == number


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Morning Light (Zoom passcode: 8833)", "Morning Light (Zoom passcode: […])"),
        ("Zoom 829 1234, PW: serenity", "Zoom 829 1234, PW: […]"),
        ("Hope pwd=441122", "Hope pwd=[…]"),
        ("Night Owls, passcode 4455", "Night Owls, passcode […]"),
        ("Noche, contraseña: paz", "Noche, contraseña: […]"),
        ("Password is Unity", "Password is […]"),
        ("Key - 4 steps", "Key - […] steps"),  # as likely a passcode as not
        ("Key - to Recovery", "Key - to Recovery"),
        ("Pass: It On", "Pass: It On"),
        ("PW - Parents Welcome", "PW - Parents Welcome"),
        ("Pin Oak Road 12", "Pin Oak Road 12"),
        ("Code of Care", "Code of Care"),
        ("PW: […]", "PW: […]"),
    ],
)
def test_names_and_places_carry_no_passcode(label: str, shown: str) -> None:
    count = int(label != shown)
    assert clean.labels_without_secrets(label) == (shown, count)
    held = {"name": label, "also": (label, 7, None)}
    assert clean.labels_without_secrets(held) == ({"name": shown, "also": (shown, 7, None)}, 2 * count)


@pytest.mark.parametrize("key", ["morning-passcode-8833", "hope|mo|19:00|zoom pw: abc", "light-pw-a1", "x pwd=7"])
def test_an_id_that_carries_a_passcode_is_known(key: str) -> None:
    assert clean.secret_in_id(key)


@pytest.mark.parametrize("key", ["key-west-group", "m-123", "code-green-4", "pin-oak", "passing-it-on-2", "12345"])
def test_other_ids_stay_as_they_are(key: str) -> None:
    assert not clean.secret_in_id(key)
