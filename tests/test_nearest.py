"""Nearest vectors: the same promises in each form, against brute force."""

from __future__ import annotations

import logging
import threading
import time

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import index.nearest as module
from index.nearest import Nearest, Shut, forms
from index.nearest.forms import KINDS, Form, Kind, between, choose

NONE = np.zeros((0, 8), np.float32)


def unit_rows(n: int, d: int = 8, seed: int = 1) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def clustered(n: int, d: int = 64, seed: int = 1) -> np.ndarray:
    """As texts are: many small groups of like ones."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n // 20 + 1, d))[rng.integers(0, n // 20 + 1, n)] + 0.6 * rng.normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """Every index of the test has this form, however small, and makes it anew after a few changes."""
    monkeypatch.setattr(module, "choose", lambda *_: (request.param, True))
    monkeypatch.setattr(module, "_SIDE", (16, 64))
    return request.param  # type: ignore[no-any-return]


def near_enough(kind: Kind) -> float:
    return {"float32": 1e-6, "float16": 2e-3}[kind.rows]


# --- the same promises in each form ---


def test_what_is_found_is_what_brute_force_finds(kind: Kind) -> None:
    rows = unit_rows(500)
    near = Nearest(8)
    near.change((), list(range(1000, 1500)), rows)
    assert near.kind == kind
    for asked in unit_rows(20, seed=2):
        ids, cosines = near.search(asked, 5)
        np.testing.assert_allclose(cosines, np.sort(rows @ asked)[::-1][:5], atol=near_enough(kind))
        np.testing.assert_allclose(cosines, rows[ids - 1000] @ asked, atol=near_enough(kind))
    np.testing.assert_allclose(near.vectors([1003, 1001]), rows[[3, 1]], atol=near_enough(kind))


@pytest.mark.usefixtures("kind")
def test_the_cosine_of_every_vector_in_order_of_id(kind: Kind) -> None:
    """Whatever came, was replaced or left; where codes or halves are read, there is no such thing."""
    near, rng = Nearest(8), np.random.default_rng(3)
    held: dict[int, np.ndarray] = {}
    for turn in range(20):
        ids = rng.choice(100, 6, replace=False)
        gone = rng.choice(100, 4, replace=False)
        rows = unit_rows(6, seed=turn)
        near.change(gone.tolist(), ids.tolist(), rows)
        held = {id: row for id, row in held.items() if id not in gone} | dict(zip(ids.tolist(), rows, strict=True))
        near.settle()
        asked = unit_rows(1, seed=100 + turn)[0]
        found = near.every(asked)
        if near.kind != Kind(False, "float32"):
            assert found is None
            continue
        np.testing.assert_allclose(found, [held[id] @ asked for id in sorted(held)], atol=1e-6)
    assert near.kind == kind
    assert len(Nearest(8).every(asked)) == 0  # type: ignore[arg-type]


def test_what_left_or_is_shut_does_not_come_back_and_no_minus_one_does() -> None:
    rows = unit_rows(206)
    near = Nearest(8)
    near.change((), list(range(206)), rows)
    near.change(range(6, 206), (), NONE)
    near.change([2, 999], (), NONE)
    assert set(near.search(rows[1], 50)[0]) == {0, 1, 3, 4, 5}
    assert set(near.search(rows[1], 50, exclude=[3, 77])[0]) == {0, 1, 4, 5}
    assert len(near.search(rows[0], 50, exclude=[0, 1, 3, 4, 5])[0]) == 0
    shut = Shut(np.asarray([1, 4, 300]), np.asarray([True, False, True]))
    for _ in range(2):
        assert set(near.search(rows[0], 50, exclude=[3], shut=shut)[0]) == {0, 4, 5}
    near.change((), [4, 7], rows[[0, 9]])  # replaced, not doubled
    assert len(near) == 6
    assert list(near.search(rows[0], 50)[0]).count(4) == 1
    assert set(near.search(rows[0], 50, shut=shut)[0]) == {0, 3, 4, 5, 7}
    with pytest.raises(KeyError):
        near.vectors([0, 2])


def test_a_removed_vector_is_overwritten_at_once_and_gone_when_made_anew(kind: Kind) -> None:
    rows = unit_rows(100)
    near = Nearest(8)
    near.change((), list(range(100)), rows)
    near.change((), [200], rows[:1])  # and one at the side
    form = near._main.form
    kept, zero = form._row_bytes()[[6, 8]].copy(), form._row_bytes()[7].copy() * 0
    near.change([7, 200], (), NONE)
    assert (form._row_bytes()[7] == zero).all()
    assert (form._row_bytes()[[6, 8]] == kept).all()
    assert not near._side.form._row_bytes().any()
    if kind.coded:
        lists = form._faiss.downcast_InvertedLists(form._codes.invlists)
        size = -(-100 // lists.n_per_block) * lists.block_size
        blocks = form._faiss.rev_swig_ptr(lists.get_codes(0), size).reshape(-1, lists.block_size)
        assert not lists.packer.unpack_1(blocks, 7).any()
        assert lists.packer.unpack_1(blocks, 6).any()
        assert lists.packer.unpack_1(blocks, 8).any()
    near.change(range(50), (), NONE)
    near.settle()
    assert len(near._main.form) == len(near) == 50
    assert set(near.search(rows[0], 100)[0]) == set(range(50, 100))


def test_of_an_id_that_is_given_twice_the_later_vector_counts() -> None:
    rows = unit_rows(3)
    near = Nearest(8)
    near.change((), [5, 3, 5], rows)
    assert len(near) == 2
    np.testing.assert_array_equal(near.vectors([3, 5]), rows[[1, 2]])


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="dimensions"):
        Nearest(8).change((), [1], np.zeros((1, 4), np.float32))
    with pytest.raises(ValueError, match="ids"):
        Nearest(8).change((), [1, 2], np.zeros((1, 8), np.float32))


def test_nothing_has_no_answer() -> None:
    near = Nearest(8)
    assert len(near.search(unit_rows(1)[0], 3)[0]) == 0
    near.change((), [1], unit_rows(1))
    near.change([1], (), NONE)
    assert len(near.search(unit_rows(1)[0], 3)[0]) == 0
    assert near.vectors([]).shape == (0, 8)


# --- which form ---


@pytest.mark.parametrize(
    ("count", "most", "wanted", "fits"),
    [
        (1000, None, "float32", True),
        (1000, 800, "float16", True),
        (1000, 700, "float16", False),
        (60_000, None, "codes and float32", True),
        (60_000, 1600, "codes and float16", True),
        (60_000, 800, "codes and float16", False),
    ],
)
def test_the_form_fits_the_number_and_the_memory(count: int, most: float | None, wanted: str, fits: bool) -> None:
    kind, fitting = choose(count, 384, most)
    assert (str(kind), fitting) == (wanted, fits)


def test_the_log_says_what_was_chosen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    near = Nearest(8, "passages")
    near.most_each = 30
    near.change((), range(20_000), unit_rows(20_000))
    assert "20000 passages are searched as float16, 25 bytes each, 0 MB." in caplog.text
    near.most_each = 1
    near.change((), range(20_000, 50_000), unit_rows(30_000))
    assert "more than SHARED_JOURNEY_INDEX_MEMORY allows" in caplog.text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.coded], ids=str)
def test_codes_find_nearly_all_of_the_ten_nearest(kind: Kind) -> None:
    rows = clustered(60_000)
    form = Form(kind, 64, len(rows), [rows[:50_000], rows[50_000:]], rows[::3])
    assert form.recall(between(rows[::3])) >= 0.99
    asked = between(rows[::7], 50)
    found = [set(form.search(row, 10, None)[0]) for row in asked]
    true = [set(np.argsort(-(rows @ row))[:10]) for row in asked]
    assert np.mean([len(a & b) / 10 for a, b in zip(found, true, strict=True)]) >= (
        0.97 if kind.rows == "int8" else 0.99
    )
    allowed = np.packbits(np.arange(60_000) % 100 == 0, bitorder="little")
    only = [set(form.search(row, 10, allowed)[0]) for row in asked]
    true = [set(100 * np.argsort(-(rows[::100] @ row))[:10]) for row in asked]
    assert np.mean([len(a & b) / 10 for a, b in zip(only, true, strict=True)]) >= 0.97


def test_where_codes_find_too_little_everything_is_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Vectors that point everywhere alike: no code of one bit a number tells them apart."""
    monkeypatch.setattr(forms, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(forms, "_LOOKED_AT", (20,))
    rows = unit_rows(20_000, 64)
    near = Nearest(64, "passages")
    near.change((), range(20_000), rows)
    assert str(near.kind) == "float32"
    assert "all are read instead" in caplog.text
    assert near.search(rows[77], 1)[0][0] == 77


# --- while a form is being made ---


def test_answers_go_on_and_changes_count_while_a_form_is_made_anew(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_HAND", 0)
    rows = unit_rows(300)
    near = Nearest(8)
    near.change((), range(100), rows[:100])
    near.settle()
    begun, may_end = threading.Event(), threading.Event()
    made = near._made

    def slow(plan: module._Plan) -> module._Part:
        begun.set()
        assert may_end.wait(30)
        return made(plan)

    monkeypatch.setattr(near, "_made", slow)
    near.change((), range(100, 200), rows[100:200])  # enough to make it anew
    assert begun.wait(30)
    assert len(near.search(rows[0], 300)[0]) == 200
    near.change([5, 150], range(200, 210), rows[200:210])  # leaves from both, and comes
    near.change([201], [7], rows[250:251])  # came meanwhile and leaves; is replaced meanwhile
    wanted = set(range(210)) - {5, 150, 201}
    assert set(near.search(rows[0], 300)[0]) == wanted
    may_end.set()
    near.settle()
    assert set(near.search(rows[0], 300)[0]) == wanted
    assert len(near) == len(wanted)
    np.testing.assert_allclose(near.vectors([7, 150 + 1]), rows[[250, 151]], atol=near_enough(kind))
    assert len(near._main.form) == 200
    assert len(near._side) == 10  # 200 to 209 without 201, and 7


def test_a_form_that_nobody_wants_any_more_before_it_is_begun_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole collection comes between the start of the thread and its first look: what it would make is old."""
    monkeypatch.setattr(module, "AT_HAND", 0)
    monkeypatch.setattr(module, "_SIDE", (4, 8))
    rows = unit_rows(200)
    near = Nearest(8)
    begin, ended, may_end = threading.Event(), threading.Event(), threading.Event()
    make, made = near._make, near._made

    def late() -> None:
        assert begin.wait(30)
        make()
        ended.set()

    def slow(plan: module._Plan) -> module._Part:
        if threading.current_thread() is not threading.main_thread():
            ended.set()  # it did begin
            assert may_end.wait(30)
        return made(plan)

    monkeypatch.setattr(near, "_make", late)
    monkeypatch.setattr(near, "_made", slow)
    near.change((), range(10), rows[:10])
    near.change((), range(10, 15), rows[10:15])  # enough to make it anew
    thread = near._making
    assert thread
    near.change((), range(20, 50), rows[20:50])  # more than there was: at once
    begin.set()
    assert ended.wait(30)
    near.change((), range(100, 180), rows[100:180])
    may_end.set()
    thread.join()
    near.settle()
    assert len(near) == 15 + 30 + 80
    assert set(near.search(rows[0], 300)[0]) == {*range(15), *range(20, 50), *range(100, 180)}


def test_what_cannot_be_made_anew_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "AT_HAND", 0)
    monkeypatch.setattr(module, "_SIDE", (16, 64))
    near = Nearest(8)
    near.change((), range(100), unit_rows(100))
    near.settle()

    def full(*_: object) -> None:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(near, "_made", full)
        near.change((), range(100, 140), unit_rows(40))
        near.settle()
    assert "could not be made anew" in caplog.text
    assert len(near.search(unit_rows(1)[0], 300)[0]) == 140
    near.change((), [140], unit_rows(1))
    near.settle()
    assert len(near._main.form) == 141


def test_threads_see_a_change_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors come and go in pairs, while forms are made anew: nobody ever sees half a pair."""
    monkeypatch.setattr(module, "AT_HAND", 0)
    monkeypatch.setattr(module, "_SIDE", (16, 64))
    rows = unit_rows(400)
    near = Nearest(8)
    stop = threading.Event()
    wrong: list[list[int]] = []

    def look() -> None:
        while not stop.is_set():
            seen = sorted(near.search(rows[0], 1000)[0].tolist())
            if seen[0::2] != [id - 1 for id in seen[1::2]]:
                wrong.append(seen)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 3
    rng = np.random.default_rng(5)
    while time.monotonic() < end:
        pair = 2 * int(rng.integers(0, 200))
        near.change((), [pair, pair + 1], rows[pair : pair + 2])
        gone = 2 * int(rng.integers(0, 200))
        near.change([gone, gone + 1], (), NONE)
    stop.set()
    for thread in threads:
        thread.join()
    near.settle()
    assert not wrong


# --- anything in any order ---


class Machine(RuleBasedStateMachine):
    """Beside it a dictionary, asked by brute force."""

    @initialize(kind=st.sampled_from(KINDS), at_hand=st.sampled_from([0, 10_000]))
    def begin(self, kind: Kind, at_hand: int) -> None:
        self.kind = kind
        self.before = module.choose, module._SIDE, module.AT_HAND
        module.choose, module._SIDE, module.AT_HAND = (lambda *_: (kind, True)), (4, 8), at_hand
        self.near = Nearest(8)
        self.truth: dict[int, np.ndarray] = {}

    @rule(ids=st.lists(st.integers(0, 60), max_size=30), gone=st.lists(st.integers(0, 70)), seed=st.integers(0, 99))
    def change(self, ids: list[int], gone: list[int], seed: int) -> None:
        rows = unit_rows(len(ids), seed=seed) if ids else NONE
        self.near.change(gone, ids, rows)
        for id in gone:
            self.truth.pop(id, None)
        self.truth.update(zip(ids, rows, strict=True))

    @rule()
    def settle(self) -> None:
        self.near.settle()

    @rule(left_out=st.lists(st.integers(0, 70)), some=st.sets(st.integers(0, 70)), seed=st.integers(0, 99))
    def search(self, left_out: list[int], some: set[int], seed: int) -> None:
        asked = unit_rows(1, seed=seed)[0]
        ids = np.asarray(sorted(some), dtype=np.int64)
        shut = Shut(ids, ids % 3 == 0)
        there = {id: float(row @ asked) for id, row in self.truth.items()}
        may = {id for id in there if id not in left_out and not (id in some and id % 3 == 0)}
        for kept, given in (
            (set(there), {}),
            (set(there) - set(left_out), {"exclude": left_out}),
            (may, {"exclude": left_out, "shut": shut}),
        ):
            found, cosines = self.near.search(asked, 100, **given)  # type: ignore[arg-type]
            assert set(found) == kept
            assert len(found) == len(kept)
            np.testing.assert_allclose(cosines, [there[i] for i in found], atol=near_enough(self.kind))
            assert (np.diff(cosines) <= 0).all()

    @invariant()
    def as_many(self) -> None:
        if hasattr(self, "near"):
            assert len(self.near) == len(self.truth)

    def teardown(self) -> None:
        if hasattr(self, "near"):
            self.near.settle()
            wanted = sorted(self.truth)
            if wanted:
                rows = np.stack([self.truth[i] for i in wanted])
                np.testing.assert_allclose(self.near.vectors(wanted), rows, atol=near_enough(self.kind))
            module.choose, module._SIDE, module.AT_HAND = self.before


TestNearest = Machine.TestCase
TestNearest.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
