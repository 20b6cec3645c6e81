import json
from typing import Any

import pytest

from arena.web.entrance.calls import BadCall, check_call, check_cancel

CALL: dict[str, Any] = {"fn_index": 3, "data": ["Hi", None], "session_hash": "4vk0c2p8dq5"}
CANCEL: dict[str, Any] = {"fn_index": 3, "session_hash": "4vk0c2p8dq5", "event_id": "0f12ab"}
N_INPUTS = {0: 0, 3: 2}


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"trigger_id": 7, "event_data": None},
        {"trigger_id": None, "event_data": {"index": 1}},
        {"fn_index": 0, "data": []},
        {"data": ["half of an emoji: \ud83d", {"any": [1.5, True]}]},  # what an input means is for the pages to say
    ],
)
def test_a_call_of_the_pages_is_accepted(more: dict[str, Any]) -> None:
    check_call(encode(CALL | more), N_INPUTS)


@pytest.mark.parametrize("event", [-1, 1, 4, 10**30, None, "3", 3.0, True, [], {}])
def test_an_unknown_event_is_refused(event: Any) -> None:
    for check, value in ((check_call, CALL), (check_cancel, CANCEL)):
        with pytest.raises(BadCall, match="fn_index: this event does not exist"):
            check(encode(value | {"fn_index": event}), N_INPUTS)


@pytest.mark.parametrize("session", ["", None, 3, "a b", "\0", "ü", "x" * 65, []])
def test_an_invalid_session_is_refused(session: Any) -> None:
    for check, value in ((check_call, CALL), (check_cancel, CANCEL)):
        with pytest.raises(BadCall, match="session_hash: expected 1 to 64 letters and digits"):
            check(encode(value | {"session_hash": session}), N_INPUTS)


@pytest.mark.parametrize("data", [[], ["x"], ["x"] * 3, None, {}, "xy", 2])
def test_the_wrong_number_of_inputs_is_refused(data: Any) -> None:
    with pytest.raises(BadCall, match="data: expected a list with the 2 inputs of event 3"):
        check_call(encode(CALL | {"data": data}), N_INPUTS)


@pytest.mark.parametrize("trigger", ["x", 1.5, True, []])
def test_an_invalid_trigger_is_refused(trigger: Any) -> None:
    with pytest.raises(BadCall, match="trigger_id: expected a whole number or null"):
        check_call(encode(CALL | {"trigger_id": trigger}), N_INPUTS)


@pytest.mark.parametrize("event_id", [None, 3, "", "a b", "x" * 65])
def test_a_call_is_cancelled_by_its_id(event_id: Any) -> None:
    check_cancel(encode(CANCEL), N_INPUTS)
    with pytest.raises(BadCall, match="event_id: expected the id from the answer to the call"):
        check_cancel(encode(CANCEL | {"event_id": event_id}), N_INPUTS)


@pytest.mark.parametrize("key", ["simple_format", "batched", "oauth_token", "event_id", "request"])
def test_keys_that_the_pages_never_send_are_refused(key: str) -> None:
    with pytest.raises(BadCall, match="expected the keys data, fn_index, session_hash and none"):
        check_call(encode(CALL | {key: None}), N_INPUTS)


@pytest.mark.parametrize("key", list(CALL))
def test_a_call_without_one_of_its_keys_is_refused(key: str) -> None:
    with pytest.raises(BadCall, match="expected the keys data, fn_index, session_hash"):
        check_call(encode({name: value for name, value in CALL.items() if name != key}), N_INPUTS)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"fn_index": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"data": [NaN]}', "not JSON"),
        (b'{"data": [-Infinity]}', "not JSON"),
        (b'{"data": [1e999]}', "not JSON"),
        (b"[" * 60_000, "nested too deep"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"x"', "not a JSON object"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes, reason: str) -> None:
    for check in (check_call, check_cancel):
        with pytest.raises(BadCall, match=reason):
            check(body, N_INPUTS)
