import datetime
import math

import numpy as np
import pytest

from elo.columns import Column, cell, number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ko", "ko"),
        (" ko", " ko"),
        (3, "3"),
        (3.5, "3.5"),
        (True, "true"),
        (np.bool_(False), "false"),
        (np.int64(7), "7"),
        (None, ""),
        (math.nan, ""),
        ("", ""),
        ([], ""),
        (["code", "math", "code"], ("code", "math")),
        (np.array(["code"]), ("code",)),
        ('["code", "math"]', ("code", "math")),
        ("['code', 'math']", ("code", "math")),
        ("[draft] a title", "[draft] a title"),
        ({"a": 1}, '{"a": 1}'),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02T00:00:00+00:00"),
    ],
)
def test_values_of_any_source_become_the_same_cells(value: object, expected: object) -> None:
    assert cell("language", value) == expected


@pytest.mark.parametrize("text", ["code;math", "code, math", "code|math", '["code", "math"]'])
def test_tags_are_a_list_however_a_csv_writes_them(text: str) -> None:
    assert cell("tags", text) == ("code", "math")


def test_different_cells_are_numbered_in_the_order_of_their_first_votes() -> None:
    column = Column.of("language", ["ko", None, "en", "ko"])
    assert (column.code.tolist(), column.cells) == ([0, -1, 1, 0], ("ko", "en"))
    assert column.select(np.array([False, True, True, False])).code.tolist() == [-1, 1]


def test_a_vote_with_a_list_has_each_of_its_texts() -> None:
    column = Column.of("tags", [["code"], ["math", "code"], [], "code"])
    assert {text: votes.tolist() for text, votes in column.texts().items()} == {
        "code": [True, True, False, True],
        "": [False, False, True, False],
        "math": [False, True, False, False],
    }


def test_numbers_are_read_from_text_and_other_text_is_named() -> None:
    found = Column.of("n_turns", ["1", 2, None, "3e0"]).numbers("n_turns")
    assert np.array_equal(found, [1.0, 2.0, math.nan, 3.0], equal_nan=True)
    with pytest.raises(ValueError, match=r"vote 3: n_turns is 'many'; expected a number"):
        Column.of("n_turns", ["1", "", "many"]).numbers("n_turns")
    assert all(math.isnan(number(one)) for one in ("inf", "nan", ("1",), ""))
