"""Ratings, ranks, sizes and speeds in words."""

from arena.service import Reveal, RevealSide
from arena.ui.messages import Messages

_SIZES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def online(model: RevealSide) -> tuple[str, str]:
    """Return the online rating and its change, `1032` and `+14`, in whole points; empty if the change is unknown (after
    a restart, or during a replay)."""
    if model.rating_before is None or model.rating_after is None:
        return "", ""
    return str(round(model.rating_after)), signed(round(model.rating_after - model.rating_before))


def signed(change: int) -> str:
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def rank(model: RevealSide, texts: Messages) -> str:
    if model.rank is None:
        return texts("rank_none")
    if model.rank_worst is None or model.rank_worst == model.rank:
        return texts("rank_one", rank=model.rank)
    return texts("rank_span", rank=model.rank, worst=model.rank_worst)


def board(model: RevealSide, reveal: Reveal, texts: Messages) -> str:
    """Return the place on the board, `rank 2–3 · rating 1064 (1039–1090)`; empty if no board is known."""
    if not reveal.has_board:
        return ""
    parts = [rank(model, texts)]
    if model.rating is not None:
        key = "board_rating" if model.low is None or model.high is None else "board_interval"
        parts.append(texts(key, rating=model.rating, low=model.low, high=model.high))
    return " · ".join(parts)


def made(model: RevealSide, texts: Messages) -> str:
    """Return who made the model, its licence and its size."""
    size = texts("n_parameters", size=short(model.parameters)) if model.parameters else None
    return " · ".join(part for part in (model.organisation, model.licence, size) if part)


def short(count: int) -> str:
    """Return a count with at most three digits: `short(7_241_732_096)` is "7.24B"."""
    for unit, letter in _SIZES:
        if count >= unit * 0.9995:
            return f"{count / unit:.3g}{letter}"
    return str(count)


def speed(model: RevealSide, texts: Messages) -> str:
    parts: list[str] = []
    if model.n_tokens is not None:
        parts.append(texts("n_tokens_one") if model.n_tokens == 1 else texts("n_tokens", n=model.n_tokens))
    if model.ttft_ms is not None:
        parts.append(texts("first_token", seconds=model.ttft_ms / 1000))
    if model.tokens_per_s is not None:
        parts.append(texts("speed", speed=model.tokens_per_s))
    return " · ".join(parts)
