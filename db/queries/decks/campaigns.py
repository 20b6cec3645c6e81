"""Campaigns: a fixed list of prepared pairs, judged by everybody who has the link."""

import secrets
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from db import errors
from db.codes import State
from db.queries.decks.prompts import answered_models, deck_prompt_id
from db.queries.roster import model_ids, model_names
from db.records.decks import Campaign, CampaignPair, CampaignProgress, CampaignVote
from db.schema import battles, campaign_pairs, campaigns, deck_prompts, visitors, votes


def create_campaign(
    tx: Connection, name: str, *, deck: str, pairs: Sequence[CampaignPair], max_people: int | None = None, now: float
) -> Campaign:
    """Store a campaign with its pairs, each once; draw its link.

    Raises NotAllowedNow if there is no pair, one of another deck, one without both answers, or a campaign of that name;
    NoSuchPrompt; NoSuchModel.
    """
    if tx.scalar(select(campaigns.c.id).where(campaigns.c.name == name)) is not None:
        raise errors.NotAllowedNow(f"there is already a campaign {name!r}; choose another name")
    if not pairs:
        raise errors.NotAllowedNow(f"campaign {name!r} has no pair to judge; choose prompts that two models answered")
    ids = model_ids(tx, {model for pair in pairs for model in (pair.model_x, pair.model_y)})
    checked = _checked(tx, deck, pairs, ids)
    add_pairs(tx, _add(tx, name, deck, max_people, now), checked)
    return campaign_by_name(tx, name)


def campaign_by_token(tx: Connection, token: str) -> Campaign:
    """Return the campaign of a link. Raises NoSuchCampaign."""
    return _one(tx, campaigns.c.token == token, "that link")


def campaign_by_name(tx: Connection, name: str) -> Campaign:
    """Raises NoSuchCampaign."""
    return _one(tx, campaigns.c.name == name, f"the name {name!r}")


def list_campaigns(tx: Connection) -> list[Campaign]:
    """Return all campaigns, the newest first."""
    return [_campaign(tx, row) for row in tx.execute(select(campaigns).order_by(campaigns.c.id.desc())).all()]


def close_campaign(tx: Connection, name: str, *, now: float) -> None:
    """Let nobody judge any more. A campaign that is closed stays as it is. Raises NoSuchCampaign."""
    row = campaign_row(tx, name)
    tx.execute(update(campaigns).where(campaigns.c.id == row.id, campaigns.c.closed_at.is_(None)).values(closed_at=now))


def campaign_progress(tx: Connection, name: str, visitor: str) -> CampaignProgress:
    """Return how far a visitor is. Raises NoSuchCampaign."""
    row = campaign_row(tx, name)
    n_pairs = tx.scalar(select(func.count()).where(campaign_pairs.c.campaign_id == row.id)) or 0
    dealt = battles.join(visitors).join(campaign_pairs)
    own = select(func.count(), func.count().filter(battles.c.state == State.VOTED)).select_from(dealt)
    n_dealt, n_done = tx.execute(
        own.where(visitors.c.pseudonym == visitor, campaign_pairs.c.campaign_id == row.id)
    ).one()
    has_room = row.max_people is None or n_people(tx, row.id) < row.max_people
    return CampaignProgress(
        n_done, n_pairs, has_begun=n_dealt > 0, can_judge=row.closed_at is None and (n_dealt > 0 or has_room)
    )


def campaign_votes(tx: Connection, name: str) -> list[CampaignVote]:
    """Return the votes of a campaign in order of revision. Raises NoSuchCampaign."""
    row, names = campaign_row(tx, name), model_names(tx)
    joined = votes.join(battles).join(visitors).join(campaign_pairs).join(deck_prompts)
    found = (
        select(votes, visitors.c.pseudonym, campaign_pairs.c.model_x, campaign_pairs.c.model_y, deck_prompts.c.key)
        .select_from(joined)
        .where(campaign_pairs.c.campaign_id == row.id)
        .order_by(votes.c.revision)
    )
    return [
        CampaignVote(
            CampaignPair(vote.key, names[vote.model_x], names[vote.model_y]),
            vote.pseudonym,
            vote.outcome if vote.model_a == vote.model_x else vote.outcome.swapped,
            vote.cast_at,
            vote.counted,
        )
        for vote in tx.execute(found)
    ]


def unfinished(tx: Connection, begun: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of the campaigns and visitors, as row numbers, where the campaign is open and the visitor has not
    judged all of it, so that names are not shown yet (for other queries)."""
    found: set[tuple[int, int]] = set()
    for campaign_id, visitor_id in set(begun):
        of_campaign = (campaign_pairs.c.campaign_id == campaign_id) & campaigns.c.closed_at.is_(None)
        listed = select(func.count()).select_from(campaign_pairs.join(campaigns)).where(of_campaign)
        judged = (
            select(func.count())
            .select_from(battles.join(campaign_pairs))
            .where(
                campaign_pairs.c.campaign_id == campaign_id,
                battles.c.visitor_id == visitor_id,
                battles.c.state == State.VOTED,
            )
        )
        if (tx.scalar(judged) or 0) < (tx.scalar(listed) or 0):
            found.add((campaign_id, visitor_id))
    return found


def campaign_row(tx: Connection, name: str) -> Row[Any]:
    """Return a row of `campaigns` (for other queries). Raises NoSuchCampaign."""
    row = tx.execute(select(campaigns).where(campaigns.c.name == name)).one_or_none()
    if row is None:
        raise errors.NoSuchCampaign(f"there is no campaign with the name {name!r}")
    return row


def n_people(tx: Connection, campaign_id: int) -> int:
    """Count the visitors who have begun (for other queries)."""
    begun = select(func.count(battles.c.visitor_id.distinct())).select_from(battles.join(campaign_pairs))
    return tx.scalar(begun.where(campaign_pairs.c.campaign_id == campaign_id)) or 0


def admit(tx: Connection, name: str, visitor_id: int) -> Row[Any]:
    """Return the campaign's row, locked, if the visitor may judge (for other queries). Raises NoSuchCampaign;
    CampaignClosed; CampaignFull."""
    tx.execute(select(campaigns.c.id).where(campaigns.c.name == name).with_for_update())
    row = campaign_row(tx, name)
    if row.closed_at is not None:
        raise errors.CampaignClosed(f"campaign {name!r} is closed; nobody can judge any more")
    own = select(battles.c.id).join(campaign_pairs).where(battles.c.visitor_id == visitor_id)
    has_begun = tx.scalar(own.where(campaign_pairs.c.campaign_id == row.id).limit(1)) is not None
    if not has_begun and row.max_people is not None and n_people(tx, row.id) >= row.max_people:
        raise errors.CampaignFull(f"campaign {name!r} has its {row.max_people} people; no one else can join")
    return row


def pair_id(tx: Connection, campaign_id: int, prompt_id: int, models: Sequence[int]) -> int | None:
    """Return the row number of a campaign's pair, None if it is not on the list (for other queries)."""
    return tx.scalar(
        select(campaign_pairs.c.id).where(
            campaign_pairs.c.campaign_id == campaign_id,
            campaign_pairs.c.deck_prompt_id == prompt_id,
            campaign_pairs.c.model_x == min(models),
            campaign_pairs.c.model_y == max(models),
        )
    )


def imported_campaign(tx: Connection, name: str, deck: str, now: float) -> int:
    """Return the row number of a campaign for votes of an import; a new one is closed (for other queries)."""
    found = tx.scalar(select(campaigns.c.id).where(campaigns.c.name == name))
    if found is not None:
        return int(found)
    new = _add(tx, name, deck, None, now)
    tx.execute(update(campaigns).where(campaigns.c.id == new).values(closed_at=now))
    return new


def imported_pair(tx: Connection, campaign_id: int, prompt_id: int, models: tuple[int, int]) -> int:
    """Return the row number of a pair for a vote of an import; a new one is added (for other queries)."""
    found = pair_id(tx, campaign_id, prompt_id, models)
    if found is None:
        add_pairs(tx, campaign_id, [(prompt_id, *models)])
        found = pair_id(tx, campaign_id, prompt_id, models)
        assert found is not None
    return found


def add_pairs(tx: Connection, campaign_id: int, pairs: Sequence[tuple[int, int, int]]) -> None:
    """Add pairs to a campaign, as row numbers of the prompt and of both models (for other queries)."""
    rows = [
        {"campaign_id": campaign_id, "deck_prompt_id": prompt, "model_x": min(a, b), "model_y": max(a, b)}
        for prompt, a, b in pairs
    ]
    tx.execute(insert(campaign_pairs), rows)


def _add(tx: Connection, name: str, deck: str, max_people: int | None, now: float) -> int:
    values = {"name": name, "deck": deck, "max_people": max_people, "created_at": now}
    new = campaigns.insert().values(token=secrets.token_urlsafe(16), **values)
    return int(tx.execute(new.returning(campaigns.c.id)).scalar_one())


def _checked(
    tx: Connection, deck: str, pairs: Sequence[CampaignPair], ids: dict[str, int]
) -> list[tuple[int, int, int]]:
    """Return the pairs as row numbers, each once."""
    found: dict[tuple[int, int, int], None] = {}
    decks = dict(tx.execute(select(deck_prompts.c.key, deck_prompts.c.deck).where(deck_prompts.c.deck == deck)).all())
    for pair in pairs:
        prompt = deck_prompt_id(tx, pair.key)
        if pair.key not in decks:
            raise errors.NotAllowedNow(f"the prepared prompt {pair.key!r} is not of the deck {deck!r}")
        if pair.model_x == pair.model_y:
            raise errors.NotAllowedNow(f"model {pair.model_x!r} is on both sides of a pair")
        for model in (pair.model_x, pair.model_y):
            if ids[model] not in answered_models(tx, pair.key):
                raise errors.NotAllowedNow(f"model {model!r} has no answer to the prepared prompt {pair.key!r}")
        low, high = sorted((ids[pair.model_x], ids[pair.model_y]))
        found[prompt, low, high] = None
    return list(found)


def _one(tx: Connection, which: ColumnElement[bool], shown: str) -> Campaign:
    row = tx.execute(select(campaigns).where(which)).one_or_none()
    if row is None:
        raise errors.NoSuchCampaign(f"there is no campaign with {shown}")
    return _campaign(tx, row)


def _campaign(tx: Connection, row: Row[Any]) -> Campaign:
    n_votes = select(func.count()).select_from(battles.join(campaign_pairs)).where(battles.c.state == State.VOTED)
    return Campaign(
        token=row.token,
        name=row.name,
        deck=row.deck,
        max_people=row.max_people,
        created_at=row.created_at,
        closed_at=row.closed_at,
        n_pairs=tx.scalar(select(func.count()).where(campaign_pairs.c.campaign_id == row.id)) or 0,
        n_people=n_people(tx, row.id),
        n_votes=tx.scalar(n_votes.where(campaign_pairs.c.campaign_id == row.id)) or 0,
    )
