"""The settings of online Elo in the database are those that `elo check` reads."""

import pytest

from arena.service import online_elo
from elo.online import name_of, settings_of
from elo.settings import Settings


@pytest.mark.parametrize("settings", [Settings(), Settings(base=2.718281828459045, scale=173.7, k=0.1, start=-1e-9)])
def test_the_stored_name_of_online_elo_is_the_one_that_elo_check_reads(settings: Settings) -> None:
    assert online_elo(settings).name == name_of(settings)
    assert settings_of(online_elo(settings).name) == settings
