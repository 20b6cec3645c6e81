"""The rules for [moderation] that the types of its keys cannot express: who judges."""

import difflib

from arena.settings.sections import ModerationSettings, Player, Settings, is_address
from arena.settings.tables import SettingsError, shown

_ACTION_KEYS = tuple(
    f"{subject}_{category}" for subject in ("prompts", "answers") for category in ("illegal", "hateful", "unqualified")
)


def check_moderation(settings: Settings) -> None:
    """Raise `SettingsError` for a moderator that is missing, unknown or cannot be asked."""
    given, where = settings.moderation, f"{settings.file}, [moderation]"
    used = next((key for key in _ACTION_KEYS if getattr(given, key) != "off"), None)
    if used is not None and given.moderator is None and given.base_url is None:
        raise SettingsError(
            f"{where} {used}: {getattr(given, used)!r}, and no model judges; expected moderator (a name under"
            " [[models]]) or base_url and model"
        )
    if given.moderator is not None and given.base_url is not None:
        raise SettingsError(f"{where}: moderator and base_url; expected one of them")
    if given.base_url is None:
        for key in ("model", "api_key_env"):
            if getattr(given, key) is not None:
                raise SettingsError(f"{where} {key}: it belongs to base_url; a model of [[models]] has its own")
    else:
        _check_address(given, where)
    if given.moderator is not None:
        moderator_in(settings, given.moderator, where=f"{where} moderator")


def moderator_in(settings: Settings, name: str, *, where: str) -> Player:
    """Return the model of the file that judges. Raises `SettingsError` if there is none of this name, or if it is a
    model with a path that the arena does not load."""
    names = {player.name: player for player in settings.models}
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]!r}?" if near else "; the file has no [[models]]"
        raise SettingsError(f"{where}: no model {shown(name)} under [[models]] of {settings.file}{hint}")
    player = names[name]
    if player.is_native and not player.is_active:
        raise SettingsError(
            f"{where}: {shown(name)} has a path and active = false, so the arena does not load it; serve it with"
            " `python -m inference serve`, and give its base_url"
        )
    return player


def _check_address(given: ModerationSettings, where: str) -> None:
    assert given.base_url is not None
    if not is_address(given.base_url):
        raise SettingsError(
            f"{where} base_url: {shown(given.base_url)}; expected an address such as http://127.0.0.1:8000/v1,"
            " with no space, query or fragment"
        )
    if not (given.model or "").strip():
        raise SettingsError(f"{where}: base_url without model; expected what its server calls the model that judges")
    if given.api_key_env is not None and not given.api_key_env.strip():
        raise SettingsError(f"{where} api_key_env: {given.api_key_env!r}; expected the name of a variable, or no key")
