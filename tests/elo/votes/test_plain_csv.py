import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elo.votes.plain_csv import Block, NotPlainError, PlainCsv, Texts

PAD = bytes(8)


def block(*lines: str) -> Block:
    return Block.of("".join(f"{line}\n" for line in lines).encode() + PAD, lines[0].count(",") + 1)


def column(of: Block, number: int) -> list[str]:
    texts = Texts()
    return [texts.found[code] for code in texts.codes(of, number).tolist()]


def test_fields_are_between_commas() -> None:
    found = block("ab,,c", ",모델,", "x" * 40 + ",y,z")
    assert [column(found, i) for i in range(3)] == [["ab", "", "x" * 40], ["", "모델", "y"], ["c", "", "z"]]
    with_returns = Block.of(b"a,b\r\nc,\r\nd,e\n" + PAD, 2)
    assert column(with_returns, 1) == ["b", "", "e"]


@pytest.mark.parametrize(
    ("text", "n_fields"),
    [
        (b'a,"b,"\n', 2),
        (b'"a,b",c\n', 2),
        (b'"a\nb",c\n', 2),
        (b'"a""b",c\n', 2),
        (b'a"b",c\n', 2),
        (b'"a"b,c\n', 2),
        (b'",",c\n', 3),
        (b'",c\n', 2),
        (b'"a,b"\n', 2),
        (b"a,b\n\n", 2),
        (b"a,b,c\n", 2),
        (b"a\nb,c,d\n", 2),
        (b"a,b\rc\n", 2),
        (b"a,\xff\n", 2),
    ],
)
def test_what_is_not_plain_is_refused(text: bytes, n_fields: int) -> None:
    with pytest.raises(NotPlainError):
        Block.of(text + PAD, n_fields)


def test_numbers_are_those_of_python() -> None:
    spelled = ["0", "-1.5", "+2", "1e3", ".5", "5.", "1700000000.123456", "0.1", ""]
    numbers = block(*(f"{text},x" for text in spelled)).numbers(0)
    assert numbers[:-1].tolist() == [float(text) for text in spelled[:-1]]
    assert np.isnan(numbers[-1])
    for text in ("nan", "inf", "1_0", " 1", "1e999", "1-2", "e", "1" * 50, "one"):
        with pytest.raises(NotPlainError):
            block(f"{text},x", "1,x").numbers(0)


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=40), min_size=1, max_size=60)
)
def test_equal_codes_are_equal_texts(texts: list[str]) -> None:
    found = Texts()
    codes = [code for text in texts for code in found.codes(block(f"{text},x"), 0).tolist()]
    assert [found.found[code] for code in codes] == texts
    assert len(found.found) == len(set(texts))
    again = found.codes(block(*(f"{text},x" for text in texts)), 0)
    assert again.tolist() == codes


def test_a_table_that_fills_keeps_its_codes() -> None:
    found, names = Texts(), [f"name {i}" for i in range(3000)]
    for start in range(0, 3000, 500):
        assert found.codes(block(*(f"{name},x" for name in names[: start + 500])), 0).tolist() == [*range(start + 500)]
    assert found.found == names


@pytest.mark.parametrize("block_bytes", [1, 5, 100])
@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_are_whole_however_the_file_is_cut(monkeypatch: pytest.MonkeyPatch, block_bytes: int, end: str) -> None:
    monkeypatch.setattr("elo.votes.plain_csv._BLOCK_BYTES", block_bytes)
    text = "a,b\n1,22\n333,4\n5,6" + end
    plain = PlainCsv(io.BytesIO(text.encode()), ["a", "b"])
    assert [name for found in plain.blocks() for name in column(found, 1)] == ["22", "4", "6"]
    assert (plain.n_lines, plain.is_whole) == (4, True)


def test_quotes_around_whole_fields_are_taken_off() -> None:
    found = block('"ab",,"c"', '"",x,"모델"', "d,e,f")
    assert [column(found, i) for i in range(3)] == [["ab", "", "d"], ["", "x", "e"], ["c", "모델", "f"]]
    assert found.texts(1) == ["", "x", "모델"]
    assert block('"1.5","x"', "2,x").numbers(0).tolist() == [1.5, 2.0]
    plain = PlainCsv(io.BytesIO(b'\xef\xbb\xbf"a","b"\r\n"1","2"\r\n'), ["a", "b"])
    assert [column(found, 1) for found in plain.blocks()] == [["2"]]
    assert plain.is_whole


def test_it_ends_before_what_is_not_plain_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.votes.plain_csv._BLOCK_BYTES", 4)
    plain = PlainCsv(io.BytesIO(b'\xef\xbb\xbfa,b\n1,2\n3,"4\n'), ["a", "b"])
    assert sum(len(found) for found in plain.blocks()) == 1
    assert (plain.offset, plain.n_lines, plain.is_whole) == (11, 2, False)


@pytest.mark.parametrize("text", [b'"a,b\n1,2\n', b"a,b", b"\na,b\n1,2\n", b"a,b\r1,2\n", b"", b"b,a\n1,2\n"])
def test_a_header_that_is_not_plain_is_left_alone(text: bytes) -> None:
    plain = PlainCsv(io.BytesIO(text), ["a", "b"])
    assert list(plain.blocks()) == []
    assert (plain.offset, plain.n_lines, plain.is_whole) == (0, 0, False)


def test_a_line_without_end_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.votes.plain_csv._BLOCK_BYTES", 8)
    monkeypatch.setattr("elo.votes.plain_csv._LONGEST_LINE", 30)
    plain = PlainCsv(io.BytesIO(b"a,b\n1,2\n" + b"x" * 100), ["a", "b"])
    assert sum(len(found) for found in plain.blocks()) == 1
    assert (plain.offset, plain.is_whole) == (8, False)
