"""Make the endpoints of a roster: for each model its address, its key, and how long the arena waits.

Keys come from the environment, which is passed in. A player of the arena's own model server is reached at `native_url`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from arena.players.endpoint import Endpoint, Patience, RequestOptions
from arena.players.roster import Player, Roster
from arena.settings import BattleSettings, ModerationSettings, SettingsError


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

    def moderator(self, roster: Roster, moderation: ModerationSettings, battle: BattleSettings) -> Endpoint:
        """Make the endpoint of the model that judges. It has connections of its own, so that its verdicts are not among
        the answers of a model that plays as well. Raises as `endpoint`."""
        player = moderator_of(roster, moderation)
        try:
            endpoint = self.endpoint(roster, player, battle)
        except SettingsError as error:
            if player.name in roster.by_name:
                raise
            raise SettingsError(str(error).replace(f"[[models]] {player.name!r}", "[moderation]")) from error
        limit_s = moderation.timeout_s
        endpoint.patience = Patience(limit_s, limit_s, retries=1, thinking_timeout_s=limit_s)
        return endpoint

    def endpoints(
        self, roster: Roster, battle: BattleSettings, *, names: Collection[str] | None = None
    ) -> dict[str, Endpoint]:
        """Make those of the active players, or of these `names` only. Raises as `endpoint`."""
        return {
            player.name: self.endpoint(roster, player, battle)
            for player in roster.active
            if names is None or player.name in names
        }


def moderator_of(roster: Roster, moderation: ModerationSettings) -> Player:
    """Return the model that judges, of the roster or of an address of its own. The settings name one."""
    if moderation.moderator is not None:
        return roster.by_name[moderation.moderator]
    assert moderation.base_url is not None
    return Player(
        name=f"[moderation] {moderation.model}",
        base_urls=(moderation.base_url.rstrip("/"),),
        model=moderation.model or "",
        api_key_env=moderation.api_key_env,
    )


def patience_of(player: Player, battle: BattleSettings) -> Patience:
    return Patience(
        player.first_token_timeout_s or battle.first_token_timeout_s,
        battle.stall_timeout_s,
        battle.retries,
        thinking_timeout_s=player.thinking_timeout_s or battle.thinking_timeout_s,
    )
