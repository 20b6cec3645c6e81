"""What is noted of a battle, by key: that a vote won't count, or why there can be none. The pages make the sentences.

The verdict itself is the ledger's, at the vote; a warning tells beforehand only what no vote could change.
"""

from arena.rounds.battle import Battle
from arena.rules import ledger
from arena.service.facts import shown_facts
from db.codes import Reason

IDENTICAL_ANSWERS = "identical_answers"
NOTICES = (
    "wont_count_failed_side",  # a side failed: the battle may be voted on, the vote won't count
    "wont_count_no_answer",  # a side ended without any text: the same
    "wont_count_stopped",  # stopped before 100 characters of an unfinished side were shown: the same
    IDENTICAL_ANSWERS,  # both sides answered the same: only `tie` and `both_bad` can be cast
    "abandoned",  # void: nobody was looking for abandon_after_s
    "left",  # void: the visitor went on to the next battle without a vote
    "interrupted",  # void: the arena was stopped while this battle was being written
    "not_stored",  # void: the answers could not be written to the database
    "closed",  # void since some time: nobody knows any more why
)


_WARNINGS = (
    (Reason.FAILED_SIDE, "wont_count_failed_side"),
    (Reason.NO_ANSWER, "wont_count_no_answer"),
    (Reason.STOPPED, "wont_count_stopped"),
)


def warning(battle: Battle) -> str | None:
    """What is to be known before the vote: that none can count, whatever its outcome, or which ones are open."""
    turns = [shown_facts(turn) for turn in battle.turns]
    if ledger.are_identical(turns):
        return IDENTICAL_ANSWERS
    lacking = ledger.lacking(turns)
    return next((notice for reason, notice in _WARNINGS if reason in lacking), None)
