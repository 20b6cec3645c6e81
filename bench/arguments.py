"""Types of command-line arguments that several benchmarks take."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def some(*known: str) -> Callable[[str], tuple[str, ...]]:
    """Some of these names, with commas between."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := [name for name in names if name not in known]:
            raise ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
        return names

    return parse
