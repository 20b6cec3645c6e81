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
    Roster((Player("here", path=tmp_path), Player("gone", path=missing, is_active=False))).check_folders()
    with pytest.raises(SettingsError, match=rf"'near' path: no folder {missing}; expected one with params\.json"):
        Roster((Player("near", path=missing),)).check_folders()


def test_keys_come_from_the_variables_that_players_name() -> None:
    roster = Roster((Player("far", base_urls=("http://h/v1",), api_key_env="FAR_KEY"), Player("near", path=Path("x"))))
    assert roster.api_keys({"FAR_KEY": "sk"}) == {"far": "sk"}
    with pytest.raises(SettingsError, match="'far' api_key_env: the environment has no FAR_KEY; set it to the key"):
        roster.api_keys({})
