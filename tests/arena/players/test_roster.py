from __future__ import annotations

from pathlib import Path

import pytest

from arena.players.roster import Player, Roster
from arena.settings import SettingsError


def test_a_roster_knows_who_plays_who_is_native_and_who_has_retired() -> None:
    near, far = Player("near", path=Path("x")), Player("far", base_urls=("http://h/v1",))
    gone = Player("gone", path=Path("x"), is_active=False)
    roster = Roster((near, far, gone))
    assert (tuple(roster), len(roster)) == ((near, far, gone), 3)
    assert roster.active == (near, far)
    assert roster.native == (near,)
    assert roster.by_name["gone"] is gone
    with pytest.raises(KeyError):
        roster.by_name["nobody"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for name in ("params.json", "consolidated.safetensors", "tokenizer.model"):
        (tmp_path / name).touch()
    Roster((Player("here", path=tmp_path), Player("gone", path=missing, is_active=False))).check_folders()
    with pytest.raises(SettingsError, match=rf"'near' path: no folder {missing}; expected a folder with params\.json"):
        Roster((Player("near", path=missing),)).check_folders()
    (tmp_path / "tokenizer.model").unlink()
    with pytest.raises(SettingsError, match=rf"'here' path: no tokenizer\.model in {tmp_path}; expected a folder with"):
        Roster((Player("here", path=tmp_path),)).check_folders()


def test_keys_come_from_the_variables_that_players_name() -> None:
    roster = Roster((Player("far", base_urls=("http://h/v1",), api_key_env="FAR_KEY"), Player("near", path=Path("x"))))
    assert roster.api_keys({"FAR_KEY": "sk"}) == {"far": "sk"}
    with pytest.raises(SettingsError, match="'far' api_key_env: the environment has no FAR_KEY; set it to the key"):
        roster.api_keys({})


@pytest.mark.parametrize(
    ("roster", "came"),
    [
        (Roster(()), "no active model"),
        (Roster((Player("near", path=Path("x"), is_active=False),)), "no active model"),
        (Roster((Player("near", path=Path("x")), Player("far", path=Path("y"), is_active=False))), "'near' alone is"),
    ],
)
def test_a_battle_needs_two_active_models(roster: Roster, came: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[\[models\]\]: {came}.*two models.*add.*path or base_url"):
        roster.check_can_battle()
    Roster((Player("near", path=Path("x")), Player("far", path=Path("y")))).check_can_battle()
