"""`init`: write the settings that ship with the package into this folder."""

import argparse
from collections.abc import Mapping
from importlib.resources import files

from arena.commands import Commands
from arena.settings import SettingsError
from arena.settings.command_line import DEFAULT_FILE


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "init",
        help="write arena.toml into this folder",
        description="Write arena.toml into this folder: four demo models, and every setting with its default."
        " An existing file is never changed.",
    )
    command.set_defaults(run=run)


def run(_options: argparse.Namespace, _env: Mapping[str, str]) -> int:
    """Raises `SettingsError`."""
    shipped = files("arena").joinpath("arena.toml").read_bytes()
    try:
        with DEFAULT_FILE.open("xb") as file:
            file.write(shipped)
    except FileExistsError as error:
        raise SettingsError(
            f"{DEFAULT_FILE} is already in this folder and was not changed; start the arena with `arena`,"
            " or move the file away first"
        ) from error
    except OSError as error:
        raise SettingsError(f"cannot write {DEFAULT_FILE}: {error.strerror}; choose a folder that you own") from error
    print(f"Wrote {DEFAULT_FILE}: four demo models, and every setting with its default. Start the arena with `arena`.")
    return 0
