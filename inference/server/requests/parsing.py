"""Turn a JSON body into a checked request, or name its first wrong field."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from inference.server.responses.errors import ApiError

_SHOWN = 60  # characters of a wrong value that its error repeats


class Strict(BaseModel):
    """A request that refuses unknown fields, converts no values ("1" is not 1), and takes only finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


_Body = TypeVar("_Body", bound=Strict)


def parse(kind: type[_Body], body: bytes) -> _Body:
    """Return the request in a body. Raises ApiError 400, which names the first wrong field."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(kind, error) from error


def _refusal(kind: type[Strict], error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_context=False)[0]
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return ApiError(400, f"the body is not JSON: {reason.removeprefix('Invalid JSON: ')}", code="invalid_json")
    if first["type"] == "extra_forbidden":
        known = f"; known are {', '.join(kind.model_fields)}" if len(first["loc"]) == 1 else ""
        return ApiError(400, f"{param} is not a field of this request{known}", param=param, code="unknown_field")
    if first["type"] == "missing":
        return ApiError(400, f"{param} is missing", param=param, code="missing_field")
    if not param:
        return ApiError(400, "the body is not a JSON object", code="invalid_json")
    return ApiError(400, f"{param} is {_shown(first['input'])}: {reason}", param=param, code="invalid_value")


def _shown(value: object) -> str:
    """Return the beginning of a value. A long list is not written out for it."""
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}…"
    if isinstance(value, list | dict) and len(value) > _SHOWN:
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
