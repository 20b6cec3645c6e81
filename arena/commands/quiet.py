"""Silence the log of a command that prints everything itself."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_log() -> Iterator[None]:
    """Log nothing below a critical error meanwhile."""
    logger = logging.getLogger("arena")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
