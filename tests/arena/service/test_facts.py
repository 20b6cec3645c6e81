"""Which votes count, from what two players write to the verdict; the rules alone are tested with the ledger."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from arena.players.endpoint import Broken, Finish, TimedOut
from arena.rounds.attempt import CANCELLED
from arena.rounds.views import BattleView
from arena.service import Outcome
from db import queries
from db.codes import Kind, Side, State
from db.queries import NewBattle
from tests.arena.service.house import NAMES, House, battle, refused, run, started, watch
from tests.waiting import until

VERDICTS: list[tuple[str, Any, Outcome, list[str], str | None]] = [
    ("good", ["x" * 150], Outcome.A, [], None),
    ("failed", ["half", Broken("cut")], Outcome.A, ["failed_side"], "wont_count_failed_side"),
    ("cut", ["y", Finish("length", 1, 1, None, 1.0, 2.0)], Outcome.B, [], None),
    ("leak", ["I am Wren Sol."], Outcome.BOTH_BAD, ["identity_leak"], None),
    ("claim", ["I am ChatGPT."], Outcome.TIE, ["identity_leak"], None),
]


@pytest.mark.parametrize(("name", "script", "outcome", "reasons", "notice"), VERDICTS, ids=[v[0] for v in VERDICTS])
def test_a_vote_says_at_once_whether_it_counts(
    house: House, name: str, script: Any, outcome: Outcome, reasons: list[str], notice: str | None
) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = (script,)
        arena = await started(house)
        battle_id = await battle(arena)
        assert (await arena.view("visitor", battle_id)).notice == notice
        reveal = await arena.vote("visitor", battle_id, outcome)
        assert (list(reveal.reasons), reveal.is_counted) == (reasons, not reasons)
        board = await arena.leaderboard()
        assert board.n_counted == (not reasons)
        assert dict(board.exclusions) == dict.fromkeys(reasons, 1)
        assert (reveal.a.rating_after == reveal.a.rating_before) == (bool(reasons) or outcome.score == 0.5)

    run(main())


def test_identical_answers_count_as_a_tie_only(house: House) -> None:
    async def main() -> None:
        house.script(["the same"])
        arena = await started(house)
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ("identical_answers",)
        assert (await arena.vote("visitor", await battle(arena), Outcome.TIE)).reasons == ()

    run(main())


@pytest.mark.parametrize(("n_chars", "reasons"), [(99, ("stopped",)), (100, ())])
def test_a_stop_before_a_hundred_characters_does_not_count(house: House, n_chars: int, reasons: tuple[str]) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = (["x" * n_chars, asyncio.Event()],)
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        side = house.side_of(battle_id, "Wren Sol")

        other = "b" if side == "a" else "a"

        def view() -> BattleView:
            return arena._battles._live[battle_id].battle.view()

        await until(lambda: len(getattr(view(), side).text) == n_chars and getattr(view(), other).state == "done")
        await arena.stop("visitor", battle_id)
        last = await arena.view("visitor", battle_id)
        assert last.notice == ("wont_count_stopped" if reasons else None)
        assert getattr(last, side).state == "stopped"
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == reasons
        stored = house.record(battle_id).turns[0].shown(Side.parse(side))
        assert stored is not None
        assert (stored.finish_reason, len(stored.text)) == (CANCELLED, n_chars)

    run(main())


def test_a_retry_that_works_makes_the_vote_count(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = ([TimedOut("no token")], ["fine now"])
        arena = await started(house)
        battle_id = await battle(arena)
        side = house.side_of(battle_id, "Wren Sol")
        with refused("not_yet"):
            await arena.retry("visitor", battle_id, "b" if side == "a" else "a")
        await arena.retry("visitor", battle_id, side)
        assert house.record(battle_id).state is State.OPEN
        last = (await watch(arena, battle_id))[-1]
        assert (last.state, last.notice, getattr(last, side).text) == ("votable", None, "fine now")
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted
        attempts = [answer.error for answer in house.record(battle_id).turns[0].answers if answer.side.label == side]
        assert attempts == ["timed_out", None]

    run(main())


def test_votes_beyond_the_hour_s_number_are_kept_and_do_not_count(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"votes_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        reasons = [(await arena.vote("visitor", await battle(arena), Outcome.A)).reasons for _ in range(3)]
        assert reasons == [(), (), ("rate_limited",)]
        house.wall_s += 3601
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ()
        assert (await arena.leaderboard()).n_excluded == 1

    run(main())


def test_a_vote_without_reading_does_not_count_where_reading_takes_time(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"min_read_s": 5.0})

    async def main() -> None:
        arena = await started(house)
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ("rate_limited",)
        battle_id = await battle(arena)
        house.clock_s += 5
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == ()

    run(main())


def test_a_prompt_that_was_asked_with_names_shown_does_not_count(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        with house.database.write() as tx:
            named = NewBattle("visitor", *NAMES, settings=None, kind=Kind.NAMED, replica="main")
            queries.add_turn(tx, queries.open_battle(tx, named, now=house.wall_s - 3600), "Who is it?")
        assert (await arena.vote("visitor", await battle(arena, "Who is it?"), Outcome.A)).reasons == ("named_probe",)
        assert (await arena.vote("visitor", await battle(arena, "Else"), Outcome.A)).is_counted
        house.wall_s += 24 * 3600
        assert (await arena.vote("visitor", await battle(arena, "Who is it?"), Outcome.A)).is_counted

    run(main())


def test_a_banned_visitor_s_vote_is_stored_and_says_so(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        with house.database.write() as tx:
            queries.ban_visitor(tx, "visitor", reason="spam", now=house.wall_s)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert reveal.reasons == ("banned",)
        assert (await arena.view("visitor", battle_id)).reveal is not None

    run(main())
