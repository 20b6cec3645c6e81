"""What is in the database after each step, also after concurrent steps and on a full disk."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from arena.players.events import Broken
from arena.rules.limits import HOUSEKEEPING_EVERY_S
from arena.service import Outcome, Recomputed, Refusal, online_elo, recompute_verdicts
from arena.settings import load
from db import queries
from db.codes import BattleKind, Policy, State
from db.errors import StorageFailed
from db.integrity import problems
from elo.online import name_of, settings_of
from elo.settings import Settings
from tests.arena.service.house import LONG, NAMES, House, battle, refused, run, started, watch
from tests.waiting import until


def full_disk(*args: Any, **options: Any) -> None:
    """Fail as a query does if the database cannot write."""
    raise StorageFailed("disk full")


def test_everything_of_a_battle_is_stored(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"system_prompt": "Be kind.", "temperature": 0.3, "top_p": 0.8, "max_tokens": 99})

    async def main() -> str:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "  몇 시야? \n", address="hmac")
        await watch(arena, battle_id)
        return battle_id

    record = house.record(run(main()))
    assert (record.visitor, record.kind, record.state, record.language) == (
        "visitor",
        BattleKind.BATTLE,
        State.VOTABLE,
        "ko",
    )
    assert record.settings == queries.StoredSettings("Be kind.", 0.3, 0.8, 99, "free")
    assert (record.draw_probability, record.policy) == (0.5, Policy.UNIFORM)
    (turn,) = record.turns
    assert (turn.prompt, record.tags) == ("몇 시야?", ("number",))
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


def test_fifty_votes_at_once_store_one(house: House) -> None:
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
    """The second process does not know the vote of the first one; the database decides."""

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
        with monkeypatch.context() as patch:
            patch.setattr(queries, "cast_vote", full_disk)
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
        monkeypatch.setattr(queries, "open_battle", full_disk)
        with refused("not_stored"):
            await arena.send("visitor", None, "Hi")
        assert not any(stream.requests for stream in house.streams.values())

    run(main())


def test_answers_that_cannot_be_stored_void_the_battle_visibly(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(house)
        monkeypatch.setattr(queries, "save_answer", full_disk)
        battle_id = await battle(arena)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.notice) == ("void", "not_stored")
        await until(lambda: house.record(battle_id).state is State.VOID)

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


def test_a_vote_during_a_long_replay_says_that_its_change_is_not_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.boards.online.LONG_REPLAY", 1)

    def has_right_state() -> bool:
        return bool(house.read(queries.ledger_state).has_right_state(online_elo(house.settings.elo)))

    async def main() -> None:
        arena = await started(house)
        for _ in range(3):
            last = await battle(arena)
            assert not (await arena.vote("visitor", last, Outcome.A)).is_replaying
        await arena.withdraw("visitor", last)
        await until(has_right_state)
        with house.database.write() as tx:
            tx.execute(text("UPDATE ledger SET elo_revision = 0"))
        reveal = await arena.vote("visitor", await battle(arena), Outcome.B)
        assert (reveal.is_counted, reveal.is_replaying) == (True, True)
        assert [side.rating_after for side in (reveal.a, reveal.b)] == [None, None]
        await until(has_right_state)
        assert house.read(lambda tx: problems(tx, online_elo(house.settings.elo))) == []
        reveal = await arena.vote("visitor", await battle(arena), Outcome.B)
        assert not reveal.is_replaying
        assert reveal.a.rating_after is not None
        await arena.close()

    run(main())


def test_an_arena_that_starts_after_an_import_replays_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.online.LONG_REPLAY", 0)

    async def main() -> None:
        arena = await started(house)
        await arena.vote("visitor", await battle(arena), Outcome.A)
        await arena.close()
        with house.database.write() as tx:
            tx.execute(text("UPDATE ledger SET elo_revision = 0"))
        arena = await started(house)
        await until(lambda: house.read(queries.ledger_state).elo_revision == 1)
        await arena.close()

    run(main())


def test_judging_all_votes_again_changes_nothing_until_a_rule_does(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.streams["Wren Sol"].scripts = (["fine"], ["half", Broken("cut")], ["I am Wren Sol."], ["fine again"])

    def judged(votes_per_hour: int) -> Recomputed:
        settings = load({"limits": {"votes_per_hour": votes_per_hour}}, {})
        return recompute_verdicts(house.database, settings, is_dry_run=False)

    async def main() -> None:
        arena = await started(house)
        for _ in range(4):
            last = await battle(arena)
            await arena.vote("visitor", last, Outcome.A)
        await arena.withdraw("visitor", last)
        before = (await arena.boards.newest()).exclusions
        again = judged(votes_per_hour=60)
        assert (again.n_votes, again.n_changed, again.n_kept) == (4, 0, 0)
        assert (await arena.boards.newest()).exclusions == before
        assert dict(before) == {"failed_side": 1, "identity_leak": 1, "withdrawn": 1}
        assert judged(votes_per_hour=3).n_changed == 1
        assert (await arena.boards.newest()).exclusions == {**before, "rate_limited": 1}

    run(main())


def test_addresses_are_forgotten_before_they_are_a_day_old(house: House) -> None:
    def n_battles() -> Any:
        recent = house.read(lambda tx: queries.count_recent(tx, visitor="", address="hmac", since=0))
        return recent.address_battles

    async def main() -> None:
        arena = await started(house)
        await arena.leave("visitor", await arena.send("visitor", None, "Hi", address="hmac"))
        house.wall_s += 23 * 3600
        await asyncio.to_thread(arena._storage.tidy)
        assert n_battles() == 1
        house.wall_s += 3600 - HOUSEKEEPING_EVERY_S + 1
        await asyncio.to_thread(arena._storage.tidy)
        assert n_battles() == 0

    run(main())


def test_votes_are_counted_once_for_each_revision_of_any_process(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[BattleKind | None] = []
    vote_totals = queries.vote_totals

    def counting(tx: Any, kind: BattleKind | None = BattleKind.BATTLE) -> Any:
        counted.append(kind)
        return vote_totals(tx, kind)

    monkeypatch.setattr(queries, "vote_totals", counting)

    async def main() -> None:
        one, other = await started(house), house.arena()
        await asyncio.gather(*(one.status() for _ in range(20)))
        assert counted == [None, BattleKind.BATTLE]
        battle_id = await battle(other)
        await other.vote("visitor", battle_id, Outcome.A)
        counted.clear()
        status = await one.status()
        assert (status.n_votes, status.n_counted) == (1, 1)
        await other.withdraw("visitor", battle_id)
        status = await one.status()
        assert (status.n_votes, status.n_counted) == (1, 0)
        counted.clear()
        assert await one.status() == status
        assert not counted

    run(main())


@pytest.mark.parametrize("settings", [Settings(), Settings(base=2.718281828459045, scale=173.7, k=0.1, start=-1e-9)])
def test_the_stored_name_of_online_elo_is_the_one_that_elo_check_reads(settings: Settings) -> None:
    assert online_elo(settings).name == name_of(settings)
    assert settings_of(online_elo(settings).name) == settings
