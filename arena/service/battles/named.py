"""The pages on which models are chosen by name: two side by side, or one to chat with.

They are battles whose names are shown from the start. Two models can be voted on, and the vote is stored but never
counted; one model cannot be voted on.
"""

from collections.abc import Sequence

from arena.players.roster import Player
from arena.rounds.views import Kind
from arena.service.battles.opening import Opening
from arena.service.readiness import Players
from arena.service.refusal import Refusal
from arena.standings import ModelCard


class NamedPages:
    """Chooses models by name, if the setting `named_pages` is on."""

    def __init__(self, players: Players, opening: Opening, *, is_on: bool) -> None:
        self._players = players
        self._opening = opening
        self._is_on = is_on

    def refuse_when_off(self, kind: Kind) -> None:
        """Raises Refusal: `named_pages_off`, for a kind that shows names."""
        if kind != "battle" and not self._is_on:
            raise Refusal("named_pages_off")

    def contestants(self) -> tuple[ModelCard, ...]:
        """Return every model that plays, ready or not: a picker that left out the one that does not answer would say
        which model has failed in a blind battle beside it."""
        self.refuse_when_off("named")
        return tuple(_card(player) for player in self._players.playing())

    async def open(
        self,
        visitor: str,
        prompt: str,
        models: Sequence[str],
        *,
        has_guardrails: bool,
        address: str | None,
    ) -> str:
        self.refuse_when_off("named")
        if len(models) not in (1, 2):
            raise Refusal("pick_models")
        ready = {player.name: player for player in self._players.ready()}
        if not ready.keys() >= set(models):
            raise Refusal("model_not_ready")
        chosen = [ready[model] for model in models]
        return await self._opening.open_named(visitor, prompt, chosen, has_guardrails=has_guardrails, address=address)


def _card(player: Player) -> ModelCard:
    return ModelCard(
        player.name, player.organisation, player.family, player.licence, player.parameters, is_retired=False
    )
