"""The owner's use cases, on a real database with real endpoints of scripted servers."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from arena.metrics import Metrics
from arena.players.connect import Connector
from arena.players.health import Health
from arena.players.roster import Roster
from arena.service import Arena, Refusal
from arena.service.owner.owner import Owner, retired_by_owner
from arena.service.trials import trials_of
from arena.settings import Settings, load, read_file
from db.outcome import Outcome
from db.session import Database, open_database
from tests.fakes import Script, ScriptedEndpoint


class Estate:
    """An arena with its owner. `write` writes the settings file that `owner.reload` reads."""

    def __init__(self, folder: Path, text: str, env: dict[str, str]) -> None:
        self.file = folder / "arena.toml"
        self.write(text)
        self.database: Database = open_database(f"sqlite:///{folder / 'arena.sqlite'}")
        self.metrics = Metrics()
        settings = self.read()
        roster = Roster(settings.models, self.file, retired_by_owner(self.database))
        connector = Connector(env)
        self.health = Health(
            roster,
            connector.endpoints(roster, settings.battle),
            trials=trials_of(roster, settings.battle),
            metrics=self.metrics,
        )
        self.arena = Arena(settings, roster, self.database, self.health, metrics=self.metrics)
        self.owner = Owner(
            settings,
            roster,
            arena=self.arena,
            health=self.health,
            database=self.database,
            connector=connector,
            read=self.read,
        )

    def write(self, text: str) -> None:
        self.file.write_text('[battle]\npace = "free"\nretries = 0\n' + text)

    def read(self) -> Settings:
        return load(read_file(self.file), {}, file=self.file)

    async def battle(self, visitor: str = "v" * 64) -> str:
        battle_id = await self.arena.send(visitor, None, "Hi")
        async for _ in self.arena.follow(visitor, battle_id):
            pass
        return battle_id

    @property
    def drawn(self) -> list[str]:
        return [player.name for player in self.health.ready()]


def models(server: ScriptedEndpoint, *names: str, more: str = "") -> str:
    return "".join(
        f'[[models]]\nname = "{name}"\nbase_url = "{server.base_url}"\nmodel = "scripted"\n{more}' for name in names
    )


def run(
    folder: Path,
    text: str,
    main: Callable[[Estate], Coroutine[Any, Any, None]],
    env: dict[str, str] | None = None,
) -> None:
    async def started() -> None:
        estate = Estate(folder, text, env or {})
        await estate.arena.start()
        await estate.health.check()
        try:
            await main(estate)
        finally:
            await estate.arena.close()
            await estate.health.aclose()
            estate.database.close()

    asyncio.run(asyncio.wait_for(started(), 60))


def test_the_overview_has_every_model_by_name_with_what_it_did(tmp_path: Path) -> None:
    async def main(estate: Estate) -> None:
        battle_id = await estate.battle()
        await estate.arena.vote("v" * 64, battle_id, Outcome.TIE)
        shown = await estate.owner.overview()
        assert [(model.name, model.state) for model in shown.models] == [
            ("One", "ready"),
            ("Two", "ready"),
            ("Gone", "down"),
            ("Old", "inactive"),
        ]
        one, _, gone, old = shown.models
        assert one.summary is not None
        assert (one.summary.n_answers, one.summary.n_complete) == (1, 1)
        assert (one.day.battles, one.day.votes, one.week.votes, one.day.excluded) == (1, 1, 1, {})
        assert gone.failure is not None
        assert (gone.failure.cause, gone.failure.message) == ("no_connection", "127.0.0.1:9: ConnectError")
        assert old.summary is None
        (battle,) = shown.battles
        assert (battle.kind, battle.state, battle.outcome, battle.reasons) == ("battle", "voted", "tie", ())
        assert (shown.n_ready, shown.n_playing, shown.n_votes, shown.n_counted) == (2, 3, 1, 1)
        text = estate.metrics.text().decode()
        assert 'arena_battles_opened_total{kind="battle"} 1.0' in text
        assert 'arena_votes_total{counted="yes"} 1.0' in text
        assert 'arena_answers_total{model="One",result="complete"} 1.0' in text

    with ScriptedEndpoint() as server:
        gone = '[[models]]\nname = "Gone"\nbase_url = "http://127.0.0.1:9/v1"\n'
        run(tmp_path, models(server, "One", "Two") + gone + models(server, "Old", more="active = false\n"), main)


def test_a_model_retired_here_stays_retired_over_a_restart_and_a_reload_until_it_is_brought_back(
    tmp_path: Path,
) -> None:
    async def retire(estate: Estate) -> None:
        await estate.owner.retire("Two")
        assert estate.drawn == ["One", "Three"]
        assert estate.owner.states()["Two"] == "retired"
        assert (await estate.arena.status()).n_models == 2
        await estate.owner.reload()
        assert estate.drawn == ["One", "Three"]

    async def bring_back(estate: Estate) -> None:
        assert estate.drawn == ["One", "Three"]
        await estate.owner.bring_back("Two")
        assert estate.drawn == ["One", "Two", "Three"]
        estate.write(text.replace('"Two"\n', '"Two"\nactive = false\n'))
        await estate.owner.reload()
        await estate.owner.bring_back("Two")  # the file wins
        assert estate.drawn == ["One", "Three"]
        assert estate.owner.states()["Two"] == "inactive"
        for step in (estate.owner.retire, estate.owner.bring_back):
            with pytest.raises(Refusal, match="no_model"):
                await step("Nobody")

    with ScriptedEndpoint() as server:
        text = models(server, "One", "Two", "Three")
        run(tmp_path, text, retire)
        run(tmp_path, text, bring_back)


def test_reading_the_file_again_changes_models_limits_and_battles_at_once(tmp_path: Path) -> None:
    async def main(estate: Estate) -> None:
        await estate.battle()
        with pytest.raises(Refusal, match="prompt_too_long"):
            await estate.arena.send("v" * 64, None, "x" * 4001)
        limits = "max_prompt_chars = 5000\nmax_tokens = 7\n[limits]\nbattles_per_hour = 1\n[web]\nport = 9\n"
        estate.write(limits + models(new, "New") + models(old, "Two"))
        told: list[Settings] = []
        estate.owner.on_change = told.append
        found = await estate.owner.reload()
        assert found.error is None
        assert [settings.battle.max_tokens for settings in told] == [7]
        assert {one.place for one in found.at_once} == {
            "[battle] max_prompt_chars",
            "[battle] max_tokens",
            "[limits] battles_per_hour",
            "[[models]] 'New'",
            "[[models]] 'One'",
        }
        assert [one.place for one in found.after_restart] == ["[web] port"]
        await estate.health.check()
        assert estate.drawn == ["New", "Two"]
        with pytest.raises(Refusal, match="rate_limited"):
            await estate.arena.send("v" * 64, None, "x" * 4001)
        await estate.battle("w" * 64)
        assert new.received[-1]["max_tokens"] == 7
        assert (await estate.owner.overview()).reloaded == found
        assert [card.name for card in estate.arena.contestants()] == ["New", "Two"]

    with ScriptedEndpoint() as old, ScriptedEndpoint() as new:
        run(tmp_path, models(old, "One", "Two"), main)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_token = 3\n", "unknown key 'max_token'; did you mean 'max_tokens'?"),
        ("top_p = 2\n", "top_p: 2 is out of range"),
        ('[[models]]\nname = "x"\nbase_url = "http://ann:pw-secret@h bad"\n', "base_url: 'http://•••@h bad'"),
        ('[[models]]\nname = "x"\nbase_url = "http://h"\napi_key_env = "NO"\n', "the environment has no NO"),
        ('[[models]]\nname = "x"\npath = "nowhere"\n', "path: no folder"),
        ("", "no active model; a battle needs two models"),
    ],
)
def test_with_a_mistake_in_the_file_nothing_changes(text: str, message: str, tmp_path: Path) -> None:
    async def main(estate: Estate) -> None:
        estate.write("max_tokens = 7\n" + text)
        estate.owner.on_change = lambda _: pytest.fail("nothing has changed")
        found = await estate.owner.reload()
        assert found.error is not None
        assert message in found.error
        assert "pw-secret" not in found.error
        assert not found.at_once
        assert estate.drawn == ["One", "Two"]
        await estate.battle()
        assert server.received[-1]["max_tokens"] == 1024

    with ScriptedEndpoint() as server:
        run(tmp_path, models(server, "One", "Two"), main)


def test_a_try_asks_with_a_battles_settings_and_changes_no_figure(tmp_path: Path) -> None:
    async def main(estate: Estate) -> None:
        tried = await estate.owner.try_out("One", "What now?")
        assert (tried.answer.text, tried.answer.error) == ("Hello there.", None)
        messages = server.received[-1]["messages"]
        assert [message["content"] for message in messages] == ["Be kind.", "What now?"]
        assert "sk-of-one" not in str(tried)
        assert server.headers[-1]["authorization"] == "Bearer sk-of-one"
        assert (await estate.owner.overview()).models[0].summary.n_answers == 0  # type: ignore[union-attr]
        with pytest.raises(Refusal, match="no_model"):
            await estate.owner.try_out("Nobody", "Hi")

    with ScriptedEndpoint() as server:
        own = 'api_key_env = "KEY"\nsystem_prompt = "Be kind."\n'
        run(tmp_path, models(server, "One", "Two", more=own), main, {"KEY": "sk-of-one"})


def test_a_failing_model_is_explained_to_the_owner(tmp_path: Path) -> None:
    async def main(estate: Estate) -> None:
        failed = (await estate.owner.overview()).models[0]
        assert failed.failure is not None
        assert (failed.state, failed.failure.cause) == ("down", "wrong_key")

    with ScriptedEndpoint(Script(status=401), models_status=401) as server:
        run(tmp_path, models(server, "One", "Two"), main)
