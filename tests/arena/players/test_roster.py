from functools import partial
from pathlib import Path

import pytest

from arena.players.roster import Player, Roster
from arena.settings import SettingsError


def test_a_roster_lists_active_native_and_retired_players() -> None:
    near, far = Player("near", path=Path("x")), Player("far", base_urls=("http://h/v1",))
    gone = Player("gone", path=Path("x"), is_active=False)
    roster = Roster((near, far, gone))
    assert (tuple(roster), len(roster)) == ((near, far, gone), 3)
    assert roster.active == (near, far)
    assert roster.native == (near,)
    assert roster.by_name["gone"] is gone
    with pytest.raises(KeyError):
        roster.by_name["nobody"]


def fill(folder: Path, *names: str) -> Player:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return Player(folder.name, path=folder)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    here = fill(tmp_path / "here", "params.json", "consolidated.safetensors", "tokenizer.model")
    Roster((here, Player("gone", path=missing, is_active=False), Player("hub", hub="o/n"))).check_folders()
    with pytest.raises(SettingsError, match=rf"^arena\.toml, .*'near' path: no folder {missing}; expected a model's"):
        Roster((Player("near", path=missing),)).check_folders()
    (tmp_path / "here" / "tokenizer.model").unlink()
    with pytest.raises(
        SettingsError, match=r"'here' path: no tokenizer\.model or tokenizer\.json or .* in .*/here; exp"
    ):
        Roster((here,)).check_folders()
    with pytest.raises(
        SettingsError, match=r"no params\.json or config\.json and no .*safetensors or .* and no tok.* in "
    ):
        Roster((fill(tmp_path / "empty"),)).check_folders()


def test_a_path_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'long' path: .* cannot be read: File name too long; expected a model's"):
        Roster((Player("long", path=tmp_path / ("x" * 5000)),)).check_folders()


@pytest.mark.parametrize("weights", ["model.safetensors", "model-00001-of-00002.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("tokenizer", ["tokenizer.model", "tokenizer.json", "tekken.json"])
def test_the_files_of_hugging_face_are_a_model_too(weights: str, tokenizer: str, tmp_path: Path) -> None:
    Roster((fill(tmp_path / "m", "config.json", weights, tokenizer),)).check_folders()


def test_every_error_names_the_file_that_was_read(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    for check in (
        Roster((), file).check_can_battle,
        Roster((Player("m", path=tmp_path / "none"),), file).check_folders,
        partial(Roster((Player("m", base_urls=("http://h",), api_key_env="K"),), file).check_keys, {}),
    ):
        with pytest.raises(SettingsError, match=rf"^{file}, \[\[models\]\]"):
            check()


def test_keys_come_from_the_variables_that_players_name() -> None:
    far, near = Player("far", base_urls=("http://h/v1",), api_key_env="FAR_KEY"), Player("near", path=Path("x"))
    roster = Roster((far, near))
    assert roster.api_key({"FAR_KEY": "sk"}, far) == "sk"
    assert roster.api_key({}, near) is None
    with pytest.raises(SettingsError, match="'far' api_key_env: the environment has no FAR_KEY; set it to the key"):
        roster.check_keys({})
    for key in ("two\nlines", "schlüssel", "sk ", "nul\0"):  # the error must not repeat the key
        with pytest.raises(SettingsError, match=r"'far' api_key_env: FAR_KEY has .* a key that fits an HTTP header$"):
            roster.check_keys({"FAR_KEY": key})


def test_headers_may_come_from_the_environment() -> None:
    far = Player("far", base_urls=("http://h/v1",), headers={"api-key": "env:FAR_KEY", "x-title": "Arena"})
    near = Player("near", path=Path("x"))
    roster = Roster((far, near))
    assert roster.headers({"FAR_KEY": "sk"}, far) == {"api-key": "sk", "x-title": "Arena"}
    assert roster.headers({}, near) == {}
    with pytest.raises(SettingsError, match="'far' headers api-key: the environment has no FAR_KEY; set it to the key"):
        roster.check_keys({})
    with pytest.raises(SettingsError, match=r"'far' headers api-key: FAR_KEY has .*; expected a key .*$"):
        roster.check_keys({"FAR_KEY": "two\nlines"})


@pytest.mark.parametrize(
    ("roster", "came"),
    [
        (Roster(()), "no active model"),
        (Roster((Player("near", path=Path("x"), is_active=False),)), "no active model"),
        (Roster((Player("near", path=Path("x")), Player("far", path=Path("y"), is_active=False))), "only 'near' is"),
    ],
)
def test_a_battle_needs_two_active_models(roster: Roster, came: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[\[models\]\]: {came}.*two models.*add.*path or base_url"):
        roster.check_can_battle()
    Roster((Player("near", path=Path("x")), Player("far", path=Path("y")))).check_can_battle()


def test_a_battle_needs_two_families_where_they_are_kept_apart(tmp_path: Path) -> None:
    bird, again, fish = (
        Player(name, path=Path("x"), family=family)
        for name, family in (("near", "Bird"), ("far", " bird"), ("deep", "Fish"))
    )
    with pytest.raises(
        SettingsError, match=r"\[matchmaking\] same_family: \"never\", but all 2 .* 'Bird'; add .*allow"
    ):
        Roster((bird, again)).check_can_battle(same_family="never")
    Roster((bird, again)).check_can_battle()
    Roster((bird, again, fish)).check_can_battle(same_family="never")
    Roster((bird, Player("none", path=Path("y")))).check_can_battle(same_family="never")
