"""Boards of some votes equal the recomputation of an export under the same filter, and no reader starves the others."""

import asyncio
import json
import random
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arena.rules import limits
from arena.service import Refusal, online_elo
from arena.service.boards import Boards
from arena.standings import Board, FilteredBoards, NoRatingsError, Standings, View
from arena.standings.filtered import BoardsBusyError, TooFewVotesError, TooManyBoardsError
from arena.ui.plain.leaderboard.offline import command
from db import queries
from db.__main__ import main as db_main
from db.codes import BattleKind, Reason, Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, DeckAnswer, DeckPrompt, ModelInfo, NewBattle, StoredSettings
from db.session import Database, open_database
from elo.__main__ import main as elo_main
from elo.settings import Settings
from tests.waiting import until

NAMES = ("Ash Lark", "Fen Quill", "Moss Tarn", "Wren Sol")
ANN = "ann" * 20
ELO = online_elo(Settings())
USUAL = Settings(bootstrap=50)


def store(database: Database, n_votes: int, *, only: BattleKind | None = None) -> None:
    """Store battles and quick battles of two languages, with tags, turns, lengths and other parameters for one side."""
    rng = random.Random(11)
    keys = []
    with database.write() as tx:
        for number in range(25):
            prompt = DeckPrompt("demo", f"Prompt {number} " + "x" * 40 * number, ("code",) if number % 2 else (), "en")
            keys.append(queries.add_deck_prompt(tx, prompt))
            for name in NAMES:
                queries.save_deck_answer(
                    tx, keys[-1], DeckAnswer(name, f"{name} says **{number}**", completion_tokens=9)
                )
        for number in range(n_votes):
            is_quick = (only or (BattleKind.QUICK if number % 3 == 0 else BattleKind.BATTLE)) is BattleKind.QUICK
            _vote(tx, number, keys[number % 25] if is_quick else None, rng)


def _text(rng: random.Random) -> str:
    return "word " * rng.randint(1, 90) + "\n- item\n" * rng.randint(0, 4) + "**bold** " * rng.randint(0, 4)


def _vote(tx: Any, number: int, key: str | None, rng: random.Random) -> None:
    a, b = rng.sample(NAMES, 2)
    who = rng.choice([*[ANN] * 12, *(f"visitor {one}" for one in range(60))]) if key is None else f"quick {number}"
    kind = BattleKind.BATTLE if key is None else BattleKind.QUICK
    new = NewBattle(
        who, a, b, StoredSettings(None, 0.7, 1.0, 64, "equal"), kind,
        language=rng.choice(["en", "ko"]) if key is None else None, deck_prompt=key, replica="main",
        draw_probability=1 / 12, tags=tuple(rng.sample(["code", "=sums"], rng.randint(0, 2))) if key is None else (),
    )  # fmt: skip
    now = 1_767_200_000.0 + 7_000 * number
    battle = queries.open_battle(tx, new, now=now)
    if key is None:
        for turn in range(1, rng.randint(2, 3)):
            queries.add_turn(tx, battle, "x" * rng.choice([20, 300, 3000]))
            for side in Side:
                text = _text(rng)
                sent = {"temperature": None} if rng.random() < 0.15 else None
                told = AnswerRecord(side, 1, text, None, "stop", 5, len(text) // 4, 1.0, len(text) * 0.7, sent=sent)
                queries.save_answer(tx, battle, turn, told)
        queries.set_battle_state(tx, battle, State.VOTABLE, now=now)
    outcome = rng.choice([Outcome.A if a > b else Outcome.B, Outcome.A, Outcome.B, Outcome.TIE, Outcome.BOTH_BAD])
    reasons = rng.choice([(), (), (), (), (), (), (Reason.STOPPED,), (Reason.STOPPED, Reason.BANNED)])
    queries.cast_vote(
        tx, battle, visitor=who, outcome=outcome, reasons=reasons, facts={}, rules_version=1, elo=ELO, now=now
    )


def opened(folder: Path) -> Database:
    database = open_database(f"sqlite:///{folder / 'arena.sqlite'}")
    with database.write() as tx:
        queries.touch_replica(tx, "main", now=1.0)
        queries.upsert_models(tx, [ModelInfo(name, family="Bird") for name in (*NAMES, "Dew Finch")], now=1.0)
    return database


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    """330 votes, and their export."""
    folder = tmp_path_factory.mktemp("house")
    database = opened(folder)
    store(database, 330)
    assert db_main(["export", "--db", f"sqlite:///{folder / 'arena.sqlite'}", str(folder / "votes.jsonl")]) == 0
    yield database, folder
    database.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = opened(tmp_path)
    yield database
    database.close()


def boards(database: Database, settings: Settings = USUAL, **options: Any) -> FilteredBoards:
    return FilteredBoards(database, settings, Standings(database, settings).cards_in, **options)


def of(database: Database, view: View, settings: Settings = USUAL) -> Board:
    return asyncio.run(boards(database, settings).board(view, ANN, "somebody"))


VIEWS = [
    "kind=quick",
    "kind=both",
    "language=ko",
    "tag=code&kind=both",
    "turns=one",
    "turns=many&chars=101-5000",
    "chars=-100",
    "since=2026-01-10&until=2026-01-22",
    "decisive=1",
    "same=1",
    "language=ko&tag==sums&decisive=1",
    "style=1",
    "style=1&language=en&since=2026-01-10",
    "style=1&kind=both",
]


def view_of(query: str) -> View:
    return View.of((name, value) for name, _, value in (part.partition("=") for part in query.split("&")))


@pytest.mark.parametrize("query", [*VIEWS, "mine=1"])
def test_a_board_of_some_votes_equals_the_command_on_its_page_digit_for_digit(
    house: tuple[Database, Path], tmp_path: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, folder = house
    monkeypatch.setattr(limits, "FILTERED_BOARD_VOTES", 3)
    view, settings = view_of(query), Settings(bootstrap=50)
    shown = json.loads(json.dumps(of(database, view, settings).to_json()))
    words = shlex.split(command(view, ANN, view.settings(settings)))
    assert words[:4] == ["python", "-m", "elo", "recompute"]
    arguments = [str(folder / word) if word == "votes.jsonl" else word for word in words[3:]]
    assert elo_main([*arguments, "--json", str(tmp_path / "out.json")]) == 0
    recomputed = json.loads((tmp_path / "out.json").read_text())
    assert {name: shown[name] for name in recomputed} == recomputed | {"unrated": shown["unrated"]}
    assert "Dew Finch" in shown["unrated"], "an export does not know the models without votes"
    assert 3 <= shown["votes"] < 330
    assert shown["n_excluded"] <= sum(shown["excluded"].values())


@pytest.mark.parametrize(
    "options",
    [
        {"method": "elo", "k": 20.0},
        {"weights": "draw", "half_life_days": 2.5, "cluster": "voter"},
        {"gauge": "anchor", "anchor": ("Fen Quill=1200",), "simultaneous": True},
        {"control": ("side", "speed", "column:n_turns"), "ridge": 0.5},
    ],
    ids=lambda options: "-".join(options),
)
def test_other_settings_of_the_arena_give_the_same_numbers_too(
    house: tuple[Database, Path], tmp_path: Path, options: dict[str, Any]
) -> None:
    database, folder = house
    view, settings = view_of("language=ko&until=2026-01-22"), Settings(bootstrap=50, **options)
    shown = json.loads(json.dumps(of(database, view, settings).to_json()))
    words = shlex.split(command(view, ANN, settings))
    arguments = [str(folder / word) if word == "votes.jsonl" else word for word in words[3:]]
    assert elo_main([*arguments, "--json", str(tmp_path / "out.json")]) == 0
    recomputed = json.loads((tmp_path / "out.json").read_text())
    assert (shown["models"], shown["settings"]) == (recomputed["models"], recomputed["settings"])


def test_too_few_votes_and_settings_that_do_not_fit_are_refused_with_numbers(house: tuple[Database, Path]) -> None:
    database, _ = house
    with pytest.raises(TooFewVotesError) as error:
        of(database, view_of("language=xx"))
    assert (error.value.n, error.value.least) == (0, limits.FILTERED_BOARD_VOTES)
    with pytest.raises(NoRatingsError, match="bootstrap"):
        of(database, view_of("style=1"), Settings(interval="bootstrap"))


def test_style_that_cannot_be_told_apart_is_the_reason_that_the_page_gives(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_bold(rng: random.Random) -> str:
        return "word " * rng.randint(1, 90) + "\n- **item**\n" * rng.randint(0, 4)

    monkeypatch.setattr(f"{__name__}._text", always_bold)
    store(database, 60, only=BattleKind.BATTLE)
    standings = Standings(database, USUAL)
    service = Boards(database, standings, SimpleNamespace(states=dict), USUAL, clock=lambda: 1.0)
    with pytest.raises(Refusal, match="style_collinear"):
        asyncio.run(service.newest(view_of("style=1")))
    assert asyncio.run(service.newest(view_of("since=2026-01-01"))).leaderboard.rows


def test_votes_of_a_campaign_and_of_other_readers_are_on_no_board_but_their_own(house: tuple[Database, Path]) -> None:
    database, _ = house
    kept = boards(database)

    async def scenario() -> None:
        mine = await kept.board(View(is_mine=True, kind="both"), ANN, "ann")
        with pytest.raises(TooFewVotesError):
            await kept.board(View(is_mine=True, kind="both"), "somebody else", "bo")
        assert kept.kept(View(is_mine=True, kind="both"), ANN) is mine
        assert kept.kept(View(is_mine=True, kind="both"), "somebody else") is None
        all_votes = await kept.board(View(kind="both"), ANN, "ann")
        assert await kept.board(View(kind="both", sort="votes", find="lark"), None, "bo") is all_votes

    asyncio.run(scenario())


def test_a_view_is_computed_once_for_all_who_ask_and_again_after_a_vote(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, 40, only=BattleKind.BATTLE)
    now = [1000.0]
    kept = boards(database, clock=lambda: now[0])
    monkeypatch.setattr("arena.standings.filtered._SHARE", 1e9)

    async def scenario() -> None:
        view = View(is_decisive=True)
        first, second = await asyncio.gather(kept.board(view, None, "a"), kept.board(view, None, "b"))
        assert first is second
        assert await kept.board(view, None, "a") is first
        with database.write() as tx:
            _vote(tx, 41, None, random.Random(1))
        now[0] += 1
        assert (await kept.board(view, None, "a")).revision == first.revision + 1
        monkeypatch.setattr("arena.standings.filtered._SHARE", 1e-9)
        with database.write() as tx:
            _vote(tx, 42, None, random.Random(1))
        later = await kept.board(view, None, "a")
        assert later.revision == first.revision + 1, "computing it again so soon would take too much of the time"

    asyncio.run(scenario())


def test_a_flood_of_filters_is_refused_and_others_still_get_their_board(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, 30, only=BattleKind.BATTLE)
    now, go = [1000.0], threading.Event()
    kept = boards(database, clock=lambda: now[0])
    compute, running, most = kept._compute, [0], [0]

    def slow(view: View, visitor: str | None) -> Board:
        running[0] += 1
        most[0] = max(most[0], running[0])
        go.wait(60)
        running[0] -= 1
        return compute(view, visitor)

    monkeypatch.setattr(kept, "_compute", slow)

    async def scenario() -> None:
        def ask(chars: int, sender: str) -> "asyncio.Task[Board]":
            return asyncio.create_task(kept.board(View(chars=f"-{chars}"), None, sender))

        flood = [ask(9000 + number, "flood") for number in range(limits.FILTERED_BOARDS_OF_ONE)]
        await until(lambda: kept._waiting["flood"] == limits.FILTERED_BOARDS_OF_ONE)
        with pytest.raises(BoardsBusyError):
            await ask(8000, "flood")
        other = ask(7000, "other")
        await until(lambda: kept._waiting["other"] == 1)
        go.set()
        assert (await other).n_counted
        await asyncio.gather(*flood)
        assert most[0] == 1, "one at a time"
        for number in range(limits.FILTERED_BOARDS_A_MINUTE - limits.FILTERED_BOARDS_OF_ONE):
            await ask(5000 + number, "flood")
        with pytest.raises(TooManyBoardsError) as error:
            await ask(4999, "flood")
        assert (error.value.limit, error.value.wait_s) == (limits.FILTERED_BOARDS_A_MINUTE, 60.0)
        await ask(5000, "flood")  # is known
        now[0] += 61
        await ask(4999, "flood")
        await asyncio.sleep(0)
        assert not kept._waiting
        assert not kept._running

    asyncio.run(scenario())
