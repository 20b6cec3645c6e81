"""The page of a voter in a campaign: progress and no names until everything is judged, then the voter's own list."""

from arena.rounds.review_queue import Agreement
from arena.service import Judgement, Outcome, ReviewView
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.quick import screen as part
from arena.ui.untrusted import plain

_PROMPT_CHARS = 200


def page(view: ReviewView, token: str, place: Place, notice: str = "") -> str:
    """Return the element `quick`. `notice` is HTML that stands above it: why something was not done."""
    texts = place.texts
    if view.state == "judging":
        inside = _judging(view, token, place)
    elif view.state == "finished":
        inside = f'{_title(view)}<div class="intro">{_finished(view, texts)}</div>{_list(view, texts)}'
    else:
        inside = f'{_title(view)}<div class="intro">{_between(view, token, place)}</div>'
    failed = f'<p class="failed" role="alert" hidden>{plain(texts("quick_failed"))}</p>'
    return f'<div id="quick" class="campaign" data-state="{view.state}">{notice}{inside}{failed}</div>'


def _title(view: ReviewView) -> str:
    return f'<h1 dir="auto">{plain(view.name)}</h1>'


def _between(view: ReviewView, token: str, place: Place) -> str:
    texts = place.texts
    if view.state == "start":
        lines = [texts("campaign_intro", n=view.n_pairs), texts("campaign_leave")]
        return _lines(lines) + part.go_on("quick_start", place, token)
    if view.state == "paused":
        lines = [texts("campaign_paused", n_done=view.n_done, n=view.n_pairs)]
        return _lines(lines) + part.go_on("quick_go_on", place, token)
    if view.state == "full":
        return _lines([texts("campaign_full")])
    return _lines([texts("campaign_closed", n_done=view.n_done) if view.n_done else texts("campaign_closed_new")])


def _lines(lines: list[str]) -> str:
    return "".join(f"<p>{plain(line)}</p>" for line in lines)


def _judging(view: ReviewView, token: str, place: Place) -> str:
    assert view.screen is not None
    texts = place.texts
    progress = texts("campaign_progress", n_done=view.n_done, n=view.n_pairs)
    top = (
        f'<div class="top">{_title(view)}<p id="quick-score">{plain(progress)}'
        f' <progress value="{view.n_done}" max="{view.n_pairs}" aria-label="{plain(progress)}"></progress></p></div>'
    )
    dock = f'<div class="dock">{part.votes(view.screen, place, token)}</div>'
    return top + part.answers(view.screen, texts) + dock


def _finished(view: ReviewView, texts: Messages) -> str:
    assert view.agreement is not None
    return _lines([texts("campaign_finished", n=view.n_pairs), _agreement(view.agreement, texts)])


def _agreement(found: Agreement, texts: Messages) -> str:
    if found.share is None:
        return texts("campaign_alone")
    key = "campaign_agreement_one" if found.n_voters == 1 else "campaign_agreement"
    percent = round(100 * found.share)
    return texts(key, percent=percent, n_same=found.n_same, n_votes=found.n_votes, n_voters=found.n_voters)


def _list(view: ReviewView, texts: Messages) -> str:
    has_others = any(one.n_others for one in view.judgements)
    names = ("prompt", "better", "others") if has_others else ("prompt", "better")
    heads = "".join(f"<th>{plain(texts(f'campaign_column_{name}'))}</th>" for name in names)
    rows = "".join(_row(one, texts, has_others=has_others) for one in view.judgements)
    return (
        f'<section class="judgements"><h2>{plain(texts("campaign_list"))}</h2>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _row(one: Judgement, texts: Messages, *, has_others: bool) -> str:
    prompt = " ".join(one.prompt[:_PROMPT_CHARS].split()) + "…" * (len(one.prompt) > _PROMPT_CHARS)
    others = texts("campaign_others", n_same=one.n_same, n=one.n_others) if one.n_others else "–"
    a, b = one.models
    if one.winner is not None:
        vote = texts("campaign_better", winner=one.winner, loser=b if one.winner == a else a)
    else:
        vote = texts("campaign_tie" if one.outcome is Outcome.TIE else "campaign_both_bad", a=a, b=b)
    last = f"<td>{plain(others)}</td>" if has_others else ""
    return f'<tr><td dir="auto">{plain(prompt)}</td><td>{plain(vote)}</td>{last}</tr>'
