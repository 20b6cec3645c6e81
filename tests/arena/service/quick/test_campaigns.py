"""Campaigns on a real SQLite file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.rounds.review_queue import Agreement
from arena.service import Arena, Chosen, Outcome, ReviewView
from db import queries
from db.integrity import problems
from tests.arena.service.house import House, refused, run, started
from tests.arena.service.quick.decks import campaign

WREN, MOSS = "Wren Sol", "Moss Tarn"
PROMPTS = {f"Prompt {n}": {WREN: f"right {n}", MOSS: f"wrong {n}"} for n in range(6)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, (WREN, MOSS))
    yield house
    house.database.close()


async def judge(arena: Arena, token: str, visitor: str, model: str, n: int = 1) -> list[tuple[str, str]]:
    """Judge n pairs for one model; return each prompt with that model's side."""
    met = []
    for _ in range(n):
        await arena.campaigns.next(visitor, token)
        screen = (await arena.campaigns.view(visitor, token)).screen
        assert screen is not None
        assert screen.reveal is None
        side = "a" if screen.a.text.startswith("right" if model == WREN else "wrong") else "b"
        met.append((screen.prompt, side))
        await arena.campaigns.vote(visitor, token, screen.battle_id, Outcome.parse(side))
    return met


def test_everybody_judges_everything_once_in_an_own_order_and_sees_names_at_the_end(house: House) -> None:
    token = campaign(house, PROMPTS)

    async def main() -> None:
        arena = await started(house)
        assert await arena.campaigns.view("ann", token) == ReviewView("review", "start", 0, 6)
        met = {name: await judge(arena, token, name, model, 6) for name, model in (("ann", WREN), ("bob", MOSS))}
        assert {prompt for prompt, _ in met["ann"]} == {prompt for prompt, _ in met["bob"]} == set(PROMPTS)
        assert [prompt for prompt, _ in met["ann"]] != [prompt for prompt, _ in met["bob"]]
        done = await arena.campaigns.view("ann", token)
        assert (done.state, done.n_done, done.screen) == ("finished", 6, None)
        assert {(one.prompt, one.winner) for one in done.judgements} == {(prompt, WREN) for prompt in PROMPTS}
        assert done.agreement == Agreement(n_same=0, n_votes=6, n_voters=1)
        await judge(arena, token, "cid", WREN, 6)
        assert (await arena.campaigns.view("ann", token)).agreement == Agreement(6, 12, 2)
        await arena.campaigns.next("ann", token)
        assert (await arena.campaigns.view("ann", token)).n_done == 6

    run(main())
    records = house.read(lambda tx: queries.visitor_records(tx, "ann", limit=10))
    assert {(record.draw_probability, record.campaign) for record in records} == {(0.5, "review")}
    assert house.read(problems) == []


def test_a_voter_leaves_and_comes_back_to_the_same_screen_after_a_restart(house: House) -> None:
    token = campaign(house, PROMPTS)

    async def first() -> ReviewView:
        arena = await started(house)
        await judge(arena, token, "ann", WREN, 2)
        return await arena.campaigns.view("ann", token)

    async def second(before: ReviewView) -> None:
        arena = await started(house)
        assert await arena.campaigns.view("ann", token) == before
        assert (before.state, before.n_done) == ("judging", 2)
        assert before.screen is not None
        with refused("screen_not_found"):
            await arena.quick.vote("ann", before.screen.battle_id, Outcome.A)
        with refused("screen_not_found"):
            await arena.campaigns.vote("bob", token, before.screen.battle_id, Outcome.A)
        await arena.campaigns.vote("ann", token, before.screen.battle_id, Outcome.A)
        await arena.campaigns.vote("ann", token, before.screen.battle_id, Outcome.A)
        assert (await arena.campaigns.view("ann", token)).n_done == 3
        with refused("screen_voted"):
            await arena.campaigns.vote("ann", token, before.screen.battle_id, Outcome.B)

    run(second(run(first())))


def test_no_page_names_a_model_before_the_voter_has_finished(house: House) -> None:
    token = campaign(house, PROMPTS)

    async def seen(arena: Arena) -> str:
        listed = await arena.visitors.battles("ann", Chosen())
        exported = "".join([part async for part in await arena.visitors.export("ann")])
        json.loads(exported)
        return repr(await arena.campaigns.view("ann", token)) + repr(listed) + exported

    async def main() -> None:
        arena = await started(house)
        for n in range(6):
            text = await seen(arena)
            assert WREN not in text, f"after {n} votes"
            assert MOSS not in text, f"after {n} votes"
            await judge(arena, token, "ann", WREN)
        text = await seen(arena)
        assert text.count(WREN) > 6
        assert {one.campaign for one in (await arena.visitors.battles("ann", Chosen())).battles} == {"review"}

    run(main())


def test_as_many_people_as_the_owner_allows_may_judge(house: House) -> None:
    token = campaign(house, PROMPTS, max_people=1)

    async def main() -> None:
        arena = await started(house)
        await arena.campaigns.next("ann", token)
        assert (await arena.campaigns.view("bob", token)).state == "full"
        await arena.campaigns.next("bob", token)
        assert (await arena.campaigns.view("bob", token)).state == "full"
        await judge(arena, token, "ann", WREN, 6)
        assert (await arena.campaigns.view("ann", token)).state == "finished"

    run(main())


def test_a_closed_campaign_says_so_and_keeps_the_votes(house: House) -> None:
    token = campaign(house, PROMPTS)

    async def main() -> None:
        arena = await started(house)
        await judge(arena, token, "ann", WREN, 2)
        with house.database.write() as tx:
            queries.close_campaign(tx, "review", now=3.0)
        view = await arena.campaigns.view("ann", token)
        assert (view.state, view.n_done, view.screen) == ("closed", 2, None)
        await arena.campaigns.next("ann", token)
        await arena.campaigns.next("bob", token)
        assert (await arena.campaigns.view("bob", token)).state == "closed"
        with refused("campaign_not_found"):
            await arena.campaigns.view("ann", "another")
        with refused("campaign_not_found"):
            await arena.campaigns.next("ann", "another")

    run(main())
