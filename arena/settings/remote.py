"""The rules for a [[models]] table with a base_url."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from arena.settings.sections import OPTIONAL_PARAMETERS, RENAMABLE_PARAMETERS, Player, is_address
from arena.settings.tables import SettingsError

ENDPOINT_KEYS = (
    *("api_key_env", "model", "max_tokens", "thinking_tokens", "first_token_timeout_s", "thinking_timeout_s"),
    *("headers", "query", "extra_body", "omit", "rename"),
)
"""Keys of a model with base_url only."""

FROM_ENVIRONMENT = "env:"

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OUR_HEADERS = ("host", "content-length", "content-type", "content-encoding", "transfer-encoding", "accept-encoding")
_OUR_BODY = ("model", "messages", *OPTIONAL_PARAMETERS, "max_completion_tokens", "n")


def environment_names(player: Player) -> set[str]:
    """Return the environment variables that have a key or a header of the player."""
    values = [value for value in player.headers.values() if value.startswith(FROM_ENVIRONMENT)]
    names = {value.removeprefix(FROM_ENVIRONMENT) for value in values}
    return names | ({player.api_key_env} if player.api_key_env else set())


def check_remote(player: Player, table: Mapping[str, Any], where: str) -> None:
    """Raise `SettingsError` for the first wrong value in a table with base_url."""
    if player.api_key_env is not None and not player.api_key_env.strip():
        raise SettingsError(
            f"{where} api_key_env: {player.api_key_env!r};"
            " expected the name of the environment variable that has the key, or no api_key_env"
        )
    for key in ("max_len", "dtype", "template"):
        if key in table:
            raise SettingsError(f"{where}: {key} belongs to a model with path; the server at base_url decides its own")
    if not player.base_urls:
        raise SettingsError(f"{where} base_url: an empty list; expected at least one address")
    for url in player.base_urls:
        if not is_address(url):
            raise SettingsError(
                f"{where} base_url: {url!r}; expected an address such as http://127.0.0.1:8000/v1,"
                " with no space, query or fragment"
            )
    _check_headers(player, where)
    _check_body(player, where)
    _check_parameters(player, where)


def _check_headers(player: Player, where: str) -> None:
    for name, value in player.headers.items():
        place = f"{where} headers"
        if not _HEADER_NAME.fullmatch(name):
            raise SettingsError(f"{place}: {name!r} is not the name of an HTTP header")
        if name.casefold() in _OUR_HEADERS:
            raise SettingsError(f"{place}: {name} is set by the arena; remove it")
        if name.casefold() == "authorization" and player.api_key_env is not None:
            raise SettingsError(f"{place}: {name} and api_key_env both set the key; remove one of them")
        if not value or value == FROM_ENVIRONMENT or value != value.strip() or not value.isprintable():
            raise SettingsError(
                f'{place} {name}: empty, or with a line break or a space at either end; expected text, or "env:NAME"'
                " for the value of the environment variable NAME"
            )
        if not value.isascii():
            raise SettingsError(
                f"{place} {name}: a character beyond ASCII, which HTTP headers cannot have; expected ASCII"
            )


def _check_body(player: Player, where: str) -> None:
    for name in player.extra_body:
        if name in _OUR_BODY:
            raise SettingsError(
                f"{where} extra_body: {name} is set by the arena, alike for both sides of a battle;"
                " expected other parameters; use omit or rename for those that the server does not accept"
            )
    try:
        json.dumps(player.extra_body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingsError(f"{where} extra_body: it cannot be written as JSON: {error}") from error


def _check_parameters(player: Player, where: str) -> None:
    for key, names, known in (
        ("omit", player.omit, OPTIONAL_PARAMETERS),
        ("rename", tuple(player.rename), RENAMABLE_PARAMETERS),
    ):
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
                raise SettingsError(
                    f"{where} {key}: {name!r} is not one of {', '.join(known)}; did you mean {near[0]!r}?"
                )
    for name, theirs in player.rename.items():
        if name in player.omit:
            raise SettingsError(f"{where}: {name} is in omit and in rename; remove it from one of them")
        if not theirs.strip() or theirs in {"model", "messages", *OPTIONAL_PARAMETERS, *player.extra_body}:
            raise SettingsError(
                f"{where} rename: {name} = {theirs!r}; expected a name that no other parameter of the request has"
            )
    if len(set(player.rename.values())) < len(player.rename):
        raise SettingsError(f"{where} rename: two parameters have the same new name; expected different names")
