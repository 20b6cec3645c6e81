"""How the arena's model server is started, and what it reports at `/health`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arena.players.roster import Player
from arena.settings import InferenceSettings


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A loaded model, as `/health` describes it.

    `decode_backend` is the one at that moment: "torch" until the compiled code is ready.
    """

    parameters: int | None
    fingerprint: str | None
    max_len: int | None
    dtype: str | None
    decode_backend: str | None = None


def options_of(players: Sequence[Player], settings: InferenceSettings) -> list[str]:
    """Return the options of `python -m inference serve` for these players."""
    options = []
    for player in players:
        options += ["--model", f"{player.name}={place_of(player)}"]
        if player.max_len is not None:
            options += ["--max-len", f"{player.name}={player.max_len}"]
        if player.dtype is not None:
            options += ["--dtype", f"{player.name}={player.dtype}"]
        if player.template is not None:
            options += ["--template", f"{player.name}={player.template}"]
    if settings.cache_gb is not None:
        options += ["--cache-gb", f"{settings.cache_gb:g}"]
    if settings.device is not None:
        options += ["--device", settings.device]
    if settings.threads is not None:
        options += ["--threads", str(settings.threads)]
    if settings.budget is not None:
        options += ["--budget", str(settings.budget)]
    return options


def place_of(player: Player) -> str:
    """Return where the child finds a model: a folder, `hf:ORG/NAME` or `demo:NAME`."""
    if player.hub is not None:
        return f"hf:{player.hub}"
    if player.demo is not None:
        return f"demo:{player.demo}"
    if player.path is not None:
        return str(player.path.resolve())
    raise ValueError(f"player {player.name!r} has no path; the model server cannot load it")


def served_in(health: Any) -> tuple[dict[str, ServedModel], dict[str, str]]:
    """Return the models in an answer of `/health`, and the reasons for those that could not be loaded.

    Raises ValueError for an answer of another kind.
    """
    models = health.get("models") if isinstance(health, dict) else None
    failures = health.get("failed", {}) if isinstance(health, dict) else None
    if not isinstance(models, dict) or not isinstance(failures, dict):
        raise ValueError("the answer of /health contains no models")
    served = {
        name: ServedModel(
            parameters=model.get("parameters"),
            fingerprint=model.get("fingerprint"),
            max_len=model.get("max_len"),
            dtype=model.get("dtype"),
            decode_backend=model.get("decode_backend"),
        )
        for name, model in models.items()
    }
    return served, {name: str(reason) for name, reason in failures.items()}
