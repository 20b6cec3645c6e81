import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from db.outcome import Outcome
from elo.votes.votes_file import BadRowError, VotesFile, VotesFileError, read_votes

THREE = [("x", "y", Outcome.A), ("y", "z", Outcome.TIE), ("z", "x", Outcome.BOTH_BAD)]


def read(tmp_path: Path, text: str | bytes, *, kind: str | None = None, skip_bad: bool = False) -> VotesFile:
    path = tmp_path / "votes.any"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_votes([path], kind=kind, skip_bad=skip_bad)


def lines(*rows: Mapping[str, object]) -> str:
    return "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize(
    "text",
    [
        "model_a,model_b,winner\nx,y,model_a\ny,z,tie\nz,x,tie (bothbad)\n",
        "\ufeffleft,right,winner\r\nx,y,left\r\ny,z,tie\r\nz,x,both_bad\r\n",
        ",winner,note,model_b,model_a\n0,a,n,y,x\n1,tie,n,z,y\n2,both_bad,n,x,z\n",
        lines(
            {"model_a": "x", "model_b": "y", "winner": "model_a", "tstamp": 1.5},
            {"model_a": "y", "model_b": "z", "winner": "tie", "turns": [{"prompt": "hi"}]},
            {"model_a": "z", "model_b": "x", "winner": "both_bad"},
        ),
        json.dumps([{"left": a, "right": b, "winner": o.winner} for a, b, o in THREE], indent=1),
    ],
)
def test_the_public_spellings_are_read(tmp_path: Path, text: str) -> None:
    file = read(tmp_path, text)
    assert list(file.votes) == THREE
    assert (file.n_rows, file.excluded, file.first_bad) == (3, {}, None)


def test_the_three_flags_are_read(tmp_path: Path) -> None:
    head = "model_a,model_b,winner_model_a,winner_model_b,winner_tie\n"
    file = read(tmp_path, head + "x,y,1,0,0\nx,y,0,1.0,0\nx,y,False,False,True\n")
    assert [outcome for *_, outcome in file.votes] == [Outcome.A, Outcome.B, Outcome.TIE]
    flags = {"winner_model_a": 0, "winner_model_b": True, "winner_tie": 0.0}
    assert list(read(tmp_path, lines({"model_a": "x", "model_b": "y", **flags})).votes) == [("x", "y", Outcome.B)]


def test_names_that_look_like_numbers_are_text(tmp_path: Path) -> None:
    expected = [("0", "1", Outcome.A), ("01", "1.50", Outcome.B), ("1", "2", Outcome.TIE)]
    assert list(read(tmp_path, "left,right,winner\n0,1,left\n01,1.50,right\n1,2,tie\n").votes) == expected
    text = '[{"left": 0, "right": 1, "winner": "left"}, {"left": "01", "right": 1.50, "winner": "right"}, '
    assert list(read(tmp_path, text + '{"left": "1", "right": 2, "winner": "tie"}]').votes) == expected


def test_uncounted_and_named_votes_are_tallied_before_they_are_looked_at(tmp_path: Path) -> None:
    text = "model_a,model_b,winner,counted,anony\nx,x,?,false,\n,,,0,True\nx,y,?,True,False\nx,y,a,,\nx,y,b,true,true\n"
    file = read(tmp_path, text)
    assert list(file.votes) == [("x", "y", Outcome.A), ("x", "y", Outcome.B)]
    assert file.excluded == {"not_counted": 2, "not_anonymous": 1}


def test_our_export_has_the_reasons_and_the_revision(tmp_path: Path) -> None:
    vote = {"model_a": "x", "model_b": "y", "winner": "tie", "anony": True, "kind": "battle", "ledger_revision": 9}
    file = read(
        tmp_path,
        lines(
            {**vote, "counted": True, "reasons": []},
            {**vote, "counted": False, "reasons": ["banned", "withdrawn"]},
            {**vote, "counted": False, "reasons": ["banned"]},
            {**vote, "counted": False, "kind": "control", "model_b": "x", "reasons": ["control"]},
            {**vote, "counted": True, "kind": "quick", "reasons": []},
        ),
    )
    assert list(file.votes) == [("x", "y", Outcome.TIE)]
    assert file.excluded == {"banned": 2, "withdrawn": 1}
    assert (file.n_other_kinds, file.revision) == (2, 9)


def test_files_of_two_revisions_have_none(tmp_path: Path) -> None:
    vote = {"model_a": "x", "model_b": "y", "winner": "tie"}
    assert read(tmp_path, lines({**vote, "ledger_revision": 9}, {**vote, "ledger_revision": 8})).revision is None
    assert read(tmp_path, lines({**vote, "ledger_revision": 9}, vote)).revision is None


def test_only_the_kind_asked_for_is_read(tmp_path: Path) -> None:
    text = "model_a,model_b,winner,kind\nx,y,a,battle\nx,y,b,quick\nx,y,tie,\n"
    assert [outcome for *_, outcome in read(tmp_path, text).votes] == [Outcome.A, Outcome.TIE]
    assert [outcome for *_, outcome in read(tmp_path, text, kind="quick").votes] == [Outcome.B]
    with pytest.raises(VotesFileError, match="has no column kind, so rows of kind 'quick' cannot be selected"):
        read(tmp_path, "model_a,model_b,winner\nx,y,a\n", kind="quick")


def test_split_files_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("left,right,winner\nx,y,left\n")
    (tmp_path / "2.json").write_text('[{"model_a": "y", "model_b": "z", "winner": "tie"}]')
    (tmp_path / "3.jsonl").write_text('{"model_a": "z", "model_b": "x", "winner": "both_bad"}')
    assert list(read_votes([tmp_path / name for name in ("1.csv", "2.json", "3.jsonl")]).votes) == THREE


BAD_ROWS = [
    ("model_a,model_b,winner\nx,y,a\nx,y,A\n", "line 3: winner is 'A'; expected one of a, model_a, left; b, model_b,"),
    ("model_a,model_b,winner\nx,y,a\nx,y,\n", "line 3: winner is ''; expected one of"),
    ("model_a,model_b,winner\nx,y,a\nx,x,a\n", "line 3: model_a and model_b are both 'x'; expected two models"),
    ("model_a,model_b,winner\nx,y,a\n,y,a\n", "line 3: model_a is ''; expected the name of a model"),
    (
        "left,right,winner\nx,y,left\nx,y\x1b[31m,left\n",
        "line 3: right is 'y\\x1b[31m'; expected a name without control characters",
    ),
    (
        '{"left": "x", "right": "y", "winner": "left"}\n{"left": "\\ud800", "right": "y", "winner": "left"}',
        "line 2: left is '\\ud800'; expected a name without control characters",
    ),
    ("left,right,winner\nx,y,left\nx,y\n", "line 3: 2 values; expected 3, as in the header"),
    ("left,right,winner,counted\nx,y,left,1\nx,y,left,no\n", "line 3: counted is 'no'; expected true or false"),
    ("left,right,winner,anony\nx,y,left,1\nx,y,left,2\n", "line 3: anony is '2'; expected true or false"),
    (
        "left,right,winner_model_a,winner_model_b,winner_tie\nx,y,1,0,0\nx,y,1,1,0\n",
        "line 3: winner_model_a, winner_model_b, winner_tie are '1', '1', '0'; expected exactly one 1",
    ),
    (
        "left,right,winner_model_a,winner_model_b,winner_tie\nx,y,1,0,0\nx,y,,0,1\n",
        "line 3: winner_model_a is ''; expected true or false",
    ),
    ('{"left": "x", "right": "y", "winner": "left"}\n{"left": "x", "winner": "left"}', "line 2: right is missing;"),
    ('{"left": "x", "right": "y", "winner": "left"}\n{"left": "x", "right": "y"}', "line 2: winner is missing;"),
    ('{"left": "x", "right": "y", "winner": "left"}\n[1]', "line 2: [1] is not an object"),
    ('{"left": "x", "right": "y", "winner": "left"}\n{"le', "line 2: not JSON: Unterminated string"),
    (
        '{"left": "x", "right": 1, "winner": "left"}\n{"left": "x", "right": true, "winner": "left"}',
        "line 2: right is True",
    ),
    (
        '{"left": "x", "right": "y", "winner": "left"}\n{"left": ["x"], "right": "y", "winner": "left"}',
        "left is ['x'];",
    ),
    ('{"left": "x", "right": "y", "winner": "left"}\n{"left": "x", "right": "y", "winner": 1}', "line 2: winner is 1;"),
    (
        f'{{"left": "x", "right": "y", "winner": "left"}}\n{{"left": "x", "right": "y", "winner": "{"w" * 99}"}}',
        "www...;",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_ROWS)
def test_a_bad_row_stops_with_line_value_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadRowError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'votes.any'}, line ")


@pytest.mark.parametrize(("text", "message"), BAD_ROWS)
def test_skipped_bad_rows_are_tallied_and_the_first_is_kept(tmp_path: Path, text: str, message: str) -> None:
    file = read(tmp_path, text, skip_bad=True)
    assert len(file.votes) == 1
    assert file.excluded == {"bad_row": 1}
    assert file.n_rows == 2
    assert message in str(file.first_bad)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; expected model_a and model_b (or left and right) with winner"),
        (
            "model_a,model_b\nx,y\n",
            "is not a votes file: its columns are 'model_a', 'model_b'; expected model_a and model_b",
        ),
        ('{"prompt": "hi"}', "is not a votes file: its columns are 'prompt'"),
        ("[{}]", "is not a votes file: its columns are none"),
        ("[]", "is an empty list; expected model_a"),
        ('[{"model_a": "x", "model_b": "y", "winner": "a"}, ', "is not JSON in the element on line 1"),
        (b"left,right,winner\nx,\xff,left\n", "is not UTF-8 text (byte 0xff); save it as UTF-8"),
        (b"\x1f\x8b\x08\x00", "is a gzip file that cannot be unpacked: "),
        (b"left,right,winner,winner\nx,y,left,right\n", "has the column winner 2 times; expected it once"),
        (b"left,right,left,winner\nx,y,z,left\n", "has the column left 2 times; expected it once"),
        ("left,right,winner\nx,y,left\n".encode("utf-16-le"), "winner_tie), as UTF-8 text"),
        (b"<p>" * 1000, f"its columns are '{'<p>' * 18}<p...; expected"),
        (gzip.compress(b"left,right,winner\nx,y,left\n", mtime=0)[:-9], "is a gzip file that cannot be unpacked: "),
        (gzip.compress(b"left,right,winner\nx,\xff,left\n", mtime=0), "is not UTF-8 text (byte 0xff)"),
        (b"PAR1 and no more", "is not a complete Parquet file: "),
    ],
)
def test_a_file_that_is_not_a_votes_file_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    for skip_bad in (False, True):
        with pytest.raises(VotesFileError) as caught:
            read(tmp_path, text, skip_bad=skip_bad)
        assert message in str(caught.value)
        assert str(tmp_path / "votes.any") in str(caught.value)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VotesFileError, match=r"none\.csv cannot be read: No such file"):
        read_votes([tmp_path / "none.csv"])
    with pytest.raises(VotesFileError, match="is a folder; name the files in it"):
        read_votes([tmp_path])
    with pytest.raises(VotesFileError, match="/dev/zero is not a regular file; expected CSV, JSON or JSON lines"):
        read_votes([Path("/dev/zero")])  # its first line never ends
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(VotesFileError, match="is a pipe, and votes are read more than once; write them to a file"):
        read_votes([tmp_path / "pipe"])


def test_progress_is_reported_during_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.votes.votes_file._PROGRESS_ROWS", 2)
    monkeypatch.setattr("elo.votes.files.csv_file.CHUNK_ROWS", 5)
    rows, csv = tmp_path / "votes.jsonl", tmp_path / "votes.csv"
    rows.write_text(lines(*[{"left": "x", "right": "y", "winner": "left"}] * 5))
    csv.write_text("left,right,winner\n" + "x,y,left\n" * 5)
    told: list[int] = []
    read_votes([rows, csv], progress=told.append)
    assert told == [4, 10]


def test_a_file_with_a_header_only_has_no_votes(tmp_path: Path) -> None:
    file = read(tmp_path, "left,right,winner\n")
    assert (len(file.votes), file.n_rows) == (0, 0)
