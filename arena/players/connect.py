"""Make the endpoints of a roster: who is asked where, with which key, and how long the arena waits.

Keys come from the environment, which is passed in. A player of the arena's own model server is reached at `native_url`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from arena.players.endpoint import Endpoint, Patience, RequestOptions
from arena.players.roster import Player, Roster
from arena.settings import BattleSettings


@dataclass(frozen=True, slots=True)
class Connector:
    env: Mapping[str, str]
    native_url: str | None = None

    def endpoint(self, roster: Roster, player: Player, battle: BattleSettings) -> Endpoint:
        """Make one endpoint. Raises `SettingsError` for a key that is missing, ValueError for an unusable proxy."""
        return Endpoint(
            [self.native_url] if self.native_url and player.is_native else player.base_urls,
            player.model,
            name=player.name,
            api_key=roster.api_key(self.env, player),
            options=RequestOptions.of(player, roster.headers(self.env, player)),
            patience=patience_of(player, battle),
        )

    def endpoints(
        self, roster: Roster, battle: BattleSettings, *, names: Collection[str] | None = None
    ) -> dict[str, Endpoint]:
        """Make those of the active players, or of these `names` only. Raises as `endpoint`."""
        return {
            player.name: self.endpoint(roster, player, battle)
            for player in roster.active
            if names is None or player.name in names
        }


def patience_of(player: Player, battle: BattleSettings) -> Patience:
    return Patience(
        player.first_token_timeout_s or battle.first_token_timeout_s,
        battle.stall_timeout_s,
        battle.retries,
        thinking_timeout_s=player.thinking_timeout_s or battle.thinking_timeout_s,
    )
