import pytest
from sqlalchemy import Connection

from db import queries
from db.codes import BattleKind, Reason
from db.errors import AlreadyDealt, CampaignClosed, CampaignFull, NoSuchCampaign, NotAllowedNow
from db.integrity import problems
from db.outcome import Outcome
from db.queries import CampaignPair, DeckAnswer, DeckPrompt, NewBattle
from db.session import Database
from tests.db.building import ELO, add_models, vote

NAMES = ("ash", "birch", "cedar")


def deck(tx: Connection, n_prompts: int = 2) -> list[str]:
    """A deck that three models have answered; ash and birch agree on the first prompt. Returns its keys."""
    add_models(tx)
    keys = [queries.add_deck_prompt(tx, DeckPrompt("trees", f"Tree {n}?", ("nature",), "en")) for n in range(n_prompts)]
    for n, key in enumerate(keys):
        for name in NAMES:
            said = "The same." if n == 0 and name != "cedar" else f"{name} {n}"
            queries.save_deck_answer(tx, key, DeckAnswer(name, f" {said}\r\n" if name == "ash" else f"{said}\n"))
    return keys


def campaign(tx: Connection, max_people: int | None = None) -> list[CampaignPair]:
    one, two = deck(tx)
    pairs = [CampaignPair(two, "birch", "ash"), CampaignPair(two, "ash", "cedar"), CampaignPair(one, "ash", "cedar")]
    queries.create_campaign(tx, "autumn", deck="trees", pairs=[*pairs, pairs[0]], max_people=max_people, now=5.0)
    return pairs


def judge(tx: Connection, pair: CampaignPair, visitor: str, outcome: Outcome, *, is_swapped: bool = False) -> str:
    sides = (pair.model_y, pair.model_x) if is_swapped else (pair.model_x, pair.model_y)
    new = NewBattle(
        visitor, *sides, None, BattleKind.QUICK, deck_prompt=pair.key, campaign="autumn", draw_probability=0.5
    )
    battle_id = queries.open_battle(tx, new, now=10.0)
    vote(tx, battle_id, outcome, visitor)
    return battle_id


def test_each_voter_judges_each_pair_once_and_the_names_come_at_the_end(database: Database) -> None:
    with database.write() as tx:
        pairs = campaign(tx)
        assert [{*pair[1:]} for pair in queries.remaining_pairs(tx, "autumn", "ann")] == [{*one[1:]} for one in pairs]
        judge(tx, pairs[0], "ann", Outcome.A)
        judge(tx, pairs[1], "ann", Outcome.B)
        judge(tx, pairs[0], "bo", Outcome.A, is_swapped=True)
    with pytest.raises(AlreadyDealt, match="pair of the campaign 'autumn'"), database.write() as tx:
        judge(tx, pairs[0], "ann", Outcome.A, is_swapped=True)
    with database.write() as tx:
        assert [pair.key for pair in queries.remaining_pairs(tx, "autumn", "ann")] == [pairs[2].key]
        progress = queries.campaign_progress(tx, "autumn", "ann")
        assert (progress.n_done, progress.n_pairs, progress.has_begun, progress.is_finished) == (2, 3, True, False)
        assert {one.model_a for one in queries.visitor_battles(tx, "ann", limit=9)} == {None}
        assert all(one.hides_names for one in queries.visitor_records(tx, "ann", limit=9))
        judge(tx, pairs[2], "ann", Outcome.TIE)
        assert queries.campaign_progress(tx, "autumn", "ann").is_finished
        assert None not in {one.model_a for one in queries.visitor_battles(tx, "ann", limit=9)}
        assert not any(one.hides_names for one in queries.visitor_records(tx, "ann", limit=9))
        votes = queries.campaign_votes(tx, "autumn")
        assert [(one.pair.key, one.voter) for one in votes] == [
            (pairs[0].key, "ann"), (pairs[1].key, "ann"), (pairs[0].key, "bo"), (pairs[2].key, "ann"),
        ]  # fmt: skip
        # birch was preferred by ann (side A), ash by bo (the sides were swapped): seen from ash.
        assert [one.outcome for one in votes] == [Outcome.B, Outcome.B, Outcome.A, Outcome.TIE]
        assert {votes[0].pair.model_x, votes[0].pair.model_y} == {"ash", "birch"}
        found = queries.campaign_by_name(tx, "autumn")
        assert (found.n_pairs, found.n_people, found.n_votes, found.is_open) == (3, 2, 4, True)
        assert queries.campaign_by_token(tx, found.token) == found == queries.list_campaigns(tx)[0]
        assert problems(tx, ELO) == []


def test_a_campaign_takes_so_many_people_until_it_is_closed(database: Database) -> None:
    with database.write() as tx:
        pairs = campaign(tx, max_people=1)
        judge(tx, pairs[0], "ann", Outcome.A)
        assert not queries.campaign_progress(tx, "autumn", "bo").can_judge
        assert queries.campaign_progress(tx, "autumn", "ann").can_judge
    with pytest.raises(CampaignFull, match="has its 1 people"), database.write() as tx:
        judge(tx, pairs[0], "bo", Outcome.A)
    with database.write() as tx:
        queries.close_campaign(tx, "autumn", now=30.0)
        queries.close_campaign(tx, "autumn", now=31.0)
        assert queries.campaign_by_name(tx, "autumn").closed_at == 30.0
        assert "ash" in {one.model_b for one in queries.visitor_battles(tx, "ann", limit=9)}
    with pytest.raises(CampaignClosed), database.write() as tx:
        judge(tx, pairs[1], "ann", Outcome.A)


def test_a_campaign_is_refused_with_the_reason(database: Database) -> None:
    with database.write() as tx:
        pairs = campaign(tx)
        other = queries.add_deck_prompt(tx, DeckPrompt("other", "?"))
        for wrong, reason in (
            ([], "no pair to judge"),
            ([CampaignPair(other, "ash", "birch")], "is not of the deck 'trees'"),
            ([CampaignPair(pairs[0].key, "ash", "ash")], "is on both sides"),
            ([CampaignPair(pairs[0].key, "ash", "dogwood")], "has no answer"),
        ):
            with pytest.raises(NotAllowedNow, match=reason):
                queries.create_campaign(tx, "winter", deck="trees", pairs=wrong, now=1.0)
        with pytest.raises(NotAllowedNow, match="already a campaign 'autumn'"):
            queries.create_campaign(tx, "autumn", deck="trees", pairs=pairs, now=1.0)
        with pytest.raises(NotAllowedNow, match="is not a pair of the campaign"):
            judge(tx, CampaignPair(pairs[0].key, "birch", "cedar"), "ann", Outcome.A)
        for read in (queries.campaign_by_token, queries.campaign_by_name, queries.campaign_votes):
            with pytest.raises(NoSuchCampaign):
                read(tx, "nope")


def test_an_open_deck_deals_what_the_visitor_has_not_had(database: Database) -> None:
    with database.write() as tx:
        one, two = deck(tx)
        assert [list(found.pairs()) for found in queries.deal_candidates(tx, "trees", "ann")] == [
            [("ash", "cedar"), ("birch", "cedar")],
            [("ash", "birch"), ("ash", "cedar"), ("birch", "cedar")],
        ]
        quick = NewBattle("ann", "ash", "cedar", None, BattleKind.QUICK, deck_prompt=one)
        battle_id = queries.open_battle(tx, quick, now=10.0)
        assert queries.current_battle(tx, "ann", [BattleKind.QUICK]) == battle_id
        assert queries.current_battle(tx, "ann", [BattleKind.QUICK], campaign="autumn") is None
        assert [found.key for found in queries.deal_candidates(tx, "trees", "ann")] == [two]
        assert len(queries.deal_candidates(tx, "trees", "bo")) == 2
        battle = queries.get_battle(tx, battle_id)
        assert (battle.tags, battle.language, battle.same_sent, battle.prompt_chars) == (("nature",), "en", True, 7)


def test_decks_know_their_prompts_and_whether_they_are_live(database: Database) -> None:
    with database.write() as tx:
        deck(tx)
        assert queries.live_decks(tx) == set()
        queries.set_deck(tx, "trees", is_live=True)
        (found,) = queries.list_decks(tx)
        assert (found.name, found.is_live, found.n_prompts, found.n_answers) == ("trees", True, 2, 6)
        assert [one.models for one in queries.deck_prompts_of(tx, "trees")] == [NAMES, NAMES]
        queries.set_deck(tx, "trees", is_live=False)
        assert queries.live_decks(tx) == set()
        pair = CampaignPair(queries.deck_prompts_of(tx, "trees")[0].key, "ash", "cedar")
        queries.create_campaign(tx, "autumn", deck="trees", pairs=[pair], now=5.0)
        assert queries.live_decks(tx) == {"trees"}
        assert [one.text for one in queries.prepared_answers(tx, pair.key, ["cedar", "ash"])] == [
            "cedar 0\n", " The same.\r\n",
        ]  # fmt: skip


def test_votes_of_a_campaign_that_do_not_count_are_told_apart(database: Database) -> None:
    with database.write() as tx:
        pairs = campaign(tx)
        judge(tx, pairs[0], "ann", Outcome.A)
        queries.ban_visitor(tx, "ann", reason="spam", now=50.0)
        assert [one.counted for one in queries.campaign_votes(tx, "autumn")] == [False]
        assert queries.exclusions(tx, BattleKind.QUICK) == {Reason.BANNED: 1}
