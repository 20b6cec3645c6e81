"""Every read and write of the database, one named function each.

The first argument of a query is the transaction that `Database.read()` or `.write()` yields. Queries never commit: the
block does, and an error that leaves the block rolls everything back. Times are seconds since 1970 (UTC), and the caller
passes `now`.

    roster      models and visitors, replicas
    battles     battles from opening to end, with turns and answers
    decks       prepared prompts and their answers
    ledger      the revision protocol, the counts of boards, the votes in order
    online      the online-Elo state, and replays
    tallies     all votes counted by pair, kept from one revision to the next
    ratings     single votes, with everything that a rating may use
    battle_columns  what votes can be selected and grouped by
    votes       cast, withdraw, ban, un-ban
    recompute   votes judged again, when a rule has changed
    transfer    votes with their battles, exported and imported
    load        rows read into records

They take and return the records of `db.records`.

A board is consistent if everything on it was read in one `Database.read()` block: revision, cells and exclusions then
agree, because a read block sees one snapshot, and the ledger's row lock gives all changes one order.

    with database.read() as tx:
        revision = queries.ledger_state(tx).revision
        cells, excluded = queries.cells(tx), queries.exclusions(tx)
"""

from db.queries.battles import (
    add_check,
    add_turn,
    clear_addresses,
    close_stale_battles,
    count_recent,
    current_battle,
    get_battle,
    get_shared_battle,
    named_prompts,
    open_battle,
    save_answer,
    set_battle_state,
)
from db.queries.decks import add_deck_prompt, save_deck_answer
from db.queries.ledger import (
    cells,
    exclusions,
    ledger_state,
    model_names,
    pair_counts,
    vote_totals,
    voters_in_order,
    votes_in_order,
)
from db.queries.online import elo_state, is_long_replay, refresh_elo_state, replay
from db.queries.ratings import excluded_votes, rated_votes
from db.queries.recompute import keep_verdicts, store_verdicts, votes_to_judge, with_standing
from db.queries.roster import (
    get_or_create_visitor,
    get_visitor,
    list_models,
    retire_models,
    touch_replica,
    upsert_models,
)
from db.queries.tallies import tally
from db.queries.transfer import import_votes, voted_battles
from db.queries.votes import ban_visitor, cast_vote, unban_visitor, withdraw_vote
from db.records.battles import (
    AnswerRecord,
    BattleRecord,
    Check,
    DeckAnswer,
    DeckPrompt,
    Interrupted,
    NewBattle,
    StoredSettings,
    TurnRecord,
    VoteRecord,
)
from db.records.roster import ModelInfo, Recent, StoredModel, Visitor
from db.records.votes import (
    BATTLE_COLUMNS,
    CastVote,
    Cell,
    EloChange,
    EloState,
    ExcludedVote,
    LedgerState,
    NewVerdict,
    OnlineElo,
    OrderedVote,
    PairCount,
    PairTally,
    RatedVote,
    Restated,
    ShownAnswer,
    StoredVerdict,
    Tally,
    VoteTotals,
)

__all__ = [
    "BATTLE_COLUMNS",
    "AnswerRecord",
    "BattleRecord",
    "CastVote",
    "Cell",
    "Check",
    "DeckAnswer",
    "DeckPrompt",
    "EloChange",
    "EloState",
    "ExcludedVote",
    "Interrupted",
    "LedgerState",
    "ModelInfo",
    "NewBattle",
    "NewVerdict",
    "OnlineElo",
    "OrderedVote",
    "PairCount",
    "PairTally",
    "RatedVote",
    "Recent",
    "Restated",
    "ShownAnswer",
    "StoredModel",
    "StoredSettings",
    "StoredVerdict",
    "Tally",
    "TurnRecord",
    "Visitor",
    "VoteRecord",
    "VoteTotals",
    "add_check",
    "add_deck_prompt",
    "add_turn",
    "ban_visitor",
    "cast_vote",
    "cells",
    "clear_addresses",
    "close_stale_battles",
    "count_recent",
    "current_battle",
    "elo_state",
    "excluded_votes",
    "exclusions",
    "get_battle",
    "get_or_create_visitor",
    "get_shared_battle",
    "get_visitor",
    "import_votes",
    "is_long_replay",
    "keep_verdicts",
    "ledger_state",
    "list_models",
    "model_names",
    "named_prompts",
    "open_battle",
    "pair_counts",
    "rated_votes",
    "refresh_elo_state",
    "replay",
    "retire_models",
    "save_answer",
    "save_deck_answer",
    "set_battle_state",
    "store_verdicts",
    "tally",
    "touch_replica",
    "unban_visitor",
    "upsert_models",
    "vote_totals",
    "voted_battles",
    "voters_in_order",
    "votes_in_order",
    "votes_to_judge",
    "with_standing",
    "withdraw_vote",
]
