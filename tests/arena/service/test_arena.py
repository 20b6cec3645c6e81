"""From a prompt to a changed leaderboard: which models are drawn, and what a visitor sees before and after the vote."""

import asyncio
import dataclasses
import threading
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from arena.players.events import Finish, Request, Thought, TimedOut, Token
from arena.rules.limits import WITHDRAW_WITHIN_S
from arena.service import Outcome
from arena.standings.rating import rated as rate_votes
from db import queries
from db.codes import State
from db.queries import BattleRecord
from tests.arena.service.house import LONG, NAMES, House, battle, refused, run, started, watch
from tests.fakes import ScriptedPlayer
from tests.waiting import until


def test_a_prompt_becomes_a_battle_a_vote_and_a_moved_leaderboard(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert (await arena.boards.newest()).leaderboard.rows == ()
        battle_id = await battle(arena)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert {reveal.a.model, reveal.b.model} == set(NAMES)
        assert (reveal.is_counted, reveal.reasons, reveal.outcome) == (True, (), Outcome.A)
        assert (reveal.a.rating_before, reveal.a.rating_after, reveal.b.rating_after) == (1000.0, 1016.0, 984.0)
        assert (reveal.a.n_tokens, reveal.a.ttft_ms, reveal.a.tokens_per_s) == (2, 10.0, 50.0)
        board = await arena.boards.newest()
        assert [row.model for row in board.leaderboard.rows] == [reveal.a.model, reveal.b.model]
        assert (board.n_counted, board.revision) == (1, 1)
        assert (reveal.a.rank, reveal.a.rank_worst) == (1, board.leaderboard.rows[0].rank_worst)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.can_vote, view.can_send) == ("voted", False, False)
        assert view.reveal == dataclasses.replace(reveal, can_withdraw_s=WITHDRAW_WITHIN_S)

    run(main())


def test_the_battle_is_written_before_any_token_is_asked_for(house: House) -> None:
    seen: list[BattleRecord] = []

    class Watchful(ScriptedPlayer):
        async def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
            current = house.read(lambda tx: queries.current_battle(tx, "visitor"))
            seen.append(house.record(current))
            async for event in super().stream(request):
                yield event

    async def main() -> None:
        for name in NAMES:
            house.players.streams[name] = Watchful(["x" * 150])
        arena = await started(house)
        battle_id = await battle(arena)
        await arena.send("visitor", battle_id, "more")
        await watch(arena, battle_id)

    run(main())
    assert [(one.state, [turn.prompt for turn in one.turns]) for one in seen] == [
        (State.OPEN, ["Hi"]),
        (State.OPEN, ["Hi"]),
        (State.OPEN, ["Hi", "more"]),
        (State.OPEN, ["Hi", "more"]),
    ]


def test_each_side_goes_on_from_its_own_answers_over_turns(house: House) -> None:
    async def main() -> None:
        for number, name in enumerate(NAMES):
            house.streams[name].scripts = ([Thought("Let me see."), f"{number}: ", Thought("Hm."), LONG],)
        arena = await started(house)
        battle_id = await battle(arena, "one")
        assert await arena.send("visitor", battle_id, "two") == battle_id
        assert house.record(battle_id).state is State.OPEN
        last = (await watch(arena, battle_id))[-1]
        assert (last.state, last.prompt, len(last.turns)) == ("votable", "two", 1)
        for number, name in enumerate(NAMES):
            contents = [message.content for message in house.streams[name].requests[1].messages]
            assert contents == ["one", f"{number}: {LONG}", "two"], "what it thought is not sent back"
        await arena.vote("visitor", battle_id, Outcome.TIE)
        assert [turn.n for turn in house.record(battle_id).turns] == [1, 2]

    run(main())


def test_no_view_before_the_vote_names_a_model(house: House) -> None:
    async def main() -> None:
        sent = {"max_completion_tokens": 5120, "reasoning_effort": "low"}
        house.streams["Wren Sol"].scripts = (
            [Thought("a secret thought"), "half", TimedOut("Wren Sol is slow")],
            [Thought("a secret thought"), "whole", Finish("stop", 1, 1, "0123456789abcdef", 1.0, 2.0, sent)],
            [Thought("a secret thought"), "again", Finish("stop", 1, 1, "0123456789abcdef", 1.0, 2.0, sent)],
        )
        arena = await started(house)
        views = []
        battle_id = await arena.send("visitor", None, "Hi")
        views += await watch(arena, battle_id)
        assert views[-1].notice == "wont_count_failed_side"
        await arena.retry("visitor", battle_id, house.side_of(battle_id, "Wren Sol"))
        views += await watch(arena, battle_id)
        await arena.send("visitor", battle_id, "more")
        views += await watch(arena, battle_id)
        views.append(await arena.view("visitor", battle_id))
        record = house.record(battle_id)
        secrets = [*NAMES, "Bird", "0123456789abcdef", "127.0.0.1", "secret thought", *sent, "5120", "thoughts"]
        secrets += [str(answer.seed) for turn in record.turns for answer in turn.answers]
        seen = " ".join(map(repr, [*views, await arena.status()]))
        assert all(secret not in seen for secret in secrets)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert "Wren Sol" in repr(reveal)
        side = getattr(reveal, house.side_of(battle_id, "Wren Sol"))
        assert side.thoughts == ("a secret thought", "a secret thought")
        assert side.not_sent == ("temperature", "top_p", "seed", "stream", "stream_options")
        assert dict(side.sent_otherwise) == sent_as_told(sent)

    run(main())


def sent_as_told(sent: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in sent.items()}


def test_names_leave_only_when_the_vote_is_committed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        commit_begins, may_commit = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        cast_vote = queries.cast_vote

        def slow(*args: Any, **options: Any) -> Any:
            result = cast_vote(*args, **options)
            loop.call_soon_threadsafe(commit_begins.set)
            asyncio.run_coroutine_threadsafe(may_commit.wait(), loop).result()
            return result

        monkeypatch.setattr(queries, "cast_vote", slow)
        voting = asyncio.create_task(arena.vote("visitor", battle_id, Outcome.A))
        await commit_begins.wait()
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.reveal) == ("votable", None)
        may_commit.set()
        assert (await voting).a.model in NAMES

    run(main())


def test_a_vote_is_withdrawn_within_a_minute_and_never_after(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        first, second = await battle(arena), await battle(arena)
        assert (await arena.vote("visitor", first, Outcome.A)).can_withdraw_s == WITHDRAW_WITHIN_S
        house.wall_s += 59
        assert (await arena.view("visitor", first)).reveal.can_withdraw_s == 1  # type: ignore[union-attr]
        reveal = await arena.withdraw("visitor", first)
        assert (reveal.is_counted, reveal.reasons, reveal.can_withdraw_s) == (False, ("withdrawn",), 0)
        assert reveal.a.rating_after == reveal.a.rating_before
        assert (reveal.a.rank, reveal.a.rank_worst) == (None, None), "the vote was the model's only one"
        assert await arena.withdraw("visitor", first) == reveal
        board = await arena.boards.newest()
        assert (board.n_counted, dict(board.exclusions)) == (0, {"withdrawn": 1})
        await arena.vote("visitor", second, Outcome.A)
        house.wall_s += 60
        with refused("too_late", limit_s=60.0):
            await arena.withdraw("visitor", second)

    run(main())


def test_after_a_withdrawal_the_ranks_are_those_without_the_vote(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        for _ in range(8):  # enough to separate the intervals of the two models
            first = await battle(arena)
            await arena.vote("visitor", first, Outcome.A if house.side_of(first, NAMES[0]) == "a" else Outcome.B)
        parted = await arena.boards.newest()
        last = await battle(arena)
        before = await arena.vote("visitor", last, Outcome.B if house.side_of(last, NAMES[0]) == "a" else Outcome.A)
        shown = await arena.withdraw("visitor", last)
        for side, old in ((shown.a, before.a), (shown.b, before.b)):
            row = parted.row(side.model)
            assert row is not None
            assert (side.rank, side.rank_worst) == (row.rank, row.rank_worst)
            assert (side.rank, side.rank_worst) != (old.rank, old.rank_worst)

    run(main())


def test_the_status_counts_stored_and_counted_votes_apart(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        await arena.vote("visitor", await battle(arena), Outcome.A)
        taken_back = await battle(arena)
        await arena.vote("visitor", taken_back, Outcome.A)
        await arena.withdraw("visitor", taken_back)
        status = await arena.status()
        assert (status.n_votes, status.n_counted) == (2, 1)
        assert status.n_counted == (await arena.boards.newest()).n_counted

    run(main())


def test_a_prompt_without_models_is_held_and_taken_once(house: House) -> None:
    async def main() -> None:
        arena = await started(house, abandon_after_s=60)
        with refused("prompt_empty"):
            arena.prompts.hold("visitor", "  ")
        held = arena.prompts.hold("visitor", " Hi ")
        assert held.text == "Hi"
        assert arena.prompts.held("visitor") is held
        assert arena.prompts.held("somebody else") is None
        assert arena.prompts.let_go("visitor") is held
        assert arena.prompts.let_go("visitor") is None
        arena.prompts.hold("visitor", "Hi")
        house.clock_s += 61
        assert arena.prompts.held("visitor") is None, "no page waited for it any more"

    run(main())


def test_a_model_that_cannot_be_loaded_is_not_listed_unless_it_is_rated(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        house.players.state["Wren Sol"] = "down"
        assert (await arena.boards.newest()).leaderboard.unrated == ("Moss Tarn", "Wren Sol")
        house.players.state["Wren Sol"] = "failed"
        assert (await arena.boards.newest()).leaderboard.unrated == ("Moss Tarn",)
        house.players.state["Wren Sol"] = "ready"
        await arena.vote("visitor", await battle(arena), Outcome.A)
        house.players.state["Wren Sol"] = "failed"
        assert (await arena.boards.newest()).row("Wren Sol") is not None

    run(main())


def test_every_pair_is_drawn_in_both_orders(tmp_path: Path) -> None:
    names = ("Wren Sol", "Moss Tarn", "Fen Quill")
    house = House(tmp_path, names)

    async def main() -> Counter[tuple[str, str | None]]:
        arena = await started(house)
        drawn = []
        for number in range(36):
            battle_id = await arena.send(f"visitor {number}", None, "Hi")
            record = house.record(battle_id)
            drawn.append((record.model_a, record.model_b))
            assert record.draw_probability == pytest.approx(1 / 6)
        await arena.close()
        return Counter(drawn)

    assert len(run(main())) == 6


def test_a_board_that_fails_is_a_refusal_and_votes_go_on(tmp_path: Path) -> None:
    house = House(tmp_path, elo={"prior": 0.0})

    async def main() -> None:
        arena = await started(house)
        reveal = await arena.vote("visitor", await battle(arena), Outcome.A)
        assert (reveal.is_counted, reveal.a.rank) == (True, None)
        with refused("no_ratings"):
            await arena.boards.newest()

    run(main())


def test_a_reveal_shows_who_made_the_model_and_where_the_board_puts_it(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        reveal = await arena.vote("visitor", await battle(arena), Outcome.A)
        row = (await arena.boards.newest()).row(reveal.a.model)
        assert row is not None
        assert (reveal.a.rating, reveal.a.low, reveal.a.high) == (row.rating, row.low, row.high)
        assert (reveal.a.organisation, reveal.a.licence, reveal.a.parameters) == ("This project", "Apache-2.0", 15)
        assert (reveal.expected_a, reveal.is_board_older) == (0.5, False)

    run(main())


def test_a_reveal_without_any_board_still_says_who_made_the_models(tmp_path: Path) -> None:
    house = House(tmp_path, elo={"prior": 0})

    async def main() -> None:
        arena = await started(house)
        reveal = await arena.vote("visitor", await battle(arena), Outcome.A)
        assert (reveal.has_board, reveal.a.rating) == (False, None)
        for side in (reveal.a, reveal.b):
            assert (side.organisation, side.licence, side.parameters) == ("This project", "Apache-2.0", 15)

    run(main())


def test_a_reveal_does_not_wait_for_a_slow_board_and_shows_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, may_go_on = House(tmp_path), threading.Event()

    def slow(*args: Any, **options: Any) -> Any:
        assert may_go_on.wait(10)
        return rate_votes(*args, **options)

    async def main() -> None:
        arena = await started(house)
        first, second = await battle(arena), await battle(arena)
        before = await arena.vote("visitor", first, Outcome.A)
        monkeypatch.setattr("arena.rules.limits.REVEAL_WAIT_S", 0.05)
        monkeypatch.setattr("arena.standings.official.rated", slow)
        reveal = await arena.vote("visitor", second, Outcome.A)
        rated = {one.model: one.rating for one in (reveal.a, reveal.b)}
        assert rated == {one.model: one.rating for one in (before.a, before.b)}
        assert (reveal.is_counted, reveal.has_board, reveal.is_board_older) == (True, True, True)
        may_go_on.set()
        board = await arena.boards.newest()
        assert board.n_counted == 2
        await until(lambda: not arena._battles._ranks._asked)
        later = (await arena.view("visitor", second)).reveal
        assert later is not None
        assert (later.has_board, later.is_board_older) == (True, False)
        assert {one.model: one.rating for one in (later.a, later.b)} == {
            row.model: row.rating for row in board.leaderboard.rows
        }
        await arena.close()

    run(main())
