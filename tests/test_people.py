"""Accounts at the desk: names, passwords, and a sign-in that takes the same work for anybody."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from functools import partial
from pathlib import Path

import pytest
from conftest import Clock

from corpus import people
from corpus.custody import Role
from corpus.errors import BadRecord, NotAllowed
from corpus.store import Store, base, open_store
from corpus.types import Book

PASSWORD = "a kettle on the stove"


def fast_hash(secret: str) -> str:
    return "$fast$" + hashlib.sha256(secret.encode()).hexdigest()


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """Fast hashes; every check of one is noted."""
    seen: list[tuple[str, str | None]] = []

    def verify(secret: str, hashed: str | None) -> bool:
        seen.append((secret, hashed))
        return hashed == fast_hash(secret)

    monkeypatch.setattr(people, "hash_secret", fast_hash)
    monkeypatch.setattr(people, "verify_secret", verify)
    return seen


@pytest.mark.parametrize("name", ["ann", "a1", "mary-jane.o_2", "z" * 41])
def test_names_that_can_be(name: str) -> None:
    assert people.name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "a", "Ann", "1ann", "-ann", "ann ", " ann", "ann\n", "ann\x00", "änn", "an n", "z" * 42, "ann/../x",
     "narrator", "desk", "job", "samples"],
)  # fmt: skip
def test_names_that_cannot_be(store: Store, name: str) -> None:
    with pytest.raises(BadRecord):
        people.add(store, name, Role.REVIEWER, PASSWORD)
    assert store.people() == ()


@pytest.mark.parametrize(
    "password", ["", "short", "eleven char", "aaaaaaaaaaaaaaaa", "abababababab", "x" * 257, " " * 20]
)
def test_passwords_that_cannot_be(store: Store, password: str) -> None:
    with pytest.raises(BadRecord) as refused:
        people.add(store, "ann", Role.REVIEWER, password)
    assert not password.strip() or password not in str(refused.value)
    assert store.people() == ()


def test_a_password_is_not_the_name_again() -> None:
    assert people.password_fault("annabel.leeannabel.lee", "annabel.lee")
    assert people.password_fault("ANNABEL.LEEannabel.lee", "annabel.lee")
    assert people.password_fault("twelve chars", "ann") is None


def test_a_real_account_with_a_drawn_passphrase(store: Store) -> None:
    """With argon2 itself: six words, which open the account and nothing else does."""
    drawn = people.add(store, "ann", Role.LEAD)
    assert drawn is not None
    assert re.fullmatch(r"[a-z]+(-[a-z]+){5}", drawn)
    person = store.person("ann")
    assert person is not None
    assert person.hashed.startswith("$argon2id$")
    assert drawn not in person.hashed
    opened = people.sign_in(store, "ann", drawn)
    assert opened is not None
    assert (opened.name, opened.role) == ("ann", Role.LEAD)
    assert people.sign_in(store, "ann", drawn + "x") is None


@pytest.mark.usefixtures("checked")
def test_a_given_password_is_not_given_back(store: Store) -> None:
    assert people.add(store, "ann", Role.REVIEWER, PASSWORD, "tester") is None
    assert people.sign_in(store, "ann", PASSWORD) is not None
    line = store.audit(1, Book.HOUSE)[0]
    assert (line.actor, line.verb, line.subject) == ("tester", "people:add:reviewer", "ann")


@pytest.mark.usefixtures("checked")
def test_letters_that_keyboards_write_in_two_ways_are_one(store: Store) -> None:
    people.add(store, "ann", Role.REVIEWER, "caf\u00e9 au lait, twice")
    assert people.sign_in(store, "ann", "cafe\u0301 au lait, twice") is not None
    assert people.sign_in(store, "ann", "cafe au lait, twice") is None


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("bad", ["\x00", "\ud800", "x" * 100_000, "\ud83d" * 300, "ﷺ" * 255])
def test_nothing_typed_makes_it_fall_over(store: Store, bad: str) -> None:
    people.add(store, "ann", Role.REVIEWER, PASSWORD)
    for name, password in ((bad, PASSWORD), ("ann", bad), (bad, bad)):
        assert people.sign_in(store, name, password) is None


def test_the_same_work_for_anybody(store: Store, checked: list[tuple[str, str | None]]) -> None:
    """One hash is checked, whether the account is there, closed, unknown or has an impossible name."""
    people.add(store, "ann", Role.REVIEWER, PASSWORD)
    people.add(store, "old", Role.REVIEWER, PASSWORD)
    people.remove(store, "old")
    for name in ("ann", "old", "nobody-here", "No Such Name", ""):
        checked.clear()
        people.sign_in(store, name, "a wrong password")
        assert len(checked) == 1, name
        assert (checked[0][1] is None) == (name != "ann")


@pytest.mark.usefixtures("checked")
def test_a_closed_account_opens_with_nothing_and_stays_closed(store: Store) -> None:
    people.add(store, "ann", Role.REVIEWER, PASSWORD)
    people.remove(store, "ann", "tester")
    assert people.sign_in(store, "ann", PASSWORD) is None
    assert people.sign_in(store, "ann", "") is None
    for change in (
        lambda: people.set_password(store, "ann", PASSWORD),
        lambda: people.set_role(store, "ann", Role.LEAD),
        lambda: people.remove(store, "ann"),
        lambda: people.add(store, "ann", Role.REVIEWER, PASSWORD),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert people.sign_in(store, "ann", PASSWORD) is None


def test_there_is_nothing_to_change_of_nobody(store: Store) -> None:
    for change in (
        lambda: people.set_password(store, "ann"),
        lambda: people.set_role(store, "ann", Role.LEAD),
        lambda: people.remove(store, "ann"),
    ):
        with pytest.raises(NotAllowed, match="no account ann"):
            change()


@pytest.mark.usefixtures("checked")
def test_every_change_ends_the_sessions(store: Store, clock: Clock) -> None:
    from datetime import timedelta

    people.add(store, "ann", Role.REVIEWER, PASSWORD)

    def open_one() -> None:
        store.open_session("ann", "t" * 64, "key", clock.now + timedelta(hours=12))
        assert store.session("t" * 64, timedelta(minutes=30)) is not None

    open_one()
    drawn = people.set_password(store, "ann")
    assert store.session("t" * 64, timedelta(minutes=30)) is None
    assert drawn is not None
    assert people.sign_in(store, "ann", PASSWORD) is None
    assert people.sign_in(store, "ann", drawn) is not None
    open_one()
    people.set_role(store, "ann", Role.READ_ONLY)
    assert store.session("t" * 64, timedelta(minutes=30)) is None
    open_one()
    people.remove(store, "ann")
    assert store.session("t" * 64, timedelta(minutes=30)) is None


def test_a_session_lives_on_while_somebody_else_writes(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr(base, "open_engine", partial(base.open_engine, busy_seconds=0.1))
    store = open_store(f"sqlite:///{tmp_path}/journey.db", clock=clock)
    people.add(store, "ann", Role.REVIEWER, PASSWORD)
    store.open_session("ann", "t" * 64, "key", clock() + timedelta(hours=12))
    clock.forward(minutes=5)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.session("t" * 64, timedelta(minutes=30)) is not None
    other.execute("ROLLBACK")
    other.close()
    store.close()
