"""The settings of the arena, read and checked before anything starts.

    sections     one frozen class for each section, with defaults, bounds and descriptions
    tables       how a table is read by the types of such a class
    models       rules for a [[models]] table; `remote`: those for a model with base_url
    entries      rules for [[links]] and [[examples]]; `moderation`: those for [moderation]
    loading      file, environment and command line combined
    changes      what a new file changes in a running arena
    description  every setting in words, for the documentation

`read_file` alone opens a file; `load` takes mappings, and `app.py` and `__main__` pass arguments and environment. A
later source wins: defaults, file, environment variables, command-line options. An environment variable is named
`ARENA_` + section + key (`ARENA_BATTLE_MAX_TOKENS`, `ARENA_WEB_PORT`); keys of the section `[arena]` have no section in
the name (`ARENA_TITLE`, `ARENA_DATA`). `ARENA_SECRET` has no key in the file, because files get copied. Models
(`[[models]]`) are only in the file, and API keys never: `api_key_env` names the variable that has one.

Every wrong value raises a `SettingsError` that names the place, the value and what was expected; an unknown key names
the nearest known one. A model's folder is not checked here: that is for `players.roster`.
"""

from arena.settings.description import SECRET_KEY, DescribedKey, DescribedSection, describe
from arena.settings.loading import environment_name, load, read_file
from arena.settings.sections import (
    OPTIONAL_PARAMETERS,
    SECTIONS,
    ArenaSettings,
    BattleSettings,
    Example,
    InferenceSettings,
    LimitSettings,
    Link,
    MatchmakingSettings,
    ModerationAction,
    ModerationSettings,
    Player,
    Policy,
    QuickSettings,
    Settings,
    WebSettings,
)
from arena.settings.tables import Override, SettingsError

__all__ = [
    "OPTIONAL_PARAMETERS",
    "SECRET_KEY",
    "SECTIONS",
    "ArenaSettings",
    "BattleSettings",
    "DescribedKey",
    "DescribedSection",
    "Example",
    "InferenceSettings",
    "LimitSettings",
    "Link",
    "MatchmakingSettings",
    "ModerationAction",
    "ModerationSettings",
    "Override",
    "Player",
    "Policy",
    "QuickSettings",
    "Settings",
    "SettingsError",
    "WebSettings",
    "describe",
    "environment_name",
    "load",
    "read_file",
]
