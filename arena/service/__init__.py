"""Everything that a page can ask of the arena.

A page can send a prompt, follow a battle, stop it, retry a side, vote, withdraw the vote, and read the board. The
service joins `rounds` (what a battle is) and `rules` (what counts) with the database and the players. Only the
service calls `ledger` and `identity`. It contains no page and no sentence for visitors: it returns frozen views and
raises refusals with a key and numbers, and the pages put both into words.

    arena       class Arena: the use cases of a battle, one method each; it has the others as attributes
    parts       what an arena is made of, and how it starts, changes while it runs, and ends
    battles/    what is in memory: prompts that wait, battles that start and that run, and the steps before the vote
    reveals/    what a voter sees after the vote
    votes/      a vote is cast, withdrawn, explained by feedback, and its battle shared
    boards      the boards of votes, and why one is refused
    upkeep      what the arena does beside its pages
    storage/    the steps in the database, one transaction each
    verdicts/   whether a vote counts, and what is said of that before the vote
    profiles/   what the page of a model shows
    visitors/   what a visitor can see and decide about their own data
    owner/      what the owner's page shows and can do
    quick/      quick rounds and campaigns, on prepared prompts
    refusal     why a visitor's request is refused, by key
    readiness   how many models can play, without their names
"""

from arena.rounds.views import (
    BattleView,
    Kind,
    Reveal,
    RevealSide,
    SharedSettings,
    Side,
    SideView,
    TurnView,
    Withdrawal,
)
from arena.service.arena import Arena
from arena.service.battles.held import Held
from arena.service.profiles.profiles import Profile
from arena.service.profiles.record import LEAST_VOTES, AgainstRival, Share, TagShare
from arena.service.quick.views import Judgement, Lack, ReviewView, RoundView, Screen, ScreenReveal
from arena.service.readiness import Status
from arena.service.refusal import Refusal
from arena.service.verdicts.notices import NOTICES
from arena.service.verdicts.recompute import Recomputed, recompute_verdicts
from arena.service.visitors.history import OWN_KINDS, Chosen, OwnBattle, OwnBattles, OwnKind
from arena.service.visitors.own_board import OwnBoard, OwnRecord
from arena.service.votes.sharing import SharedBattle, SharedTurn
from arena.service.votes.voting import WITHDRAW_REASONS, WithdrawReason
from arena.standings import (
    COLUMNS,
    OFFICIAL,
    Board,
    Choices,
    Line,
    ModelCard,
    View,
    ViewError,
    board_csv,
    board_json,
    lines,
    unrated,
)
from arena.standings.online import online_elo
from db.outcome import Outcome
from db.records.feedback import Feedback, Tag
from db.records.visitors import Forgotten
from elo.board.over_time import RatedDay

__all__ = [
    "COLUMNS",
    "LEAST_VOTES",
    "NOTICES",
    "OFFICIAL",
    "OWN_KINDS",
    "WITHDRAW_REASONS",
    "AgainstRival",
    "Arena",
    "BattleView",
    "Board",
    "Choices",
    "Chosen",
    "Feedback",
    "Forgotten",
    "Held",
    "Judgement",
    "Kind",
    "Lack",
    "Line",
    "ModelCard",
    "Outcome",
    "OwnBattle",
    "OwnBattles",
    "OwnBoard",
    "OwnKind",
    "OwnRecord",
    "Profile",
    "RatedDay",
    "Recomputed",
    "Refusal",
    "Reveal",
    "RevealSide",
    "ReviewView",
    "RoundView",
    "Screen",
    "ScreenReveal",
    "Share",
    "SharedBattle",
    "SharedSettings",
    "SharedTurn",
    "Side",
    "SideView",
    "Status",
    "Tag",
    "TagShare",
    "TurnView",
    "View",
    "ViewError",
    "WithdrawReason",
    "Withdrawal",
    "board_csv",
    "board_json",
    "lines",
    "online_elo",
    "recompute_verdicts",
    "unrated",
]
