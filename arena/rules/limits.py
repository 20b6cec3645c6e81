"""How much one visitor, and one address, may do in an hour. Pure: what was done comes in, counted by the database.

A battle is refused when the visitor has begun `battles_per_hour` within the last hour, or when everybody behind the
visitor's address together has begun ten times that: an office behind one address is not punished, a script that
drops its cookie is stopped. A visitor has at most `MAX_RUNNING` battles being written at a time (three pages open
side by side). Votes are never refused here: those beyond `votes_per_hour` are kept and do not count
(`arena.rules.ledger`).
"""

from dataclasses import dataclass

WINDOW_S = 3600.0
ADDRESS_FACTOR = 10
MAX_RUNNING = 3


@dataclass(frozen=True, slots=True)
class Exceeded:
    """At most `limit` battles within `window_s` seconds; `n` have begun."""

    n: int
    limit: int
    window_s: float = WINDOW_S


def battles_exceeded(*, n_visitor: int, n_address: int, battles_per_hour: int) -> Exceeded | None:
    """What refuses one more battle to a visitor who began `n_visitor`, from an address where `n_address` began;
    None where there is room."""
    if n_visitor >= battles_per_hour:
        return Exceeded(n_visitor, battles_per_hour)
    if n_address >= battles_per_hour * ADDRESS_FACTOR:
        return Exceeded(n_address, battles_per_hour * ADDRESS_FACTOR)
    return None
