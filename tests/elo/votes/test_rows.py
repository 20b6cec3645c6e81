import io
import json

import pytest

from elo.votes.rows import RowsError, VoteRow, open_rows


def rows_of(text: str, *wanted: str) -> list[VoteRow]:
    return list(open_rows(io.StringIO(text, newline="")).pick(wanted))


def values_of(text: str, *wanted: str) -> list[tuple[object, ...]]:
    return [row.values for row in rows_of(text, *wanted)]


def test_the_three_formats_give_the_same_rows() -> None:
    records = [{"a": "x", "b": "y"}, {"a": "z, [w]", "b": 'say "hi"\nthere'}]
    expected = [("y", "x", None), ('say "hi"\nthere', "z, [w]", None)]
    assert values_of('a,b\nx,y\n"z, [w]","say ""hi""\nthere"\n', "b", "a", "c") == expected
    assert values_of("\n".join(map(json.dumps, records)), "b", "a", "c") == expected
    assert values_of(json.dumps(records), "b", "a", "c") == expected
    assert values_of(json.dumps(records, indent=2), "b", "a", "c") == expected


def test_columns_are_those_of_the_header_or_of_the_first_object() -> None:
    for text in ("a,b\n", '{"a": 1, "b": 2}', ' [{"a": 1, "b": 2}, {"c": 3}]'):
        assert open_rows(io.StringIO(text)).columns == ("a", "b")


def test_rows_know_the_line_that_they_begin_on() -> None:
    assert [row.line for row in rows_of('a,b\n\n"1\n2\n3",4\n\n5,6\r\n7,8', "a")] == [3, 7, 8]
    assert [row.line for row in rows_of('{"a": 1}\n\n{"a": 2}\n', "a")] == [1, 3]
    assert [row.line for row in rows_of('[\n\n{"a":\n1}\n,\n{"a": 2}, {"a": 3}\n]\n', "a")] == [3, 6, 6]


def test_a_long_list_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"a": i, "text": "x" * (i % 50)} for i in range(200)]
    for indent in (None, 1):
        text = json.dumps(records, indent=indent)
        for n_chars in (1, 7, 100):
            monkeypatch.setattr("elo.votes.rows._PIECE_CHARS", n_chars)
            rows = rows_of(text, "a")
            assert [row.values for row in rows] == [(i,) for i in range(200)]
            assert [row.line for row in rows] == ([1] * 200 if indent is None else [2 + 4 * i for i in range(200)])


def test_a_number_is_not_cut_between_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.votes.rows._PIECE_CHARS", 12)
    assert values_of('[{"a": "b"}, 1234567890123]', "a")[0] == ("b",)
    assert rows_of('[{"a": "b"}, 1234567890123]', "a")[1].problem == "1234567890123 is not an object"


def test_values_can_be_kept_in_a_set() -> None:
    assert values_of('{"a": ["x", 1], "b": {"c": 1.50}}', "a", "b") == [(("x", "1"), "{'c': '1.50'}")]


def test_a_field_may_hold_a_long_answer() -> None:
    assert values_of(f'a,b\n"{"x" * 300_000}",1\n', "b") == [("1",)]


def test_a_wrong_row_has_a_problem_and_the_next_one_is_read() -> None:
    rows = rows_of('a,b\n1,2\n1,2,3\n1\n"x"y,2\n3,4\n', "a", "b")
    assert [(row.line, row.problem) for row in rows] == [
        (2, None),
        (3, "3 values; expected 2, as in the header"),
        (4, "1 values; expected 2, as in the header"),
        (5, "not CSV: ',' expected after '\"'"),
        (6, None),
    ]
    rows = rows_of('{"a": 1}\n{"a": \n7\n{"a": 2}\n', "a")
    assert [(row.line, row.problem) for row in rows] == [
        (1, None),
        (2, "not JSON: Expecting value"),
        (3, "7 is not an object"),
        (4, None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ('"a\n', "is not CSV: unexpected end of data"),
        ("[]", "is an empty list"),
        ("[7]", "has no object on line 1: 7"),
        ("{\n", "has no object on line 1: not JSON: Expecting property name"),
        ("[{]", "is not JSON in the element on line 1: Expecting property name"),
        ('[{"a": 1}\n{"a": 2}]', "is not JSON on line 2: expected ']', found '{'"),
        ('[{"a": 1},\n]', "is not JSON in the element on line 2: Expecting value"),
        ('[{"a": 1},\n{"a": 2},\n{"a"', "is not JSON in the element on line 3"),
        ('[{"a": 1}', "is not JSON on line 1: expected ']', found the end of the file, which may have been cut"),
        ('[{"a": 1}]\n[', "has text after the end of its list, on line 2"),
        (f'[{{"a": {"[" * 100_000}', "is not JSON in the element on line 1"),
        (f'[{{"a": {"1" * 5_000}}}]', "is not JSON in the element on line 1"),
    ],
)
def test_what_cannot_be_read_on_raises(text: str, message: str) -> None:
    with pytest.raises(RowsError) as caught:
        rows_of(text, "a")
    assert message in str(caught.value)
