"""fill-deck, decks and campaign as an owner types them."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arena.__main__ import main
from db import queries
from db.codes import BattleKind
from db.queries import DeckPrompt, NewBattle
from db.session import open_database
from tests.fakes import Script, ScriptedEndpoint

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def servers() -> Iterator[list[ScriptedEndpoint]]:
    with ScriptedEndpoint(Script(("Yes.",))) as one, ScriptedEndpoint(Script(("No.",))) as other:
        yield [one, other]


@pytest.fixture
def run(tmp_path: Path, servers: list[ScriptedEndpoint], capsys: pytest.CaptureFixture[str]) -> Run:
    models = "".join(
        f'[[models]]\nname = "{name}"\nbase_url = "{server.base_url}"\nmodel = "scripted"\n'
        for name, server in zip(("One", "Two"), servers, strict=True)
    )
    config = tmp_path / "arena.toml"
    config.write_text(f'[arena]\ndata = "{tmp_path}"\n[battle]\nretries = 0\n[quick]\ndecks = ["mine"]\n{models}')
    (tmp_path / "p.txt").write_text("First?\nSecond?\nThird?\n")

    def run(*words: str | Path) -> tuple[int, str, str]:
        step = 2 if words[0] == "campaign" else 1
        code = main([*map(str, words[:step]), "--config", str(config), *map(str, words[step:])])
        return code, *capsys.readouterr()

    return run


def test_a_deck_is_filled_listed_switched_saved_and_removed(run: Run, tmp_path: Path) -> None:
    code, out, err = run("fill-deck", "mine", "--prompts", tmp_path / "p.txt")
    assert (code, err) == (0, "")
    assert out == (
        "deck mine: 3 prompts (3 new), 2 models, 6 answers to ask for\n"
        "  One: 3 of 3 answers, 3 new\n  Two: 3 of 3 answers, 3 new\n"
    )
    out = run("decks")[1]
    assert re.search(r"^mine  yes +3 +6 +3$", out, re.MULTILINE)
    assert "  One: 3\n  Two: 3" in out
    assert "deck 'mine' is live; stop it first" in run("decks", "remove", "mine")[2]
    out = run("decks", "stop", "mine")[1]
    assert out.startswith("Deck mine is not live")
    assert "[quick] decks names it: take it out there, or the next start makes it live again." in out
    assert run("decks", "start", "mine")[1].startswith("Deck mine is live")
    assert run("decks", "stop", "mine")[0] == 0
    saved = tmp_path / "saved.jsonl"
    assert run("decks", "save", "mine", saved)[1] == f"Wrote {saved}: 3 prompts and 6 answers.\n"
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "folder cannot be written: Is a directory" in run("decks", "save", "mine", folder)[2]
    assert not folder.with_name("folder.part").exists()
    lines = [json.loads(line) for line in saved.read_text().splitlines()]
    assert [line.get("text") for line in lines] == [None, "First?", "Second?", "Third?"]
    assert {answer["text"] for answer in lines[1]["answers"]} == {"Yes.", "No."}
    assert run("decks", "remove", "mine")[1] == "Removed the deck mine: 3 prompts and 6 answers.\n"
    assert "No decks yet" in run("decks")[1]
    assert run("fill-deck", "copy", "--prompts", saved)[0] == 0
    assert "[quick] decks does not name 'copy'; add it there and restart" in run("decks", "start", "copy")[2]


def test_a_model_that_the_owner_retired_is_asked_only_by_name(run: Run, tmp_path: Path) -> None:
    prompts = tmp_path / "p.txt"
    assert run("fill-deck", "mine", "--prompts", prompts, "--models", "One")[0] == 0
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        queries.retire_by_owner(tx, "One", 1.0)
    database.close()
    assert "  One:" not in run("fill-deck", "mine")[1]
    assert "  One: 3 of 3" in run("fill-deck", "mine", "--models", "One")[1]


def test_missing_answers_are_reported_with_the_reasons(
    run: Run, tmp_path: Path, servers: list[ScriptedEndpoint]
) -> None:
    servers[1].scripts = (Script(("",)),)
    code, out, _ = run("fill-deck", "mine", "--prompts", tmp_path / "p.txt", "--models", "Two", "--at-once", "1")
    assert code == 1
    assert "  Two: 0 of 3 answers, 0 new, 3 missing\n    3 x " in out
    assert "(such as for 'First?')" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("fill-deck", "mine"), "deck 'mine' has no prompts; give some with --prompts FILE"),
        (("fill-deck", "mine", "--prompts", "none.txt"), "no file none.txt"),
        (("fill-deck", "mine", "--models", "Three"), "has no model 'Three'; expected one of One, Two"),
        (("fill-deck", "mine", "--again"), "--again: expected also --models"),
        (("fill-deck", " "), "deck ' ': expected a name of 1 to 80"),
        (("fill-deck", "mine", "--at-once", "0"), "--at-once 0: expected 1 or more"),
        (("decks", "start"), "no deck; name one"),
        (("decks", "stop", "none"), "there is no deck 'none'; the decks are"),
        (("decks", "save", "mine"), "arena decks save DECK FILE"),
        (("campaign", "create", "--name", "c", "--deck", "none"), "there is no deck 'none'; the decks are"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--pairs", "0"), "--pairs '0': expected a number"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--people", "0"), "--people 0: expected 1 to"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--people", "9" * 20), "expected 1 to 1,000,000"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--prompts", "9" * 5000), "expected a number from 1 to"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--prompts", "9"), "may meet: 0; expected 9 or more"),
        (("campaign", "create", "--name", "c", "--deck", "d", "--models", "Two"), "'Two' has no answers in the deck"),
        (("campaign", "report", "none"), "there is no campaign with the name 'none'"),
        (("campaign", "close", "none"), "there is no campaign with the name 'none'"),
        (("campaign", "close", "\udcff"), "the name '\\udcff': expected 1 to 80 printable"),
        (("campaign", "report", "\udcff"), "the name '\\udcff': expected 1 to 80 printable"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run: Run, tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        queries.add_deck_prompt(tx, DeckPrompt("d", "Alone?"))
    database.close()
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert expected in err
    assert err.count("\n") == 1


def test_a_campaign_is_created_listed_closed_and_reported(run: Run, tmp_path: Path) -> None:
    run("fill-deck", "mine", "--prompts", tmp_path / "p.txt")
    chosen = tmp_path / "two.txt"
    chosen.write_text("Third?\nFirst?\n")
    code, out, err = run("campaign", "create", "--name", "may", "--deck", "mine", "--prompts", chosen, "--people", "5")
    assert (code, err) == (0, "")
    said, link = out.splitlines()
    assert said == "Campaign may: 2 pairs on 2 prompts of mine, for 5 people."
    assert re.fullmatch(r"http://127\.0\.0\.1:7860/quick\?campaign=[\w-]{20,}", link)
    assert "there is already a campaign 'may'" in run("campaign", "create", "--name", "may", "--deck", "mine")[2]
    assert run("campaign", "list")[1] == f"may (open): deck mine, 2 pairs, 0 of 5 people, 0 votes\n  {link}\n"
    assert "nobody has voted" in run("campaign", "report", "may")[1]
    assert json.loads(run("campaign", "report", "may", "--json")[1])["pairs"] == 2
    assert "is closed" in run("campaign", "close", "may")[1]
    assert run("campaign", "list")[1] == "may (closed): deck mine, 2 pairs, 0 of 5 people, 0 votes\n"


def test_a_deck_with_battles_is_not_removed(run: Run, tmp_path: Path) -> None:
    run("fill-deck", "other", "--prompts", tmp_path / "p.txt")
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        key = queries.deck_prompts_of(tx, "other")[0].key
        queries.open_battle(tx, NewBattle("ann", "One", "Two", None, BattleKind.QUICK, deck_prompt=key), now=1.0)
    database.close()
    assert "deck 'other' has the texts of 1 battles and 0 campaigns" in run("decks", "remove", "other")[2]
    assert "other" in run("decks")[1]
