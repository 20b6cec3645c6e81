"""Settings: what `arena.toml` and the environment say, checked and frozen before anything starts.

    sections   what the settings are: one frozen class a section, with its defaults
    tables     how a table is read by the types of such a class
    models     what a [[models]] table must be, beyond its types
    loading    file, environment and command line made one

`load` takes mappings, not files: `app.py` alone reads files, arguments and the environment. A later source wins:
the defaults, then the file, then environment variables, then command-line options. An environment variable is
named `ARENA_` + section + key (`ARENA_BATTLE_MAX_TOKENS`, `ARENA_WEB_PORT`); keys of the section `[arena]` go without
a section (`ARENA_TITLE`, `ARENA_DATA`). `ARENA_SECRET` has no key in the file, because files get copied. The roster
(`[[models]]`) is the file's alone, and API keys are never in it: `api_key_env` names the variable that holds one.

Every wrong value is a `SettingsError` that says where it stands, what came and what was expected; an unknown key names
the nearest known one. Nothing here opens a file or a socket: `players.roster` asks whether a model's folder exists.
"""

from arena.settings.loading import environment_name, load
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
]
