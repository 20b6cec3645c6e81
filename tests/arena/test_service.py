"""The arena on a real SQLite file with scripted players; pages' waits are 2 ms, the wall clock is the test's."""

import asyncio
import dataclasses
import random
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from arena.players.endpoint import Broken, Endpoint, Finish, Patience, Request, TimedOut, Token
from arena.players.health import Health
from arena.players.roster import Roster
from arena.rounds.battle import CANCELLED, Timing
from arena.rounds.views import BattleView
from arena.rules import ledger, limits
from arena.service import HOUSEKEEPING_EVERY_S, KEEP_IDLE_S, WITHDRAW_WITHIN_S, Arena, Outcome, Refusal, online_elo
from arena.settings import Settings, load
from db import queries
from db.codes import Kind, Policy, Side, State
from db.errors import StorageFailed
from db.queries import BattleRecord, NewBattle
from db.session import Database, open_database
from tests.fakes import Script, ScriptedEndpoint, ScriptedPlayer, ScriptedPlayers
from tests.waiting import until

NAMES = ("Wren Sol", "Moss Tarn")
LONG = "A long answer, written word by word. " * 4
TICK_S = 0.002


class House:
    """One database, one roster, and as many arenas after each other as the test starts."""

    def __init__(self, folder: Path, names: tuple[str, ...] = NAMES, **sections: dict[str, Any]) -> None:
        toml: dict[str, Any] = {"battle": {"pace": "free", **sections.pop("battle", {})}, **sections}
        toml["models"] = [{"name": name, "base_url": "http://127.0.0.1:9/v1", "family": "Bird"} for name in names]
        self.settings: Settings = load(toml, {})
        self.roster = Roster(self.settings.models)
        self.database: Database = open_database(f"sqlite:///{folder / 'arena.sqlite'}")
        self.streams = {name: ScriptedPlayer([f"{number}: ", LONG]) for number, name in enumerate(names)}
        self.players = ScriptedPlayers(self.roster, self.streams)
        self.wall_s = 1_000_000.0
        self.clock_s = 0.0

    def arena(self, *, abandon_after_s: float = 60.0) -> Arena:
        def clock() -> float:
            return asyncio.get_running_loop().time() + self.clock_s

        return Arena(
            self.settings,
            self.roster,
            self.database,
            self.players,
            rng=random.Random(1),
            wall_clock=lambda: self.wall_s,
            timing=Timing(abandon_after_s=abandon_after_s, tick_s=TICK_S, heartbeat_s=0.05, clock=clock),
        )

    def record(self, battle_id: str) -> BattleRecord:
        with self.database.read() as tx:
            return queries.get_battle(tx, battle_id)

    def read(self, query: Callable[[Connection], Any]) -> Any:
        with self.database.read() as tx:
            return query(tx)

    def script(self, *scripts: Any) -> None:
        """The same for every player."""
        for name in self.streams:
            self.streams[name] = self.players.streams[name] = ScriptedPlayer(*scripts)

    def side_of(self, battle_id: str, name: str) -> Any:
        return "a" if self.record(battle_id).model_a == name else "b"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 120))


async def watch(arena: Arena, battle_id: str, visitor: str = "visitor") -> list[BattleView]:
    return [view async for view in arena.follow(visitor, battle_id)]


async def battle(arena: Arena, text: str = "Hi", visitor: str = "visitor") -> str:
    """A battle whose answers are in."""
    battle_id = await arena.send(visitor, None, text)
    await watch(arena, battle_id, visitor)
    return battle_id


async def started(house: House, **options: Any) -> Arena:
    arena = house.arena(**options)
    await arena.start()
    return arena


@contextmanager
def refused(key: str, **numbers: float) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert (caught.value.key, dict(caught.value.numbers)) == (key, numbers)


# The way of a prompt


def test_a_prompt_becomes_a_battle_a_vote_and_a_moved_leaderboard(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert (await arena.leaderboard()).leaderboard.rows == ()
        battle_id = await battle(arena)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert {reveal.a.model, reveal.b.model} == set(NAMES)
        assert (reveal.is_counted, reveal.reasons, reveal.outcome) == (True, (), Outcome.A)
        assert (reveal.a.rating_before, reveal.a.rating_after, reveal.b.rating_after) == (1000.0, 1016.0, 984.0)
        assert (reveal.a.n_tokens, reveal.a.ttft_ms, reveal.a.tokens_per_s) == (2, 10.0, 50.0)
        board = await arena.leaderboard()
        assert [row.model for row in board.leaderboard.rows] == [reveal.a.model, reveal.b.model]
        assert (board.n_counted, board.revision) == (1, 1)
        assert (reveal.a.rank, reveal.a.rank_worst) == (1, board.rank_worst(reveal.a.model))
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.can_vote, view.can_send) == ("voted", False, False)
        assert view.reveal == dataclasses.replace(reveal, can_withdraw_s=WITHDRAW_WITHIN_S)

    run(main())


def test_the_battle_is_written_before_any_token_is_asked_for(house: House) -> None:
    seen: list[BattleRecord] = []

    class Watchful(ScriptedPlayer):
        async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
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


def test_everything_of_a_battle_is_stored(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"system_prompt": "Be kind.", "temperature": 0.3, "top_p": 0.8, "max_tokens": 99})

    async def main() -> str:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "  Hi \n", address="hmac", language="ko")
        await watch(arena, battle_id)
        return battle_id

    record = house.record(run(main()))
    assert (record.visitor, record.kind, record.state, record.language) == ("visitor", Kind.BATTLE, State.VOTABLE, "ko")
    assert record.settings == queries.BattleSettings("Be kind.", 0.3, 0.8, 99, "free")
    assert (record.draw_probability, record.policy) == (0.5, Policy.UNIFORM)
    (turn,) = record.turns
    assert turn.prompt == "Hi"
    a, b = turn.answers
    assert a.seed != b.seed
    for answer, name in ((a, record.model_a), (b, record.model_b)):
        assert answer.text == f"{NAMES.index(str(name))}: {LONG}"
        (request,) = house.streams[str(name)].requests
        assert answer.seed == request.seed
        stored = (
            answer.finish_reason,
            answer.prompt_tokens,
            answer.completion_tokens,
            answer.fingerprint,
            answer.error,
        )
        assert stored == ("stop", 7, 2, "0123456789abcdef", None)
        assert (answer.ttft_ms, answer.duration_ms) == (10.0, 30.0)
    first, second = (house.streams[name].requests[0] for name in NAMES)
    assert dataclasses.replace(first, seed=0) == dataclasses.replace(second, seed=0)
    assert (first.temperature, first.top_p, first.max_tokens) == (0.3, 0.8, 99)
    assert house.read(lambda tx: queries.count_recent(tx, visitor="", address="hmac", since=0)).address_battles == 1


def test_each_side_goes_on_from_its_own_answers_over_turns(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena, "one")
        assert await arena.send("visitor", battle_id, "two") == battle_id
        assert house.record(battle_id).state is State.OPEN
        last = (await watch(arena, battle_id))[-1]
        assert (last.state, last.prompt, len(last.turns)) == ("votable", "two", 1)
        for number, name in enumerate(NAMES):
            contents = [message.content for message in house.streams[name].requests[1].messages]
            assert contents == ["one", f"{number}: {LONG}", "two"]
        await arena.vote("visitor", battle_id, Outcome.TIE)
        assert [turn.n for turn in house.record(battle_id).turns] == [1, 2]

    run(main())


# Refusals


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_an_empty_prompt_is_refused(house: House, text: str) -> None:
    async def main() -> None:
        with refused("prompt_empty"):
            await house.arena().send("visitor", None, text)

    run(main())


@pytest.mark.parametrize("text", ["nul \0", "half \ud83d"])
def test_a_prompt_that_is_no_text_is_refused(house: House, text: str) -> None:
    async def main() -> None:
        with refused("prompt_not_text"):
            await house.arena().send("visitor", None, text)

    run(main())


def test_a_prompt_that_is_too_long_is_refused_with_the_limit_and_not_cut(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"max_prompt_chars": 10})

    async def main() -> None:
        arena = await started(house)
        with refused("prompt_too_long", length=11, limit=10):
            await arena.send("visitor", None, "12345678901")
        battle_id = await battle(arena, "1234567890")
        with refused("prompt_too_long", length=12, limit=10):
            await arena.send("visitor", battle_id, "123456789012")

    run(main())


def test_turns_have_a_limit(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"max_turns": 1})

    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        assert not (await arena.view("visitor", battle_id)).can_send
        with refused("too_many_turns", limit=1):
            await arena.send("visitor", battle_id, "more")

    run(main())


@pytest.mark.parametrize("names", [(), ("Wren Sol",)])
def test_too_few_models_for_a_battle_are_said_with_their_number(tmp_path: Path, names: tuple[str, ...]) -> None:
    house = House(tmp_path, names)

    async def main() -> None:
        arena = await started(house)
        with refused("too_few_models", n_ready=len(names), n_models=len(names)):
            await arena.send("visitor", None, "Hi")
        assert not (await arena.status()).can_battle

    run(main())


def test_models_that_are_being_loaded_are_told_from_models_that_do_not_answer(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        house.players.state["Wren Sol"] = "loading"
        with refused("models_loading", n_ready=1, n_models=2):
            await arena.send("visitor", None, "Hi")
        status = await arena.status()
        assert (status.n_models, status.n_ready, status.n_loading, status.n_votes) == (2, 1, 1, 0)
        house.players.state["Wren Sol"] = "down"
        with refused("too_few_models", n_ready=1, n_models=2):
            await arena.send("visitor", None, "Hi")
        house.players.state["Wren Sol"] = "ready"
        assert await battle(arena)

    run(main())


def test_battles_are_limited_by_the_hour_for_visitor_and_address(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"battles_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        for _ in range(2):
            await battle(arena)
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await arena.send("visitor", None, "Hi")
        for number in range(2 * limits.ADDRESS_FACTOR):
            await arena.leave(f"other {number}", await arena.send(f"other {number}", None, "Hi", address="office"))
        with refused("rate_limited", n=20, limit=20, window_s=3600.0):
            await arena.send("a new one", None, "Hi", address="office")
        await arena.send("a new one", None, "Hi", address="elsewhere")
        house.wall_s += 3601
        await battle(arena)
        await arena.close()

    run(main())


def test_a_visitor_has_three_battles_written_at_a_time(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        running = [await arena.send("visitor", None, "Hi") for _ in range(limits.MAX_RUNNING)]
        with refused("busy", n_running=3, limit=3):
            await arena.send("visitor", None, "Hi")
        assert await arena.send("other", None, "Hi")
        await arena.leave("visitor", running[0])
        assert await arena.send("visitor", None, "Hi")
        await arena.close()

    run(main())


def test_battles_begun_at_the_same_moment_are_counted_too(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        results = await asyncio.gather(*(arena.send("visitor", None, "Hi") for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == limits.MAX_RUNNING
        await arena.close()

    run(main())


def test_a_battle_is_nobody_else_s(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        for call in (
            lambda: arena.view("thief", battle_id),
            lambda: arena.vote("thief", battle_id, Outcome.A),
            lambda: arena.send("thief", battle_id, "Hi"),
            lambda: arena.stop("thief", battle_id),
            lambda: arena.retry("thief", battle_id, "a"),
            lambda: arena.leave("thief", battle_id),
            lambda: arena.withdraw("thief", battle_id),
            lambda: watch(arena, battle_id, "thief"),
            lambda: arena.view("visitor", "0" * 32),
            lambda: arena.view("visitor", "'; drop table votes"),
        ):
            with refused("battle_not_found"):
                await call()
        assert await arena.current("thief") is None

    run(main())


def test_steps_that_do_not_fit_the_moment_are_refused(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        with refused("not_yet"):
            await arena.vote("visitor", battle_id, Outcome.A)
        with refused("not_yet"):
            await arena.send("visitor", battle_id, "more")
        with refused("not_yet"):
            await arena.retry("visitor", battle_id, "a")
        with refused("not_yet"):
            await arena.withdraw("visitor", battle_id)
        await arena.stop("visitor", battle_id)
        with refused("not_yet"):
            await arena.stop("visitor", battle_id)
        with refused("not_yet"):  # nothing was written: there is nothing to go on from
            await arena.send("visitor", battle_id, "more")
        await arena.leave("visitor", battle_id)
        for call in (arena.vote("visitor", battle_id, Outcome.A), arena.send("visitor", battle_id, "more")):
            with refused("battle_void"):
                await call

    run(main())


# Blindness


def test_nothing_that_names_a_model_is_in_any_view_before_the_vote(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = (["half", TimedOut("Wren Sol is slow")], ["whole"], ["again"])
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
        secrets = [*NAMES, "Bird", "0123456789abcdef", "127.0.0.1"]
        secrets += [str(answer.seed) for turn in record.turns for answer in turn.answers]
        told = " ".join(map(repr, [*views, await arena.status()]))
        assert all(secret not in told for secret in secrets)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert "Wren Sol" in repr(reveal)

    run(main())


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


# Votes


def test_fifty_votes_at_once_are_one(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        outcomes = [list(Outcome)[number % 4] for number in range(50)]
        results = await asyncio.gather(
            *(arena.vote("visitor", battle_id, outcome) for outcome in outcomes), return_exceptions=True
        )
        stored = house.record(battle_id).vote
        assert stored is not None
        for outcome, result in zip(outcomes, results, strict=True):
            if outcome is stored.outcome:
                assert not isinstance(result, BaseException)
                assert result.outcome is outcome
            else:
                assert isinstance(result, Refusal)
                assert result.key == "already_voted"
        totals = house.read(lambda tx: queries.vote_totals(tx, None))
        assert totals.counted + totals.excluded == 1
        assert (await arena.status()).n_votes == 1

    run(main())


def test_two_arenas_on_one_database_store_one_vote(house: House) -> None:
    """The second process does not know of the first one's vote: the database decides."""

    async def main() -> None:
        first = await started(house)
        battle_id = await battle(first)
        second = house.arena()
        assert (await second.view("visitor", battle_id)).can_vote
        reveal = await first.vote("visitor", battle_id, Outcome.B)
        with refused("already_voted"):
            await second.vote("visitor", battle_id, Outcome.A)
        again = await second.vote("visitor", battle_id, Outcome.B)
        assert again.a.model == reveal.a.model
        third = house.arena()
        await third.view("visitor", battle_id)
        with refused("already_voted"):
            await third.send("visitor", battle_id, "more")

    run(main())


def test_a_step_on_a_battle_that_another_process_ended_says_how_it_ended(house: House) -> None:
    async def main() -> None:
        first = await started(house)
        for end, key in (("vote", "already_voted"), ("leave", "battle_void")):
            battle_id = await battle(first)
            second = house.arena()
            await second.view("visitor", battle_id)
            await (first.vote("visitor", battle_id, Outcome.A) if end == "vote" else first.leave("visitor", battle_id))
            with refused(key):
                await second.send("visitor", battle_id, "more")
            assert (await second.view("visitor", battle_id)).state == ("voted" if end == "vote" else "void")

    run(main())


def test_a_vote_that_cannot_be_stored_changes_nothing_and_can_be_cast_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)

        def full(*args: Any, **options: Any) -> None:
            raise StorageFailed("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(queries, "cast_vote", full)
            with refused("not_stored"):
                await arena.vote("visitor", battle_id, Outcome.A)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.can_vote, view.reveal) == ("votable", True, None)
        assert house.record(battle_id).vote is None
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted

    run(main())


def test_a_battle_that_cannot_be_stored_asks_no_model(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(house)

        def full(*args: Any, **options: Any) -> None:
            raise StorageFailed("disk full")

        monkeypatch.setattr(queries, "open_battle", full)
        with refused("not_stored"):
            await arena.send("visitor", None, "Hi")
        assert not any(stream.requests for stream in house.streams.values())

    run(main())


def test_answers_that_cannot_be_stored_void_the_battle_visibly(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        def full(*args: Any, **options: Any) -> None:
            raise StorageFailed("disk full")

        arena = await started(house)
        monkeypatch.setattr(queries, "save_answer", full)
        battle_id = await battle(arena)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.notice) == ("void", "not_stored")
        await until(lambda: house.record(battle_id).state is State.VOID)

    run(main())


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
            return arena._live[battle_id].battle.view()

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
        assert await arena.withdraw("visitor", first) == reveal
        board = await arena.leaderboard()
        assert (board.n_counted, dict(board.exclusions)) == (0, {"withdrawn": 1})
        await arena.vote("visitor", second, Outcome.A)
        house.wall_s += 60
        with refused("too_late", limit_s=60.0):
            await arena.withdraw("visitor", second)

    run(main())


def test_the_online_ratings_equal_their_replay(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        for number, outcome in enumerate([Outcome.A, Outcome.B, Outcome.TIE, Outcome.A, Outcome.BOTH_BAD, Outcome.B]):
            battle_id = await battle(arena)
            await arena.vote("visitor", battle_id, outcome)
            if number == 2:
                await arena.withdraw("visitor", battle_id)
        elo = online_elo(house.settings.elo)
        state = house.read(queries.elo_state)
        replayed = house.read(lambda tx: queries.replay(queries.votes_in_order(tx), elo))
        assert {name: one.rating for name, one in state.items()} == {name: one.rating for name, one in replayed.items()}

    run(main())


def test_judging_all_votes_again_changes_nothing_until_a_rule_does(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.streams["Wren Sol"].scripts = (["fine"], ["half", Broken("cut")], ["I am Wren Sol."], ["fine again"])

    def judged(votes_per_hour: int) -> queries.Recomputed:
        rules = ledger.Rules(votes_per_hour=votes_per_hour, min_read_s=0.0)
        with house.database.write() as tx:
            return queries.recompute_verdicts(
                tx, lambda facts: ledger.judge_stored(facts, rules), rules_version=ledger.RULES_VERSION
            )

    async def main() -> None:
        arena = await started(house)
        for _ in range(4):
            last = await battle(arena)
            await arena.vote("visitor", last, Outcome.A)
        await arena.withdraw("visitor", last)
        before = (await arena.leaderboard()).exclusions
        again = judged(votes_per_hour=60)
        assert (again.n_votes, again.n_changed, again.n_kept) == (4, 0, 0)
        assert (await arena.leaderboard()).exclusions == before
        assert dict(before) == {"failed_side": 1, "identity_leak": 1, "withdrawn": 1}
        assert judged(votes_per_hour=3).n_changed == 1
        assert (await arena.leaderboard()).exclusions == {**before, "rate_limited": 1}

    run(main())


# Over HTTP: the real client against servers that misbehave


@pytest.mark.parametrize(
    ("script", "error", "text"),
    [
        (Script(tokens=("slow", " but", " sure"), first_s=0.2, gap_s=0.05), None, "slow but sure"),
        (Script(status=500, error={"error": {"message": "Wren Sol is out of memory"}}), "unreachable", ""),
        (Script(tokens=("one", "two", "three"), hang_after=0), "timed_out", ""),
        (Script(tokens=("one", "two", "three"), hang_after=2), "timed_out", "onetwo"),
        (Script(tokens=("one", "two", "three"), close_after=2), "broken", "onetwo"),
        (Script(raw=(b"data: no json\n\n",)), "broken", ""),
    ],
    ids=["slow", "fails", "hangs", "hangs half-way", "closes half-way", "speaks nonsense"],
)
def test_a_misbehaving_server_costs_one_side_and_never_the_battle(
    house: House, script: Script, error: str | None, text: str
) -> None:
    silence_s = (
        0.4 if error == "timed_out" else 60.0
    )  # short only where silence is the point: test machines can be busy
    impatient = Patience(first_token_timeout_s=silence_s, stall_timeout_s=silence_s, retries=1, backoff_s=0.01)

    async def main(bad: ScriptedEndpoint, good: ScriptedEndpoint) -> None:
        endpoints = {
            NAMES[0]: Endpoint([bad.base_url], NAMES[0], patience=impatient),
            NAMES[1]: Endpoint([good.base_url], NAMES[1]),
        }
        health = Health(house.roster, endpoints, clock=lambda: 0.0)
        await health.check()
        house.players = health  # type: ignore[assignment]
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        views = await watch(arena, battle_id)
        side = house.side_of(battle_id, "Wren Sol")
        mine, other = (getattr(views[-1], one) for one in (side, "b" if side == "a" else "a"))
        assert (other.state, other.text) == ("done", "Hello there.")
        assert (mine.state, mine.text) == ("failed" if error else "done", text)
        assert "Wren Sol" not in repr(views)
        stored = house.record(battle_id).turns[0].shown(Side.parse(side))
        assert stored is not None
        assert stored.error == error
        reveal = await arena.vote("visitor", battle_id, Outcome.BOTH_BAD)
        assert reveal.reasons == (("failed_side",) if error else ())
        bodies = [{**server.received[0], "model": "", "seed": 0} for server in (bad, good)]
        assert bodies[0] == bodies[1]
        assert bad.received[0]["seed"] != good.received[0]["seed"]
        await arena.close()
        await health.aclose()

    with ScriptedEndpoint(script) as bad, ScriptedEndpoint(Script()) as good:
        run(main(bad, good))


def test_an_abandoned_battle_lets_the_server_go(house: House) -> None:
    async def main(one: ScriptedEndpoint, other: ScriptedEndpoint) -> None:
        endpoints = {name: Endpoint([server.base_url], name) for name, server in zip(NAMES, (one, other), strict=True)}
        health = Health(house.roster, endpoints)
        await health.check()
        house.players = health  # type: ignore[assignment]
        arena = await started(house, abandon_after_s=0.1)
        battle_id = await arena.send("visitor", None, "Hi")
        async with aclosing(arena.follow("visitor", battle_id)) as page:
            async for view in page:
                if view.a.text and view.b.text:
                    break
        for server in (one, other):
            assert await asyncio.to_thread(server.client_left.wait, 30)
        await until(lambda: house.record(battle_id).state is State.VOID)
        await arena.close()
        await health.aclose()

    script = Script(tokens=("x", "y"), hang_after=1)
    with ScriptedEndpoint(script) as one, ScriptedEndpoint(script) as other:
        run(main(one, other))


# Pages come and go, processes too


def test_a_reload_finds_the_running_battle_and_a_second_tab_follows_it(house: House) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        house.script(["first ", gate, "second"])
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        async for view in arena.follow("visitor", battle_id):
            if view.a.text:
                break  # the page is gone
        assert await arena.current("visitor") == battle_id
        tabs = [asyncio.create_task(watch(arena, battle_id)) for _ in range(2)]
        await until(lambda: len(arena._live[battle_id].battle._watchers) == 2)
        gate.set()
        for tab in tabs:
            assert (await tab)[-1].b.text == "first second"

    run(main())


def test_the_current_battle_is_the_latest_that_waits_for_something(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert await arena.current("visitor") is None
        older, newer = await battle(arena), await battle(arena)
        assert await arena.current("visitor") == newer
        await arena.vote("visitor", newer, Outcome.A)
        assert await arena.current("visitor") == newer  # it can be withdrawn
        house.wall_s += 61
        assert await arena.current("visitor") == older
        await arena.leave("visitor", older)
        assert await arena.current("visitor") is None
        assert house.record(older).state is State.VOID
        last = await battle(arena)
        await arena.vote("visitor", last, Outcome.A)
        await arena.leave("visitor", last)
        assert await arena.current("visitor") is None
        assert house.record(last).state is State.VOTED

    run(main())


def test_a_battle_that_no_page_watches_is_void_in_the_database(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house, abandon_after_s=0.03)
        battle_id = await arena.send("visitor", None, "Hi")
        await until(lambda: house.record(battle_id).state is State.VOID)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.notice) == ("void", "abandoned")
        with refused("battle_void"):
            await arena.vote("visitor", battle_id, Outcome.A)
        assert await arena.current("visitor") is None

    run(main())


def test_closing_the_arena_voids_what_is_being_written_and_keeps_what_can_be_voted_on(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        done = await battle(arena)
        house.script(["x", asyncio.Event()])
        running = await arena.send("visitor", None, "Hi")
        page = asyncio.create_task(watch(arena, running))
        await until(lambda: arena._live[running].battle.view().a.text == "x")
        await arena.close()
        assert (await page)[-1].notice == "interrupted"
        assert house.record(running).state is State.VOID
        assert house.record(done).state is State.VOTABLE
        assert all(stream.n_closed == 1 for stream in house.streams.values())

    run(main())


def test_after_a_crash_what_was_open_is_void_and_what_was_votable_can_be_voted_on(house: House) -> None:
    async def crash() -> tuple[str, str]:
        arena = await started(house)
        votable = await battle(arena)
        house.script([asyncio.Event()])
        return votable, await arena.send("other", None, "Hi")  # nothing is closed

    votable, lost = run(crash())
    assert house.record(lost).state is State.OPEN

    async def restarted() -> None:
        house.script(["more"])
        arena = await started(house)
        assert house.record(lost).state is State.VOID
        assert (await arena.view("other", lost)).notice == "closed"
        assert await arena.current("other") is None
        assert await arena.current("visitor") == votable
        (view,) = await watch(arena, votable)
        assert (view.state, view.can_vote, view.can_send, view.a.state) == ("votable", True, True, "done")
        await arena.send("visitor", votable, "go on")
        assert (await watch(arena, votable))[-1].a.text == "more"
        assert len(house.streams["Wren Sol"].requests[0].messages) == 3
        assert (await arena.vote("visitor", votable, Outcome.A)).a.rating_after == 1016.0

    run(restarted())


def test_an_acknowledged_vote_is_there_after_a_crash_and_can_still_be_withdrawn(house: House) -> None:
    async def crash() -> str:
        arena = await started(house)
        battle_id = await battle(arena)
        await arena.vote("visitor", battle_id, Outcome.B)
        return battle_id

    battle_id = run(crash())

    async def restarted() -> None:
        arena = await started(house)
        view = await arena.view("visitor", battle_id)
        assert view.state == "voted"
        assert view.reveal is not None
        assert (view.reveal.outcome, view.reveal.is_counted, view.reveal.a.rating_after) == (Outcome.B, True, None)
        assert {view.reveal.a.model, view.reveal.b.model} == set(NAMES)
        assert view.reveal.b.rank == 1
        assert (await arena.withdraw("visitor", battle_id)).reasons == ("withdrawn",)

    run(restarted())


def test_a_vote_whose_page_left_at_the_commit_is_shown_and_not_stored_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        cast_vote = queries.cast_vote

        def telling(*args: Any, **options: Any) -> Any:
            loop.call_soon_threadsafe(begun.set)
            return cast_vote(*args, **options)

        monkeypatch.setattr(queries, "cast_vote", telling)
        voting = asyncio.create_task(arena.vote("visitor", battle_id, Outcome.A))
        await begun.wait()
        voting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await voting
        await until(lambda: house.record(battle_id).vote is not None)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert (reveal.outcome, reveal.is_counted) == (Outcome.A, True)
        assert house.read(lambda tx: queries.vote_totals(tx, None)).counted == 1

    run(main())


def test_a_battle_of_a_model_that_left_the_roster_can_be_voted_on_and_not_gone_on_with(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        del house.players.streams["Wren Sol"]
        again = house.arena()
        await again.send("visitor", battle_id, "more")
        last = (await watch(again, battle_id))[-1]
        assert getattr(last, house.side_of(battle_id, "Wren Sol")).error == "side_failed"
        assert (await again.vote("visitor", battle_id, Outcome.A)).reasons == ("failed_side",)

    run(main())


def test_idle_battles_leave_the_memory_and_come_back_from_the_database(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        house.clock_s += KEEP_IDLE_S + 1
        fresh = await battle(arena)
        await arena.close()
        await arena.start()
        await until(lambda: battle_id not in arena._live)
        assert fresh in arena._live
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted

    run(main())


def test_addresses_are_forgotten_before_they_are_a_day_old(house: House) -> None:
    def n_battles() -> Any:
        recent = house.read(lambda tx: queries.count_recent(tx, visitor="", address="hmac", since=0))
        return recent.address_battles

    async def main() -> None:
        arena = await started(house)
        await arena.leave("visitor", await arena.send("visitor", None, "Hi", address="hmac"))
        house.wall_s += 23 * 3600
        await asyncio.to_thread(arena._tidy)
        assert n_battles() == 1
        house.wall_s += 3600 - HOUSEKEEPING_EVERY_S + 1
        await asyncio.to_thread(arena._tidy)
        assert n_battles() == 0

    run(main())


def test_housekeeping_outlives_a_database_that_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        tried = threading.Semaphore(0)

        def full(*args: Any, **options: Any) -> None:
            tried.release()
            raise StorageFailed("disk full")

        monkeypatch.setattr("arena.service.HOUSEKEEPING_EVERY_S", 0.01)
        monkeypatch.setattr(queries, "clear_addresses", full)
        arena = await started(house)
        for _ in range(2):
            assert await asyncio.to_thread(tried.acquire, timeout=5)
        await arena.close()

    run(main())


# The roster and the rest


def test_the_roster_is_registered_and_models_that_left_it_are_retired(tmp_path: Path) -> None:
    async def main() -> None:
        await started(House(tmp_path, ("Wren Sol", "Moss Tarn")))
        house = House(tmp_path, ("Wren Sol", "Fen Quill"))
        arena = await started(house)
        board = await arena.leaderboard()
        assert {name: card.is_retired for name, card in board.models.items()} == {
            "Fen Quill": False,
            "Moss Tarn": True,
            "Wren Sol": False,
        }
        assert board.leaderboard.unrated == ("Fen Quill", "Wren Sol")
        assert board.models["Wren Sol"].family == "Bird"

    run(main())


def test_counted_parameters_are_shown_on_the_board(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert (await arena.leaderboard()).models["Wren Sol"].parameters is None
        await arena.count_parameters({"Wren Sol": 1_000_000, "unknown": 7})
        board = await arena.leaderboard()
        assert (board.models["Wren Sol"].parameters, board.models["Moss Tarn"].parameters) == (1_000_000, None)

    run(main())


def test_all_pairs_and_sides_are_drawn(tmp_path: Path) -> None:
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


def test_a_board_that_cannot_be_computed_is_a_refusal_and_stops_no_vote(tmp_path: Path) -> None:
    house = House(tmp_path, elo={"prior": 0.0})

    async def main() -> None:
        arena = await started(house)
        reveal = await arena.vote("visitor", await battle(arena), Outcome.A)
        assert (reveal.is_counted, reveal.a.rank) == (True, None)
        with refused("no_board"):
            await arena.leaderboard()

    run(main())
