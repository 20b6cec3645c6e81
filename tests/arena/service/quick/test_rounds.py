"""Quick rounds on a real SQLite file."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arena.rules.ledger import Facts
from arena.service import Arena, Lack, Outcome, RoundView
from db import queries
from db.codes import BattleKind, State
from db.integrity import problems
from tests.arena.service.house import LONG, House, battle, refused, run, started
from tests.arena.service.quick.decks import DECK, fill

WREN, MOSS, FEN = "Wren Sol", "Moss Tarn", "Fen Quill"
OPEN = {"decks": [DECK]}


def prompts(n: int) -> dict[str, dict[str, str]]:
    return {f"What is {number} + 1?": {WREN: f"{number + 1}", MOSS: f"{number}"} for number in range(n)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, (WREN, MOSS, FEN), quick=OPEN)
    yield house
    house.database.close()


async def judge(arena: Arena, visitor: str = "visitor") -> RoundView:
    """Deal a screen if none waits, vote for Wren Sol, whose sums are right, and return what the page then shows."""
    await arena.quick.next(visitor)
    screen = (await arena.quick.view(visitor)).screen
    assert screen is not None
    assert screen.reveal is None
    right = str(int(screen.prompt.split()[2]) + 1)
    await arena.quick.vote(visitor, screen.battle_id, Outcome.A if screen.a.text == right else Outcome.B)
    return await arena.quick.view(visitor)


def reasons(view: RoundView) -> tuple[str, ...]:
    assert view.screen is not None
    assert view.screen.reveal is not None
    return view.screen.reveal.reasons


def test_a_screen_is_a_stored_battle_whose_names_follow_the_vote(house: House) -> None:
    fill(house, prompts(3))

    async def main() -> None:
        arena = await started(house)
        before = await arena.quick.view("visitor")
        assert (before.screen, before.n_left, before.lack) == (None, 3, None)
        await arena.quick.next("visitor", address="cafe", language="en")
        view = await arena.quick.view("visitor")
        screen = view.screen
        assert screen is not None
        assert screen.reveal is None
        assert (view.is_waiting, view.number, view.n_left, view.n_seen) == (True, 1, 2, 1)
        record = house.record(screen.battle_id)
        assert (record.kind, record.state, record.draw_probability) == (BattleKind.QUICK, State.VOTABLE, 0.5)
        assert screen.prompt == record.deck_prompt.text if record.deck_prompt else False
        await arena.quick.vote("visitor", screen.battle_id, Outcome.B)
        after = await arena.quick.view("visitor")
        assert after.screen is not None
        assert after.screen.reveal is not None
        assert after.screen.reveal.names == (record.model_a, record.model_b)
        assert (after.screen.reveal.reasons, after.is_waiting, after.number) == ((), False, 1)
        assert after.round.judged[0].winner == record.model_b

    run(main())
    assert house.read(problems) == []


def test_reload_second_tab_and_restart_show_the_same_screen_and_one_vote_is_stored(house: House) -> None:
    fill(house, prompts(5))

    async def first() -> RoundView:
        arena = await started(house)
        await asyncio.gather(*(arena.quick.next("visitor") for _ in range(5)))
        view = await arena.quick.view("visitor")
        await arena.quick.next("visitor")
        assert await arena.quick.view("visitor") == view
        return view  # and the process dies here: nothing is closed

    async def second(before: RoundView) -> None:
        arena = await started(house)
        assert await arena.quick.view("visitor") == before
        assert before.screen is not None
        battle_id = before.screen.battle_id
        await asyncio.gather(*(arena.quick.vote("visitor", battle_id, Outcome.A) for _ in range(5)))
        with refused("screen_voted"):
            await arena.quick.vote("visitor", battle_id, Outcome.B)
        with refused("screen_not_found"):
            await arena.quick.vote("somebody else", battle_id, Outcome.A)
        with refused("screen_not_found"):
            await arena.quick.vote("visitor", "0" * 32, Outcome.A)
        shown = await arena.quick.view("visitor")
        assert shown.screen is not None
        assert shown.screen.battle_id == battle_id
        assert len(shown.round.judged) == 1

    run(second(run(first())))
    assert house.read(lambda tx: queries.vote_totals(tx, BattleKind.QUICK)).counted == 1
    assert len(house.read(lambda tx: queries.dealt_prompts(tx, "visitor"))) == 1


def test_a_round_ends_with_half_of_its_screens_won_and_another_begins(house: House) -> None:
    fill(house, prompts(12))

    async def main() -> None:
        arena = await started(house)
        views = [await judge(arena) for _ in range(5)]
        assert [view.is_over for view in views] == [False] * 4 + [True]
        assert views[-1].round.records[WREN].wins == 5
        await arena.quick.next("visitor")
        view = await arena.quick.view("visitor")
        assert (view.number, view.round.judged, view.is_over) == (1, (), False)

    run(main())


def test_a_vote_is_withdrawn_within_a_minute_and_takes_its_win_with_it(house: House) -> None:
    fill(house, prompts(8))

    async def main() -> None:
        arena = await started(house)
        for _ in range(5):
            view = await judge(arena)
        assert view.round.has_ended
        screen = view.screen
        assert screen is not None
        assert screen.reveal is not None
        assert screen.reveal.withdrawal is not None
        assert (screen.reveal.withdrawal.within_s, screen.reveal.withdrawal.n_left) == (60.0, 1)
        with refused("screen_not_found"):
            await arena.quick.withdraw("thief", screen.battle_id, "misread")
        for _ in range(2):  # the same again changes nothing
            await arena.quick.withdraw("visitor", screen.battle_id, "wrong_button")
        view = await arena.quick.view("visitor")
        assert view.screen is not None
        assert view.screen.reveal is not None
        assert (view.screen.reveal.reasons, view.screen.reveal.withdrawal) == (("withdrawn",), None)
        assert (view.round.has_ended, view.number, view.round.records[WREN].wins) == (False, 5, 4)
        view = await judge(arena)  # the prompt does not come again
        assert (view.n_seen, view.round.has_ended) == (6, True)
        assert view.screen is not None
        assert view.screen.reveal is not None
        assert view.screen.reveal.withdrawal is not None
        assert view.screen.reveal.withdrawal.limit == "total"
        with refused("withdrawn_total", n=1, next_at=40):
            await arena.quick.withdraw("visitor", view.screen.battle_id, "misread")
        house.wall_s += 61
        with refused("too_late", limit_s=60.0):
            await arena.quick.withdraw("visitor", view.screen.battle_id, "misread")
        late = (await arena.quick.view("visitor")).screen
        assert late is not None
        assert late.reveal is not None
        assert late.reveal.withdrawal is None
        await arena.quick.next("visitor")
        waiting = (await arena.quick.view("visitor")).screen
        assert waiting is not None
        with refused("not_yet"):
            await arena.quick.withdraw("visitor", waiting.battle_id, "misread")

    run(main())
    assert house.read(problems) == []


def test_no_two_models_of_a_family_are_dealt_where_the_settings_say_so(tmp_path: Path) -> None:
    house = House(tmp_path, (WREN, MOSS), quick=OPEN, matchmaking={"same_family": "never"})
    fill(house, prompts(2))

    async def main() -> None:
        arena = await started(house)
        assert (await arena.quick.view("visitor")).lack == Lack(2, 2)
        await arena.quick.next("visitor")
        assert (await arena.quick.view("visitor")).screen is None
        arena.quick.matchmaking = replace(arena.quick.matchmaking, same_family="allow")  # as after a reload
        assert (await arena.quick.view("visitor")).lack is None

    run(main())
    house.database.close()


def test_every_prompt_comes_once_and_then_the_visitor_is_told_so(house: House) -> None:
    fill(
        house,
        {**prompts(2), "Say hi.": {WREN: "Hi.", MOSS: "Hi."}, "Who are you?": {WREN: "I am Wren Sol.", MOSS: "Me."}},
    )

    async def main() -> None:
        arena = await started(house)
        assert not (await judge(arena)).is_over
        last = await judge(arena)
        assert (last.is_over, last.n_left, last.n_seen) == (True, 0, 2)  # neither equal answers nor one with its name
        await arena.quick.next("visitor")
        assert await arena.quick.view("visitor") == last
        assert (await arena.quick.view("another")).n_left == 2

    run(main())


def test_without_two_different_answers_the_view_says_what_is_missing(house: House) -> None:
    async def lack() -> Lack | None:
        return (await (await started(house)).quick.view(None)).lack

    assert run(lack()) == Lack(0, 0)
    fill(house, {"Hi?": {WREN: "Hi.", "Not playing": "Ho."}})
    assert run(lack()) == Lack(1, 1)
    fill(house, {"Hi?": {MOSS: " Hi."}})
    assert run(lack()) == Lack(1, 2)
    fill(house, {"Hi?": {FEN: "Ho."}})
    assert run(lack()) is None


def test_answers_that_come_later_are_dealt_without_a_restart(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert (await arena.quick.view(None)).lack is not None
        fill(house, prompts(1))
        house.clock_s += 31.0
        await arena.quick.view(None)  # reads again, in the background
        await arena.close()  # waits for it
        assert (await arena.quick.view(None)).n_left == 1

    run(main())


def test_prepared_prompts_are_counted_apart_from_battles(tmp_path: Path) -> None:
    limits = {"battles_per_hour": 1, "votes_per_hour": 1, "screens_per_hour": 2}
    house = House(tmp_path, (WREN, MOSS), quick=OPEN, limits=limits)
    fill(house, prompts(4))

    async def main() -> None:
        arena = await started(house)
        assert reasons(await judge(arena)) == reasons(await judge(arena)) == ()
        with refused("rate_limited_quick", n=2, limit=2, window_s=3600.0):
            await arena.quick.next("visitor")
        live = await battle(arena)
        assert (await arena.vote("visitor", live, Outcome.A)).is_counted
        house.wall_s += 3601.0
        await arena.quick.next("visitor")

    run(main())
    house.database.close()


def test_a_prompt_that_was_sent_to_named_models_does_not_count(house: House) -> None:
    fill(house, prompts(1))
    house.script([LONG])

    async def main() -> None:
        arena = await started(house)
        named = await arena.open_named("visitor", "what is  0 + 1?", models=[WREN, MOSS], has_guardrails=False)
        async for _ in arena.follow("visitor", named):
            pass
        view = await judge(arena)
        assert view.screen is not None
        assert reasons(view) == ("named_probe",)
        record = house.record(view.screen.battle_id)
        assert record.vote is not None
        facts = Facts.from_json(record.vote.facts)
        assert (facts.kind, len(facts.turns), facts.read_s) == ("quick", 1, 0.0)

    run(main())


def test_a_quick_vote_moves_no_online_rating(house: House) -> None:
    fill(house, prompts(1))

    async def main() -> None:
        arena = await started(house)
        await judge(arena)
        live = await battle(arena)
        reveal = await arena.vote("visitor", live, Outcome.TIE)
        assert (reveal.a.rating_before, reveal.b.rating_before) == (1000.0, 1000.0)

    run(main())
    assert house.read(problems) == []


def test_another_pages_battle_cannot_be_voted_on_here_nor_this_one_there(house: House) -> None:
    fill(house, prompts(1))

    async def main() -> None:
        arena = await started(house)
        live = await battle(arena)
        with refused("screen_not_found"):
            await arena.quick.vote("visitor", live, Outcome.A)
        await arena.quick.next("visitor")
        view = await arena.quick.view("visitor")
        assert view.screen is not None
        with refused("battle_not_found"):
            await arena.vote("visitor", view.screen.battle_id, Outcome.A)
        assert await arena.current("visitor") == live

    run(main())
