"""The options that the arena's commands share."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from arena.settings.loading import load, read_file
from arena.settings.sections import Settings
from arena.settings.tables import Override, SettingsError

DEFAULT_FILE = Path("arena.toml")
_KEYS = {"data": ("arena", "data"), "db": ("arena", "database"), "host": ("web", "host"), "port": ("web", "port")}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --config, --data and --db."""
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_FILE, metavar="FILE", help="the settings file (default: arena.toml)"
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the database and the secret (default: data)")
    parser.add_argument("--db", metavar="URL", help="database (default: sqlite, DIR/arena.sqlite)")


def settings_from(options: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Return the settings of file, environment and options; an option that was not given changes nothing.

    Raises `SettingsError`.
    """
    if options.config == DEFAULT_FILE and not os.path.lexists(DEFAULT_FILE):
        raise SettingsError(
            f"there is no {DEFAULT_FILE} in this folder; write one with `arena init`,"
            " or name your settings with --config FILE"
        )
    given = [
        Override(section, key, value, f"--{name}")
        for name, (section, key) in _KEYS.items()
        if (value := getattr(options, name, None)) is not None
    ]
    return load(read_file(options.config), env, given, file=options.config)
