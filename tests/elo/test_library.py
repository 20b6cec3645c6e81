"""`import elo`: votes of any shape become the board that the command line makes of a file."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

import elo
from elo import Outcome, Settings
from elo.__main__ import main
from elo.battles import MissingDataError
from elo.board.compare import BoardFileError
from elo.frames import FrameError
from elo.votes.votes_file import BadRowError, VotesFileError
from tests.elo import reference

FOOD = reference.DATA / "food.csv"
ROWS = [("lark", "wren", "a"), ("wren", "lark", "tie"), ("lark", "robin", "b"), ("robin", "wren", "both_bad")]
FRAME = pd.DataFrame(ROWS, columns=["model_a", "model_b", "winner"])


def of_command(path: Path, tmp_path: Path, *options: str) -> Any:
    out = tmp_path / "board.json"
    assert main(["recompute", "--votes", str(path), "--json", str(out), *options]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def content(board: elo.Board) -> Any:
    return json.loads(json.dumps(board.to_json()))


READERS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "text of a path": str,
    "list of paths": lambda path: [path],
    "pandas": pd.read_csv,
    "polars": pl.read_csv,
    "pyarrow": pyarrow.csv.read_csv,
    "dicts": lambda path: pd.read_csv(path).to_dict("records"),
    "tuples": lambda path: list(pd.read_csv(path).itertuples(index=False, name=None)),
    "columns": lambda path: pd.read_csv(path).to_dict("list"),
    "VotesFile": lambda path: elo.read_votes(path),
    "Votes": lambda path: elo.read_votes(str(path)).votes,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("options", [{}, {"ties": "davidson"}, {"method": "elo"}])
def test_every_shape_gives_the_board_of_the_command_line(
    reader: str, options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = elo.rate(READERS[reader](FOOD), **options)
    expected = of_command(FOOD, tmp_path, *(part for name, value in options.items() for part in (f"--{name}", value)))
    if reader == "Votes":
        expected["source"] |= {"kind": None}
    assert content(board) == expected


def test_settings_come_as_a_whole_by_name_or_both() -> None:
    whole = Settings(ties="davidson", prior=2.0)
    for board in (
        elo.rate(ROWS, whole),
        elo.rate(ROWS, settings=whole),
        elo.rate(ROWS, ties="davidson", prior=2),
        elo.rate(ROWS, Settings(ties="davidson"), prior=2.0),
    ):
        assert board.settings == whole
    assert elo.rate(ROWS, anchor={"lark": 1200}).settings.anchor == (("lark", 1200.0),)
    assert {row.model: row.rating for row in elo.rate(ROWS, anchor=["lark=1200"]).rows}["lark"] == 1200


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"tie": "half"}, r"there is no setting 'tie'; did you mean ties\?"),
        ({"boostrap": 3}, r"there is no setting 'boostrap'; did you mean bootstrap\?"),
        ({"column": {}}, r"there is no setting 'column'; did you mean columns\?"),
        ({"xyzzy": 3}, r"there is no setting 'xyzzy'; settings are method, prior, bootstrap,"),
        ({"settings": {"ties": "half"}}, r"settings is a dict; expected elo\.Settings, or single settings by name"),
    ],
)
def test_an_option_that_does_not_exist_is_named_with_those_that_do(option: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        elo.rate(ROWS, **option)


def test_an_option_with_a_wrong_value_is_named() -> None:
    with pytest.raises(ValueError, match=r"ties 'davison' is not one of half, rao-kupper, davidson, ignore"):
        elo.rate(ROWS, ties="davison")


def test_columns_and_labels_are_named() -> None:
    frame = pd.DataFrame({"white": [1, 2], "black": [2, 3], "result": ["1-0", "1/2"], "who": ["x", "y"]})
    board = elo.rate(
        frame,
        columns={"a": "white", "b": "black", "winner": "result", "voter": "who"},
        labels={"1-0": "a", "1/2": Outcome.TIE},
    )
    expected = elo.rate([("1", "2", "a"), ("2", "3", "tie")])
    assert board.rows == expected.rows
    assert [row.model for row in board.rows] == ["1", "3", "2"]
    by_number = pd.DataFrame([["x", "y", 1], ["y", "x", 0]])
    board = elo.rate(by_number, columns={"a": 0, "b": 1, "winner": 2}, labels={1: "a", 0: "b"})
    assert [(row.model, row.win_rate) for row in board.rows] == [("x", 1.0), ("y", 0.0)]


ODD = FRAME.assign(winner=["a", "x", "b", "tie"])


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (ODD, {}, BadRowError, r"data, row 2: winner is 'x'; expected one of a, model_a, left; "),
        (pl.DataFrame(ODD.to_dict("list")), {}, BadRowError, r"data, row 2: winner is 'x'; expected one of"),
        (FRAME.assign(winner=["a", None, "b", "a"]), {}, BadRowError, r"data, row 2: winner is missing; expected"),
        (FRAME.assign(winner=np.nan), {}, BadRowError, r"data, row 1: winner is missing; expected"),
        (FRAME.assign(model_b=FRAME.model_a), {}, BadRowError, r"data, row 1: model_a and model_b are both 'lark'"),
        (FRAME.assign(model_a=[1.5, 2, 3, 4]), {}, BadRowError, r"data, row 1: model_a is 1\.5; expected the name"),
        (FRAME.rename(columns={"winner": "result"}), {}, VotesFileError,
         r"data .*its columns are 'model_a', 'model_b', 'result'; expected model_a .*; or name yours: columns=\{'a': "),
        (FRAME, {"columns": {"a": "white"}}, VotesFileError, r"data has no column 'white' for a; its"),
        (FRAME, {"columns": {"left": "model_a"}}, VotesFileError, r"data cannot have a column for 'left'; expected"),
        (FRAME, {"labels": {"x": "left!"}}, ValueError, r"labels: 'x' means 'left!'; expected a, b, tie, both_bad"),
        (pd.concat([FRAME, FRAME.winner], axis=1), {}, VotesFileError, r"data has the column winner 2 times; expected"),
        (FRAME.assign(n=[1, 0.5, 1, 1]), {}, BadRowError,
         r"data, row 2: n is 0\.5; .*; --columns count= \(in Python, columns=\{'count': ''\}\) ignores the column"),
        ([("tie", "gpt", "gpt"), ("tie", "gpt", "tie")], {}, BadRowError,
         r"--label 'tie=tie' or --label 'tie=name' \(in Python, labels=\{'tie': 'tie'\}\)"),
        (FRAME.head(0), {}, MissingDataError, r"data has no votes to rate: 0 rows, left out: none"),
        (FRAME.assign(counted=False), {}, MissingDataError, r"data has no votes .*: 4 rows, left out: not_counted 4"),
        (pd.DataFrame(), {}, VotesFileError, r"data .*its columns are none; expected"),
        ([], {}, FrameError, r"data is empty; expected rows such as"),
        (FRAME.rename(columns={"winner": "result"}), {"format": "comparia"}, VotesFileError,
         r"data is not an export of comparia: its columns are 'model_a', 'model_b', 'result'; expected"),
        ("nowhere.csv", {}, VotesFileError, r"nowhere\.csv cannot be read: No such file"),
        (FRAME, {"kind": "quick"}, VotesFileError, r"data has no column kind, so rows of kind 'quick'"),
        (FRAME, {"since": "yesterday"}, ValueError, r"since is 'yesterday'; expected seconds since 1970 or a date"),
        (FRAME, {"since": 2, "until": "1970-01-01"}, ValueError, r"since 2 is not before until '1970-01-01'"),
        ({"model_a": ["x"], "model_b": ["y", "z"], "winner": ["a"]}, {}, VotesFileError, r"data has columns of dif"),
    ],
)  # fmt: skip
def test_errors_name_the_argument_and_the_row(
    data: object, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        elo.rate(data, **options)


def test_rows_are_chosen_as_on_the_command_line() -> None:
    times = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03", None]).tz_localize("Asia/Seoul")
    frame = FRAME.assign(tstamp=times, counted=[True, True, True, True])
    moments: tuple[Any, ...] = (date(2026, 1, 2), "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC), 1767312000)
    for since in moments:
        board = elo.rate(frame.head(3), since=since)
        assert (board.n_votes, board.source.since) == (1, "2026-01-02T00:00:00+00:00")
    with pytest.raises(BadRowError, match=r"data, row 4: tstamp is missing; expected"):
        elo.rate(frame, since="2026-01-01")
    board = elo.rate(FRAME.assign(counted=[True, False, True, True]))
    assert (board.n_votes, dict(board.excluded)) == (3, {"not_counted": 1})
    board = elo.rate(ODD, skip_bad=True)
    assert (board.n_votes, dict(board.excluded)) == (3, {"bad_row": 1})


def test_frames_with_times_voters_and_pairs_are_rated_by_them() -> None:
    times = pd.date_range("2026-01-01", periods=4, tz="UTC").astype("datetime64[ns, UTC]")
    frame = FRAME.assign(tstamp=times, visitor=[1, 2, 2, 1], prepared_id=["p", "p", None, "q"])
    votes = elo.read_votes(frame).votes
    assert votes.voters == ("1", "2")
    assert votes.voter is not None
    assert votes.voter.tolist() == [0, 1, 1, 0]
    assert votes.prepared is not None
    assert votes.prepared.tolist() == [0, 0, -1, 1]
    assert votes.time_s is not None
    assert votes.time_s[0] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert elo.rate(frame, half_life_days=1).rows == elo.rate(votes, half_life_days=1).rows


def test_an_export_as_dicts_has_its_answers() -> None:
    def answer(side: str, text: str) -> dict[str, object]:
        return {"side": side, "text": text, "completion_tokens": len(text), "duration_ms": 10}

    rows = [
        {
            "model_a": a,
            "model_b": b,
            "winner": w,
            "turns": [{"prompt": "?", "answers": [answer("a", x), answer("b", y)]}],
        }
        for a, b, w, x, y in (
            ("lark", "wren", "a", "long one", "short"),
            ("wren", "lark", "a", "x", "yy"),
            ("lark", "wren", "b", "a bit", "hm"),
            ("wren", "lark", "tie", "one", "seventeen"),
        )
    ]
    assert [one.name for one in elo.rate(rows, control=["length"]).fit.coefficients] == ["tokens"]  # type: ignore[union-attr]


def test_arguments_that_read_a_table_are_refused_with_votes() -> None:
    votes = elo.read_votes(ROWS)
    for data in (votes, votes.votes, elo.Cells.from_votes(votes.votes)):
        with pytest.raises(
            TypeError, match=r"columns, skip_bad: this chooses rows and columns of a table, and data is"
        ):
            elo.rate(data, columns={"a": "x"}, skip_bad=True)
    with pytest.raises(MissingDataError, match=r"method 'elo' needs votes in their order, but data has counts"):
        elo.rate(elo.Cells.from_votes(votes.votes), method="elo")


def test_votes_without_a_vote_give_a_board_without_rows() -> None:
    board = elo.rate(elo.Cells.from_counts([]), listed=["lark"])
    assert (board.rows, board.unrated) == ((), ("lark",))
    assert str(board).startswith("No votes.")
    assert len(board.pairs()) == 0


def test_a_plan_is_made_from_a_board_or_from_votes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.json"
    assert main(["plan", "--votes", str(FOOD), "--chance", "0.9", "--json", str(out)]) == 0
    expected = json.loads(out.read_text(encoding="utf-8"))
    for planned in (
        elo.plan(elo.rate(FOOD), chance=0.9),
        elo.plan(FOOD, chance=0.9),
        elo.plan(pd.read_csv(FOOD), chance=0.9),
    ):
        assert json.loads(json.dumps(planned.to_json())) == expected
    assert elo.plan(FOOD, ties="davidson").settings.ties == "davidson"
    assert str(planned) == repr(planned)
    assert str(planned) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: elo.plan(ROWS, chance=1), ValueError, r"chance 1 is not between 0 and 1"),
        (lambda: elo.plan(ROWS, method="elo"), ValueError, r"no ratings with standard errors to plan with; rate some"),
        (lambda: elo.plan(ROWS, bootstrap=0), ValueError, r"bootstrap 0 gives no standard errors to plan with"),
        (lambda: elo.plan(elo.rate(ROWS), ties="davidson"), TypeError, r"ties cannot be given with a board"),
        (lambda: elo.plan(elo.rate(ROWS), Settings()), TypeError, r"settings cannot be given with a board"),
        (lambda: elo.compare(3, elo.rate(ROWS)), TypeError, r"before is a int; expected a board, or the path or con"),
        (lambda: elo.compare(elo.rate(ROWS), {}), ValueError, r"settings is missing, not an object"),
        (lambda: elo.compare("nowhere.json", {}), BoardFileError, r"nowhere\.json cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_or_compared_is_an_error(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_boards_are_compared_as_objects_files_and_contents(tmp_path: Path) -> None:
    before, after = elo.rate(FOOD), elo.rate([FOOD, FOOD])
    path = tmp_path / "before.json"
    path.write_text(json.dumps(before.to_json()), encoding="utf-8")
    expected = elo.compare(before, after, grown=True)
    assert [move.model for move in expected.moves]
    for one in (path, str(path), before.to_json()):
        assert elo.compare(one, after, grown=True) == expected
    assert str(expected) == repr(expected)
    assert "30 votes before, 60 after. The second board has all votes of the first" in str(expected)


TALKS = FRAME.assign(language=["ko", "ko", "en", None], tags=[["code"], ["code", "math"], [], ["math"]])


def test_rows_are_chosen_by_conditions(tmp_path: Path) -> None:
    for where in ("language=ko", ["language=ko"]):
        board = elo.rate(TALKS, where=where)
        assert (board.n_votes, board.source.where, board.source.where_left_out) == (2, ("language=ko",), 2)
    assert elo.rate(TALKS, where=["language!=ko", "tags=math"]).n_votes == 1
    path = tmp_path / "talks.csv"
    TALKS.to_csv(path, index=False)
    assert content(elo.rate(TALKS.drop(columns="tags"), where="language=ko")) == content(
        elo.rate(path, where="language=ko")
    )
    with pytest.raises(ValueError, match=r"'language' is not a condition; expected COLUMN=VALUE"):
        elo.rate(TALKS, where="language")
    with pytest.raises(VotesFileError, match=r"data has no column .*langage"):
        elo.rate(TALKS, where="langage=ko")


def test_a_column_gives_a_board_for_each_of_its_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talks.csv"
    TALKS.drop(columns="tags").to_csv(path, index=False)
    expected = of_command(path, tmp_path, "--by", "language")
    printed = capsys.readouterr().out
    for data in (path, TALKS):
        boards = elo.rate(data, by="language")
        assert {value: content(board) for value, board in boards.items()} == expected["boards"]
        assert f"{boards}\n" == f"{boards!r}\n" == printed
    assert list(boards) == ["ko", "", "en"]
    assert boards["ko"].n_votes == 2
    frame = boards.to_frame()
    assert list(frame.columns[:2]) == ["language", "model"]
    assert len(frame) == sum(len(board.rows) for board in boards.values())
    assert isinstance(boards.to_frame("polars"), pl.DataFrame)
    assert boards._repr_html_().count("<table>") == 3
    assert list(elo.rate(TALKS, by="tags")) == ["code", "math", ""]


def test_votes_by_a_column_need_the_column() -> None:
    read = elo.read_votes(TALKS, further=["language"])
    for data in (read, read.votes):
        assert list(elo.rate(data, by="language")) == ["ko", "", "en"]
    for other in (elo.read_votes(TALKS), read.votes, elo.Cells.from_votes(read.votes)):
        with pytest.raises(
            MissingDataError, match=r"by 'tags': the votes have no such column; read them with read_votes"
        ):
            elo.rate(other, by="tags")


def test_a_value_that_cannot_be_rated_is_named() -> None:
    rows = [{"model_a": a, "model_b": b, "winner": w, "x": x} for a, b, w, x in (
        ("lark", "wren", "a", "one"), ("wren", "lark", "a", "one"), ("lark", "wren", "a", "two"))]  # fmt: skip
    boards = elo.rate(rows, by="x", prior=0)
    assert list(boards) == ["one"]
    assert boards.not_rated["two"].startswith("1 vote: without a prior the ratings have no finite maximum")
    assert "No board: 1 vote:" in str(boards)
    assert "1 vote:" in boards._repr_html_()
    with pytest.raises(MissingDataError, match=r"no value of x has a board; x=two: 1 vote: without a prior"):
        elo.rate(rows[2:], by="x", prior=0)


def test_columns_are_clusters_and_covariates(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    models = np.array(["lark", "wren", "robin"])[np.array([rng.permutation(3)[:2] for _ in range(200)])]
    frame = pd.DataFrame(models, columns=["model_a", "model_b"])
    frame["winner"] = rng.choice(["a", "b", "tie"], 200)
    frame["prompt"], frame["turns_taken"] = rng.integers(0, 30, 200), rng.integers(1, 9, 200)
    path = tmp_path / "votes.csv"
    frame.to_csv(path, index=False)
    for options in ({"cluster": "prompt"}, {"control": ["column:turns_taken"]}):
        assert content(elo.rate(frame, **options)) == content(elo.rate(path, **options))


def test_examined_are_files_frames_and_votes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "votes.csv", tmp_path / "quality.json"
    assert main(["simulate", str(path), "--votes", "400", "--voters", "8", "--models", "4"]) == 0
    assert main(["quality", "--votes", str(path), "--json", str(out)]) == 0
    expected = json.loads(out.read_text(encoding="utf-8"))
    for name in ("where", "where_left_out"):
        del expected[name]
    printed = capsys.readouterr().out
    frame = pd.read_csv(path)
    assert elo.examine(path, where="winner=tie").n_votes == elo.examine(frame, where=["winner=tie"]).n_votes < 400
    for data in (path, [str(path)], frame, pl.read_csv(path), elo.read_votes(path), elo.read_votes(frame).votes):
        found = elo.examine(data)
        assert json.loads(json.dumps(found.to_json())) == expected
        assert str(found) in printed
    assert elo.examine(frame.rename(columns={"visitor": "who"}), columns={"voter": "who"}).voters is not None


def test_files_of_other_sources_are_examined_like_others(tmp_path: Path) -> None:
    """All their rows, also those that do not count."""
    path = tmp_path / "chess.csv"
    path.write_text("white,black,result,counted\nx,y,1-0,true\ny,x,1-0,false\n", encoding="utf-8")
    with pytest.raises(VotesFileError, match=r"; or name yours: columns=\{'a': .*; format= reads exports of other"):
        elo.examine(path)
    with pytest.raises(VotesFileError, match=r"; or name yours: columns=\{'a': .*; format= reads exports of other"):
        elo.rate(path)
    found = elo.examine(path, columns={"a": "white", "b": "black", "winner": "result"}, labels={"1-0": "a"})
    assert (found.n_votes, found.n_counted) == (2, 1)
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"chosen": {"model": "x"}, "rejected": {"model": "y"}}\n' * 2, encoding="utf-8")
    assert elo.examine(pairs, format="preference").n_votes == elo.examine(pairs).n_votes == 2


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (ROWS, {"level": 0}, ValueError, r"level 0 is not between 0 and 1"),
        (elo.Cells.from_counts([]), {}, TypeError, r"data has counts, which have neither order nor voters"),
        (FRAME.head(0), {}, MissingDataError, r"data has no votes to examine"),
        (elo.Votes.from_rows([]), {}, MissingDataError, r"data has no votes to examine"),
        (elo.Votes.from_rows([]), {"kind": "quick"}, TypeError, r"kind: this chooses rows and columns of a table"),
        (ODD, {}, BadRowError, r"data, row 2: winner is 'x'"),
    ],
)
def test_what_cannot_be_examined_is_an_error(
    data: object, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        elo.examine(data, **options)


CASES = Path(__file__).parents[3] / "shared" / "cases" / "votes"


@pytest.mark.parametrize("maker", [str, pd.read_csv])
def test_names_that_look_the_same_are_a_warning_and_joined_on_request(maker: Callable[[Path], Any]) -> None:
    data = maker(CASES / "invisible.csv")
    with pytest.warns(UserWarning, match=r"names that look the same are different models: .*; fold_names=True") as seen:
        assert len(elo.rate(data).rows) == 6
    assert {one.filename for one in seen} == {__file__}
    assert len(elo.rate(data, fold_names=True).rows) == 3


def test_lines_given_twice_count_once_with_a_warning() -> None:
    frame = FRAME.assign(battle=["p", "q", "r", "s"])
    assert elo.rate(pd.concat([frame, frame])).n_votes == 8  # not of our export: four battles with two votes each
    exported = frame.assign(ledger_revision=4)
    with pytest.warns(UserWarning, match=r"battle was read before: 4 \(the first line of each counts\)$"):
        assert elo.rate(pd.concat([exported, exported])).n_votes == 4


def test_cases_of_other_sources_are_read_from_python() -> None:
    """Each stands for a kind; the command line has its own tests of them."""
    assert elo.rate(pd.read_csv(CASES / "counts.csv")).n_votes == 130
    labels = {"1-0": "a", "0-1": "b", "1/2-1/2": "tie"}
    named = {"a": "white", "b": "black", "winner": "result"}
    for data in (CASES / "labels.csv", pd.read_csv(CASES / "labels.csv")):
        assert elo.rate(data, columns=named, labels=labels).n_votes == 5
    ties = {"tie(all bad)": "both_bad", "tie(all good)": "tie"}
    board = elo.rate(CASES / "all_bad.csv", labels=ties)
    assert board.n_votes == len((CASES / "all_bad.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert elo.rate(pd.read_csv(CASES / "winner_is_name.csv")).n_votes == 3
    assert elo.rate(pd.read_csv(CASES / "epoch_ms.csv"), since="2023-01-01").n_votes == 2
    assert len(elo.rate(pl.read_csv(CASES / "chain.csv"), prior=1e-4).rows) == 15


def test_import_elo_loads_nothing_until_it_is_used() -> None:
    code = """
import sys, elo
assert not {"numpy", "scipy"} & set(sys.modules)
board = elo.rate([("lark", "wren", "a"), ("wren", "lark", "tie")])
print(board)
board._repr_html_(), board.plot(), board.pairs()
print({"scipy", "pandas", "polars", "pyarrow", "sqlalchemy"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.endswith("set()\n")


def test_every_name_is_there_and_others_are_not() -> None:
    assert set(elo.__all__) <= set(dir(elo))
    assert all(getattr(elo, name) is not None for name in elo.__all__)
    with pytest.raises(AttributeError, match=r"module 'elo' has no attribute 'rat'"):
        elo.rat  # noqa: B018


def test_every_setting_is_an_option() -> None:
    for one in fields(Settings):
        assert elo.rate(ROWS, **{one.name: getattr(Settings(), one.name)}).settings == Settings()
