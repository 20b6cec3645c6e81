"""All limits on votes and visitors, in seconds and in counts.

A battle is refused if the visitor has begun `battles_per_hour` within the last hour, or if all visitors behind the same
address have together begun ten times as many: an office behind one address is not punished, and a script that drops its
cookie is stopped. A visitor has at most `MAX_RUNNING` battles being written at a time (three pages side by side). Votes
are never refused here: those beyond `votes_per_hour` are kept but not counted (`arena.rules.ledger`).

Prepared prompts cost no model any time, and a round of them is played in a minute. So they are counted apart from
battles, both when they are dealt and when they are voted on: `screens_per_hour`, and ten times as many per address.

Pure: the database counts, and the service passes counts and settings in.
"""

from dataclasses import dataclass
from typing import Literal

WINDOW_S = 3600.0
"""The hour of `battles_per_hour` and `votes_per_hour`."""
ADDRESS_FACTOR = 10
MAX_RUNNING = 3
MAX_ATTEMPTS = 4
"""Of one side at one turn: the first, and three retries."""
MAX_HELD = 1000
"""First prompts that wait for two models to be ready, of all visitors together."""
MAX_PULSES = 10_000
"""Visitors whose latest step is remembered, so that their tabs can follow each other."""

WITHDRAW_WITHIN_S = 60.0
"""How long after a vote its voter can withdraw it."""
MAX_COMMENT_CHARS = 2000
"""The longest comment on a battle."""
WITHDRAWALS_A_DAY = 3
VOTES_PER_WITHDRAWAL = 20
"""A visitor can withdraw one in this many votes, and always at least one."""
DAY_S = 24 * 3600.0
"""The day of `WITHDRAWALS_A_DAY`: the 24 hours before now."""
MIN_SHOWN_CHARS = 100
"""A vote counts after a stop if each unfinished side had shown this many characters."""
NAMED_PROBE_WINDOW_S = 24 * 3600.0
"""A vote is not counted if its visitor sent the same prompt to a page that shows names within this time before."""

OWN_BOARD_VOTES = 10
"""Counted votes of one visitor that make ratings of their own; with fewer, every interval spans most of the scale."""
OWN_BOARD_FEW_VOTES = 50
"""With fewer, the page says that chance decides much of the visitor's own board."""

FILTERED_BOARD_VOTES = 10
"""Counted votes that make a board of some votes, such as those of one language."""
FILTERED_BOARDS_WAITING = 8
"""Boards of some votes that wait to be computed, one after the other, of all visitors together."""
FILTERED_BOARDS_OF_ONE = 2
"""Of these, the most of one visitor."""
FILTERED_BOARDS_A_MINUTE = 30
"""Boards that one visitor may have computed within a minute; those that are still known do not count."""

HOUSEKEEPING_EVERY_S = 600.0
KEEP_ADDRESSES_S = 24 * 3600.0
"""Stored addresses are cleared before they are this old."""
LOST_AFTER_S = 3 * HOUSEKEEPING_EVERY_S
"""A process that has not touched the database for this long has ended, and its open battles become void."""
KEEP_IDLE_S = 3600.0
"""A battle without any event for this long leaves memory; the next request reads it from the database."""
REVEAL_WAIT_S = 0.1
"""How long a reveal waits for the ranks with its own vote. It takes 0.05 s for 100,000 votes of 20 models, and seconds
if the settings need the votes one by one; then the ranks are those from before the vote."""


def can_withdraw_s(*, voted_at: float, now: float) -> float:
    """Return for how many seconds a vote can still be withdrawn, 0 when it no longer can. Both are Unix times."""
    return max(0.0, voted_at + WITHDRAW_WITHIN_S - now)


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """What a visitor has withdrawn: `n_day` votes within the last day, `n_total` of all `n_votes`, which include them.

    With 45 votes two can be withdrawn, with 19 one, and the fourth on one day never.
    """

    n_day: int
    n_total: int
    n_votes: int

    @property
    def n_left(self) -> int:
        """How many votes can be withdrawn now."""
        in_total = max(1, self.n_votes // VOTES_PER_WITHDRAWAL)
        return max(0, min(WITHDRAWALS_A_DAY - self.n_day, in_total - self.n_total))

    @property
    def limit(self) -> Literal["day", "total"] | None:
        """Which limit has been reached; if both, the one that lasts longer."""
        if self.n_left:
            return None
        return "total" if max(1, self.n_votes // VOTES_PER_WITHDRAWAL) <= self.n_total else "day"

    @property
    def next_at(self) -> int:
        """The number of votes in total from which one more can be withdrawn."""
        return VOTES_PER_WITHDRAWAL * (self.n_total + 1)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """At most `limit` battles are allowed within `window_s` seconds; `n` have begun."""

    n: int
    limit: int
    window_s: float = WINDOW_S


def battles_exceeded(*, n_visitor: int, n_address: int, battles_per_hour: int) -> Exceeded | None:
    """Return the limit that forbids one more battle, or None.

    In the last hour, `n_visitor` battles were begun by the visitor and `n_address` from the visitor's address.
    """
    if n_visitor >= battles_per_hour:
        return Exceeded(n_visitor, battles_per_hour)
    if n_address >= battles_per_hour * ADDRESS_FACTOR:
        return Exceeded(n_address, battles_per_hour * ADDRESS_FACTOR)
    return None


class BadPrompt(ValueError):
    """A prompt that is refused. `key`: `prompt_empty`, `prompt_too_long` (length, limit) or `prompt_not_text`."""

    def __init__(self, key: str, **numbers: float) -> None:
        super().__init__(key)
        self.key = key
        self.numbers = numbers


def checked_prompt(text: str, *, max_chars: int) -> str:
    """Return a prompt without the white space around it.

    Raises `BadPrompt` if nothing is left, if it has more than `max_chars` characters, or if it has characters that
    cannot be stored (NUL, surrogates).
    """
    prompt = text.strip()
    if not prompt:
        raise BadPrompt("prompt_empty")
    if len(prompt) > max_chars:
        raise BadPrompt("prompt_too_long", length=len(prompt), limit=max_chars)
    if not _can_be_stored(prompt):
        raise BadPrompt("prompt_not_text")
    return prompt


def checked_comment(text: str) -> str | None:
    """Return the comment on a battle without the white space around it, None if nothing is left.

    Raises `BadPrompt`: `comment_too_long` (length, limit), `comment_not_text`.
    """
    comment = text.replace("\r\n", "\n").strip()
    if len(comment) > MAX_COMMENT_CHARS:
        raise BadPrompt("comment_too_long", length=len(comment), limit=MAX_COMMENT_CHARS)
    if not _can_be_stored(comment):
        raise BadPrompt("comment_not_text")
    return comment or None


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
