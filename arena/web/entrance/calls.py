"""Check the body of each call that a page makes.

Gradio answers a call that no page makes (an unknown event, too few inputs, NaN, a session without a name) with status
500 and a traceback: nothing leaks, but anybody could fill the log. So a body must be exactly what the pages' own script
sends. What the inputs mean is not checked here.

    queue/join, run/*   {"fn_index": 3, "data": [...], "session_hash": "4vk0c2p8", "trigger_id": 7, "event_data": null}
    cancel              {"fn_index": 3, "session_hash": "4vk0c2p8", "event_id": "0f..."}
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

_SESSION = re.compile(r"[A-Za-z0-9]{1,64}")
_EVENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CALL_KEYS = {"fn_index", "data", "session_hash"}
_OPTIONAL_KEYS = {"trigger_id", "event_data"}
_CANCEL_KEYS = {"fn_index", "session_hash", "event_id"}


class BadCall(ValueError):
    """No page sends this body; the message is one sentence for its author."""


def check_call(body: bytes, n_inputs: Mapping[int, int]) -> None:
    """Raise `BadCall` unless the body is a call of an event; `n_inputs` has the number of inputs of each event."""
    call = _parse(body)
    _check_keys(call, _CALL_KEYS, _OPTIONAL_KEYS)
    event = _check_event(call, n_inputs)
    data, trigger = call["data"], call.get("trigger_id")
    if not isinstance(data, list) or len(data) != n_inputs[event]:
        raise BadCall(f"data: expected a list with the {n_inputs[event]} inputs of event {event}")
    if trigger is not None and not _is_whole(trigger):
        raise BadCall("trigger_id: expected a whole number or null")


def check_cancel(body: bytes, n_inputs: Mapping[int, int]) -> None:
    """Raise `BadCall` unless the body cancels a call of an event."""
    call = _parse(body)
    _check_keys(call, _CANCEL_KEYS, set())
    _check_event(call, n_inputs)
    event_id = call["event_id"]
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise BadCall("event_id: expected the id from the answer to the call")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        call = json.loads(body.decode("utf-8"), parse_constant=_refuse_number, parse_float=_finite)
    except RecursionError:
        raise BadCall("the body is nested too deep") from None
    except ValueError:  # invalid UTF-8 or JSON, or a number with thousands of digits
        raise BadCall("the body is not JSON") from None
    if not isinstance(call, dict):
        raise BadCall("the body is not a JSON object")
    return call


def _refuse_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _check_keys(call: Mapping[str, Any], expected: set[str], optional: set[str]) -> None:
    if not expected <= call.keys() <= expected | optional:
        raise BadCall(f"expected the keys {', '.join(sorted(expected))} and none that the pages do not send")


def _check_event(call: Mapping[str, Any], n_inputs: Mapping[int, int]) -> int:
    event, session = call["fn_index"], call["session_hash"]
    if not _is_whole(event) or event not in n_inputs:
        raise BadCall("fn_index: this event does not exist")
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        raise BadCall("session_hash: expected 1 to 64 letters and digits")
    number: int = event
    return number


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
