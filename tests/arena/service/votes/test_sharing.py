"""Who can read the page of a battle, and what is on it."""

from pathlib import Path

from arena.players.events import Thought
from arena.service import Outcome
from db import queries
from tests.arena.service.house import LONG, NAMES, House, battle, refused, run, started, watch


def test_a_battle_is_public_only_while_its_visitor_shares_it(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        with refused("not_shareable"):
            await arena.sharing.share("visitor", battle_id)
        own = house.record(battle_id).share_id
        assert (await arena.sharing.page(own, "visitor")).names is None, "its own visitor does not see the names early"

        await arena.vote("visitor", battle_id, Outcome.B)
        for stranger in (None, "somebody else"):
            with refused("share_not_found"):
                await arena.sharing.page(own, stranger)
        seen = await arena.sharing.page(own, "visitor")
        assert (seen.own_id, seen.is_shared, set(seen.names or ())) == (battle_id, False, set(NAMES))
        with refused("battle_not_found"):
            await arena.sharing.share("somebody else", battle_id)

        share_id = await arena.sharing.share("visitor", battle_id)
        page = await arena.sharing.page(share_id, None)
        assert (page.own_id, page.is_shared, page.outcome, page.reasons) == (None, True, Outcome.B, ())
        assert [turn.prompt for turn in page.turns] == ["Hi"]
        assert page.turns[0].b is not None
        assert page.turns[0].b.text.endswith(LONG)
        view = await arena.view("visitor", battle_id)
        assert view.reveal is not None
        assert (view.reveal.share_id, view.reveal.is_shared) == (share_id, True)

        again = await arena.sharing.take_back("visitor", battle_id)
        for dead in (share_id, again, "unknown"):
            with refused("share_not_found"):
                await arena.sharing.page(dead, None)
        assert await arena.sharing.share("visitor", battle_id) != share_id, "an old link stays dead"

    run(main())


def test_the_page_says_after_the_vote_how_each_model_was_asked_and_what_it_thought(tmp_path: Path) -> None:
    house = House(tmp_path, own_prompts={NAMES[0]: "Be brief."}, arena={"named_pages": "on"})
    house.script([Thought("Let me think."), LONG])

    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        share_id = house.record(battle_id).share_id
        assert (await arena.sharing.page(share_id, "visitor")).models == ()
        await arena.vote("visitor", battle_id, Outcome.TIE)
        shown = await arena.sharing.page(share_id, "visitor")
        assert tuple(one.model for one in shown.models) == shown.names
        assert {one.model: one.own_system_prompt for one in shown.models} == {NAMES[0]: "Be brief.", NAMES[1]: None}
        assert {(one.thoughts, one.rating_before) for one in shown.models} == {(("Let me think.",), None)}
        chat = await arena.open_named("visitor", "Hi", models=NAMES[:1], has_guardrails=False)
        await watch(arena, chat)
        (only,) = (await arena.sharing.page(house.record(chat).share_id, "visitor")).models
        assert only.own_system_prompt == "Be brief."

    run(main())
    house.database.close()


def test_the_shared_battle_of_a_forgotten_visitor_is_gone(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        await arena.vote("visitor", battle_id, Outcome.A)
        share_id = await arena.sharing.share("visitor", battle_id)
        with house.database.write() as tx:
            queries.forget_visitor(tx, "visitor", fresh="f" * 64, now=house.wall_s)
        for reader in (None, "visitor", "f" * 64):
            with refused("share_not_found"):
                await arena.sharing.page(share_id, reader)

    run(main())
