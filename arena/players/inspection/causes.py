"""What an error means for the owner, as a key; pages and commands have the sentences, with what to do.

An error's own message (place, status, code) is for those who know HTTP. These keys are few, because each stands for
a different remedy.
"""

from typing import Literal, get_args

from arena.players.events import EndpointError, Refused

Cause = Literal[
    "no_connection",
    "server_error",
    "wrong_key",
    "no_credit",
    "forbidden",
    "not_found",
    "unusable",
    "busy",
    "too_long",
    "prompt_filtered",
    "refused",
    "timed_out",
    "broken",
    "filtered",
    "no_text",
]
CAUSES: tuple[Cause, ...] = get_args(Cause)

_BY_STATUS: dict[int, Cause] = {
    401: "wrong_key",
    402: "no_credit",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
    429: "no_credit",
}
_BY_CODE: dict[str, Cause] = {
    "busy": "busy",
    "timed_out": "timed_out",
    "broken": "broken",
    "filtered": "filtered",
    "refused": "refused",
}


def cause_of(error: EndpointError) -> Cause:
    """Return the cause of an error. "no_text" is for an answer without text, which is not an error."""
    if isinstance(error, Refused) and error.is_filtered:
        return "prompt_filtered"
    if isinstance(error, Refused) and (error.is_too_long or error.is_answer_too_long):
        return "too_long"
    if error.code == "unreachable":
        if not error.can_pass:
            return _BY_STATUS.get(error.status or 0, "unusable")
        return "no_connection" if error.status is None else "server_error"
    return _BY_CODE.get(error.code, "broken")
