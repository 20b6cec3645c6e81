"""Turn a JSON body into a checked request, or name its first wrong field."""

from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from inference.server.requests.neutral import neutral_fields
from inference.server.responses.errors import ApiError

TOO_LONG = "context_length_exceeded"  # type and code of an error of length that no JSON schema can express

_SHOWN = 60  # characters of a wrong value that its error repeats


class Strict(BaseModel):
    """A request that converts no values ("1" is not 1) and takes only finite numbers. An unknown field may only be
    null, which asks for nothing.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, None]


def whole(value: Any) -> Any:
    """Return 2 for 2.0, which is the same number in JSON, and a list with such numbers converted; else the value."""
    if isinstance(value, list):
        return [whole(item) for item in value] if any(type(item) is float for item in value) else value
    return int(value) if type(value) is float and value.is_integer() else value


WHOLE = BeforeValidator(whole)
"""For a field that is an integer or a list of integers; write it after the bounds."""

_Body = TypeVar("_Body", bound=Strict)


def parse(kind: type[_Body], body: bytes) -> _Body:
    """Return the request in a body. Raises ApiError 400, which names the first wrong field."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(kind, error) from error


def invalid(param: str, value: object, reason: str) -> ApiError:
    """Return the refusal of a field for its value."""
    return ApiError(400, f"{param} is {_shown(value)}: {reason}", param=param, code="invalid_value")


def _refusal(kind: type[Strict], error: ValidationError) -> ApiError:
    first: Any = error.errors(include_url=False, include_context=False)[0]
    location = [part for part in first["loc"] if part != "[key]"]  # of a key of an object, as of a value
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return ApiError(400, f"the body is not JSON: {reason.removeprefix('Invalid JSON: ')}", code="invalid_json")
    if first["type"] == "none_required":  # only unknown fields must be null
        used = ", ".join(name for name in kind.model_fields if name not in neutral_fields(kind))
        known = f"; those that it uses are {used}" if len(location) == 1 else ""
        message = f"{param} is not a field of this request; leave it out{known}"
        return ApiError(400, message, param=param, code="unknown_field")
    if first["type"] == "missing":
        return ApiError(400, f"{param} is missing", param=param, code="missing_field")
    if not param:
        return ApiError(400, "the body is not a JSON object", code="invalid_json")
    refusal = invalid(param, first["input"], reason)
    refusal.code = TOO_LONG if first["type"] == TOO_LONG else refusal.code
    return refusal


def _shown(value: object) -> str:
    """Return the beginning of a value. A long list is not written out for it."""
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}…"
    if isinstance(value, list | dict) and len(value) > _SHOWN:
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
