"""What is noted of a battle, by key: that a vote won't count, or why there can be none. The pages make the sentences.

The verdict itself is the ledger's, at the vote; a warning tells beforehand only what no vote could change.
"""

from arena.rounds.battle import Battle
from arena.rules import ledger

NOTICES = (
    "wont_count_failed_side",  # a side failed: the battle may be voted on, the vote won't count
    "wont_count_stopped",  # stopped before 100 characters of an unfinished side were shown: the same
    "abandoned",  # void: nobody was looking for abandon_after_s
    "left",  # void: the visitor went on to the next battle without a vote
    "interrupted",  # void: the arena was stopped while this battle was being written
    "not_stored",  # void: the answers could not be written to the database
    "closed",  # void since some time: nobody knows any more why
)


def warning(battle: Battle) -> str | None:
    """The notice before a vote that cannot count, whatever its outcome."""
    sides = [side for turn in battle.turns for side in turn.values()]
    if any(side.state == "failed" for side in sides):
        return "wont_count_failed_side"
    if any(side.state == "stopped" and len(side.text) < ledger.MIN_SHOWN_CHARS for side in sides):
        return "wont_count_stopped"
    return None
