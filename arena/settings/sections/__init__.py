"""The settings, one frozen class for each section and one for each model.

A field's type and bounds are all that reading a value needs; `tables` does it. `describe` lists the descriptions.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.settings.sections.addresses import is_address
from arena.settings.sections.battles import BattleSettings, LimitSettings, MatchmakingSettings, Policy, QuickSettings
from arena.settings.sections.entries import Example, Link
from arena.settings.sections.models import OPTIONAL_PARAMETERS, RENAMABLE_PARAMETERS, InferenceSettings, Player
from arena.settings.sections.moderation import ModerationAction, ModerationSettings
from arena.settings.sections.pages import ArenaSettings, WebSettings
from elo.settings import Settings as EloSettings

__all__ = [
    "OPTIONAL_PARAMETERS",
    "RENAMABLE_PARAMETERS",
    "SECTIONS",
    "ArenaSettings",
    "BattleSettings",
    "Example",
    "InferenceSettings",
    "LimitSettings",
    "Link",
    "MatchmakingSettings",
    "ModerationAction",
    "ModerationSettings",
    "Player",
    "Policy",
    "QuickSettings",
    "Settings",
    "WebSettings",
    "is_address",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one arena."""

    arena: ArenaSettings = field(default_factory=ArenaSettings)
    web: WebSettings = field(default_factory=WebSettings)
    battle: BattleSettings = field(default_factory=BattleSettings)
    matchmaking: MatchmakingSettings = field(default_factory=MatchmakingSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    quick: QuickSettings = field(default_factory=QuickSettings)
    moderation: ModerationSettings = field(default_factory=ModerationSettings)
    elo: EloSettings = field(default_factory=EloSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    models: tuple[Player, ...] = ()
    links: tuple[Link, ...] = ()
    examples: tuple[Example, ...] = ()
    secret: str | None = field(default=None, repr=False)
    """From ARENA_SECRET; without it the arena keeps one in the data folder."""
    file: Path = field(default=Path("arena.toml"), compare=False)
    """The file that sections and models were read from, for messages."""

    @property
    def database_url(self) -> str:
        return self.arena.database or f"sqlite:///{self.arena.data / 'arena.sqlite'}"


SECTIONS: Mapping[str, type] = types.MappingProxyType(
    {
        "arena": ArenaSettings,
        "web": WebSettings,
        "battle": BattleSettings,
        "matchmaking": MatchmakingSettings,
        "limits": LimitSettings,
        "quick": QuickSettings,
        "moderation": ModerationSettings,
        "elo": EloSettings,
        "inference": InferenceSettings,
    }
)
