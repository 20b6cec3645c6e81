"""Command-line argument types that several benchmarks share."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def some(*known: str) -> Callable[[str], tuple[str, ...]]:
    """Return a parser of comma-separated names, each of which must be known."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := [name for name in names if name not in known]:
            raise ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
        return names

    return parse
