"""What happens to the visitor's data: publishing, download, and the pages of a deletion."""

from datetime import UTC, datetime

from arena.service import Forgotten, OwnBoard
from arena.ui.links import EXPORT, FORMS
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.mine.place import own_link
from arena.ui.untrusted import plain


def data(consent_at: float | None, own: OwnBoard, place: Place) -> str:
    """Return the section. `consent_at` is a Unix time in seconds."""
    texts = place.texts
    if consent_at is None:
        state, value, key = texts("mine_publishing_off"), "given", "consent_allow"
    else:
        date = datetime.fromtimestamp(consent_at, UTC).strftime("%Y-%m-%d %H:%M")
        state, value, key = texts("mine_publishing_on", date=date), "refused", "consent_take_back"
    publishing = (
        f'<form method="post" action="{place.root}{FORMS["consent"][1:]}"><h3>{plain(texts("mine_publishing"))}</h3>'
        f"<p>{plain(state)} {plain(texts('mine_publishing_more'))}</p>"
        f'<button name="consent" value="{value}">{plain(texts(key))}</button></form>'
    )
    export = (
        f"<div><h3>{plain(texts('mine_export'))}</h3><p>{plain(texts('mine_export_more'))}</p>"
        f'<a class="button" href="{place.root}{EXPORT[1:]}" download>{plain(texts("mine_export_do"))}</a></div>'
    )
    delete = (
        f"<div><h3>{plain(texts('mine_delete'))}</h3><p>{plain(texts('mine_delete_more'))}</p>"
        f'<a class="button" href="{own_link(place, delete="ask")}">{plain(texts("mine_delete_ask"))}</a></div>'
    )
    parts = publishing + (export + delete if own.n_battles or consent_at is not None else "")
    return f'<section id="data"><h2>{plain(texts("mine_data"))}</h2><div class="cards">{parts}</div></section>'


def ask(own: OwnBoard, place: Place) -> str:
    """Return the page that asks before a deletion, and lists what goes and what stays."""
    texts = place.texts
    counts = texts("mine_delete_counts", battles=own.n_battles, votes=own.n_votes)
    return (
        f'<div id="mine" class="deletion"><h1>{plain(texts("mine_delete_title"))}</h1><p>{plain(counts)}</p>'
        f"<h2>{plain(texts('mine_goes'))}</h2>{_list('mine_goes', texts)}"
        f"<h2>{plain(texts('mine_stays'))}</h2>{_list('mine_stays', texts)}"
        f"<p>{plain(texts('mine_delete_final'))}"
        f' <a href="{place.root}{EXPORT[1:]}" download>{plain(texts("mine_export_first"))}</a></p>'
        f'<form method="post" action="{place.root}{FORMS["delete"][1:]}">'
        f'<button class="danger" name="sure" value="yes">{plain(texts("mine_delete_do"))}</button>'
        f' <a class="button" href="{own_link(place)}">{plain(texts("mine_delete_keep"))}</a></form></div>'
    )


def done(stays: Forgotten, place: Place) -> str:
    """Return the page after a deletion."""
    texts = place.texts
    key = "mine_deleted_stays" if stays.n_votes else "mine_deleted_nothing_stays"
    return (
        f'<div id="mine"><h1>{plain(texts("mine_deleted_title"))}</h1>'
        f"<p>{plain(texts('mine_deleted'))}</p><p>{plain(texts(key, votes=stays.n_votes))}</p>"
        f"<p>{plain(texts('mine_deleted_new'))}</p>"
        f'<p><a class="button" href="{place.link("/")}">{plain(texts("go_vote"))}</a></p></div>'
    )


def _list(key: str, texts: Messages) -> str:
    """Return the sentences `key_1`, `key_2` ... as a list."""
    lines, number = "", 1
    while texts.has(f"{key}_{number}"):
        lines += f"<li>{plain(texts(f'{key}_{number}'))}</li>"
        number += 1
    return f"<ul>{lines}</ul>"
