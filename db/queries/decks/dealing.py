"""What can be dealt to a visitor: prepared prompts that the visitor has not had, and the pairs of a campaign."""

from collections import defaultdict

from sqlalchemy import Connection, exists, select

from db.queries.decks.campaigns import campaign_row
from db.queries.roster import model_names
from db.records.decks import CampaignPair, Dealable
from db.schema import battles, campaign_pairs, deck_answers, deck_prompts, visitors


def deal_candidates(tx: Connection, deck: str, visitor: str) -> list[Dealable]:
    """Return the prompts of a deck that the visitor has not been dealt, in an open deck or a campaign, and that at
    least two models have answered, in the order in which they were added. Retired models are among them."""
    visitor_id = tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == visitor))
    dealt = set(
        tx.scalars(
            select(battles.c.deck_prompt_id).where(
                battles.c.visitor_id == visitor_id, battles.c.deck_prompt_id.is_not(None)
            )
        )
    )
    names = model_names(tx)
    prompts = select(deck_prompts.c.id, deck_prompts.c.key).where(
        deck_prompts.c.deck == deck, deck_prompts.c.text != ""
    )
    answered = (
        select(deck_answers.c.deck_prompt_id, deck_answers.c.model_id, deck_answers.c.digest)
        .join(deck_prompts)
        .where(deck_prompts.c.deck == deck)
    )
    digests: dict[int, dict[str, str]] = defaultdict(dict)
    for prompt_id, model_id, digest in tx.execute(answered):
        digests[prompt_id][names[model_id]] = digest
    return [
        Dealable(key, dict(sorted(digests[prompt_id].items())))
        for prompt_id, key in tx.execute(prompts.order_by(deck_prompts.c.id))
        if prompt_id not in dealt and len(digests.get(prompt_id, ())) > 1
    ]


def remaining_pairs(tx: Connection, campaign: str, visitor: str) -> list[CampaignPair]:
    """Return the pairs of a campaign that the visitor has not been dealt, in the order of the list. The caller draws
    one, and its sides. Raises NoSuchCampaign."""
    campaign_id = campaign_row(tx, campaign).id
    names = model_names(tx)
    own = (
        exists()
        .where(battles.c.campaign_pair_id == campaign_pairs.c.id, battles.c.visitor_id == visitors.c.id)
        .where(visitors.c.pseudonym == visitor)
    )
    rows = (
        select(deck_prompts.c.key, campaign_pairs.c.model_x, campaign_pairs.c.model_y)
        .select_from(campaign_pairs.join(deck_prompts))
        .where(campaign_pairs.c.campaign_id == campaign_id, ~own)
        .order_by(campaign_pairs.c.id)
    )
    return [CampaignPair(key, names[x], names[y]) for key, x, y in tx.execute(rows)]
