"""The limiter: how long a caller waits, that nobody else waits for it, and that it can neither be flooded nor read."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.attempts import Attempts, network_of
from corpus.errors import SettingsWrong


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make(limit: int = 3, window: float = 60, most: int = 100) -> tuple[Attempts, Seconds]:
    clock = Seconds()
    return Attempts(limit, window, clock, most), clock


def test_a_caller_waits_after_the_limit_until_the_oldest_is_a_window_ago() -> None:
    attempts, clock = make()
    for _ in range(3):
        assert attempts.blocked("a") == 0.0
        attempts.failed("a")
        clock.now += 10
    assert attempts.blocked("a") == pytest.approx(30)
    assert attempts.blocked("b") == 0.0
    clock.now += 29.5
    assert attempts.blocked("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert attempts.blocked("a") == 0.0
    attempts.failed("a")  # and the next one waits for the second
    assert attempts.blocked("a") == pytest.approx(10)


def test_asking_counts_nothing() -> None:
    attempts, _ = make(limit=1)
    for _ in range(5):
        assert attempts.blocked("a") == 0.0
    assert not attempts._rows


def test_what_was_begun_counts_at_once_and_being_right_takes_only_that_back() -> None:
    attempts, _ = make()
    assert [attempts.begin("a") for _ in range(4)] == [0.0, 0.0, 0.0, 60.0]
    attempts.succeeded("a")
    attempts.failed("a")
    attempts.failed("a")
    assert attempts.begin("a") == 0.0  # two wrong ones and one begun
    assert attempts.begin("a") == 60.0
    attempts.failed("a")
    attempts.succeeded("a")  # nothing is begun any more: the wrong ones stay
    assert attempts.blocked("a") == 60.0


def test_a_code_of_ones_own_does_not_buy_more_guesses() -> None:
    attempts, _ = make()
    guesses = 0
    for _ in range(20):
        if not attempts.begin("a"):
            guesses += 1
            attempts.failed("a")
        if not attempts.begin("a"):
            attempts.succeeded("a")
    assert guesses == 3


def test_being_right_keeps_no_row() -> None:
    attempts, _ = make()
    attempts.begin("a")
    attempts.succeeded("a")
    attempts.succeeded("a")
    assert not attempts._rows


def test_a_stranger_cannot_lock_a_colleague_out() -> None:
    attempts, _ = make()
    for _ in range(50):
        attempts.failed("ann", "203.0.113.9")
    assert attempts.blocked("ann", "203.0.113.9")
    assert not attempts.blocked("ann", "198.51.100.7")
    assert not attempts.blocked("ann", "token of her device")


def test_keys_of_several_parts_are_not_mixed_up() -> None:
    attempts, _ = make(limit=1)
    attempts.failed("ann", "a1")
    assert attempts.blocked("ann", "a1")
    for other in (("anna", "1"), ("anna1",), ("ann", "a", "1"), ("a1", "ann")):
        assert not attempts.blocked(*other)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 120).map(lambda n: n / 4)), max_size=60))
def test_it_agrees_with_counting_by_hand(steps: list[tuple[str, float]]) -> None:
    attempts, clock = make(limit=3, window=60)
    wrong: dict[str, list[float]] = {"a": [], "b": []}
    for key, pause in steps:
        clock.now += pause
        recent = [at for at in wrong[key] if clock.now - at < 60]
        wait = attempts.blocked(key)
        assert (wait > 0) == (len(recent) >= 3)
        assert 0 <= wait <= 60
        if not wait:
            attempts.failed(key)
            wrong[key].append(clock.now)
    for times in wrong.values():
        assert all(later - earlier > 59.999 for earlier, later in zip(times, times[3:], strict=False))


def test_many_at_once_get_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts, _ = make(limit=8)
    answer = Attempts._wait

    def slowly(self: Attempts, name: bytes, now: float) -> float:
        found = answer(self, name, now)
        time.sleep(0.001)  # time enough for another thread to be told the same
        return found

    monkeypatch.setattr(Attempts, "_wait", slowly)
    started, through = threading.Barrier(32), []

    def one() -> None:
        started.wait()
        for _ in range(5):
            if not attempts.begin("a"):
                through.append(1)

    threads = [threading.Thread(target=one) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == 8


def test_the_table_is_bounded_and_what_has_ended_goes_first() -> None:
    attempts, clock = make(limit=3, window=60, most=100)
    for n in range(90):
        attempts.failed(f"old {n}")
    clock.now += 61
    attempts.failed("fresh")
    for n in range(98):
        attempts.failed(f"new {n}")
    assert len(attempts._rows) <= 100
    attempts.failed("fresh")
    attempts.failed("fresh")
    assert attempts.blocked("fresh")  # its first one was still known


def test_flooding_with_new_keys_does_not_end_a_block() -> None:
    attempts, _ = make(limit=3, most=100)
    for key in ("attacker", "second"):
        for _ in range(3):
            attempts.failed(key)
    for n in range(5000):
        attempts.failed(f"flood {n}")
        assert len(attempts._rows) <= 100
    assert attempts.blocked("attacker")
    assert attempts.blocked("second")
    for n in range(5000):  # each key twice
        attempts.failed(f"pair {n // 2}")
    assert attempts.blocked("attacker")


def test_tries_that_have_ended_do_not_keep_a_row_in_place() -> None:
    attempts, clock = make(limit=4, window=60, most=16)
    for _ in range(3):
        attempts.failed("mostly ended")
    clock.now += 59
    attempts.failed("mostly ended")
    clock.now += 2  # of its four, one still counts
    for n in range(15):
        attempts.failed(f"two {n}")
        attempts.failed(f"two {n}")
    attempts.failed("new")
    assert attempts._hash(("mostly ended",)) not in attempts._rows
    assert all(attempts._hash((f"two {n}",)) in attempts._rows for n in range(15))


def test_a_newcomer_is_counted_in_a_full_table() -> None:
    attempts, _ = make(limit=2, most=10)
    for n in range(10):
        attempts.failed(f"full {n}")
        attempts.failed(f"full {n}")
    attempts.failed("new")
    attempts.failed("new")
    assert attempts.blocked("new")


def test_no_address_can_be_read_from_its_memory() -> None:
    attempts, _ = make()
    attempts.begin("ann", "203.0.113.9")
    seen = repr(vars(attempts))
    assert "203.0.113.9" not in seen
    assert "ann" not in seen
    other, _ = make()
    assert other._hash(("ann",)) != attempts._hash(("ann",))  # no table of hashes made elsewhere fits


@pytest.mark.parametrize("wrong", [(0, 60, 10), (3, 0, 10), (3, -1, 10), (3, 60, 0)])
def test_limits_that_mean_nothing_are_refused(wrong: tuple[int, float, int]) -> None:
    limit, window, most = wrong
    with pytest.raises(SettingsWrong):
        Attempts(limit, window, most=most)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_an_ipv6_neighbourhood_counts_as_one(address: str, counted_as: str) -> None:
    assert network_of(address) == counted_as
