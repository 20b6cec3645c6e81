"""The board equals an independent recomputation, and its cache follows the ledger."""

import asyncio
import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.service import online_elo
from arena.standings import Board, NoRatingsError, Standings
from arena.standings.rating import rated
from db import queries
from db.__main__ import main as db_main
from db.codes import BattleKind, Reason, Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, ModelInfo, NewBattle, StoredSettings
from db.session import Database, open_database
from elo.__main__ import main as elo_main
from elo.fit.bradley_terry import NoMaximumError
from elo.settings import Settings

NAMES = ("Ash Lark", "Fen Quill", "Moss Tarn", "Wren Sol")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        queries.touch_replica(tx, "main", now=1.0)
        queries.upsert_models(tx, [ModelInfo(name, family="Bird") for name in NAMES], now=1.0)
    yield database
    database.close()


def vote(
    database: Database,
    model_a: str = NAMES[0],
    model_b: str = NAMES[1],
    outcome: Outcome = Outcome.A,
    *,
    reasons: tuple[Reason, ...] = (),
    kind: BattleKind = BattleKind.BATTLE,
    visitor: str = "visitor",
    answers: tuple[str, str] | None = None,
    now: float = 3.0,
) -> str:
    settings = StoredSettings(None, 0.7, 1.0, 64, "equal")
    with database.write() as tx:
        chance = 1 / (11 + len(model_a))
        new = NewBattle(visitor, model_a, model_b, settings, kind, replica="main", draw_probability=chance)
        battle_id = queries.open_battle(tx, new, now=2.0)
        if answers is not None:
            turn = queries.add_turn(tx, battle_id, "Say something.")
            for side, text in zip(Side, answers, strict=True):
                told = AnswerRecord(side, 1, text, None, "stop", 5, len(text) // 3, 1.0, len(text) * 0.7, None, None)
                queries.save_answer(tx, battle_id, turn, told)
        queries.set_battle_state(tx, battle_id, State.VOTABLE, now=2.0)
        queries.cast_vote(
            tx,
            battle_id,
            visitor=visitor,
            outcome=outcome,
            reasons=reasons,
            facts={},
            rules_version=1,
            elo=online_elo(Settings()),
            now=now,
        )
    return battle_id


def many_votes(database: Database, n_votes: int = 60) -> None:
    rng = random.Random(7)
    for _ in range(n_votes):
        a, b = rng.sample(range(len(NAMES)), 2)
        outcome = rng.choice([Outcome.A if a > b else Outcome.B, Outcome.A, Outcome.B, Outcome.TIE, Outcome.BOTH_BAD])
        reasons = (Reason.STOPPED,) if rng.random() < 0.1 else ()
        answers = ("word " * rng.randint(1, 40), "# Title\n- item **bold**\n" * rng.randint(0, 5))
        who, when = f"visitor {rng.randint(1, 9)}", rng.uniform(3, 9e5)
        vote(database, NAMES[a], NAMES[b], outcome, reasons=reasons, visitor=who, answers=answers, now=when)


def board(of: Standings) -> Board:
    return asyncio.run(of.board())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prior": 0.5, "bootstrap": 50, "seed": 3},
        {"method": "elo", "k": 20},
        {"ties": "davidson", "bootstrap": 50},
        {"ties": "ignore", "interval": "sandwich", "gauge": "battles", "simultaneous": True},
        {"weights": "draw", "half_life_days": 2.5},
        {"weights": "pair", "anchor": "Fen Quill=1200"},
        {"cluster": "voter", "level": 0.9},
        {"control": "length,style,side,speed", "ridge": 0.5},
    ],
    ids=lambda options: "-".join(options) or "defaults",
)
@pytest.mark.parametrize("source", ["votes", "db"])
def test_the_web_board_and_recompute_agree_digit_for_digit(
    database: Database, tmp_path: Path, options: dict[str, Any], source: str
) -> None:
    many_votes(database)
    vote(database, kind=BattleKind.NAMED, reasons=(Reason.NAMED,))
    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    if source == "votes":
        assert db_main(["export", "--db", url, str(tmp_path / "votes.jsonl")]) == 0
        arguments = ["--votes", str(tmp_path / "votes.jsonl")]
    else:
        arguments = ["--db", url]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    assert elo_main(["recompute", *arguments, "--json", str(tmp_path / "out.json")]) == 0
    recomputed = json.loads((tmp_path / "out.json").read_text())
    if "anchor" in options:
        options = {**options, "gauge": "anchor", "anchor": (options["anchor"],)}
    if "control" in options:
        options = {**options, "control": options["control"].split(",")}
    shown = json.loads(json.dumps(board(Standings(database, Settings(**options))).to_json()))
    assert len(shown["models"]) == len(NAMES)
    assert {name: shown[name] for name in recomputed} == recomputed


@pytest.mark.parametrize("options", [{}, {"ties": "davidson", "interval": "bootstrap", "bootstrap": 40}])
def test_a_board_from_what_was_kept_equals_one_made_afresh(database: Database, options: dict[str, Any]) -> None:
    """After each of some votes, the first of new pairs among them, a withdrawal, a ban and an un-ban."""
    many_votes(database)
    settings = Settings(**{"bootstrap": 200, **options})
    of = Standings(database, settings, clock=lambda: 5.0)

    def is_fresh() -> bool:
        shown = board(of)
        assert shown == board(Standings(database, settings, clock=lambda: 5.0))
        return shown.revision > 0

    assert is_fresh()
    for model_a, model_b, outcome in (
        (NAMES[0], NAMES[1], Outcome.A),
        (NAMES[3], NAMES[1], Outcome.TIE),
        ("Newcomer", NAMES[2], Outcome.B),
        (NAMES[2], "Newcomer", Outcome.A),
    ):
        with database.write() as tx:
            queries.upsert_models(tx, [ModelInfo("Newcomer")], now=1.0)
        last = vote(database, model_a, model_b, outcome)
        assert is_fresh()
    with database.write() as tx:
        queries.withdraw_vote(tx, last, visitor="visitor", reason=None, now=4.0)
    assert is_fresh()
    with database.write() as tx:
        assert queries.ban_visitor(tx, "visitor 3", reason="spam", now=4.0).n_flipped > 0
    assert is_fresh()
    with database.write() as tx:
        assert queries.unban_visitor(tx, "visitor 3").n_flipped > 0
    assert is_fresh()


def test_excluded_votes_are_counted_by_reason(database: Database) -> None:
    vote(database)
    vote(database, reasons=(Reason.STOPPED, Reason.IDENTITY_LEAK))
    vote(database, reasons=(Reason.STOPPED,))
    vote(database, kind=BattleKind.NAMED, reasons=(Reason.NAMED,))
    shown = board(Standings(database, Settings(), clock=lambda: 77.0))
    assert (shown.n_counted, shown.n_excluded, shown.computed_at) == (1, 2, 77.0)
    assert dict(shown.exclusions) == {"stopped": 2, "identity_leak": 1}
    assert shown.revision == 4
    told = shown.to_json()
    assert (told["excluded"], told["n_excluded"], told["computed_at"]) == ({"identity_leak": 1, "stopped": 2}, 2, 77.0)


def test_every_model_has_a_card_and_only_rated_ones_a_row(database: Database) -> None:
    vote(database)
    with database.write() as tx:
        queries.retire_models(tx, NAMES[:1], now=5.0)
    shown = board(Standings(database, Settings()))
    assert [row.model for row in shown.leaderboard.rows] == [NAMES[0], NAMES[1]]
    assert shown.leaderboard.unrated == NAMES[2:]
    assert set(shown.models) == set(NAMES)
    assert (shown.models[NAMES[0]].is_retired, shown.models[NAMES[1]].is_retired) == (True, False)
    assert shown.models[NAMES[0]].family == "Bird"
    assert shown.row(NAMES[2]) is None


def counted(monkeypatch: pytest.MonkeyPatch, during: Callable[[], None] = lambda: None) -> list[threading.Thread]:
    """Record the threads in which boards are computed from now on."""
    computed: list[threading.Thread] = []

    def counting(*args: Any, **options: Any) -> Any:
        computed.append(threading.current_thread())
        during()
        return rated(*args, **options)

    monkeypatch.setattr("arena.standings.official.rated", counting)
    return computed


def test_a_revision_is_computed_once_and_off_the_loop(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = counted(monkeypatch)

    async def main() -> None:
        of = Standings(database, Settings())
        vote(database)
        boards = await asyncio.gather(*(of.board() for _ in range(20)))
        assert len({id(one) for one in boards}) == 1
        assert await of.board() is boards[0]
        assert len(computed) == 1
        battle_id = vote(database)
        assert (await of.board()).n_counted == 2
        with database.write() as tx:
            queries.withdraw_vote(tx, battle_id, visitor="visitor", reason=None, now=4.0)
        assert (await of.board()).n_counted == 1
        with database.write() as tx:
            queries.ban_visitor(tx, "visitor", reason="spam", now=4.0)
        assert (await of.board()).leaderboard.rows == ()
        assert len(computed) == 4
        of.forget()
        await of.board()
        assert len(computed) == 5

    asyncio.run(main())
    assert threading.main_thread() not in computed


def test_a_vote_during_the_computation_is_on_the_next_board(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request before the vote may get the older board; no request gets one older than itself."""
    vote(database)
    of = Standings(database, Settings())
    begun, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert may_go_on.wait(60)

    counted(monkeypatch, hold)

    async def main() -> None:
        early = asyncio.create_task(of.board())
        await asyncio.to_thread(begun.wait, 60)
        vote(database)
        late = asyncio.create_task(of.board())
        await asyncio.sleep(0.05)
        may_go_on.set()
        assert (await early).n_counted == 1
        assert (await late).n_counted == 2

    asyncio.run(main())


def test_votes_without_a_maximum_are_tried_once_for_each_revision(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    computed = counted(monkeypatch)

    async def main() -> None:
        of = Standings(database, Settings(prior=0.0))
        vote(database)
        for _ in range(3):
            with pytest.raises(NoRatingsError, match="never lost a point") as caught:
                await of.board()
            assert isinstance(caught.value.__cause__, NoMaximumError)
        assert len(computed) == len(caplog.records) == 1
        of.forget()
        with pytest.raises(NoRatingsError):
            await of.board()
        vote(database, outcome=Outcome.B)
        assert (await of.board()).n_counted == 2
        assert len(computed) == 3

    asyncio.run(main())


@pytest.mark.parametrize("limit", [360, 359])
@pytest.mark.parametrize("source", ["votes", "db"])
def test_the_web_board_takes_intervals_by_voter_where_recompute_does(
    database: Database, tmp_path: Path, source: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """45 voters, each of whom always votes for the same model; with as many votes as may be by voter, and one more."""
    monkeypatch.setattr("elo.settings.MOST_BY_VOTER", limit)
    rng = random.Random(3)
    for i in range(360):
        favourite = NAMES[i % 45 % 4]
        other = rng.choice([name for name in NAMES if name != favourite])
        a, b = (favourite, other) if rng.random() < 0.5 else (other, favourite)
        vote(database, a, b, Outcome.A if a == favourite else Outcome.B, visitor=f"visitor {i % 45}")
    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    arguments = ["--db", url]
    if source == "votes":
        assert db_main(["export", "--db", url, str(tmp_path / "votes.jsonl")]) == 0
        arguments = ["--votes", str(tmp_path / "votes.jsonl")]
    assert elo_main(["recompute", *arguments, "--json", str(tmp_path / "out.json")]) == 0
    recomputed = json.loads((tmp_path / "out.json").read_text())
    shown = json.loads(json.dumps(board(Standings(database, Settings())).to_json()))
    if limit == 360:
        assert shown["voters"]["taken"]
        assert shown["clusters"] == shown["voters"]["n"] == 45
    else:
        found = recomputed.pop("voters")
        assert (shown["voters"], found["n"], found["taken"]) == (None, 45, False)
        assert found["ratio"] > 1.1
    assert {name: shown[name] for name in recomputed} == recomputed
