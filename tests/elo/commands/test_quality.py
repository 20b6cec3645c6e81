import json
import re
from pathlib import Path

import pytest

from db import exchange, queries
from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.session import open_database
from elo.__main__ import main
from tests.db import building


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Forty votes of two visitors, of whom one is always for the left; some do not count."""
    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    database = open_database(url)
    with database.write() as tx:
        for i in range(20):
            pair = building.MODELS[i % 3], building.MODELS[i % 3 + 1]
            building.fight(tx, pair, Outcome.A, "bob")
            reasons = [Reason.RATE_LIMITED] if i % 10 == 0 else []
            ours = building.votable(tx, pair, "ann")
            building.vote(tx, ours, list(Outcome)[i % 4], "ann", reasons=reasons)
        queries.withdraw_vote(tx, ours, visitor="ann", reason=None, now=30.0)
        building.vote(tx, building.votable_quick(tx))
    database.close()
    return url


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    try:
        status = main(["quality", *map(str, arguments)])
    except SystemExit as exit:
        status = int(exit.code or 0)
    return status, *capsys.readouterr()


def test_a_database_and_its_export_tell_the_same(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "--db", url, "--json", tmp_path / "db.json")
    assert (status, err) == (0, "")
    assert out.startswith("40 votes, of which 37 count.\nLeft out, by reason: rate_limited 2, withdrawn 1.\n")
    assert "Prompts: 1 different ones in 37 votes" in out
    database = open_database(url)
    exchange.export_votes(database, tmp_path / "votes.jsonl", all_texts=True)
    database.close()
    status, from_file, err = run(capsys, "--votes", tmp_path / "votes.jsonl", "--json", tmp_path / "file.json")
    assert (status, err) == (0, "skipped rows of other kinds than battle: 1\n")
    assert from_file == out
    assert (tmp_path / "db.json").read_bytes() == (tmp_path / "file.json").read_bytes()
    found = json.loads((tmp_path / "db.json").read_text())
    assert (found["votes"], found["counted"]) == (40, 37)
    assert [voter["voter"] for voter in found["voters"]["voters"]] == ["bob", "ann"]
    assert [(one["result"], one["hits"]) for one in found["withdrawals"]] == [("both_bad", 1), ("both_bad", 1)]


def test_votes_are_selected_by_their_columns(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(url)
    exchange.export_votes(database, tmp_path / "votes.jsonl", all_texts=True)
    database.close()
    csv = tmp_path / "votes.csv"
    lines = ["x,y,a,true,ann", "x,y,?,false,bob", "x,y,b,false,ann", "x,y,tie,,ann", "x,y,?,true,bob"]
    csv.write_text("\n".join(["model_a,model_b,winner,counted,visitor", *lines]) + "\n")
    where = ("--where", "visitor=ann", "--where", "winner!=tie")
    _, out, _ = run(capsys, "--db", url, *where, "--json", tmp_path / "db.json")
    assert out.startswith(
        "Votes where visitor=ann and winner!=tie (25 others left out).\n15 votes, of which 13 count.\n"
    )
    _, from_file, _ = run(capsys, "--votes", tmp_path / "votes.jsonl", *where, "--json", tmp_path / "file.json")
    assert from_file == out
    assert (tmp_path / "db.json").read_bytes() == (tmp_path / "file.json").read_bytes()
    found = json.loads((tmp_path / "db.json").read_text())
    assert (found["where"], found["where_left_out"]) == (["visitor=ann", "winner!=tie"], 25)
    assert run(capsys, "--votes", csv, *where)[1].startswith(
        "Votes where visitor=ann and winner!=tie (3 others left out).\n2 votes, of which 1 counts."
    )
    for arguments, message in (
        (("--db", url, "--where", "visitors=ann"), "the database has no column visitors; did you mean visitor?"),
        (("--votes", csv, "--where", "visitors=ann"), "has no column visitors; did you mean visitor?"),
        (
            ("--votes", csv, "--where", "visitor>=1"),
            "line 2: visitor is 'ann', but visitor>=1 needs a number",
        ),
        (("--votes", csv, "--where", "visitor=eve"), "no votes in .*csv: 5 rows, of other values: 5"),
        (("--db", url, "--where", "visitor=eve"), "no votes of kind battle where visitor=eve in sqlite"),
    ):
        status, _, err = run(capsys, *arguments)
        assert status == 1
        assert re.search(message, err), err


def test_kinds_are_kept_apart(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--db", url, "--kind", "quick")[1].startswith("1 vote, of which 1 counts.")
    assert run(capsys, "--db", url, "--kind", "all")[1].startswith("41 votes, of which 38 count.")


def test_bad_rows_stop_the_command_or_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("left,right,winner,counted\nx,y,left,true\nx,y,LEFT,true\nx,y,,false\n")
    status, out, err = run(capsys, "--votes", votes)
    assert (status, out) == (1, "")
    assert "line 3: winner is 'LEFT'" in err
    assert err.endswith("; --skip-bad skips such rows\n")
    status, out, err = run(capsys, "--votes", votes, "--skip-bad")
    assert (status, err) == (0, "skipped bad rows: 1\nskipped rows that do not count and are not votes: 1\n")
    assert out.startswith("1 vote, of which 1 counts.")


def test_what_is_wrong_is_said_and_nothing_is_written(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("left,right,winner\n")
    for arguments, expected, message in (
        (("--db", url, "--level", "1"), 2, "level 1.0 is not between 0 and 1"),
        (("--db", url, "--seed", "-1"), 2, "seed -1 is not a whole number from 0"),
        (("--db", url, "--kind", "duel"), 1, "kind 'duel' is not one of battle, quick, control, named, chat, all"),
        (("--db", url, "--kind", "named"), 1, "no votes of kind named in sqlite:///"),
        (("--db", f"sqlite:///{tmp_path / 'none.sqlite'}"), 1, "there is no database at"),
        (("--db", url, "--json", tmp_path), 1, "is a folder; give --json the name of a file"),
        (("--votes", empty), 1, f"no votes in {empty}: 0 rows"),
        (("--votes", tmp_path / "none.csv"), 1, "none.csv cannot be read"),
        ((), 2, "one of the arguments --db --votes is required"),
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (expected, "")
        assert message in err
    assert not list(tmp_path.glob("*.json"))


def test_control_battles_show_side_bias_from_a_database_and_from_its_export(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = open_database(url)
    outcomes = [*[Outcome.A] * 12, *[Outcome.B] * 4, *[Outcome.TIE] * 3, Outcome.BOTH_BAD]
    with database.write() as tx:
        for outcome in outcomes:
            battle = building.votable(tx, ("ash", "ash"), "ann", kind=BattleKind.CONTROL)
            building.vote(tx, battle, outcome, "ann", reasons=[Reason.CONTROL])
        broken = building.votable(tx, ("ash", "ash"), "ann", kind=BattleKind.CONTROL)
        building.vote(tx, broken, Outcome.A, "ann", reasons=[Reason.CONTROL, Reason.FAILED_SIDE])
    exchange.export_votes(database, tmp_path / "votes.jsonl", all_texts=True)
    database.close()
    said = (
        "Control battles, with the same model on both sides: 20 votes; the left won 75.0 % (50.5 to 89.8) of 16 "
        "votes with a winner: the left side is preferred, beyond chance. Ties: 20.0 % (8.1 to 41.6), including "
        "both-bad, 5.0 % (0.9 to 23.6).\nSo the left side is worth +191 points of the rating scale (+3 to +378).\n"
    )
    status, out, err = run(capsys, "--db", url, "--json", tmp_path / "db.json")
    assert (status, err) == (0, "")
    assert said in out
    assert out.startswith("40 votes, of which 37 count.\nLeft out, by reason: rate_limited 2, withdrawn 1.\n"), out
    status, from_file, _ = run(capsys, "--votes", tmp_path / "votes.jsonl", "--json", tmp_path / "file.json")
    assert (status, from_file) == (0, out)
    assert (tmp_path / "db.json").read_bytes() == (tmp_path / "file.json").read_bytes()
    found = json.loads((tmp_path / "db.json").read_text())["controls"]
    assert (found["votes"], found["left"]["hits"], round(found["bias"]["points"])) == (20, 12, 191)
    for source in (("--db", url), ("--votes", tmp_path / "votes.jsonl")):
        assert said in run(capsys, *source, "--kind", "control")[1]
        everything = run(capsys, *source, "--kind", "all")[1]
        assert everything.startswith("62 votes, of which 38 count.")
        assert said in everything
