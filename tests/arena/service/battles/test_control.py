"""Control battles: the same model on both sides, which a visitor cannot tell before the vote."""

from collections import Counter
from pathlib import Path

import pytest

from arena.service import Arena, Chosen, Outcome
from db.codes import BattleKind, State
from tests.arena.service.house import LONG, House, battle, run, started, watch
from tests.fakes import ScriptedPlayer

THREE = ("Wren Sol", "Moss Tarn", "Fen Quill")


@pytest.fixture
def half(tmp_path: Path) -> House:
    """Half of the battles are control battles, and no two answers are equal."""
    house = House(tmp_path, THREE, matchmaking={"control_share": 0.5})
    for place, name in enumerate(THREE):
        house.players.streams[name] = ScriptedPlayer(*([f"{place}.{number}: ", LONG] for number in range(100)))
    return house


async def control_battle(house: House, arena: Arena, *, is_control: bool = True) -> str:
    while True:
        battle_id = await battle(arena)
        if (house.record(battle_id).kind is BattleKind.CONTROL) is is_control:
            return battle_id
        await arena.leave("visitor", battle_id)


def test_a_control_battle_looks_like_any_other_until_the_vote(half: House) -> None:
    async def main() -> None:
        arena = await started(half)
        control, ordinary = await control_battle(half, arena), await control_battle(half, arena, is_control=False)
        record = half.record(control)
        assert record.model_a == record.model_b
        assert record.draw_probability == pytest.approx(1 / 3)
        seeds = {answer.seed for answer in record.turns[0].answers}
        assert len(seeds) == 2
        views = [await arena.view("visitor", one) for one in (control, ordinary)]
        told = [
            (one.kind, one.state, one.names, one.settings, one.notice, one.reveal, one.can_regenerate) for one in views
        ]
        assert told[0] == told[1] == ("battle", "votable", None, views[0].settings, None, None, True)
        for chosen in (Chosen(), Chosen(kind="battle")):
            listed = (await arena.visitors.battles("visitor", chosen)).battles
            assert {(one.kind, one.names) for one in listed} == {("battle", None)}
            assert {control, ordinary} <= {one.battle_id for one in listed}
        written = "".join([part async for part in await arena.visitors.export("visitor")])
        assert "control" not in written
        await arena.leave("visitor", ordinary)
        shared = await arena.sharing.page(half.record(control).share_id, "visitor")
        assert (shared.kind, shared.names, shared.models) == ("battle", None, ())

        again = await started(half)  # after a restart
        assert await again.current("visitor") == control
        assert (await again.view("visitor", control)).names is None

    run(main())


def test_its_vote_is_kept_does_not_count_and_says_so(half: House) -> None:
    async def main() -> None:
        arena = await started(half)
        control = await control_battle(half, arena)
        reveal = await arena.vote("visitor", control, Outcome.A)
        assert (reveal.is_counted, reveal.reasons) == (False, ("control",))
        assert reveal.a.model == reveal.b.model
        assert (await arena.view("visitor", control)).names == (reveal.a.model,) * 2
        status = await arena.status()
        assert (status.n_votes, status.n_counted) == (1, 0)
        board = await arena.boards.newest()
        assert not board.leaderboard.rows
        assert board.n_excluded == 0, "the official board is made of battles of two models"
        own = await arena.visitors.board("visitor")
        assert (own.n_votes, own.n_counted, own.board) == (1, 0, None)

    run(main())


def test_another_pair_takes_over_from_a_control_battle(half: House) -> None:
    async def main() -> None:
        arena = await started(half)
        control = await control_battle(half, arena)
        new = await arena.another_pair("visitor", control)
        await watch(arena, new)
        old, record = half.record(control), half.record(new)
        assert (old.state, record.state) == (State.VOID, State.VOTABLE)
        assert (record.model_a, record.model_b) != (old.model_a, old.model_b)

    run(main())


def test_no_control_battle_at_temperature_0_and_none_by_default(tmp_path: Path) -> None:
    async def main() -> None:
        for number, sections in enumerate(
            ({"battle": {"temperature": 0.0}, "matchmaking": {"control_share": 0.5}}, {"battle": {}})
        ):
            (folder := tmp_path / str(number)).mkdir()
            house = House(folder, THREE, **sections)  # type: ignore[arg-type]
            arena = await started(house)
            kinds = Counter([house.record(await battle(arena)).kind for _ in range(12)])
            assert kinds == {BattleKind.BATTLE: 12}

    run(main())
