"""Models chosen by name: names from the start, votes that never count, and the limits of every battle."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from arena.players.events import Broken, TimedOut
from arena.rules.guardrails import SAFETY_PROMPT
from arena.service import Arena, BattleView, Outcome
from db import queries
from db.codes import BattleKind, State
from tests.arena.service.house import LONG, NAMES, House, battle, refused, run, started, watch
from tests.fakes import ScriptedPlayer
from tests.waiting import until


async def opened(arena: Arena, *models: str, text: str = "Hi", has_guardrails: bool = False) -> str:
    battle_id = await arena.open_named("visitor", text, models=models, has_guardrails=has_guardrails)
    await watch(arena, battle_id)
    return battle_id


def test_two_chosen_models_answer_in_that_order_with_their_names_from_the_start(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert [card.name for card in arena.contestants()] == list(NAMES)
        chosen = (NAMES[1], NAMES[0])
        battle_id = await arena.open_named("visitor", " 안녕하세요 ", models=chosen, has_guardrails=False)
        views = await watch(arena, battle_id)
        assert {(view.kind, view.names) for view in views} == {("named", chosen)}
        assert [side.text for side in views[-1].sides.values()] == [f"1: {LONG}", f"0: {LONG}"]
        record = house.record(battle_id)
        assert (record.kind, record.model_a, record.model_b) == (BattleKind.NAMED, *chosen)
        assert (record.policy, record.draw_probability, record.language) == (None, None, "ko")

    run(main())


def test_a_vote_on_two_named_models_is_announced_not_to_count_and_stored(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await opened(arena, *NAMES)
        view = await arena.view("visitor", battle_id)
        assert (view.can_vote, view.notice) == (True, "wont_count_named")
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert (reveal.is_counted, reveal.reasons) == (False, ("named",))
        assert (await arena.boards.newest()).n_counted == 0
        status = await arena.status()
        assert (status.n_votes, status.n_counted) == (1, 0)

    run(main())


def test_equal_answers_of_named_models_can_only_be_a_tie(house: House) -> None:
    async def main() -> None:
        house.script(["the same"])
        arena = await started(house)
        battle_id = await opened(arena, *NAMES)
        view = await arena.view("visitor", battle_id)
        assert (view.notice, view.is_tie_only) == ("wont_count_named", True)
        with refused("identical_answers"):
            await arena.vote("visitor", battle_id, Outcome.A)

    run(main())


def test_a_chat_has_one_side_its_own_history_and_no_vote(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await opened(arena, NAMES[1])
        await arena.send("visitor", battle_id, "more")
        last = (await watch(arena, battle_id))[-1]
        assert (last.kind, last.names, last.b, list(last.sides)) == ("chat", (NAMES[1],), None, ["a"])
        assert (last.state, last.can_vote, last.can_send, last.notice) == ("votable", False, True, None)
        assert [(turn.answer_a, turn.answer_b) for turn in last.turns] == [(f"1: {LONG}", None)]
        contents = [message.content for message in house.streams[NAMES[1]].requests[1].messages]
        assert contents == ["Hi", f"1: {LONG}", "more"]
        assert house.streams[NAMES[0]].requests == []
        with refused("no_vote_in_chat"):
            await arena.vote("visitor", battle_id, Outcome.A)
        assert house.record(battle_id).model_b is None

    run(main())


def test_a_chat_is_stopped_retried_and_asked_again(house: House) -> None:
    async def main() -> None:
        house.script([TimedOut("slow")], ["x", asyncio.Event()], ["whole"])
        arena = await started(house)
        battle_id = await opened(arena, NAMES[0])
        assert (await arena.view("visitor", battle_id)).a.can_retry
        await arena.retry("visitor", battle_id, "a")
        await until(lambda: shown(arena, battle_id).a.text == "x")  # it streams, because there is nothing to hide
        await arena.stop("visitor", battle_id)
        view = await arena.view("visitor", battle_id)
        assert (view.a.state, view.a.text, view.can_regenerate) == ("stopped", "x", True)
        await arena.regenerate("visitor", battle_id)
        assert (await watch(arena, battle_id))[-1].a.text == "whole"
        (turn,) = house.record(battle_id).turns
        assert [(one.attempt, one.text) for one in turn.answers] == [(1, ""), (2, "x"), (3, "whole")]

    run(main())


def shown(arena: Arena, battle_id: str) -> BattleView:
    return arena._battles._live[battle_id].battle.view()


def test_side_by_side_and_chat_are_shown_again_after_a_reload_and_a_restart(house: House) -> None:
    async def before() -> list[str]:
        arena = await started(house)
        ids = [await opened(arena, *NAMES), await opened(arena, NAMES[0]), await battle(arena)]
        assert [await arena.current("visitor", kind) for kind in ("named", "chat", "battle")] == ids
        return ids

    ids = run(before())

    async def after() -> None:
        arena = await started(house)
        assert [await arena.current("visitor", kind) for kind in ("named", "chat", "battle")] == ids
        named, chat, blind = [await arena.view("visitor", battle_id) for battle_id in ids]
        assert (named.kind, named.names, chat.kind, chat.names) == ("named", NAMES, "chat", (NAMES[0],))
        assert (blind.kind, blind.names) == ("battle", None)
        await arena.send("visitor", ids[1], "more")
        assert (await watch(arena, ids[1]))[-1].a.text == f"0: {LONG}"
        for battle_id in ids:
            await arena.leave("visitor", battle_id)
        assert [await arena.current("visitor", kind) for kind in ("named", "chat", "battle")] == [None] * 3
        assert [house.record(battle_id).state for battle_id in ids] == [State.VOID] * 3

    run(after())


def test_a_prompt_that_a_restart_interrupted_returns_to_its_own_page(house: House) -> None:
    async def before() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        await arena.open_named("visitor", "to both", models=NAMES, has_guardrails=False)
        await arena.open_named("visitor", "to one", models=NAMES[:1], has_guardrails=False)

    run(before())

    async def after() -> None:
        arena = await started(house)
        assert arena.prompts.interrupted("visitor", "named") == "to both"
        assert arena.prompts.interrupted("visitor", "chat") == "to one"
        assert arena.prompts.interrupted("visitor") is None

    run(after())


def test_a_prompt_sent_to_named_models_makes_a_later_blind_vote_a_probe(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        await opened(arena, NAMES[0], text="Who are you?")
        reveal = await arena.vote("visitor", await battle(arena, "who are\n YOU?"), Outcome.A)
        assert reveal.reasons == ("named_probe",)
        assert (await arena.vote("visitor", await battle(arena, "Who is it?"), Outcome.A)).is_counted

    run(main())


def test_asking_named_models_while_a_side_of_a_battle_has_failed_makes_its_vote_a_probe(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        broken = ScriptedPlayer(["part of it", Broken("gone")], [LONG], ["part of it", Broken("gone")], [LONG])
        house.streams[NAMES[0]] = house.players.streams[NAMES[0]] = broken
        for prompt, is_asked in (("Hi", False), ("Hello", True)):
            battle_id = await battle(arena, prompt)
            house.wall_s += 1
            if is_asked:
                await opened(arena, NAMES[1], text="Do you answer?")
            await arena.retry("visitor", battle_id, house.side_of(battle_id, NAMES[0]))
            await watch(arena, battle_id)
            reveal = await arena.vote("visitor", battle_id, Outcome.TIE)
            assert reveal.reasons == (("named_probe",) if is_asked else ())
        assert (await arena.vote("visitor", await battle(arena, "Next"), Outcome.TIE)).is_counted

    run(main())


def test_named_battles_are_battles_in_the_limits(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"battles_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        await opened(arena, *NAMES)
        await opened(arena, NAMES[0])
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await opened(arena, *NAMES)
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await battle(arena)

    run(main())


def test_a_visitor_has_three_battles_of_all_kinds_written_at_a_time(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        await arena.send("visitor", None, "Hi")
        for models in (NAMES, NAMES[:1]):
            await arena.open_named("visitor", "Hi", models=models, has_guardrails=False)
        with refused("busy", n_running=3, limit=3):
            await arena.open_named("visitor", "Hi", models=NAMES, has_guardrails=False)
        await arena.close()

    run(main())


@pytest.mark.parametrize(
    ("models", "key"),
    [
        ((), "pick_models"),
        ((*NAMES, NAMES[0]), "pick_models"),
        (("No Such Model",), "model_not_ready"),
        ((NAMES[0], "Moss <Tarn>"), "model_not_ready"),
    ],
)
def test_other_choices_are_refused(house: House, models: tuple[str, ...], key: str) -> None:
    async def main() -> None:
        arena = await started(house)
        with refused(key):
            await arena.open_named("visitor", "Hi", models=models, has_guardrails=False)
        with refused("prompt_empty"):
            await arena.open_named("visitor", " ", models=NAMES, has_guardrails=False)

    run(main())


def test_a_model_that_is_not_ready_is_listed_and_not_asked(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        house.players.state[NAMES[0]] = "down"
        listed = [card.name for card in arena.contestants()]
        assert listed == list(NAMES), "the list must not say which model failed in a blind battle"
        with refused("model_not_ready"):
            await opened(arena, *NAMES)

    run(main())


def test_named_pages_that_are_off_refuse_every_step_and_blind_battles_go_on(tmp_path: Path) -> None:
    async def before() -> str:
        return await opened(await started(House(tmp_path)), *NAMES)

    battle_id = run(before())
    house = House(tmp_path, arena={"named_pages": "off"})

    async def main() -> None:
        arena = await started(house)
        with refused("named_pages_off"):
            arena.contestants()
        steps: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: opened(arena, *NAMES),
            lambda: arena.current("visitor", "named"),
            lambda: arena.current("visitor", "chat"),
            lambda: arena.send("visitor", battle_id, "more"),
            lambda: arena.retry("visitor", battle_id, "a"),
            lambda: arena.regenerate("visitor", battle_id),
        )
        for step in steps:
            with refused("named_pages_off"):
                await step()
        assert await battle(arena)

    run(main())


@pytest.mark.parametrize("is_on", [False, True])
def test_guardrails_are_a_switch_for_named_models_whatever_rated_battles_have(tmp_path: Path, is_on: bool) -> None:
    house = House(tmp_path, battle={"guardrails": not is_on, "system_prompt": "Be kind.", "temperature": 0.3})

    async def main() -> None:
        arena = await started(house)
        battle_id = await opened(arena, NAMES[0], has_guardrails=is_on)
        sent = f"{SAFETY_PROMPT}\n\nBe kind." if is_on else "Be kind."
        assert house.streams[NAMES[0]].requests[0].messages[0].content == sent
        settings = (await arena.view("visitor", battle_id)).settings
        assert settings is not None
        assert (settings.system_prompt, settings.has_guardrails) == (sent, is_on)
        assert (settings.temperature, settings.pace) == (0.3, "free")
        blind = (await arena.view("visitor", await battle(arena))).settings
        assert blind is not None
        assert blind.has_guardrails is not is_on

    run(main())


@pytest.mark.parametrize("is_blind", [False, True])
def test_a_models_own_prompt_is_sent_to_it_alone_and_shown_after_the_vote(tmp_path: Path, is_blind: bool) -> None:
    secret = "Answer in verse."
    house = House(tmp_path, own_prompts={NAMES[1]: secret}, battle={"guardrails": True})

    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena) if is_blind else await opened(arena, *NAMES, has_guardrails=True)
        sent = [house.streams[name].requests[0].messages[0].content for name in NAMES]
        assert sent == [SAFETY_PROMPT, f"{SAFETY_PROMPT}\n\n{secret}"]
        view = await arena.view("visitor", battle_id)
        assert view.settings is not None
        assert view.settings.system_prompt == SAFETY_PROMPT
        assert secret not in repr(view)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert {side.model: side.own_system_prompt for side in (reveal.a, reveal.b)} == {
            NAMES[0]: None,
            NAMES[1]: secret,
        }
        again = await house.arena().view("visitor", battle_id)
        assert secret in repr(again.reveal), "also after a restart, and after the setting has changed"
        assert house.read(lambda tx: queries.vote_totals(tx, None)).counted == is_blind

    run(main())
