"""The command as a user meets it: what it prints and writes, and what it says when something is wrong."""

import argparse
import csv
import gzip
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from db import exchange, queries
from db.codes import BattleKind, Policy, Reason, Side, State
from db.exchange import Exported
from db.outcome import Outcome
from db.queries import AnswerRecord, DeckAnswer, DeckPrompt, NewBattle, OnlineElo
from db.session import open_database
from elo import Cells, Settings, rate, rate_online
from elo.__main__ import main
from elo.board.plots import TOP
from elo.commands.shared.progress import Progress
from elo.commands.shared.rating_options import add_rating_options, settings_from
from elo.online import update
from tests.db import building
from tests.elo import reference

FOOD = str(reference.DATA / "food.csv")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """recompute with these arguments: (exit status, standard output, standard error without progress)."""
    monkeypatch.setattr(Progress, "count", lambda *_: None)  # on a busy machine even short work tells where it is

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            status = main(["recompute", *map(str, arguments)])
        except SystemExit as exit:
            status = int(exit.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def ledger(path: Path) -> str:
    """A database with counted, excluded and other votes; returns its address."""
    url = f"sqlite:///{path}"
    database = open_database(url)
    elo = OnlineElo("elo", 1000.0, lambda a, b, outcome: update(a, b, outcome, Settings()))
    rng = random.Random(6)
    with database.write() as tx:
        for i in range(60):
            a, b = rng.sample(building.MODELS[:3], 2)
            battle = building.votable(tx, (a, b))
            reasons = [Reason.IDENTITY_LEAK, Reason.RATE_LIMITED][: (i % 9 == 0) + (i % 18 == 0)]
            building.vote(tx, battle, rng.choice(list(Outcome)), reasons=reasons, elo=elo)
        building.vote(tx, building.votable_quick(tx), Outcome.B, elo=elo)
    with database.write() as tx:
        queries.withdraw_vote(tx, battle, visitor="ann", reason=None, now=30.0)
    database.close()
    return url


def test_a_file_gives_a_table_and_the_same_as_json(run: Run, tmp_path: Path) -> None:
    out_file = tmp_path / "board.json"
    status, out, err = run("--votes", FOOD, "--json", out_file)
    assert (status, err) == (0, "")
    board = json.loads(out_file.read_text())
    assert [line.split()[1] for line in out.splitlines()[1:6]] == [row["model"] for row in board["models"]]
    assert [line.split()[2] for line in out.splitlines()[1:6]] == [f"{row['rating']:.1f}" for row in board["models"]]
    assert board == rate(reference.load("food").cells, Settings()).to_json()
    assert list(tmp_path.iterdir()) == [out_file]


def arguments_of(settings: Settings) -> list[str]:
    """The options that make these settings."""
    arguments: list[str] = []
    for option in fields(Settings):
        name, value = f"--{option.name.replace('_', '-')}", getattr(settings, option.name)
        if option.name == "anchor":
            arguments += [part for model, rating in value for part in (name, f"{model}={rating}")]
        elif option.name == "control":
            arguments += [name, ",".join(value)]
        elif isinstance(value, bool):
            arguments += [name] * value
        elif value is not None:
            arguments += [name, str(value)]
    return arguments


@pytest.mark.parametrize(
    "settings",
    [
        Settings(prior=0.5, bootstrap=50, seed=9, k=16, start=900, base=2, scale=100, mean=500, level=0.8),
        Settings(ties="rao-kupper", interval="sandwich", gauge="anchor", anchor=(("Pizza", 1200), ("Tacos", 1000))),
        Settings(ties="ignore", gauge="battles", cluster="none", weights="pair", simultaneous=True),
        Settings(control=("side",), ridge=2),
    ],
)
def test_every_setting_has_an_option(run: Run, tmp_path: Path, settings: Settings) -> None:
    out_file = tmp_path / "board.json"
    status, _, err = run("--votes", FOOD, *arguments_of(settings), "--json", out_file)
    assert (status, err) == (0, "")
    assert json.loads(out_file.read_text()) == rate(reference.load("food").votes, settings).to_json()


def test_the_options_of_ages_and_methods_reach_the_settings() -> None:
    parser = argparse.ArgumentParser()
    add_rating_options(parser)
    for settings in (Settings(), Settings(half_life_days=3, weights="draw", cluster="voter"), Settings(method="elo")):
        assert settings_from(parser.parse_args(arguments_of(settings))) == settings
    assert settings_from(parser.parse_args(["--anchor", "x=1"])) == Settings(gauge="anchor", anchor=(("x", 1.0),))


def test_method_elo_replays_the_file_in_its_order(run: Run, tmp_path: Path) -> None:
    out_file = tmp_path / "board.json"
    assert run("--votes", FOOD, "--method", "elo", "--k", "4", "--json", out_file)[0] == 0
    models = json.loads(out_file.read_text())["models"]
    expected = reference.load("food").results["fastchat_compute_elo_online"]
    assert {row["model"]: row["rating"] for row in models} == pytest.approx(expected, abs=1e-9)
    assert {(row["low"], row["high"]) for row in models} == {(None, None)}


def test_order_sides_and_splitting_leave_the_json_equal(run: Run, tmp_path: Path) -> None:
    head, *rows = Path(FOOD).read_text().splitlines()
    whole, part_1, part_2 = (tmp_path / name for name in ("whole.json", "1.csv", "2.csv"))
    side = {"left": "right", "right": "left", "tie": "tie"}
    turned = [",".join((b, a, side[winner])) for a, b, winner in (row.split(",") for row in reversed(rows))]
    part_1.write_text("\n".join([head, *turned[:11]]))
    part_2.write_text("\n".join([head, *turned[11:]]))
    run("--votes", FOOD, "--json", whole)
    run("--votes", part_2, part_1, "--json", tmp_path / "split.json")
    assert (tmp_path / "split.json").read_bytes() == whole.read_bytes()


def test_threads_change_nothing(tmp_path: Path) -> None:
    """Sixty models: beyond the few that Newton's method fits round by round."""
    votes = reference.DATA / "llmfao_crowd.csv"
    written = []
    for n_threads in ("1", "2"):
        out_file = tmp_path / f"{n_threads}.json"
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": n_threads, "OMP_NUM_THREADS": n_threads}
        command = [sys.executable, "-m", "elo", "recompute", "--votes", str(votes), "--bootstrap", "40"]
        command += ["--json", str(out_file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        written.append(out_file.read_bytes())
    assert written[0] == written[1]


def test_votes_files_are_rated_without_loading_the_database(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom elo.__main__ import main\n"
        f"main(['recompute', '--votes', {FOOD!r}, '--bootstrap', '5'])\n"
        "sys.exit('sqlalchemy' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=300, check=False).returncode == 0


@pytest.mark.parametrize("method", ["bradley-terry", "elo"])
def test_a_database_and_its_export_give_the_same_numbers(run: Run, tmp_path: Path, method: str) -> None:
    url = ledger(tmp_path / "arena.sqlite")
    database = open_database(url)
    exchange.export_votes(database, tmp_path / "votes.jsonl")
    status, out, err = run("--db", url, "--method", method, "--json", tmp_path / "db.json")
    assert (status, err) == (0, "")
    assert "Without votes: dogwood." in out
    status, out, err = run("--votes", tmp_path / "votes.jsonl", "--method", method, "--json", tmp_path / "file.json")
    assert (status, err) == (0, "skipped rows of other kinds than battle: 1\n")
    from_database, from_file = (json.loads((tmp_path / name).read_text()) for name in ("db.json", "file.json"))
    assert from_database.pop("unrated") == ["dogwood"]
    assert from_file.pop("unrated") == []
    assert from_database == from_file
    assert from_database["excluded"] == {"identity_leak": 7, "rate_limited": 4, "withdrawn": 1}
    assert (from_database["votes"], from_database["revision"]) == (52, 62)
    with database.read() as tx:
        cells, votes = Cells.from_counts(queries.cells(tx)), list(queries.votes_in_order(tx, BattleKind.BATTLE))
    board = rate(cells, Settings()) if method == "bradley-terry" else rate_online(votes, Settings(method="elo"))
    assert [row.to_json() for row in board.rows] == from_database["models"]
    database.close()


def crowd(path: Path) -> str:
    """A database in which a crowd voted on live and on prepared answers of all lengths, over ten days."""
    url = f"sqlite:///{path}"
    database = open_database(url)
    rng = random.Random(8)
    with database.write() as tx:
        building.add_models(tx)
        for i in range(5):
            queries.set_consent(tx, f"visitor {i}", is_given=True, now=0.0)
        tags = (("code",), ("code", "math"), ("math",), (), ("말", "code"))
        keys = [queries.add_deck_prompt(tx, DeckPrompt("deck", f"Prompt {i}", tags[i], "ko")) for i in range(5)]
        for key in keys:
            for model in building.MODELS:
                lines = [f"**{model}** says\n", "# So\n", "- it is\n"]
                text = "".join(rng.choices(lines, k=rng.randint(1, 9)))
                queries.save_deck_answer(tx, key, DeckAnswer(model, text, completion_tokens=len(text) // 3))
        for i in range(120):
            a, b = rng.sample(building.MODELS, 2)
            visitor, now = f"visitor {i % 13}", rng.uniform(0, 10 * 86_400)
            if i % 3:
                battle = live(tx, (a, b), visitor, rng)
            else:
                visitor = f"visitor {i % 13} of {i // 15}"  # a visitor meets a prompt once
                new = NewBattle(visitor, a, b, None, BattleKind.QUICK, deck_prompt=keys[i // 3 % 5])
                battle = queries.open_battle(tx, new, now=now)
            reasons = [Reason.STOPPED] * (i % 10 == 0)
            building.vote(tx, battle, rng.choice(list(Outcome)), visitor, reasons=reasons, now=now + 1)
    database.close()
    return url


def live(tx: Connection, pair: tuple[str, str], visitor: str, rng: random.Random) -> str:
    """A battle of up to three turns, of which an answer may have taken two attempts."""
    chance = rng.choice([0.25, 0.125])
    policy, language = rng.choice([Policy.ADAPTIVE, Policy.UNIFORM]), rng.choice(["ko", "en", None])
    new = NewBattle(visitor, *pair, building.SETTINGS, policy=policy, draw_probability=chance, language=language)
    battle = queries.open_battle(tx, new, now=0.0)
    for _ in range(rng.randint(1, 3)):
        turn = queries.add_turn(tx, battle, "Go on." * rng.randint(1, 9))
        for side in Side:
            for attempt in range(1, rng.choice([2, 2, 3])):
                lines = ["# So\n", "1. it is\n", "- **well**, perhaps\n", "or **not**.\n"]
                text = "".join(rng.choices(lines, k=rng.randint(1, 20)))
                told = AnswerRecord(
                    side, attempt, text, None, "stop", 9, len(text) // 4, 12.5, 9e3 * rng.random(), None
                )
                queries.save_answer(tx, battle, turn, told)
    queries.set_battle_state(tx, battle, State.VOTABLE, now=1.0)
    return battle


@pytest.mark.parametrize(
    "arguments",
    [
        ["--kind", "all"],
        ["--kind", "quick"],
        ["--kind", "all", "--cluster", "none", "--bootstrap", "30"],
        ["--kind", "all", "--cluster", "voter", "--simultaneous"],
        ["--kind", "quick", "--cluster", "pair", "--ties", "davidson"],
        ["--since", "1970-01-03", "--until", "1970-01-08T12:00", "--bootstrap", "30"],
        ["--kind", "all", "--since", "1970-01-03", "--method", "elo"],
        ["--weights", "draw", "--half-life-days", "2", "--until", "700000"],
        ["--control", "length,style,side,speed", "--anchor", "ash=1100"],
        ["--kind", "all", "--control", "length,side", "--cluster", "voter"],
        ["--kind", "quick", "--control", "style", "--ridge", "1"],
        ["--where", "language=ko"],
        ["--where", "language!=ko", "--method", "elo"],
        ["--where", "n_turns>=2", "--where", "policy=adaptive", "--bootstrap", "30"],
        ["--kind", "quick", "--where", "tags=code", "--where", "deck=deck"],
        ["--kind", "all", "--where", "tstamp>=1970-01-03", "--cluster", "visitor"],
        ["--kind", "all", "--control", "column:n_turns,column:prompt_chars,side", "--where", "winner!=tie"],
        ["--cluster", "column:language", "--since", "1970-01-02"],
    ],
    ids=" ".join,
)
def test_a_database_and_its_export_agree_by_every_option(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    url = crowd(tmp_path / "arena.sqlite")
    database = open_database(url)
    assert exchange.export_votes(database, tmp_path / "votes.jsonl") == Exported(120, n_without_texts=48)
    database.close()
    status, out, err = run("--db", url, *arguments, "--json", tmp_path / "db.json")
    assert (status, err) == (0, "")
    status, file_out, _ = run("--votes", tmp_path / "votes.jsonl", *arguments, "--json", tmp_path / "file.json")
    assert status == 0
    assert file_out == out
    assert (tmp_path / "file.json").read_bytes() == (tmp_path / "db.json").read_bytes()
    assert len(json.loads((tmp_path / "db.json").read_text())["models"]) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--control", "length,style,side,speed", "--bootstrap", "30"],
        ["--kind", "all", "--control", "length,style", "--cluster", "voter"],
        ["--kind", "all", "--control", "column:n_turns,column:prompt_chars", "--where", "n_turns>=2"],
    ],
    ids=" ".join,
)
def test_no_board_moves_when_visitors_delete_what_they_wrote(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    url = crowd(tmp_path / "arena.sqlite")
    _, before, _ = run("--db", url, *arguments, "--json", tmp_path / "before.json")
    database = open_database(url)
    with database.write() as tx:
        for i in range(13):
            assert queries.forget_visitor(tx, f"visitor {i}", fresh=f"{13 - i}", now=1e6).n_votes > 5
    exchange.export_votes(database, tmp_path / "votes.jsonl", all_texts=True)
    database.close()
    status, after, _ = run("--db", url, *arguments, "--json", tmp_path / "after.json")
    assert (status, after) == (0, before)
    run("--votes", tmp_path / "votes.jsonl", *arguments, "--json", tmp_path / "file.json")
    for name in ("after.json", "file.json"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "before.json").read_bytes()


def test_votes_on_prepared_pairs_are_clustered_and_the_board_names_it(run: Run, tmp_path: Path) -> None:
    url = crowd(tmp_path / "arena.sqlite")
    for kind, interval in (("battle", "bootstrap"), ("quick", "jackknife"), ("all", "jackknife")):
        run("--db", url, "--kind", kind, "--json", tmp_path / "board.json")
        board = json.loads((tmp_path / "board.json").read_text())
        assert {row["interval"] for row in board["models"]} == {interval}
        assert board["source"]["kind"] == (None if kind == "all" else kind)


def test_packed_files_and_parquet_give_the_same_board(run: Run, tmp_path: Path) -> None:
    parquet, arrow_csv = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow.csv")
    (tmp_path / "food.csv.gz").write_bytes(gzip.compress(Path(FOOD).read_bytes()))
    parquet.write_table(arrow_csv.read_csv(FOOD), tmp_path / "food.parquet")
    rows = [json.dumps(row) for row in arrow_csv.read_csv(FOOD).to_pylist()]
    (tmp_path / "food.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    run("--votes", FOOD, "--bootstrap", "20", "--json", tmp_path / "plain.json")
    for name in ("food.csv.gz", "food.parquet", "food.jsonl.gz"):
        assert run("--votes", tmp_path / name, "--bootstrap", "20", "--json", tmp_path / "other.json")[0] == 0
        assert (tmp_path / "other.json").read_bytes() == (tmp_path / "plain.json").read_bytes()


def test_votes_are_selected_by_time(run: Run, tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text(
        "left,right,winner,tstamp\n" + "".join(f"x,y,{w},{t}\n" for t, w in enumerate(["left"] * 9 + ["right"]))
    )
    status, out, err = run(
        "--votes", votes, "--since", "2", "--until", "1970-01-01T00:00:09Z", "--json", tmp_path / "o"
    )
    assert (status, err) == (0, "skipped rows of other times: 3\n")
    assert "7 votes, 2 models, since 1970-01-01T00:00:02+00:00, until 1970-01-01T00:00:09+00:00: " in out
    assert run("--votes", votes, "--since", "99")[2].endswith(
        "10 rows, left out: none, of other kinds: 0, of other times: 10\n"
    )


def test_voters_and_styles_of_public_files_are_read(run: Run, tmp_path: Path) -> None:
    votes = reference.DATA / "llmfao_crowd.csv"
    assert "by voter" in run("--votes", votes, "--cluster", "voter")[1]
    rng = random.Random(3)
    rows = []
    for i in range(60):
        counts = {
            f"{name}_{side}": {"n": rng.randint(0, 9)}
            for name in ("header_count", "list_count", "bold_count")
            for side in "ab"
        }
        tokens = {f"sum_assistant_{side}_tokens": rng.randint(10, 900) for side in "ab"}
        longer = tokens["sum_assistant_a_tokens"] > tokens["sum_assistant_b_tokens"]
        winner = "model_a" if longer == (i % 4 > 0) else "model_b"
        pair = dict(zip(("model_a", "model_b"), rng.sample("xyz", 2), strict=True))
        rows.append({**pair, "winner": winner, "conv_metadata": counts | tokens})
    (tmp_path / "votes.json").write_text(json.dumps(rows))
    status, _, err = run("--votes", tmp_path / "votes.json", "--control", "length,style", "--json", tmp_path / "o.json")
    assert (status, err) == (0, "")
    told = json.loads((tmp_path / "o.json").read_text())["fit"]["coefficients"]
    assert [one["name"] for one in told] == ["tokens", "headers", "lists", "bold"]
    assert told[0]["low"] > 0


def test_the_csv_has_the_rows_and_the_folder_the_figures(run: Run, tmp_path: Path) -> None:
    outputs = ["--json", tmp_path / "o.json", "--csv", tmp_path / "o.csv", "--plots", tmp_path / "figures"]
    assert run("--votes", FOOD, "--bootstrap", "20", *outputs)[0] == 0
    with (tmp_path / "o.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    models = json.loads((tmp_path / "o.json").read_text())["models"]
    assert [{name: str(value) for name, value in row.items()} for row in models] == rows
    assert {"board.svg", "index.html", "better.html"} <= {path.name for path in (tmp_path / "figures").iterdir()}
    assert run("--votes", FOOD, "--method", "elo", "--plots", tmp_path / "figures")[0] == 0


def test_charts_show_the_first_models_and_the_table_all(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("--votes", FOOD, "--bootstrap", "20", "--plots", tmp_path, "--top", "2")
    assert status == 0
    for name in ("board.svg", "win-rates.svg"):
        assert "The first 2 of 5 models." in (tmp_path / name).read_text()
    assert "Pizza" in out
    assert "Pizza" not in (tmp_path / "board.svg").read_text()
    assert run("--votes", FOOD, "--bootstrap", "20", "--plots", tmp_path)[0] == 0
    assert "The first" not in (tmp_path / "board.svg").read_text()
    assert f"(default {TOP})" in " ".join(run("--help")[1].split())
    for wrong in (["--top", "-1", "--plots", tmp_path], ["--top", "3"]):
        status, _, err = run("--votes", FOOD, *wrong)
        assert status == 2
        assert "use 0 or more, with --plots" in err


def test_figures_show_ratings_over_time_and_against_what_a_file_knows_of_the_models(run: Run, tmp_path: Path) -> None:
    votes, facts, plots = tmp_path / "votes.csv", tmp_path / "models.csv", tmp_path / "plots"
    rows = ["wren,moss,a,2026-01-31"] * 5 + ["moss,wren,a,2026-02-02T10:00", "wren,moss,tie,one day", "wren,moss,b,"]
    votes.write_text("\n".join(["model_a,model_b,winner,tstamp", *rows]) + "\n", encoding="utf-8")
    facts.write_text(
        "model,parameters,price_out,tokens_per_s\nwren,7000000,,40\nmoss,1000,2,\nelm,1,1,1\n", encoding="utf-8"
    )
    board = run("--votes", votes, "--bootstrap", "20")
    assert board == run("--votes", votes, "--bootstrap", "20", "--plots", plots, "--models", facts)
    files = {path.name for path in plots.iterdir()}
    assert {"history.svg", "size.svg"} <= files
    assert not {"price.svg", "speed.svg"} & files, "of one model only"
    history = (plots / "history.svg").read_text(encoding="utf-8")
    assert "2026-01-31" in history
    assert "2026-02-02" in history
    assert "7M" in (plots / "size.svg").read_text(encoding="utf-8")
    given = json.dumps({"models": [{"model": "wren", "price_out": 1}, {"model": "moss", "price_out": 2.5}]})
    facts.write_text(given, encoding="utf-8")
    assert run("--votes", votes, "--bootstrap", "20", "--plots", plots, "--models", facts)[0] == 0
    assert (plots / "price.svg").exists()
    assert not (plots / "size.svg").exists()
    url = ledger(tmp_path / "arena.sqlite")
    assert run("--db", url, "--bootstrap", "20")[1] == run("--db", url, "--bootstrap", "20", "--plots", plots)[1]
    assert (plots / "history.svg").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,size\nwren,7\n", "says nothing of models; expected the columns model and some of parameters"),
        ("[1]", "says nothing of models"),
        ("{", "is not JSON"),
        ("model,parameters\nwren,many\n", "wren: parameters is 'many'; expected a number of at least 0"),
        ("model,parameters\n,7\n", "model 1: model is ''; expected a name"),
    ],
)
def test_a_file_of_models_is_checked_before_figures_are_made(run: Run, tmp_path: Path, text: str, message: str) -> None:
    facts = tmp_path / "models"
    facts.write_text(text, encoding="utf-8")
    status, _, err = run("--votes", FOOD, "--bootstrap", "20", "--plots", tmp_path / "plots", "--models", facts)
    assert (status, message in err) == (1, True), err
    assert not (tmp_path / "plots").exists()
    assert "only figures need it; add --plots" in run("--votes", FOOD, "--models", facts)[2]


def test_another_kind_is_another_board(run: Run, tmp_path: Path) -> None:
    url = ledger(tmp_path / "arena.sqlite")
    assert "1 vote, 2 models" in run("--db", url, "--kind", "quick")[1]
    status, out, err = run("--db", url, "--kind", "named")
    assert (status, out) == (1, "")
    assert err.startswith("error: no counted votes of kind named in sqlite:///")
    assert "kind 'duel' is not one of battle, quick, control, named, chat, all" in run("--db", url, "--kind", "duel")[2]


def test_bad_rows_stop_the_command_or_are_counted(run: Run, tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("left,right,winner\nx,y,left\nx,y,LEFT\ny,y,left\ny,x,left\n")
    status, out, err = run("--votes", votes, "--json", tmp_path / "board.json")
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {votes}, line 3: winner is 'LEFT'; expected one of a, model_a, left;")
    assert err.endswith("; --skip-bad skips such rows\n")
    assert not (tmp_path / "board.json").exists()
    status, out, err = run("--votes", votes, "--skip-bad", "--json", tmp_path / "board.json")
    assert status == 0
    assert err.startswith(f"skipped bad rows: 2; the first: {votes}, line 3: winner is 'LEFT'")
    assert "Left out: bad_row 2." in out
    assert json.loads((tmp_path / "board.json").read_text())["excluded"] == {"bad_row": 2}


def test_what_is_wrong_is_said_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    sweep = write("sweep.csv", "left,right,winner\nx,y,left\n")
    header = write("header.csv", "left,right,winner\n")
    uncounted = write("uncounted.csv", "left,right,winner,counted\nx,y,left,false\n")
    no_database = write("no.sqlite", "this is a text file and no database at all, however long it may be" * 20)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    cases: list[tuple[tuple[Any, ...], int, str]] = [
        (("--votes", tmp_path / "none.csv"), 1, "none.csv cannot be read: No such file or directory"),
        (("--votes", write("empty.csv", "")), 1, "empty.csv is empty; expected model_a and model_b"),
        (("--votes", write("other.csv", "x,y\n")), 1, "other.csv is not a votes file: its columns are 'x', 'y'"),
        (("--votes", header), 1, f"no votes to rate in {header}: 0 rows, left out: none, of other kinds: 0"),
        (("--votes", uncounted), 1, "1 row, left out: not_counted 1, of other kinds: 0"),
        (("--votes", sweep, "--kind", "quick"), 1, "has no column kind"),
        (
            ("--votes", sweep, "--prior", "0"),
            1,
            "'x' never lost a point and 'y' never won a point; use a prior",
        ),
        (
            ("--votes", sweep, "--since", "2026-01-31"),
            1,
            "has no column tstamp or timestamp, so votes cannot be selected by time",
        ),
        (
            ("--votes", sweep, "--since", "soon"),
            2,
            "argument --since: 'soon' is not a time; expected one such as 2026-01-31,",
        ),
        (("--votes", sweep, "--until", "nan"), 2, "argument --until: 'nan' is not a time"),
        (
            ("--votes", sweep, "--since", "9", "--until", "8"),
            2,
            "--since 1970-01-01T00:00:09+00:00 is not before --until",
        ),
        (("--votes", sweep, "--cluster", "voter"), 1, "voter"),
        (("--votes", sweep, "--half-life-days", "3"), 1, "half_life_days"),
        (("--votes", sweep, "--control", "length"), 1, "control 'length' needs tokens or characters of the answers"),
        (
            ("--votes", sweep, "--control", "length,colour"),
            2,
            "control 'colour' is not one of length, style, side, speed",
        ),
        (("--votes", sweep, "--anchor", "z=1"), 1, "anchor 'z' is not a model with votes; those are 'x', 'y'"),
        (("--votes", sweep, "--anchor", "x"), 2, "anchor 'x' is not a model with its rating, such as gpt-4=1200"),
        (("--votes", sweep, "--gauge", "anchor"), 2, "gauge 'anchor' needs a model with its rating"),
        (("--votes", sweep, "--csv", tmp_path), 1, f"{tmp_path} is a folder; give --csv the name of a file"),
        (("--votes", sweep, "--plots", sweep), 1, f"{sweep} is not a folder; give --plots the name of a"),
        (
            ("--votes", sweep, "--plots", tmp_path / "no" / "x"),
            1,
            f"there is no folder {tmp_path / 'no'} for --plots x",
        ),
        (("--votes", sweep, "--prior", "-1"), 2, "prior -1.0 is not 0, or 1e-09 virtual ties or more"),
        (("--votes", sweep, "--bootstrap", "many"), 2, "argument --bootstrap: invalid int value: 'many'"),
        (("--votes", sweep, "--method", "glicko"), 2, "argument --method: invalid choice: 'glicko'"),
        (("--votes", sweep, "--db", "sqlite:///x"), 2, "argument --db: not allowed with argument --votes"),
        ((), 2, "one of the arguments --db --votes is required"),
        (("--votes", sweep, "--json", tmp_path), 1, f"{tmp_path} is a folder; give --json the name of a file"),
        (
            ("--votes", sweep, "--json", tmp_path / "no" / "x.json"),
            1,
            f"there is no folder {tmp_path / 'no'}",
        ),
        (("--votes", sweep, "--json", pipe), 1, f"{pipe} is not a regular file and would be replaced by one"),
        (("--votes", sweep, "--bootstrap", 10**20), 2, "is not 0 to 1,000,000 rounds"),
        (("--votes", sweep, "--prior", "1e-300"), 2, "prior 1e-300 is not 0, or 1e-09 virtual ties or more"),
        (("--db", f"sqlite:///{tmp_path / 'none.sqlite'}"), 1, "there is no database at"),
        (("--db", f"sqlite:///{no_database}"), 1, "is not a SQLite database"),
        (("--db", "mysql://host/x"), 1, "is of an unknown type; expected sqlite:///PATH"),
    ]
    before = sorted(tmp_path.iterdir())
    for arguments, expected_status, message in cases:
        status, out, err = run(*arguments)
        assert message in err
        assert (status, out) == (expected_status, "")
        assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_of_later_code_is_refused(run: Run, tmp_path: Path) -> None:
    url = ledger(tmp_path / "arena.sqlite")
    with sqlite3.connect(tmp_path / "arena.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    status, out, err = run("--db", url)
    assert (status, out) == (1, "")
    assert "9999" in err or "newer" in err


def test_an_empty_database_has_nothing_to_rate(run: Run, tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'a.sqlite'}").close()
    for method in ("bradley-terry", "elo"):
        status, _, err = run("--db", f"sqlite:///{tmp_path / 'a.sqlite'}", "--method", method)
        assert status == 1
        assert err == f"error: no counted votes of kind battle in sqlite:///{tmp_path / 'a.sqlite'} (revision 0)\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mean", "1e308"], "mean 1e+308 is not within 1,000,000 points of 0"),
        (["--anchor", "Pizza=-1e308"], "anchor Pizza -1e+308 is not within 1,000,000 points of 0"),
        (["--method", "elo", "--k", "1e308"], "k 1e+308 is not within 1,000,000 points of 0"),
        (["--scale", "1e-320"], "with base 10.0 and scale 9.99989e-321 all ratings are equal or infinite"),
        (["--base", "1.0000000000000002"], "and scale 400 all ratings are equal or infinite; use others"),
    ],
)
def test_points_beyond_all_digits_are_refused(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    """Infinite ratings were printed, and ended in a traceback with --json."""
    status, out, err = run("--votes", FOOD, "--json", tmp_path / "board.json", *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_no_output_replaces_what_is_read_or_another_output(run: Run, tmp_path: Path) -> None:
    url, votes, link = ledger(tmp_path / "arena.sqlite"), tmp_path / "votes.csv", tmp_path / "link.csv"
    votes.write_bytes(Path(FOOD).read_bytes())
    link.symlink_to(votes)
    kept = votes.read_bytes(), (tmp_path / "arena.sqlite").read_bytes()
    both, around = tmp_path / "both", tmp_path / "x" / ".." / "both"
    (tmp_path / "x").mkdir()
    for arguments, message in (
        (
            ["--votes", votes, "--csv", votes],
            f"{votes} would replace the input file {votes}; give --csv another",
        ),
        (
            ["--votes", link, "--json", votes],
            f"{votes} would replace the input file {link}; give --json another",
        ),
        (["--db", url, "--json", tmp_path / "arena.sqlite"], "arena.sqlite; give --json another name"),
        (
            ["--votes", votes, "--json", both, "--csv", around],
            "would replace the file of --json; give --csv another",
        ),
    ):
        status, out, err = run(*arguments)
        assert (status, out) == (1, "")
        assert message in err
    assert kept == (votes.read_bytes(), (tmp_path / "arena.sqlite").read_bytes())
    assert not both.exists()


def test_an_old_board_stays_when_the_new_one_cannot_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_file = tmp_path / "board.json"
    out_file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, out, err = run("--votes", FOOD, "--bootstrap", "5", "--json", out_file)
    assert (status, out) == (1, "")
    assert err == f"error: {out_file} cannot be written: No space left on device\n"
    assert out_file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out_file]


def test_a_stopped_command_writes_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("elo.estimate.fit", stop)
    status, out, err = run("--votes", FOOD, "--json", tmp_path / "board.json")
    assert (status, out, err) == (130, "", "stopped; no file is half written\n")
    assert list(tmp_path.iterdir()) == []


def prompts_file(path: Path) -> Path:
    """Twelve voters on eight prompts; nearly all agree on a prompt."""
    winners = [
        ("model_a", "model_b")[(prompt % 3 == 0) ^ (voter == prompt)] for prompt in range(8) for voter in range(12)
    ]
    lines = [f"a,b,{winner},p{i // 12},v{i % 12}" for i, winner in enumerate(winners)]
    path.write_text("\n".join(["model_a,model_b,winner,prompt,voter", *lines]) + "\n")
    return path


def test_intervals_by_any_column_are_wider_where_its_votes_repeat_themselves(run: Run, tmp_path: Path) -> None:
    prompts = prompts_file(tmp_path / "prompts.csv")
    widths = {}
    for cluster in ("none", "prompt", "column:prompt"):
        assert run("--votes", prompts, "--cluster", cluster, "--json", tmp_path / "board.json")[0] == 0
        rows = json.loads((tmp_path / "board.json").read_text())["models"]
        widths[cluster] = [row["high"] - row["low"] for row in rows]
    assert widths["prompt"] == widths["column:prompt"]
    assert all(wide > 1.5 * narrow for wide, narrow in zip(widths["prompt"], widths["none"], strict=True))
    status, _, err = run("--votes", prompts, "--cluster", "promt")
    assert (status, "has no column promt; did you mean prompt? It has model_a, model_b" in err) == (1, True)


def test_a_number_in_a_column_is_a_covariate_seen_from_side_a(run: Run, tmp_path: Path) -> None:
    rng = random.Random(3)
    rows = []
    for _ in range(400):
        home, chance = rng.choice([-1, 0, 1]), rng.random()
        rows.append(f"{rng.choice(['x,y', 'y,x'])},{'a' if chance < (0.5, 0.8, 0.2)[home] else 'b'},{home}")
    file = tmp_path / "votes.csv"
    file.write_text("\n".join(["model_a,model_b,winner,home", *rows, "x,y,a,"]) + "\n")
    assert run("--votes", file, "--control", "column:home", "--json", tmp_path / "board.json")[0] == 0
    fit = json.loads((tmp_path / "board.json").read_text())["fit"]
    assert [one["name"] for one in fit["coefficients"]] == ["column:home"]
    assert fit["coefficients"][0]["low"] > 0.5
    assert fit["n_left_out"] == 1
    file.write_text("\n".join(["model_a,model_b,winner,home_a,home_b", "x,y,a,1,0", "y,x,b,0,1", "x,y,b,0,1"]) + "\n")
    assert run("--votes", file, "--control", "column:home", "--ridge", "1")[0] == 0
    file.write_text("model_a,model_b,winner,home\nx,y,a,1\nx,y,b,away\n")
    status, _, err = run("--votes", file, "--control", "column:home")
    assert (status, "line 3: home is 'away'; expected a number" in err) == (1, True)


def test_conditions_select_votes_and_the_board_names_them(run: Run, tmp_path: Path) -> None:
    prompts = prompts_file(tmp_path / "prompts.csv")
    conditions = ("--where", "prompt!=p0", "--where", "voter=v3")
    status, out, _ = run("--votes", prompts, *conditions, "--json", tmp_path / "board.json")
    source = json.loads((tmp_path / "board.json").read_text())["source"]
    assert (status, source["votes"]) == (0, 7)
    assert (source["where"], source["where_left_out"]) == (["prompt!=p0", "voter=v3"], 89)
    assert "7 votes, 2 models, where prompt!=p0 and voter=v3 (89 others left out): Bradley-Terry" in out
    for arguments, message in (
        (("--where", "voter=nobody"), "96 rows, left out: none, of other kinds: 0, of other values: 96"),
        (("--where", "prompts=p0"), "has no column prompts; did you mean prompt? It has model_a"),
        (("--where", "voter>=3"), "line 2: voter is 'v0', but voter>=3 needs a number; use = or !="),
    ):
        status, _, err = run("--votes", prompts, *arguments)
        assert (status, message in err) == (1, True), err
    status, _, err = run("--votes", prompts, "--where", "voter>3")
    assert (status, "argument --where: 'voter>3' is not a condition; expected COLUMN=VALUE" in err) == (2, True)
    url = crowd(tmp_path / "arena.sqlite")
    status, _, err = run("--db", url, "--where", "langauge=ko")
    assert (status, "the database has no column langauge; did you mean language? It has model_a" in err) == (1, True)


@pytest.mark.parametrize("prior", ["0.001", "1e-4", "1e-9"])
@pytest.mark.parametrize(
    "more", [(), ("--ties", "davidson"), ("--control", "side", "--ridge", "0.1"), ("--weights", "pair")]
)
def test_a_chain_of_single_votes_has_a_board_at_every_prior(run: Run, prior: str, more: tuple[str, ...]) -> None:
    chain = Path(__file__).parents[4] / "shared" / "cases" / "votes" / "chain.csv"
    status, out, err = run("--votes", chain, "--prior", prior, "--bootstrap", "100", *more)
    assert (status, err) == (0, "")
    names = [line.split()[1] for line in out.splitlines()[1:16]]
    assert sorted(names) == [f"m{i:02}" for i in range(15)]


def test_without_a_prior_a_chain_has_no_board_and_the_models_are_named(run: Run) -> None:
    chain = Path(__file__).parents[4] / "shared" / "cases" / "votes" / "chain.csv"
    status, _, err = run("--votes", chain, "--prior", "0")
    assert status == 1
    assert "'m00' never lost a point and 'm14' never won a point; use a prior above 0" in err


@pytest.mark.parametrize("cluster", ["prompt", "column:prompt", "voter"])
def test_intervals_by_any_column_are_wider_where_its_votes_agree(run: Run, tmp_path: Path, cluster: str) -> None:
    prompts, out = Path(__file__).parents[4] / "shared" / "cases" / "votes" / "prompts.csv", tmp_path / "board.json"
    widths = {}
    for unit in ("none", cluster):
        assert run("--votes", prompts, "--cluster", unit, "--json", out)[0] == 0
        board = json.loads(out.read_text())
        widths[unit] = sum(row["high"] - row["low"] for row in board["models"])
    assert board["clusters"] == (12 if cluster == "voter" else 8)
    assert (widths[cluster] > widths["none"]) is (cluster != "voter")
