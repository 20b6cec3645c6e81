"""The prompts that the battle page offers: the owner's, else the built-in ones."""

import random
from collections.abc import Sequence

from arena.settings import Example
from arena.ui.messages import messages

N_SHOWN = 6


def offered(examples: Sequence[Example], language: str) -> tuple[str, ...]:
    """Return the prompts for one page, in random order: those in the visitor's `language` first, then others, at most
    N_SHOWN. Without `examples` the built-in ones."""
    if not examples:
        return messages(language).examples[:N_SHOWN]
    shuffled = random.sample(list(examples), len(examples))
    shuffled.sort(key=lambda example: example.language != language)
    return tuple(example.text for example in shuffled[:N_SHOWN])
