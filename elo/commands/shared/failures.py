"""The errors that end a command, and the type of its parser."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The argument of a command's `add_to`."""


class CommandError(Exception):
    """Ends the command with this message and exit status 1."""


class UsageError(CommandError):
    """Arguments that make no sense, alone or together: prints the message and the usage, exit status 2."""
