"""The requests by which the arena finds out whether a model answers: a battle's, with a short prompt."""

from arena.players.events import Request
from arena.players.probe import trial_request
from arena.players.roster import Player, Roster
from arena.rules import guardrails
from arena.settings import BattleSettings


def trial_of(player: Player, battle: BattleSettings) -> Request:
    """Return a battle's request with a short fixed prompt, and with the model's own system prompt."""
    return trial_request(
        system_prompt=guardrails.system_prompt_of(battle, player),
        temperature=battle.temperature,
        top_p=battle.top_p,
        max_tokens=battle.max_tokens,
    )


def trials_of(roster: Roster, battle: BattleSettings) -> dict[str, Request]:
    """Return the trials of the active models, by name."""
    return {player.name: trial_of(player, battle) for player in roster.active}
