"""The page of a visitor's quick rounds: before the first screen, a screen, the vote, and the end of a round."""

from html import escape

from arena.rounds.quick_rounds import Place as PodiumPlace
from arena.rounds.quick_rounds import podium
from arena.service import Lack, RoundView
from arena.ui.links import DOCUMENTS, LIVE, PICTURE
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.quick import screen as part
from arena.ui.untrusted import plain


def page(view: RoundView, place: Place, notice: str = "") -> str:
    """Return the element `quick`. `notice` is HTML that stands above it: why something was not done."""
    if view.screen is None:
        state, inside = _before(view, place)
    elif view.is_waiting:
        state, inside = "waiting", _waiting(view, place)
    elif view.is_over:
        state, inside = "over", _over(view, place)
    else:
        state, inside = "voted", _voted(view, place)
    failed = f'<p class="failed" role="alert" hidden>{plain(place.texts("quick_failed"))}</p>'
    return f'<div id="quick" data-state="{state}">{notice}{inside}{failed}</div>'


def _before(view: RoundView, place: Place) -> tuple[str, str]:
    texts = place.texts
    title = f"<h1>{plain(texts('title_quick'))}</h1>"
    if view.lack is not None:
        return "lack", f"{title}<p>{plain(_lack(view.lack, texts))}</p>{_elsewhere(place)}"
    if view.n_left == 0:
        return "seen", f"{title}<p>{plain(texts('quick_seen_all', n=view.n_seen))}</p>{_elsewhere(place)}"
    intro = texts("quick_intro", length=view.round.length, wins=view.round.wins_to_end)
    return "start", f'<div class="intro">{title}<p>{plain(intro)}</p>{part.go_on("quick_start", place)}</div>'


def _lack(lack: Lack, texts: Messages) -> str:
    if lack.n_prompts == 0:
        return texts("quick_none")
    return texts({0: "quick_lack_zero", 1: "quick_lack_one"}.get(lack.n_models, "quick_lack"))


def _elsewhere(place: Place) -> str:
    links = {LIVE["battle"]: "quick_battle", DOCUMENTS["leaderboard"]: "quick_board"}
    return (
        "<p>"
        + " ".join(
            f'<a class="button" href="{place.link(path)}">{plain(place.texts(key))}</a>' for path, key in links.items()
        )
        + "</p>"
    )


def _top(view: RoundView, texts: Messages) -> str:
    """Return the heading and how far the round is; it has no names, because the next pair may have them too."""
    where = texts("quick_screen", n=view.number, length=view.round.length)
    n_done = len(view.round.judged)
    marks = "".join(
        f'<i class="{"is-done" if n < n_done else "is-now" if n < view.number else ""}"></i>'
        for n in range(view.round.length)
    )
    return (
        f'<div class="top"><h1>{plain(texts("title_quick"))}</h1>'
        f'<p id="quick-score">{plain(where)} <span class="marks" aria-hidden="true">{marks}</span></p></div>'
    )


def _waiting(view: RoundView, place: Place) -> str:
    assert view.screen is not None
    dock = f'<div class="dock">{part.votes(view.screen, place, None)}</div>'
    return _top(view, place.texts) + part.answers(view.screen, place.texts) + dock


def _voted(view: RoundView, place: Place) -> str:
    assert view.screen is not None
    dock = f'<div class="dock result">{part.verdict(view.screen, place)}{part.go_on("quick_next", place)}</div>'
    return _top(view, place.texts) + part.answers(view.screen, place.texts, view.round.records) + dock


def _over(view: RoundView, place: Place) -> str:
    assert view.screen is not None
    texts, places = place.texts, podium(view.round)
    has_more = view.n_left > 0
    n_votes = sum(one.outcome is not None for one in view.round.judged)
    source = f"{place.root}{PICTURE[1:]}?n={view.n_seen}.{n_votes}&amp;lang={texts.language}"
    picture = f'<img id="podium" src="{source}" alt="{escape(_alt(places, texts))}" width="480">'
    saving = (
        f'<a class="button" href="{source}" download="podium.svg">{plain(texts("quick_save_svg"))}</a>'
        f'<button type="button" id="save-png" hidden>{plain(texts("quick_save_png"))}</button>'
    )
    seen = "" if has_more else f"<p>{plain(texts('quick_seen_all', n=view.n_seen))}</p>{_elsewhere(place)}"
    again = part.go_on("quick_again", place) if has_more else ""
    return (
        f'<div class="end"><h1>{plain(texts("quick_over"))}</h1><p class="winner">{plain(_winner(places, texts))}</p>'
        f'{picture if places else ""}<div class="actions">{again}{saving if places else ""}</div>{seen}</div>'
        f'<section class="last"><h2>{plain(texts("quick_last"))}</h2>{part.verdict(view.screen, place)}'
        f"{part.answers(view.screen, texts, view.round.records)}</section>"
    )


def _winner(places: tuple[PodiumPlace, ...], texts: Messages) -> str:
    first = [one.record.model for one in places if one.place == 1 and one.record.wins]
    if not first:
        return texts("quick_no_winner")
    if len(first) == 1:
        return texts("quick_winner", model=first[0])
    return texts("quick_winners", models=", ".join(first))


def _alt(places: tuple[PodiumPlace, ...], texts: Messages) -> str:
    lines = (
        texts(
            "quick_picture_place",
            place=one.place,
            model=one.record.model,
            wins=one.record.wins,
            losses=one.record.losses,
        )
        for one in places
    )
    return texts("quick_picture_alt", places="; ".join(lines))
