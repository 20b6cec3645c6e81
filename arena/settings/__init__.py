"""Settings: what `arena.toml` and the environment say, checked and frozen before anything starts.

    sections   what the settings are: one frozen class a section, with its defaults
    tables     how a table is read by the types of such a class
    models     what a [[models]] table must be, beyond its types
    loading    file, environment and command line made one

`read_file` alone opens a file; `load` takes mappings, and `app.py` and `__main__` hand it arguments and environment. A
later source wins: the defaults, then the file, then environment variables, then command-line options. An environment
variable is named `ARENA_` + section + key (`ARENA_BATTLE_MAX_TOKENS`, `ARENA_WEB_PORT`); keys of the section `[arena]`
go without a section (`ARENA_TITLE`, `ARENA_DATA`). `ARENA_SECRET` has no key in the file, because files get copied. The
roster (`[[models]]`) is the file's alone, and API keys are never in it: `api_key_env` names the variable that holds
one.

Every wrong value is a `SettingsError` that says where it stands, what came and what was expected; an unknown key names
the nearest known one. Nothing here looks for a model's folder: that is for `players.roster`.
"""

from arena.settings.loading import environment_name, load, read_file
from arena.settings.sections import (
    OPTIONAL_PARAMETERS,
    SECTIONS,
    ArenaSettings,
    BattleSettings,
    InferenceSettings,
    LimitSettings,
    Player,
    Settings,
    WebSettings,
)
from arena.settings.tables import Override, SettingsError

__all__ = [
    "OPTIONAL_PARAMETERS",
    "SECTIONS",
    "ArenaSettings",
    "BattleSettings",
    "InferenceSettings",
    "LimitSettings",
    "Override",
    "Player",
    "Settings",
    "SettingsError",
    "WebSettings",
    "environment_name",
    "load",
    "read_file",
]
