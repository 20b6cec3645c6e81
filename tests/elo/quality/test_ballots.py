from pathlib import Path

import pytest

from db.outcome import Outcome
from elo.quality.ballots import Ballots
from elo.quality.gathering import Ballot, prompt_key
from elo.votes.decoding.reading import BadRowError, VotesFileError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_all_rows_come_with_reasons_voters_and_prompts(tmp_path: Path) -> None:
    file = write(
        tmp_path / "votes.csv",
        ",model_a,model_b,winner,judge,counted,reasons,anony,prompt,kind\n"
        "0,x,y,model_a,ann,true,,true,Hello,battle\n"
        "1,x,y,tie,bob,false,banned withdrawn,true,,battle\n"
        "2,y,x,tie (bothbad),,false,,,hello,\n"
        "3,y,x,b,ann,,,false,Bye,battle\n"
        "4,y,x,b,ann,,,,Bye,quick\n"
        "5,y,x,,ann,false,failed_side,,Bye,battle\n",
    )
    ballots = Ballots([file])
    assert list(ballots) == [
        Ballot("x", "y", Outcome.A, "ann", (), prompt_key("hello")),
        Ballot("x", "y", Outcome.TIE, "bob", ("banned", "withdrawn"), None),
        Ballot("y", "x", Outcome.BOTH_BAD, None, ("not_counted",), prompt_key("hello")),
        Ballot("y", "x", Outcome.B, "ann", ("not_anonymous",), prompt_key("bye")),
    ]
    assert (ballots.n_rows, ballots.n_other_kinds, ballots.n_not_votes, ballots.n_bad) == (6, 1, 1, 0)
    assert len(list(Ballots([file], kind="quick"))) == 1
    assert len(list(Ballots([file, file], kind="all"))) == 10


def test_the_prompt_of_an_export_is_that_of_its_first_turn(tmp_path: Path) -> None:
    line = (
        '{"model_a": "x", "model_b": "y", "winner": "model_b", "visitor": "ann", "reasons": ["withdrawn"], '
        '"counted": false, "turns": [{"n": 1, "prompt": "Hello"}, {"n": 2, "prompt": "And?"}]}\n'
    )
    found = list(Ballots([write(tmp_path / "votes.jsonl", line)]))
    assert found == [Ballot("x", "y", Outcome.B, "ann", ("withdrawn",), prompt_key("hello"))]


def test_prepared_pairs_and_campaigns_are_read(tmp_path: Path) -> None:
    file = write(
        tmp_path / "votes.csv",
        "model_a,model_b,winner,visitor,prepared_id,campaign\nx,y,a,ann,1:x|y,may\nx,y,b,bob,1:x|y,\n",
    )
    assert [(one.prepared, one.campaign) for one in Ballots([file])] == [("1:x|y", "may"), ("1:x|y", None)]


def test_a_row_that_counts_must_be_right(tmp_path: Path) -> None:
    file = write(tmp_path / "votes.csv", "left,right,winner\nx,y,left\nx,y,LEFT\ny,y,tie\nx,y,tie\n")
    with pytest.raises(BadRowError, match=r"votes.csv, line 3: winner is 'LEFT'; expected one of a, model_a"):
        list(Ballots([file]))
    lenient = Ballots([file], skip_bad=True)
    assert len(list(lenient)) == 2
    assert lenient.n_bad == 2
    with pytest.raises(BadRowError, match=r"line 2: left and right are both 'y'; expected two models"):
        list(Ballots([write(tmp_path / "self.csv", "left,right,winner\ny,y,tie\n")]))


def test_files_that_are_no_votes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VotesFileError, match="is not a votes file: its columns are 'x', 'y'"):
        list(Ballots([write(tmp_path / "other.csv", "x,y\n1,2\n")]))
    with pytest.raises(VotesFileError, match="has no column kind, so rows of kind 'quick' cannot be selected"):
        list(Ballots([write(tmp_path / "plain.csv", "left,right,winner\nx,y,tie\n")], kind="quick"))
    with pytest.raises(VotesFileError, match="cannot be read: No such file"):
        list(Ballots([tmp_path / "none.csv"]))


def test_progress_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.quality.ballots._PROGRESS_ROWS", 2)
    told: list[int] = []
    file = write(tmp_path / "votes.csv", "left,right,winner\n" + "x,y,tie\n" * 5)
    list(Ballots([file], progress=told.append))
    assert told == [2, 4]


def test_a_wrong_row_of_parquet_is_named_by_its_row(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "votes.parquet"
    parquet.write_table(pyarrow.table({"left": ["x", "x"], "right": ["y", "x"], "winner": ["left", "tie"]}), path)
    with pytest.raises(BadRowError, match=r"votes\.parquet, row 2: left and right are both 'x'"):
        list(Ballots([path]))
