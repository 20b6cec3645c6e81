"""A field for something that this server does not have, accepted at the values that ask for nothing.

Client libraries write whole schemas: a request without tools may still have `"tools": []`. `Neutral` is the pydantic
annotation of such a field, and `with_neutral` adds a table of them to a request. The tables are in `unsupported`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

_JSON_TYPES = {bool: "boolean", str: "string", dict: "object"}

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, eq=False)  # typing keeps one of equal annotations, and 0 == False
class Neutral:
    """Accept null and `values`: constants, or a type of which any value asks for nothing.

    An object equals a constant also with members that are null, or without members of the constant. `refusal` is the
    end of the error for any other value: what this server lacks, and what to do.
    """

    values: tuple[Any, ...]
    refusal: str

    def check(self, value: Any) -> Any:
        """Return a neutral value. Raises ValueError, with the values that are."""
        if value is None or any(_equals(value, neutral) for neutral in self.values):
            return value
        raise ValueError(f"{self.expected} was expected; {self.refusal}")

    @property
    def expected(self) -> str:
        """The values as a person reads them: null, [] or "none"."""
        names = ["null", *(_JSON_TYPES[v] if isinstance(v, type) else json.dumps(v) for v in self.values)]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

    @property
    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "null"}, *map(_schema_of, self.values)]} if self.values else {"type": "null"}

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json_schema


def with_neutral(*tables: Mapping[str, Neutral]) -> Callable[[type[_Model]], type[_Model]]:
    """Return a decorator that adds the fields of `tables` to a request, after those that the request uses."""

    def add(model: type[_Model]) -> type[_Model]:
        fields: dict[str, Any] = {
            name: (Annotated[Any, rule], None) for table in tables for name, rule in table.items()
        }
        return create_model(
            model.__name__, __base__=model, __doc__=model.__doc__, __module__=model.__module__, **fields
        )

    return add


def neutral_fields(model: type[BaseModel]) -> dict[str, Neutral]:
    """Return the rules of a request's neutral fields. All its other fields are used."""
    return {
        name: rule for name, field in model.model_fields.items() for rule in field.metadata if isinstance(rule, Neutral)
    }


def _equals(value: Any, neutral: Any) -> bool:
    if isinstance(neutral, type):
        return type(value) is neutral
    if isinstance(value, bool) or isinstance(neutral, bool):
        return value is neutral
    if isinstance(value, dict) and isinstance(neutral, dict):
        return all(
            member is None or (name in neutral and _equals(member, neutral[name])) for name, member in value.items()
        )
    return bool(value == neutral)


def _schema_of(neutral: Any) -> dict[str, Any]:
    """Return the JSON schema of a neutral value."""
    if isinstance(neutral, type):
        return {"type": _JSON_TYPES[neutral]}
    if isinstance(neutral, dict):
        members = {name: {"anyOf": [{"const": member}, {"type": "null"}]} for name, member in neutral.items()}
        return {"type": "object", "properties": members, "additionalProperties": {"type": "null"}}
    return {"const": neutral}
