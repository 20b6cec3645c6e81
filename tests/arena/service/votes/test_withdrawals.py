"""How many votes a visitor can withdraw, and what the reveal says about it."""

from arena.rounds.views import Withdrawal
from arena.service import Arena, Outcome
from tests.arena.service.house import House, battle, refused, run, started


async def _voted(arena: Arena, n: int = 1) -> str:
    for _ in range(n):
        battle_id = await battle(arena)
        await arena.vote("visitor", battle_id, Outcome.A)
    return battle_id


def test_the_reason_is_stored_and_the_second_withdrawal_waits_for_forty_votes(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        first = await _voted(arena)
        view = await arena.view("visitor", first)
        assert view.reveal is not None
        assert view.reveal.withdrawal == Withdrawal(60.0, n_left=1, next_at=20)
        await arena.withdraw("visitor", first, "misread")
        vote = house.record(first).vote
        assert vote is not None
        assert vote.withdraw_reason == "misread"

        second = await _voted(arena)
        view = await arena.view("visitor", second)
        assert view.reveal is not None
        assert view.reveal.withdrawal == Withdrawal(60.0, 0, "total", n_day=1, n_total=1, next_at=40)
        with refused("withdrawn_total", n=1, next_at=40):
            await arena.withdraw("visitor", second, "wrong_button")
        vote = house.record(second).vote
        assert vote is not None
        assert vote.withdrawn_at is None, "a refusal changes nothing"
        assert await arena.withdraw("visitor", first, "misread"), "again is no second withdrawal"

    run(main())
