"""Decks are filled by asking scripted servers, with what a battle would send."""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.decks.prompt_file import Prompt
from arena.players.events import Finish, Queued, Request, Thought, Token
from arena.service.decks.filling import DeckError, Filling, prepare
from arena.service.decks.serving import fill
from arena.settings import Player, QuickSettings, Settings
from arena.settings.sections import BattleSettings
from db import queries
from db.codes import BattleKind
from db.errors import NotAllowedNow
from db.queries import NewBattle
from db.session import Database, open_database
from tests.fakes import Script, ScriptedEndpoint

PROMPTS = tuple(Prompt(f"Question {i}?", ("numbers",), "en") for i in range(4))
BATTLE = BattleSettings(system_prompt="Be kind.", temperature=0.5, max_tokens=50, retries=0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def served(held: ExitStack, name: str, *scripts: Script, **options: Any) -> tuple[Player, ScriptedEndpoint]:
    server = held.enter_context(ScriptedEndpoint(*scripts))
    return Player(name, base_urls=(server.base_url,), model="scripted", **options), server


def settings_of(*players: Player, battle: BattleSettings = BATTLE) -> Settings:
    return Settings(battle=battle, models=players, quick=QuickSettings(decks=("live",)))


def prepared(database: Database, *players: Player, deck: str = "d", prompts: tuple[Prompt, ...] = PROMPTS) -> Filling:
    return prepare(database, settings_of(*players), players, deck, prompts, now=1.0, rng=random.Random(1))


def run(filling: Filling, **options: Any) -> None:
    asyncio.run(fill(filling, settings_of(*filling.players), {}, **options))


def answers(database: Database, deck: str = "d") -> dict[str, list[str]]:
    """The models that have answered, by prompt."""
    with database.read() as tx:
        return {one.prompt.text: list(one.models) for one in queries.deck_prompts_of(tx, deck)}


def test_all_models_are_asked_alike_with_different_seeds(database: Database, held: ExitStack) -> None:
    one, first = served(held, "One", Script(("One ", "**answer**")))
    two, second = served(held, "Two", Script(("Another",)), system_prompt="Rhyme.")
    filling = prepared(database, one, two)
    run(filling)
    assert not filling.gaps
    assert answers(database) == {prompt.text: ["One", "Two"] for prompt in PROMPTS}
    bodies = [sorted(server.received, key=lambda body: body["messages"][-1]["content"]) for server in (first, second)]
    for mine, theirs in zip(*bodies, strict=True):
        assert mine["seed"] != theirs["seed"]
        assert mine["messages"][0]["content"] == "Be kind."
        assert theirs["messages"][0]["content"] == "Be kind.\n\nRhyme."
        rest = [
            {key: value for key, value in body.items() if key not in ("seed", "messages")} for body in (mine, theirs)
        ]
        assert rest[0] == rest[1]
        assert (mine["temperature"], mine["max_tokens"]) == (0.5, 50)
    with database.read() as tx:
        ((prompt, (answer, _)), *_) = queries.deck_content(tx, "d")
    assert (prompt.tags, prompt.language) == (("numbers",), "en")
    assert (answer.model, answer.text, answer.finish_reason) == ("One", "One **answer**", "stop")
    assert (answer.prompt_tokens, answer.completion_tokens, answer.fingerprint) == (7, 2, "scripted-1")
    assert answer.style.n_bold == 1
    assert answer.duration_ms is not None


def test_a_second_run_asks_only_for_the_rest(database: Database, held: ExitStack) -> None:
    one, first = served(held, "One")
    run(prepared(database, one, prompts=PROMPTS[:2]))
    two, second = served(held, "Two")
    again = prepared(database, one, two, prompts=PROMPTS[1:])
    assert (again.n_prompts, again.n_added, again.n_todo) == (4, 2, 6)
    run(again)
    assert (len(first.received), len(second.received)) == (4, 4)
    assert prepared(database, one, two, prompts=()).n_todo == 0
    with database.read() as tx:
        assert all(len(seeds) == 2 for seeds in queries.deck_seeds(tx, "d").values())


def test_answers_on_which_no_vote_could_count_are_not_stored(database: Database, held: ExitStack) -> None:
    players = [
        served(held, "Empty", Script((" \n",)))[0],
        served(held, "Filtered", Script(("Some", " text"), finish_reason="content_filter"))[0],
        served(held, "Cut", Script(("Some", " text"), close_after=1))[0],
        served(held, "Wren Sol", Script(("I am Wren Sol.",)))[0],
        served(held, "Long", Script(("word ",) * 60))[0],
    ]
    filling = prepared(database, *players, prompts=PROMPTS[:1])
    run(filling)
    assert answers(database) == {"Question 0?": ["Long"]}, "an answer at the token limit counts"
    assert {gap.model: gap.reason.split(":")[0] for gap in filling.gaps} == {
        "Empty": "the answer has no visible text",
        "Filtered": "filtered",
        "Cut": "broken",
        "Wren Sol": "the answer names its model",
    }


def test_a_model_that_fails_is_left_alone_and_the_others_go_on(database: Database, held: ExitStack) -> None:
    bad, server = served(held, "Bad", Script(), Script(status=500))
    good, _ = served(held, "Good")
    filling = prepared(database, bad, good, prompts=tuple(Prompt(f"{i}") for i in range(9)))
    told: list[int] = []
    run(filling, n_at_once=1, progress=lambda: told.append(filling.n_done))
    assert len(server.received) == 1 + 3
    assert [len(filling.stored[name]) for name in ("Bad", "Good")] == [1, 9]
    reasons = [gap.reason for gap in filling.gaps]
    assert [reason.startswith("unreachable: ") for reason in reasons[:3]] == [True] * 3
    assert reasons[3:] == ["not asked, after 3 failures in a row"] * 5
    assert told[-1] <= 18
    run(filling_again := prepared(database, bad, good, prompts=()))
    assert filling_again.n_todo == 8


def test_a_stop_keeps_what_is_there(database: Database, held: ExitStack) -> None:
    slow, _ = served(held, "Slow", Script(), Script(("One", " two"), hang_after=1))
    filling = prepared(database, slow)

    async def stopped() -> None:
        has_stored = asyncio.Event()
        run = fill(filling, settings_of(slow), {}, n_at_once=1, progress=has_stored.set)
        task = asyncio.create_task(run)
        await has_stored.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    filling.not_asked("stopped")
    assert [gap.reason for gap in filling.gaps] == ["stopped"] * 3
    assert sum(map(len, answers(database).values())) == 1


class Counting:
    """A model that counts how many answers it is writing."""

    def __init__(self) -> None:
        self.n_now = self.most = 0

    async def stream(self, request: Request) -> AsyncGenerator[Queued | Token | Thought | Finish, None]:
        self.n_now += 1
        self.most = max(self.most, self.n_now)
        await asyncio.sleep(0.01)
        yield Token("Yes.")
        yield Finish("stop", 1, 1, None, 1.0, 1.0)
        self.n_now -= 1


def test_no_more_prompts_than_allowed_are_asked_at_once(database: Database) -> None:
    player, model = Player("One", base_urls=("http://127.0.0.1:9/v1",)), Counting()
    filling = prepared(database, player, prompts=tuple(Prompt(f"{i}") for i in range(8)))
    asyncio.run(filling.answer_all(player, model, n_at_once=3, progress=lambda: None))
    assert (model.most, len(filling.stored["One"])) == (3, 8)


def test_a_deck_is_asked_with_one_set_of_settings(database: Database, held: ExitStack) -> None:
    one, _ = served(held, "One")
    run(prepared(database, one))
    warmer = settings_of(one, battle=BattleSettings(system_prompt="Be kind.", temperature=0.6, max_tokens=50))
    with pytest.raises(DeckError, match=r"deck 'd' has answers with temperature 0\.5, and the settings now have 0\.6"):
        prepare(database, warmer, [one], "d", PROMPTS, now=1.0)
    assert prepare(database, warmer, [one], "other", PROMPTS, now=1.0).n_todo == 4
    with pytest.raises(DeckError, match="deck 'empty' has no prompts; give some with --prompts FILE"):
        prepared(database, one, deck="empty", prompts=())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"system_prompt": "Rhyme."}, "system_prompt"),
        ({"extra_body": {"min_p": 0.1}, "max_tokens": 20}, "max_tokens and extra_body"),
        ({"model": "other"}, "model"),
    ],
)
def test_a_models_own_settings_may_not_change_between_two_runs(
    database: Database, held: ExitStack, changes: dict[str, Any], named: str
) -> None:
    one, _ = served(held, "One")
    two, second = served(held, "Two")
    run(prepared(database, one, two, prompts=PROMPTS[:2]))
    other = replace(one, **changes)
    with pytest.raises(
        DeckError, match=f"answers of 'One' that were asked for with another {named} than the"
    ) as caught:
        prepared(database, other, two)
    assert 'arena fill-deck d --models "One" --again' in str(caught.value)
    assert prepared(database, two).n_todo == 2, "the others can go on"
    moved, third = served(held, "One", headers={"x-key": "new"})
    assert prepared(database, moved, prompts=()).n_todo == 2, "another address or key changes no answer"
    settings = settings_of(other, two)
    again = prepare(database, settings, [other], "d", (), now=1.0, again=True)
    assert again.n_todo == 4
    asyncio.run(fill(again, settings, {}))
    assert prepared(database, other, prompts=()).n_todo == 0
    assert (len(second.received), len(third.received)) == (2, 0)


def test_answers_that_somebody_has_judged_are_not_asked_for_again(database: Database, held: ExitStack) -> None:
    one, _ = served(held, "One")
    two, _ = served(held, "Two", Script(("Another",)))
    run(prepared(database, one, two))
    with database.write() as tx:
        key = queries.deck_prompts_of(tx, "d")[0].key
        queries.open_battle(tx, NewBattle("ann", "One", "Two", None, BattleKind.QUICK, deck_prompt=key), now=2.0)
    with pytest.raises(NotAllowedNow, match=r"the answers of 'One' in the deck 'd' were shown in battles \(1\)"):
        prepare(database, settings_of(one, two), [one], "d", (), now=3.0, again=True)
    assert all(models == ["One", "Two"] for models in answers(database).values())


def test_other_weights_are_noticed_with_the_first_answer(database: Database, tmp_path: Path) -> None:
    player = Player("One", path=tmp_path)

    class Model:
        fingerprint = "aaaa+torch"

        async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
            yield Token("Yes.")
            yield Finish("stop", 1, 1, self.fingerprint, 1.0, 1.0)

    def asked(prompts: tuple[Prompt, ...]) -> Filling:
        filling = prepared(database, player, prompts=prompts)
        asyncio.run(filling.answer_all(player, Model(), n_at_once=1, progress=lambda: None))
        return filling

    assert not asked(PROMPTS[:1]).gaps
    Model.fingerprint = "aaaa+native"
    assert not asked(PROMPTS[:2]).gaps, "computed otherwise, from the same weights"
    Model.fingerprint = "bbbb+native"
    gaps = asked(PROMPTS).gaps
    assert len(gaps) == 2
    assert "its weights are others than those of its answers in the deck (bbbb, before aaaa)" in gaps[0].reason
    assert sum(map(len, answers(database).values())) == 2


def test_prompts_get_the_tags_of_the_rules_and_a_language(database: Database, held: ExitStack) -> None:
    one, _ = served(held, "One")
    text = "Please tell me how many different colours a rainbow has."
    filling = prepared(database, one, prompts=(Prompt(text, ("facts",)), Prompt(f"{text} Now.", (), "ko")))
    assert [one.prompt.tags for one in filling.todo["One"]] == [("number", "facts"), ("number",)]
    assert [one.prompt.language for one in filling.todo["One"]] == ["en", "ko"]


def test_a_new_deck_is_live_if_the_settings_name_it(database: Database, held: ExitStack) -> None:
    one, _ = served(held, "One")
    prepared(database, one, deck="live")
    prepared(database, one)
    with database.read() as tx:
        assert {deck.name: deck.is_live for deck in queries.list_decks(tx)} == {"live": True, "d": False}
