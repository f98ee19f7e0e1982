from __future__ import annotations

import json
import random
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from engine.store import Store
from engine.store.literals import encode_json, quote, render_statement

NASTY = [
    "", "'", "''", "'); DROP TABLE runs; --", "\\", "\\'", '"', "?", "a?b'?", "$1", "$$", "--", "/*", "\n", "\r\n",
    "\t", "\0", "\0\0'", "a\0'b\0", "ü", "日本語", "😀", "\u202e", "\ufeff", "\uffff",
    "NULL", "%_", "{}", "\x1b", "\x7f",
]  # fmt: skip


def random_text(chance: random.Random) -> str:
    alphabet = "'\"\\?-/*$%;\n\0 aé日😀\u2028"
    return "".join(chance.choice(alphabet) for _ in range(chance.randrange(30)))


def random_float(chance: random.Random) -> float:
    while True:
        value = struct.unpack("d", chance.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            return value


def select(store: Store, values: list[Any]) -> list[Any]:
    columns = ", ".join(f"? AS c{i}" for i in range(len(values)))
    return list(store.query(f"SELECT {columns}", values)[0].values())


def test_text_comes_back_as_it_went(either: Store) -> None:
    chance = random.Random(5)
    texts = NASTY + [random_text(chance) for _ in range(300)]
    assert select(either, texts) == texts


def test_numbers_come_back_exactly(either: Store) -> None:
    chance = random.Random(6)
    floats = [0.0, 1.0, -1.5, 0.1 + 0.2, 5e-324, 1.7976931348623157e308] + [random_float(chance) for _ in range(200)]
    back = select(either, floats)
    assert [struct.pack("d", value) for value in back] == [struct.pack("d", value) for value in floats]
    integers = [0, -1, 1, 2**31, -(2**63), 2**64, -(2**127), 2**127 - 1]
    assert select(either, integers) == integers
    assert either.query("SELECT 1-? AS n", [-5]) == [{"n": 6}]


def test_other_values_come_back(either: Store) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 999999)
    values = [None, True, False, moment, date(1999, 12, 31), ["a'", None], [[1], [2, 3]], []]
    assert select(either, values) == values
    assert select(either, [{"a": ["'", 1.5, None]}]) == [{"a": ["'", 1.5, None]}]


def test_times_of_a_zone_become_utc(either: Store) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert select(either, [datetime(2024, 1, 1, 3, tzinfo=east)]) == [datetime(2023, 12, 31, 21, 30)]
    assert select(either, [datetime(2024, 1, 1, tzinfo=UTC)]) == [datetime(2024, 1, 1)]


def test_half_a_surrogate_pair_becomes_the_replacement_character(either: Store) -> None:
    assert select(either, ["a\ud800b", "\udc00", "\ud83d\ude00"]) == ["a\ufffdb", "\ufffd", "😀"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), np.float64("nan"), [1.0, float("nan")]])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a number"):
        quote(value)
    with pytest.raises(ValueError):
        encode_json({"deep": [value]})


@pytest.mark.parametrize("value", [object(), b"bytes", 1j])
def test_what_the_store_does_not_keep_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="keeps no"):
        quote(value)
    with pytest.raises(TypeError):
        encode_json([value])


def test_an_integer_beyond_128_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="128 bits"):
        quote(2**127)


def test_numpy_values_are_taken() -> None:
    assert quote(np.float32(0.5)) == quote(0.5)
    assert quote(np.int64(-3)) == "(-3)"
    assert quote(np.array(["a", "b"])) == "['a', 'b']"
    assert json.loads(encode_json({"v": np.arange(3), "x": np.float32(0.5)})) == {"v": [0, 1, 2], "x": 0.5}


def test_placeholders_in_strings_names_and_comments_stay() -> None:
    sql = "SELECT '?', \"a?\", $$?$$, $x$?$x$ -- ?\n/* ? */ FROM t WHERE a = ? AND b = '''?' AND c = ?"
    assert render_statement(sql, [1, "?"]) == sql.replace("a = ?", "a = 1").replace("c = ?", "c = '?'")


@pytest.mark.parametrize("params", [[], [1], [1, 2, 3]])
def test_a_wrong_number_of_values_is_refused(params: list[int]) -> None:
    with pytest.raises(ValueError, match="placeholders"):
        render_statement("SELECT ?, ?", params)
