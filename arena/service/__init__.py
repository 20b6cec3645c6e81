"""Every use case of the arena that a page calls: send a prompt, follow a battle, stop, retry, vote, withdraw, read
the board.

It joins `rounds` (what a battle is) and `rules` (what counts) with the database and the players, and it alone calls
`ledger` and `identity`. It knows no page: what it returns are frozen views, what it refuses are keys with numbers,
and the pages make the sentences.

    arena       class Arena: the use cases, one method each
    live        the battles in memory, and how the others come back from the database
    storage     what runs in the database, one transaction a step; the journal of a battle
    facts       a record -> what the ledger's rules judge; pure
    recompute   every vote judged again, for the owner
    held        first prompts that wait for the models
    reveal      a record with its vote -> what a voter sees; pure
    notices     what is noted of a battle, by key
    refusal     what a visitor cannot have, by key
    readiness   who can play, and how much of it may be told
"""

from arena.rounds.views import BattleView, Reveal, RevealSide, Side, SideView, TurnView
from arena.service.arena import Arena
from arena.service.held import Held
from arena.service.notices import NOTICES
from arena.service.readiness import Status
from arena.service.recompute import Recomputed, recompute_verdicts
from arena.service.refusal import Refusal
from arena.service.storage import online_elo
from arena.standings import Board, ModelCard
from db.outcome import Outcome

__all__ = [
    "NOTICES",
    "Arena",
    "BattleView",
    "Board",
    "Held",
    "ModelCard",
    "Outcome",
    "Recomputed",
    "Refusal",
    "Reveal",
    "RevealSide",
    "Side",
    "SideView",
    "Status",
    "TurnView",
    "online_elo",
    "recompute_verdicts",
]
