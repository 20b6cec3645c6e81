"""The moderator at work: prompts before a battle, answers before or while they are shown.

    moderator   asks about a text in bounded time, rests after failures, and counts
    prompts     a prompt is allowed, warned of or refused
    answers     the `Screen` of a battle
    checking    a moderator is measured on labelled texts, such as those of `items.jsonl`

`arena.rules.moderation` has the categories, the question and what follows; `arena.players.choice` asks for a letter.
"""

from arena.service.moderation.moderator import Moderator, ModeratorState

__all__ = ["Moderator", "ModeratorState"]
