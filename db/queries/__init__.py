"""Every read and write of the database, one named function each.

The first argument of a query is the transaction that `Database.read()` or `.write()` yields. Queries never commit: the
block does, and an error that leaves the block rolls everything back. Times are seconds since 1970 (UTC), and the caller
passes `now`.

    battles/    opened, answered, ended, found, shared, and feedback on them
    visitors/   consent, what a visitor did lately, their own battles, and how they are forgotten
    votes/      cast, withdrawn, banned; judged again; exported and imported
    boards/     the ledger's revision, the votes in order, counted or one by one, and the online Elo
    roster      models, visitors and replicas
    decks/      prepared prompts and their answers, what is dealt, and campaigns
    models/     each model's record, feedback, samples and scores, and what happened lately
    load        rows read into records
    copied      what a vote copies of its battle

They take and return the records of `db.records`.

A board is consistent if everything on it was read in one `Database.read()` block: revision, cells and exclusions then
agree, because a read block sees one snapshot, and the ledger's row lock gives all changes one order.

    with database.read() as tx:
        revision = queries.ledger_state(tx).revision
        cells, excluded = queries.cells(tx), queries.exclusions(tx)
"""

from db.queries.battles.answers import add_turn, save_answer
from db.queries.battles.feedback import feedback_of, save_feedback
from db.queries.battles.finding import current_battle, get_battle
from db.queries.battles.opening import open_battle, replace_battle
from db.queries.battles.sharing import own_battle, share_battle, shared_battle, unshare_battle
from db.queries.battles.states import clear_addresses, close_stale_battles, set_battle_state
from db.queries.boards.daily import daily_cells
from db.queries.boards.filtered import StyledVotes, filter_choices, filtered_tally, filtered_votes
from db.queries.boards.ledger import (
    cells,
    exclusions,
    ledger_state,
    pair_counts,
    unpacked,
    vote_totals,
    voters_in_order,
    votes_in_order,
)
from db.queries.boards.online import elo_state, is_long_replay, refresh_elo_state, replay
from db.queries.boards.ratings import excluded_votes, rated_votes
from db.queries.boards.speeds import speeds
from db.queries.boards.tallies import tally
from db.queries.decks.campaigns import (
    campaign_by_name,
    campaign_by_token,
    campaign_progress,
    campaign_votes,
    close_campaign,
    create_campaign,
    list_campaigns,
)
from db.queries.decks.dealing import deal_candidates, remaining_pairs
from db.queries.decks.prompts import (
    add_deck_prompt,
    deck_prompts_of,
    list_decks,
    live_decks,
    prepared_answers,
    save_deck_answer,
    set_deck,
)
from db.queries.decks.quick import answer_digests, answers_to, dealt_prompts, quick_votes
from db.queries.decks.whole import (
    add_deck,
    deck_content,
    deck_fingerprints,
    deck_seeds,
    remove_answers,
    remove_deck,
)
from db.queries.models.activity import latest_battles, model_activity
from db.queries.models.feedback import model_feedback, model_samples
from db.queries.models.record import model_record, model_tags
from db.queries.models.scores import save_scores, scores
from db.queries.roster import (
    bring_back,
    get_or_create_visitor,
    get_visitor,
    list_models,
    lock_visitor,
    model_names,
    retire_by_owner,
    retire_models,
    touch_replica,
    upsert_models,
)
from db.queries.visitors.checks import battle_checks, check_counts, save_check
from db.queries.visitors.consent import consent_at, set_consent
from db.queries.visitors.forgetting import forget_visitor
from db.queries.visitors.history import visitor_battles, visitor_cells, visitor_records, visitor_totals
from db.queries.visitors.recent import count_recent, named_prompts, withdrawals
from db.queries.votes.casting import ban_visitor, cast_vote, unban_visitor, withdraw_vote
from db.queries.votes.recompute import keep_verdicts, store_verdicts, votes_to_judge, with_standing
from db.queries.votes.transfer import import_votes, voted_battles
from db.records.battles import (
    AnswerRecord,
    BattleRecord,
    Check,
    CheckCount,
    DeckAnswer,
    DeckPrompt,
    Interrupted,
    NewBattle,
    StoredSettings,
    TurnRecord,
    VoteRecord,
)
from db.records.boards import BoardFilter, DayCells, FilterChoices, FilteredTally, RivalRecord, Score, TagVotes
from db.records.decks import (
    AnswerDigest,
    Campaign,
    CampaignPair,
    CampaignProgress,
    CampaignVote,
    Dealable,
    Deck,
    QuickVote,
    StoredPrompt,
)
from db.records.feedback import Feedback, Tag
from db.records.roster import ModelActivity, ModelInfo, StoredModel
from db.records.visitors import BattleSummary, Forgotten, OwnTotals, Recent, Visitor, Withdrawals
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
from db.side_sums import SideSums
from db.style import StyleCounts

__all__ = [
    "BATTLE_COLUMNS",
    "AnswerDigest",
    "AnswerRecord",
    "BattleRecord",
    "BattleSummary",
    "BoardFilter",
    "Campaign",
    "CampaignPair",
    "CampaignProgress",
    "CampaignVote",
    "CastVote",
    "Cell",
    "Check",
    "CheckCount",
    "DayCells",
    "Dealable",
    "Deck",
    "DeckAnswer",
    "DeckPrompt",
    "EloChange",
    "EloState",
    "ExcludedVote",
    "Feedback",
    "FilterChoices",
    "FilteredTally",
    "Forgotten",
    "Interrupted",
    "LedgerState",
    "ModelActivity",
    "ModelInfo",
    "NewBattle",
    "NewVerdict",
    "OnlineElo",
    "OrderedVote",
    "OwnTotals",
    "PairCount",
    "PairTally",
    "QuickVote",
    "RatedVote",
    "Recent",
    "Restated",
    "RivalRecord",
    "Score",
    "ShownAnswer",
    "SideSums",
    "StoredModel",
    "StoredPrompt",
    "StoredSettings",
    "StoredVerdict",
    "StyleCounts",
    "StyledVotes",
    "Tag",
    "TagVotes",
    "Tally",
    "TurnRecord",
    "Visitor",
    "VoteRecord",
    "VoteTotals",
    "Withdrawals",
    "add_deck",
    "add_deck_prompt",
    "add_turn",
    "answer_digests",
    "answers_to",
    "ban_visitor",
    "battle_checks",
    "bring_back",
    "campaign_by_name",
    "campaign_by_token",
    "campaign_progress",
    "campaign_votes",
    "cast_vote",
    "cells",
    "check_counts",
    "clear_addresses",
    "close_campaign",
    "close_stale_battles",
    "consent_at",
    "count_recent",
    "create_campaign",
    "current_battle",
    "daily_cells",
    "deal_candidates",
    "dealt_prompts",
    "deck_content",
    "deck_fingerprints",
    "deck_prompts_of",
    "deck_seeds",
    "elo_state",
    "excluded_votes",
    "exclusions",
    "feedback_of",
    "filter_choices",
    "filtered_tally",
    "filtered_votes",
    "forget_visitor",
    "get_battle",
    "get_or_create_visitor",
    "get_visitor",
    "import_votes",
    "is_long_replay",
    "keep_verdicts",
    "latest_battles",
    "ledger_state",
    "list_campaigns",
    "list_decks",
    "list_models",
    "live_decks",
    "lock_visitor",
    "model_activity",
    "model_feedback",
    "model_names",
    "model_record",
    "model_samples",
    "model_tags",
    "named_prompts",
    "open_battle",
    "own_battle",
    "pair_counts",
    "prepared_answers",
    "quick_votes",
    "rated_votes",
    "refresh_elo_state",
    "remaining_pairs",
    "remove_answers",
    "remove_deck",
    "replace_battle",
    "replay",
    "retire_by_owner",
    "retire_models",
    "save_answer",
    "save_check",
    "save_deck_answer",
    "save_feedback",
    "save_scores",
    "scores",
    "set_battle_state",
    "set_consent",
    "set_deck",
    "share_battle",
    "shared_battle",
    "speeds",
    "store_verdicts",
    "tally",
    "touch_replica",
    "unban_visitor",
    "unpacked",
    "unshare_battle",
    "upsert_models",
    "visitor_battles",
    "visitor_cells",
    "visitor_records",
    "visitor_totals",
    "vote_totals",
    "voted_battles",
    "voters_in_order",
    "votes_in_order",
    "votes_to_judge",
    "with_standing",
    "withdraw_vote",
    "withdrawals",
]
