"""What several tests of the corpus share."""

from collections.abc import Iterable

from inference.demo.corpus.dialogue import FOLLOW_UP, SKILLS

ALL_SKILLS = {skill.name: 1.0 for skill in SKILLS} | {FOLLOW_UP: 1.0}
"""The same weight for every skill."""


def normal(groups: Iterable[Iterable[str]]) -> set[str]:
    """The sentences of all groups, in small letters and without their end marks."""
    return {sentence.lower().rstrip("?.! ") for group in groups for sentence in group}
