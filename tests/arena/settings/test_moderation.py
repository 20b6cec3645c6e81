"""Who judges is named once, and can be asked."""

from pathlib import Path
from typing import Any

import pytest

from arena.players.connect import Connector
from arena.players.roster import Roster
from arena.settings import SettingsError, load

MODELS = [
    {"name": "Judge", "base_url": "http://127.0.0.1:9/v1", "active": False},
    {"name": "Own", "path": "folder", "active": False},
]
URL = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"prompts_illegal": "block"}, "[moderation] prompts_illegal: 'block', and no model judges"),
        ({"moderator": "Juge"}, "no model 'Juge' under [[models]] of arena.toml; did you mean 'Judge'?"),
        ({"moderator": "Own"}, "'Own' has a path and active = false, so the arena does not load it"),
        ({"moderator": "Judge", "base_url": URL, "model": "m"}, "moderator and base_url; expected one of them"),
        ({"base_url": URL}, "base_url without model"),
        ({"base_url": "127.0.0.1", "model": "m"}, "base_url: '127.0.0.1'; expected an address"),
        ({"moderator": "Judge", "model": "m"}, "[moderation] model: it belongs to base_url"),
        ({"base_url": URL, "model": "m", "api_key_env": " "}, "expected the name of a variable"),
        ({"answers_hateful": "hide"}, "'hide' is not one of off, log, warn, block"),
        ({"timeout_s": 0}, "out of range"),
    ],
)
def test_a_wrong_moderator_is_refused_with_the_reason(table: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"moderation": table, "models": MODELS}, {})
    assert said in str(caught.value)


def test_it_is_off_by_default_and_without_a_category() -> None:
    assert not load({}, {}).moderation.is_on
    assert not load({"moderation": {"moderator": "Judge"}, "models": MODELS}, {}).moderation.is_on
    assert load({"moderation": {"moderator": "Judge", "answers_hateful": "log"}, "models": MODELS}, {}).moderation.is_on


def test_a_key_that_is_missing_is_named_by_its_section() -> None:
    table = {"base_url": URL, "model": "m", "api_key_env": "ARENA_JUDGE_KEY"}
    settings = load({"moderation": table}, {"ARENA_JUDGE_KEY": "secret"})
    roster = Roster(settings.models, Path("arena.toml"))
    with pytest.raises(SettingsError, match=r"\[moderation\] api_key_env: the environment has no ARENA_JUDGE_KEY"):
        Connector({}).moderator(roster, settings.moderation, settings.battle)
