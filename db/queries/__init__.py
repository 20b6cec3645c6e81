"""Every read and write of the database, one named function each.

A query takes a transaction first: what `Database.read()` or `.write()` yields. Queries never commit; the block does,
and an error that leaves the block undoes it whole. Times are seconds since 1970 (UTC), given by the caller as `now`.

    roster      models and visitors, replicas
    battles     a battle's life, its turns and answers
    decks       prepared prompts and their answers
    ledger      the revision protocol, boards' counts, the online-Elo state
    ratings     votes one by one, with all that a rating may ask of them
    votes       cast, withdraw, ban, un-ban
    recompute   votes judged again, when a rule has changed
    transfer    whole votes with their battles, out and in
    load        rows into records

They take and return the records of `db.records`.

A board is consistent when everything on it was read in one `Database.read()` block: revision, cells and exclusions then
belong together, because a read block sees one snapshot and the ledger's row lock gives all changes one order.

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
    elo_state,
    exclusions,
    ledger_state,
    pair_counts,
    refresh_elo_state,
    replay,
    vote_totals,
    votes_in_order,
)
from db.queries.ratings import rated_votes
from db.queries.recompute import keep_verdicts, store_verdicts, votes_to_judge, with_standing
from db.queries.roster import (
    get_or_create_visitor,
    get_visitor,
    list_models,
    retire_models,
    touch_replica,
    upsert_models,
)
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
    CastVote,
    Cell,
    EloChange,
    EloState,
    LedgerState,
    NewVerdict,
    OnlineElo,
    OrderedVote,
    PairCount,
    RatedVote,
    Restated,
    ShownAnswer,
    StoredVerdict,
    VoteTotals,
)

__all__ = [
    "AnswerRecord",
    "BattleRecord",
    "CastVote",
    "Cell",
    "Check",
    "DeckAnswer",
    "DeckPrompt",
    "EloChange",
    "EloState",
    "Interrupted",
    "LedgerState",
    "ModelInfo",
    "NewBattle",
    "NewVerdict",
    "OnlineElo",
    "OrderedVote",
    "PairCount",
    "RatedVote",
    "Recent",
    "Restated",
    "ShownAnswer",
    "StoredModel",
    "StoredSettings",
    "StoredVerdict",
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
    "exclusions",
    "get_battle",
    "get_or_create_visitor",
    "get_shared_battle",
    "get_visitor",
    "import_votes",
    "keep_verdicts",
    "ledger_state",
    "list_models",
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
    "touch_replica",
    "unban_visitor",
    "upsert_models",
    "vote_totals",
    "voted_battles",
    "votes_in_order",
    "votes_to_judge",
    "with_standing",
    "withdraw_vote",
]
