"""What ends a command, and what add_subparsers() returns: the little that all commands share."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_to` of a command gets."""


class CommandError(Exception):
    """Ends the command with this message and exit status 1."""


class UsageError(CommandError):
    """Arguments that cannot be meant together or hold no sensible value: the message, the usage, exit status 2."""
