"""Hashing: what fits, that nothing raises, that the work is the same whatever was wrong, and how much runs at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from argon2.exceptions import VerifyMismatchError

from corpus import hashing
from corpus.hashing import hash_secret, needs_rehash, verify_secret

ROOT = Path(__file__).parent.parent
HASHED = hash_secret("lemon-otter-tulip-canoe")


class Counting:
    """In place of the hasher: counts what is computed and how much of it at once."""

    def __init__(self, wait: float = 0.0) -> None:
        self.real, self.wait = hashing._hasher(), wait
        self.asked: list[str] = []
        self.computed = 0  # came to the end and found that it does not fit
        self.now = self.peak = 0
        self.lock = threading.Lock()

    def verify(self, hashed: str, secret: bytes) -> bool:
        with self.lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
        time.sleep(self.wait)
        with self.lock:
            self.now -= 1
        self.asked.append(hashed)
        try:
            return not self.wait and self.real.verify(hashed, secret)
        except VerifyMismatchError:
            self.computed += 1
            raise


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    found = Counting()
    monkeypatch.setattr(hashing, "_hasher", lambda: found)
    return found


def test_a_secret_fits_its_own_hash_only() -> None:
    assert HASHED.startswith(f"$argon2id$v=19$m={hashing.MEMORY_KIB},t={hashing.PASSES},p=1$")
    assert verify_secret("lemon-otter-tulip-canoe", HASHED)
    assert not verify_secret("lemon-otter-tulip-canoes", HASHED)
    assert not verify_secret("", HASHED)
    assert hash_secret("a") != hash_secret("a")  # a salt of its own
    assert "lemon" not in HASHED


def test_the_memory_stays_within_what_was_promised() -> None:
    assert hashing.MEMORY_KIB <= 64 * 1024
    assert hashing.AT_ONCE <= 3


def test_the_same_password_typed_on_another_keyboard_fits() -> None:
    assert verify_secret("cafe\u0301 ①", hash_secret("caf\u00e9 1"))


SALT, DIGEST = HASHED.split("$")[4:]
TOO_MUCH = [  # hashes that were brought in from elsewhere
    f"$argon2i$v=19$m=47104,t=2,p=1${SALT}${DIGEST}",  # another kind than ours
    f"$argon2id$v=19$m=4194304,t=2,p=1${SALT}${DIGEST}",  # would take 4 GiB
    f"$argon2id$v=19$m=47104,t=4000,p=1${SALT}${DIGEST}",  # would take minutes
    f"$argon2id$v=19$m=47104,t=2,p=64${SALT}${DIGEST}",  # would start 64 threads
]
GARBAGE = [
    None, "", "no password fits", "$argon2id$", "$argon2id$v=19$m=47104,t=2,p=1$", "é" * 20, "\ud800", "\x00",
    HASHED[:-3], HASHED + "!", HASHED[:-4] + "****", "x" * 100_000, "$2b$12$" + "a" * 53,
    f"$argon2id$v=19$m=1,t=1,p=1${SALT}${DIGEST}",
    f"$argon2id$v=19$m=-1,t=2,p=1${SALT}${DIGEST}",
    f"$argon2id$v=19$m=x,t=2,p=1${SALT}${DIGEST}",
    f"$argon2id$v=99$m=47104,t=2,p=1${SALT}${DIGEST}",
]  # fmt: skip


@pytest.mark.parametrize("hashed", GARBAGE, ids=lambda h: repr(h)[:40])
def test_garbage_is_no_error_fits_nothing_and_takes_the_same_work(hashed: str | None, counting: Counting) -> None:
    started = time.process_time()
    assert verify_secret("lemon-otter-tulip-canoe", hashed) is False
    assert counting.computed == 1
    assert time.process_time() - started < 3


@pytest.mark.parametrize("hashed", TOO_MUCH)
def test_a_hash_that_asks_for_more_than_ours_is_never_computed(hashed: str, counting: Counting) -> None:
    assert verify_secret("lemon-otter-tulip-canoe", hashed) is False
    assert counting.asked == [hashing._nobodys()]


def test_a_wrong_secret_costs_one_hashing_and_so_does_a_missing_hash(counting: Counting) -> None:
    for hashed in (HASHED, None):
        counting.asked.clear()
        counting.computed = 0
        assert not verify_secret("wrong", hashed)
        assert len(counting.asked) == counting.computed == 1
        head = counting.asked[0].rsplit("$", 2)[0]
        assert head == HASHED.rsplit("$", 2)[0]  # the same kind, memory, passes and lanes
        assert len(counting.asked[0]) == len(HASHED)


def test_any_text_can_be_a_secret() -> None:
    for secret in ("\ud800 🌷", "a\x00b"):
        assert verify_secret(secret, hash_secret(secret))
    assert not verify_secret("a\x00b", hash_secret("a"))  # the whole of it counts


def test_a_hash_of_other_parameters_is_made_anew() -> None:
    from argon2 import PasswordHasher

    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("tulip")
    assert verify_secret("tulip", older)
    assert needs_rehash(older)
    assert needs_rehash("no hash")
    assert needs_rehash("\ud800")
    assert not needs_rehash(HASHED)
    assert not needs_rehash(hashing._nobodys())


@pytest.mark.parametrize("hashed", [None, HASHED], ids=["none", "hashed"])
def test_at_most_three_are_computed_at_once(hashed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Counting(wait=0.05)
    monkeypatch.setattr(hashing, "_hasher", lambda: slow)
    threads = [threading.Thread(target=verify_secret, args=("x", hashed)) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slow.asked) == 9
    assert slow.peak == hashing.AT_ONCE


def test_the_room_is_given_back_whatever_happened() -> None:
    for hashed in (HASHED, *GARBAGE[:4]):
        verify_secret("wrong", hashed)
    taken = [hashing._room.acquire(blocking=False) for _ in range(hashing.AT_ONCE)]
    for _ in filter(None, taken):
        hashing._room.release()
    assert all(taken)


def test_argon2_is_imported_only_when_it_is_needed() -> None:
    code = "import corpus.hashing, corpus.codes, corpus.attempts, sys; print('argon2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
