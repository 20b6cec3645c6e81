"""Sentences in HTML for refusals, errors and the state of the arena."""

import math

from arena.service import Refusal, Status
from arena.ui.links import link
from arena.ui.messages import Messages
from arena.ui.untrusted import plain


def notice(key: str, texts: Messages, **numbers: object) -> str:
    """Return the sentence `key` in the box for notices."""
    return f'<div class="notice">{plain(texts(key, **numbers))}</div>'


def refusal_line(refusal: Refusal, texts: Messages) -> str:
    """Return a refusal with its next step. A sentence can also use seconds (`window_s`) as minutes (`{window_min}`),
    rounded up."""
    minutes = {key[:-2] + "_min": math.ceil(number / 60) for key, number in refusal.numbers.items() if key[-2:] == "_s"}
    return notice("refused_" + refusal.key, texts, **refusal.numbers, **minutes)


def status_line(status: Status, texts: Messages, *, is_held: bool = False) -> str:
    """Return why no battle can start now, or an empty string if one can. With `is_held` the line adds that the waiting
    prompt is sent as soon as possible."""
    if status.can_battle:
        return ""
    if status.is_hopeless:
        key = "status_failed"
    elif status.is_one_family:
        key = "status_one_family"
    elif status.n_loading:
        key = "status_loading"
    else:
        key = "status_too_few_failed" if status.n_failed else "status_too_few"
    if is_held and not status.is_hopeless:
        key = {
            "models_loading": "held_loading",
            "too_few_models": "held_too_few",
            "one_family": "held_one_family",
        }[status.waits_for]
    return notice(key, texts, n_ready=status.n_ready, n_models=status.n_models, n_failed=status.n_failed)


def votes_so_far(status: Status, texts: Messages) -> str:
    """Return the number of votes on the board, with a link to it."""
    n = status.n_counted
    if n == 0:
        return plain(texts("votes_so_far_none"))
    votes = texts("votes_so_far_one") if n == 1 else texts("votes_so_far", votes=n)
    return f'{plain(votes)} – <a href="{link("/leaderboard")}">{plain(texts("see_who_leads"))}</a>'
