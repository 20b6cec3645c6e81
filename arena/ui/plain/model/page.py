"""The text of a model's page: what it is, its rating, and the parts below."""

from arena.service import ModelCard, Profile
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.model import parts
from arena.ui.untrusted import plain
from elo.board.plots import size_text


def page(profile: Profile, place: Place) -> str:
    """Return the text of the page."""
    name = plain(profile.card.name)
    return (
        f'<article id="model"><h1>{name}</h1>{_facts(profile, place)}{_rating(profile, place)}'
        f"{parts.record(profile, place)}{parts.tags(profile, place)}{parts.feedback(profile, place)}"
        f"{parts.history(profile, place)}{parts.samples(profile, place)}{parts.settings(profile, place)}</article>"
    )


def gone(name: str, place: Place) -> str:
    """Return the text where no model has this name."""
    texts = place.texts
    line = texts("model_gone", name=name) if name else texts("model_gone_empty")
    return (
        f"<h1>{plain(texts('title_model_gone'))}</h1><p>{plain(line)}</p>"
        f'<p><a class="start" href="{place.link("/leaderboard")}">{plain(texts("model_to_board"))}</a></p>'
    )


def _facts(profile: Profile, place: Place) -> str:
    texts, card = place.texts, profile.card
    rows = {
        "model_organisation": card.organisation,
        "model_licence": card.licence,
        "model_family": card.family,
        "model_parameters": None if card.parameters is None else size_text(card.parameters),
        "model_price": _price(card, texts),
        "model_speed": None
        if card.tokens_per_s is None
        else texts("model_speed_value", speed=f"{card.tokens_per_s:,.0f}"),
    }
    cells = "".join(
        f"<div><dt>{plain(texts(key))}</dt><dd>{plain(text)}</dd></div>" for key, text in rows.items() if text
    )
    retired = f'<p class="note">{plain(texts("model_retired"))}</p>' if card.is_retired else ""
    return (f'<dl class="facts">{cells}</dl>' if cells else "") + retired


def _rating(profile: Profile, place: Place) -> str:
    texts, board, whole = place.texts, profile.board, profile.whole
    row = board.row(profile.card.name) if board else None
    if whole is None:
        start = f'<p><a class="start" href="{place.link("/")}">{plain(texts("model_start"))}</a></p>'
        return f'<p class="empty">{plain(texts("model_no_votes"))}</p>{start}'
    lines = []
    if board is None or row is None:
        lines.append(texts("model_no_board"))
    else:
        level = f"{100 * board.leaderboard.settings.level:g}"
        n = sum(other.component == row.component for other in board.leaderboard.rows)
        rank = texts("model_rank", rank=row.rank_span, n=n) if n > 1 else texts("model_rank_alone")
        interval = ""
        if row.low is not None and row.high is not None:
            interval = texts("model_interval", level=level, low=f"{row.low:.0f}", high=f"{row.high:.0f}")
        shown = f'<strong class="rating">{plain(texts("model_rating", rating=f"{row.rating:.0f}"))}</strong>'
        found = " · ".join(plain(one) for one in (interval, rank) if one)
        head = f'<p class="rated">{shown} <span>{found}</span></p>'
    votes = texts("model_votes_one") if whole.n == 1 else texts("model_votes", n=whole.n)
    lines.append(f"{votes} · {texts('model_share', **parts.percents(whole))}")
    text = "".join(f'<p class="note">{plain(line)}</p>' for line in lines)
    return text if board is None or row is None else head + text


def _price(card: ModelCard, texts: Messages) -> str | None:
    if card.price_in is None and card.price_out is None:
        return None
    price_in, price_out = ("–" if price is None else f"{price:.2f}" for price in (card.price_in, card.price_out))
    return texts("model_price_both", price_in=price_in, price_out=price_out)
