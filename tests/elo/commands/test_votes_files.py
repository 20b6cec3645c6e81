"""Votes files of other sources on the command line: each kind of shared/cases/votes, and exports of other projects."""

import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from elo.__main__ import main

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases" / "votes"
Board = dict[str, Any]
Rate = Callable[..., Board]


@pytest.fixture
def rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Rate:
    """The board of a file, with what was printed on standard error as `notices`; "error" for one that ended the
    command."""

    def rated(path: Path, *options: str) -> Board:
        out = tmp_path / "board.json"
        code = main(["recompute", "--votes", str(path), *options, "--bootstrap", "20", "--json", str(out)])
        notices = capsys.readouterr().err
        return {"error": notices} if code else json.loads(out.read_text()) | {"notices": notices}

    return rated


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def records(board: Board) -> dict[str, tuple[int, float]]:
    """Battles and share of points by model."""
    return {row["model"]: (row["battles"], round(row["win_rate"], 3)) for row in board["models"]}


needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")


@needs_cases
def test_each_case_is_read(rate: Rate) -> None:
    assert rate(CASES / "counts.csv")["votes"] == 130
    assert rate(CASES / "semicolon.csv")["votes"] == rate(CASES / "sep_line.csv")["votes"] == 2
    assert rate(CASES / "epoch_ms.csv", "--since", "2023-01-01")["votes"] == 2
    assert records(rate(CASES / "winner_is_name.csv")) == {"gpt": (3, 0.833), "llama": (3, 0.167)}
    labels = [one for label in ("1-0=a", "0-1=b", "1/2-1/2=tie") for one in ("--label", label)]
    chess = ("--columns", "a=white,b=black,winner=result", *labels)
    assert records(rate(CASES / "labels.csv", *chess)) == {"Anna": (4, 0.625), "Boris": (3, 0.5), "Carla": (3, 0.333)}
    assert "expected one of a, model_a, left" in rate(CASES / "all_bad.csv")["error"]
    both = rate(CASES / "all_bad.csv", "--label", "tie(all bad)=both_bad", "--label", "tie(all good)=tie")
    assert both["votes"] == 3


@needs_cases
def test_names_that_look_the_same_are_told_once_and_joined(rate: Rate) -> None:
    told = rate(CASES / "invisible.csv")
    assert len(told["models"]) == 6
    assert told["notices"].count("names that look the same are different models") == 1
    assert r"'Café' and 'Cafe\u0301'; 'b' and 'b '; 'c' and 'c\u200b'; --fold-names joins them" in told["notices"]
    joined = rate(CASES / "invisible.csv", "--fold-names")
    assert (sorted(row["model"] for row in joined["models"]), joined["notices"]) == (["Café", "b", "c"], "")


@pytest.mark.parametrize("name", ["gpt\u20114", "gpt\U000e0041-4", "gpt-4\u3164", "gpt\u00ad-4"])
def test_names_with_unseen_characters_are_joined(tmp_path: Path, rate: Rate, name: str) -> None:
    path = write(tmp_path / "v.csv", f"model_a,model_b,winner\n{name},b,a\ngpt-4,b,b\n")
    assert f"{name!a} and 'gpt-4'; --fold-names joins them" in rate(path)["notices"]
    assert [row["model"] for row in rate(path, "--fold-names")["models"]] == ["b", "gpt-4"]


COUNTS = "model_a,model_b,winner,n\nx,y,a,{}\ny,x,b,2\n"


@pytest.mark.parametrize(("count", "votes"), [("1", 3), ("3.0", 5), ("0", 2), ("120000000", 120_000_002)])
def test_whole_counts_are_votes(tmp_path: Path, rate: Rate, count: str, votes: int) -> None:
    board = rate(write(tmp_path / "v.csv", COUNTS.format(count)))
    assert (board["votes"], "with counts" in board["notices"]) == (votes, True)


@pytest.mark.parametrize("name", ["Counts", "freq", "votes", "num_votes"])
def test_counts_have_other_names_too(tmp_path: Path, rate: Rate, name: str) -> None:
    assert rate(write(tmp_path / "v.csv", COUNTS.replace(",n", f",{name}", 1).format(7)))["votes"] == 9


def test_a_column_that_may_be_counts_must_be_named(tmp_path: Path, rate: Rate) -> None:
    path = write(tmp_path / "v.csv", COUNTS.replace(",n", ",Games", 1).replace(",", ";").format(7))
    assert "has a column 'Games', which may be how many votes a row stands for" in rate(path)["error"]
    assert [rate(path, "--columns", f"count={name}")["votes"] for name in ("Games", "")] == [9, 2]


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ("0.5", "n is '0.5'; expected a whole number of votes, because parts of votes would make the intervals wrong"),
        ("-1", "line 2: n is '-1'; expected a whole number of votes from 0 to 1e12"),
        ("", "line 2: n is ''; expected a whole number of votes"),
        ("1e13", "n is '1e13'; expected a whole number of votes"),
    ],
)
def test_other_counts_are_refused(tmp_path: Path, rate: Rate, count: str, message: str) -> None:
    path = write(tmp_path / "v.csv", COUNTS.format(count))
    assert message in rate(path)["error"]
    assert rate(path, "--columns", "count=")["votes"] == 2


def test_counts_give_the_board_of_their_votes_also_one_by_one(tmp_path: Path, rate: Rate) -> None:
    counted = write(tmp_path / "c.csv", "left,right,winner,count\nx,y,left,12\ny,z,tie,3\nz,x,left,5\n")
    single = "left,right,winner\n" + "x,y,left\n" * 12 + "y,z,tie\n" * 3 + "z,x,left\n" * 5
    one_by_one = write(tmp_path / "v.csv", single)
    for options in ((), ("--weights", "pair"), ("--method", "elo")):
        a, b = rate(counted, *options), rate(one_by_one, *options)
        assert (a["models"], a["votes"]) == (b["models"], b["votes"])
    huge = write(tmp_path / "h.csv", "left,right,winner,count\nx,y,left,120000000\ny,x,left,1\n")
    assert "stand for 120,000,001" in rate(huge, "--method", "elo")["error"]
    voters = write(tmp_path / "u.csv", "left,right,winner,count,voter\nx,y,left,120000000,u\ny,x,left,1,w\n")
    assert rate(voters)["votes"] == 120_000_001


def test_unused_columns_are_named_once(tmp_path: Path, rate: Rate) -> None:
    text = "model_a,model_b,winner,mood,judge\nx,y,a,good,ann\ny,x,a,bad,bob\n"
    board = rate(write(tmp_path / "v.csv", text), str(write(tmp_path / "w.csv", text)))
    assert board["notices"] == "columns not used: mood\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("tie,gpt,model_a\ntie,gpt,tie\n", (2, 0.75)),  # winners are labels, so this is a tie
        ("tie,gpt,gpt\ntie,gpt,tie\n", "--label 'tie=tie' or --label 'tie=name'"),
        ("left,gpt,gpt\ngpt,left,left\n", (2, 0.5)),  # winners are names, so the second is won by side B
        ("a,b,a\nb,a,a\n", "which is a label and also the name of one of the two models"),
        ("a,b,model_a\nb,a,a\n", (2, 0.5)),
    ],
)
def test_a_model_named_like_a_label_is_not_misread(tmp_path: Path, rate: Rate, rows: str, expected: Any) -> None:
    board = rate(write(tmp_path / "v.csv", "model_a,model_b,winner\n" + rows))
    if isinstance(expected, str):
        assert expected in board["error"]
    else:
        assert records(board)[rows.partition(",")[0]] == expected


def test_the_caller_says_what_an_ambiguous_text_means(tmp_path: Path, rate: Rate) -> None:
    path = write(tmp_path / "v.csv", "model_a,model_b,winner\na,b,a\nb,a,a\n")
    assert records(rate(path, "--label", "a=a"))["a"] == (2, 0.5)
    assert records(rate(path, "--label", "a=name"))["a"] == (2, 1.0)


PLAIN = "model_a,model_b,winner\nx,y,model_a\ny,x,tie\n"


def zipped(text: bytes, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, text)
    return packed.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda text: bytes(pyarrow.compress(text, "zstd", asbytes=True)),
    "zip": lambda text: zipped(text, "votes.csv", "__MACOSX/._votes.csv"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_packed_files_are_read(tmp_path: Path, rate: Rate, kind: str) -> None:
    path = tmp_path / "votes"
    path.write_bytes(PACKED[kind](PLAIN.encode()))
    assert records(rate(path)) == {"x": (2, 0.75), "y": (2, 0.25)}
    path.write_bytes(path.read_bytes()[:-12])
    assert f"is a {kind} file that cannot be unpacked" in rate(path)["error"]


def test_a_zip_with_other_than_one_file_is_refused(tmp_path: Path, rate: Rate) -> None:
    path = tmp_path / "votes.zip"
    path.write_bytes(zipped(PLAIN.encode(), "train.csv", "test.csv"))
    assert "is a zip file with 2 files (train.csv, test.csv); expected one" in rate(path)["error"]
    path.write_bytes(zipped(b"", "[Content_Types].xml", "xl/workbook.xml"))
    assert "is a workbook of a spreadsheet program; save it there as CSV" in rate(path)["error"]


def test_packed_parquet_is_read(tmp_path: Path, rate: Rate) -> None:
    table = pyarrow.table({"left": ["x", "y"], "right": ["y", "x"], "winner": ["left", "tie"]})
    pyarrow.parquet.write_table(table, tmp_path / "v.parquet")
    path = tmp_path / "v.parquet.gz"
    path.write_bytes(gzip.compress((tmp_path / "v.parquet").read_bytes()))
    assert records(rate(path)) == {"x": (2, 0.75), "y": (2, 0.25)}


@pytest.mark.parametrize("separator", ["\t", "|", ";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings_of_spreadsheets(tmp_path: Path, rate: Rate, separator: str, encoding: str) -> None:
    path = tmp_path / "v.csv"
    path.write_bytes(PLAIN.replace(",", separator).replace("\n", "\r\n").encode(encoding))
    assert records(rate(path)) == {"x": (2, 0.75), "y": (2, 0.25)}
    path.write_bytes(f"sep={separator}\r\n{PLAIN.replace(',', separator)}x{separator}y\n".encode(encoding))
    assert "line 5: 2 values; expected 3, as in the header" in rate(path)["error"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_lines_without_values_are_skipped(tmp_path: Path, rate: Rate, quote: str) -> None:
    path = write(tmp_path / "v.csv", f"model_a;model_b;winner\n;;\n{quote}x{quote};y;model_a\n;;\r\n\ny;x;tie\n;;")
    assert records(rate(path)) == {"x": (2, 0.75), "y": (2, 0.25)}
    assert "line 3: model_a is ''" in rate(write(path, "model_a;model_b;winner\nx;y;a\n;;a\n"))["error"]


RECORDS = [{"model_a": "x", "model_b": "y", "winner": "model_a"}, {"model_a": "y", "model_b": "x", "winner": "tie"}]


@pytest.mark.parametrize(
    "content",
    [
        {name: {str(i): row[name] for i, row in enumerate(RECORDS)} for name in RECORDS[0]},
        {name: [row[name] for row in RECORDS] for name in RECORDS[0]},
        {str(i): row for i, row in enumerate(RECORDS)},
        {"columns": list(RECORDS[0]), "index": [0, 1], "data": [list(row.values()) for row in RECORDS]},
        {"schema": {"fields": [], "pandas_version": "1.4.0"}, "data": RECORDS},
        RECORDS,
    ],
    ids=["default", "list", "index", "split", "table", "records"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_the_json_of_pandas_is_read(tmp_path: Path, rate: Rate, content: object, indent: int | None) -> None:
    path = write(tmp_path / "v.json", json.dumps(content, indent=indent))
    assert records(rate(path)) == {"x": (2, 0.75), "y": (2, 0.25)}


def test_standard_input_and_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PLAIN.encode())))
    assert main(["recompute", "--votes", "-", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["votes"] == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PLAIN.encode())))
    assert main(["recompute", "--votes", "-", "--csv", "-"]) == 0
    assert capsys.readouterr().out.startswith("model,rank,rating")
    assert main(["recompute", "--votes", "-", "--csv", "-", "--json", "-"]) == 1
    assert "--json and --csv are both standard output" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(["recompute", "--votes", "-"]) == 1
    assert "error: standard input is empty; expected model_a" in capsys.readouterr().err


EXPORTED = {"model_a": "x", "model_b": "y", "winner": "a", "ledger_revision": 7, "visitor": "u"}


def exported(path: Path, *votes: dict[str, object]) -> Path:
    """Lines of our export, as far as they are read; their battles are numbered from 0."""
    lines = [{**EXPORTED, "battle": f"{number:032x}", **one} for number, one in enumerate(votes)]
    if path.suffix == ".csv":
        rows = [",".join(lines[0]), *(",".join(map(str, line.values())) for line in lines)]
        return write(path, "\n".join(rows) + "\n")
    return write(path, "\n".join(map(json.dumps, lines)))


def test_the_same_export_given_twice_counts_once(tmp_path: Path, rate: Rate) -> None:
    first: tuple[dict[str, object], ...] = {}, {"winner": "tie"}, {"counted": False}
    path = exported(tmp_path / "v.jsonl", *first)
    again = exported(tmp_path / "w.jsonl", *first, {})
    board = rate(path, str(again))
    assert (board["votes"], board["excluded"], board["revision"]) == (3, {"not_counted": 1}, 7)
    assert board["notices"] == "skipped lines whose battle was read before: 3 (the first line of each counts)\n"
    assert rate(path, str(again), "--columns", "battle=")["votes"] == 5


@pytest.mark.parametrize("name", ["w.jsonl", "w.csv"])
def test_two_exports_that_disagree_about_battles_are_reported_with_the_number(
    tmp_path: Path, rate: Rate, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    is_counted: dict[str, object] = {"counted": True}
    path = exported(tmp_path / "v.jsonl", *[is_counted] * 4)
    later = exported(tmp_path / name, {"counted": False}, {"winner": "b", "counted": "true"}, *[is_counted] * 2)
    board = rate(path, str(later))
    assert (records(board)["x"], board["excluded"]) == ((4, 1.0), {})
    repeated = (
        "skipped lines whose battle was read before: 4 (the first line of each counts); "
        "2 of them disagree with it about the outcome or whether the vote counts\n"
    )
    assert board["notices"] == repeated
    assert main(["quality", "--votes", str(path), str(later)]) == 0
    printed = capsys.readouterr()
    assert printed.err == repeated
    assert "4 votes" in printed.out


def test_two_voters_who_judge_one_battle_both_count(tmp_path: Path, rate: Rate) -> None:
    """Only our exports name one vote by its battle; in a file of others, that column is not used unless it is named."""
    text = "model_a,model_b,winner,battle,voter\nx,y,model_a,1,u1\nx,y,model_b,1,u2\n"
    path = write(tmp_path / "v.csv", text)
    assert (records(board := rate(path))["x"], board["notices"]) == ((2, 0.5), "columns not used: battle\n")
    assert rate(path, "--columns", "battle=battle")["notices"].startswith(
        "skipped lines whose battle was read before: 1 "
    )
    public = write(tmp_path / "w.csv", text.replace("battle", "question_id"))
    assert rate(public, "--format", "lmarena")["votes"] == 2


LMARENA = {
    "id": ["1", "2", "2"],
    "model_a": ["x", "y", "y"],
    "model_b": ["y", "x", "x"],
    "winner": ["model_a", "both_bad", "both_bad"],
    "evaluation_session_id": ["s", "t", "t"],
    "evaluation_order": [1, 1, 1],
    "conversation_a": [[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]] * 3,
    "conversation_b": [[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]] * 3,
    "language": ["en"] * 3,
}


def test_exports_of_other_projects(tmp_path: Path, rate: Rate) -> None:
    pyarrow.parquet.write_table(pyarrow.table(LMARENA), tmp_path / "lmarena.parquet")
    assert rate(tmp_path / "lmarena.parquet")["votes"] == 3
    assert records(rate(tmp_path / "lmarena.parquet", "--format", "lmarena", "--cluster", "voter"))["x"] == (3, 0.667)
    comparia = {
        "model_a_name": ["x", "y", "x", "x"],
        "model_b_name": ["y", "x", "y", "y"],
        "chosen_model_name": ["x", "x", None, None],
        "both_equal": [False, False, True, None],
        "timestamp": ["2025-01-01 10:00:00"] * 4,
        "visitor_id": ["v"] * 4,
        "conversation_pair_id": ["1", "2", "3", "4"],
    }
    pyarrow.parquet.write_table(pyarrow.table(comparia), tmp_path / "comparia.parquet")
    board = rate(tmp_path / "comparia.parquet", "--since", "2025-01-01")
    assert (records(board)["x"], board["excluded"]) == ((3, 0.833), {"no_choice": 1})
    turns = "model_a,model_b,choice,turn\nx,y,a_better,0\nx,y,,1\nx,y,both_good,2\n"
    board = rate(write(tmp_path / "turns.csv", turns))
    assert (records(board)["x"], board["excluded"]) == ((2, 0.75), {"no_choice": 1})
    feedback = [
        {"id": "1", "user_id": "u", "type": "rating", "created_at": 1_735_000_000, "data": data}
        for data in (
            {"rating": 1, "model_id": "x", "sibling_model_ids": ["y", "z"], "tags": ["code"]},
            {"rating": "-1", "model_id": "x", "sibling_model_ids": ["y"]},
            {"rating": 1, "model_id": "x", "sibling_model_ids": None},
            {"model_id": "x", "sibling_model_ids": ["y"]},
        )
    ]
    board = rate(write(tmp_path / "feedback.json", json.dumps(feedback)), "--since", "2024-01-01")
    assert records(board) == {"x": (3, 0.667), "y": (2, 0.5), "z": (1, 0.0)}
    assert board["excluded"] == {"no_opponent": 1, "no_rating": 1}
    tagged = rate(tmp_path / "feedback.json", "--format", "open-webui", "--where", "tags=code")
    assert records(tagged) == {"x": (2, 1.0), "y": (1, 0.0), "z": (1, 0.0)}


def test_open_webui_needs_no_more_than_its_data(tmp_path: Path, rate: Rate) -> None:
    data = {"rating": 1, "model_id": "x", "sibling_model_ids": ["y"], "tags": ["code"]}
    typed = write(tmp_path / "typed.json", json.dumps([{"type": "rating", "data": data}] * 2))
    bare = write(tmp_path / "bare.json", json.dumps([{"data": data}] * 2))
    for path, options in ((typed, ()), (typed, ("--format", "open-webui")), (bare, ("--format", "open-webui"))):
        board = rate(path, *options)
        assert records(board) == {"x": (2, 1.0), "y": (2, 0.0)}
        assert board["notices"] == ("columns not used: type\n" if path == typed else "")
    assert "is not a votes file: its columns are 'data'" in rate(bare)["error"]


def test_a_column_of_counts_is_found_in_any_case(tmp_path: Path, rate: Rate) -> None:
    for name in ("N", "Count", "WEIGHT"):
        path = write(tmp_path / f"{name}.csv", f"model_a,model_b,winner,{name}\nx,y,a,3\ny,x,a,2\n")
        assert records(rate(path)) == {"x": (5, 0.6), "y": (5, 0.4)}
    both = write(tmp_path / "both.csv", "model_a,model_b,winner,N,n\nx,y,a,3,1\ny,x,a,2,1\n")
    assert records(rate(both)) == {"x": (2, 0.5), "y": (2, 0.5)}


def test_the_error_of_unknown_columns_shows_how_to_name_them(tmp_path: Path, rate: Rate) -> None:
    chess = write(tmp_path / "chess.csv", "white,black,result\nx,y,1-0\n")
    assert rate(chess)["error"].endswith(
        "; columns with other names can be named: --columns a=white,b=black,winner=result; "
        "--format reads exports of other projects\n"
    )
    assert (
        "has no column nope; it has model_a, model_b, winner"
        in rate(write(tmp_path / "v.csv", PLAIN), "--cluster", "nope")["error"]
    )


@pytest.mark.parametrize(
    "pairs",
    [
        [{"chosen_model": "x", "rejected_model": "y"}, {"chosen_model": "x", "rejected_model": "x"}],
        [{"chosen-model": "x", "rejected-model": "y"}, {"chosen-model": "x", "rejected-model": "x"}],
        [{"prompt": "p", "chosen": {"model": "x"}, "rejected": {"model": one}} for one in "yx"],
    ],
)
def test_chosen_and_rejected_pairs(tmp_path: Path, rate: Rate, pairs: list[dict[str, Any]]) -> None:
    path = write(tmp_path / "pairs.jsonl", "\n".join(map(json.dumps, pairs)))
    for options in ((), ("--format", "preference")):
        board = rate(path, *options)
        assert (records(board), board["excluded"]) == ({"x": (1, 1.0), "y": (1, 0.0)}, {"same_model": 1})
        assert board["notices"] == ("columns not used: prompt\n" if "prompt" in pairs[0] else "")


def test_a_format_that_the_file_does_not_have_is_refused(tmp_path: Path, rate: Rate) -> None:
    error = rate(write(tmp_path / "v.csv", PLAIN), "--format", "comparia")["error"]
    assert (
        "is not an export of comparia: its columns are 'model_a', 'model_b', 'winner'; expected model_a_name" in error
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--columns", "white"), "'white' does not name a column; expected ROLE=NAME with a role of a, b, winner"),
        (("--label", "1-0=won"), "'1-0=won' is not a label with its meaning; expected TEXT=MEANING with one of a, b"),
    ],
)
def test_other_columns_and_labels_are_refused(
    options: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["recompute", "--votes", "x.csv", *options])
    assert message in capsys.readouterr().err


def test_one_vote_left_out_is_one_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "v.csv", "model_a,model_b,winner,language\nx,y,a,ko\ny,x,a,ko\nx,y,a,en\n")
    for command in ("recompute", "quality"):
        assert main([command, "--votes", str(path), "--where", "language=ko"]) == 0
        assert "language=ko (1 other left out)" in capsys.readouterr().out
