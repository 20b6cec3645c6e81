"""Notices before a vote: why it will not count, or why none is possible.

Warnings are keys, which the pages put into words. The ledger makes the verdict at the vote; a warning before it names
only what no vote could change.
"""

from arena.rounds.battle import Battle
from arena.rounds.views import Kind
from arena.rules import ledger
from arena.service.verdicts.facts import shown_facts
from db.codes import Reason

IDENTICAL_ANSWERS = "identical_answers"
NOTICES = (
    "wont_count_failed_side",  # a side failed: a vote is possible and will not count
    "wont_count_no_answer",  # a side ended without any text: the same
    "wont_count_stopped",  # stopped before 100 characters of an unfinished side were shown: the same
    "wont_count_flagged",  # moderation blocked an answer: the same
    "wont_count_named",  # the names are shown: the same
    IDENTICAL_ANSWERS,  # the answers are equal: only `tie` and `both_bad` are possible
    "abandoned",  # void: no page watched for abandon_after_s
    "left",  # void: the visitor went on to the next battle without a vote
    "interrupted",  # void: the arena was stopped while this battle was being written
    "not_stored",  # void: the answers could not be written to the database
    "closed",  # void, for a reason that is no longer known
    "replaced",  # void: a side failed before any text was shown, and another pair took over
)


_WARNINGS = (
    (Reason.FAILED_SIDE, "wont_count_failed_side"),
    (Reason.NO_ANSWER, "wont_count_no_answer"),
    (Reason.STOPPED, "wont_count_stopped"),
)


def warning(battle: Battle, kind: Kind) -> tuple[str | None, bool]:
    """Return what to note before the vote (that none can count, or that only some outcomes are possible), and whether
    only a tie or both-bad is possible."""
    if kind == "chat":
        return None, False
    turns = [shown_facts(turn) for turn in battle.turns]
    is_tie_only = ledger.are_identical(turns)
    if kind == "named":
        return "wont_count_named", is_tie_only
    if is_tie_only:
        return IDENTICAL_ANSWERS, True
    if ledger.is_withheld(turns):
        return "wont_count_flagged", False
    lacking = ledger.lacking(turns)
    return next((notice for reason, notice in _WARNINGS if reason in lacking), None), False
