"""What a visitor can do after the vote: give reasons, share the battle, withdraw the vote.

Reasons and sharing are small forms, which `theme/after_vote/reveal.js` sends. The form for reasons is always the same,
so that the page never replaces what is being written; its content is read when it is opened.
"""

from html import escape

from arena.service import Reveal, Tag, Withdrawal
from arena.ui.faces import Face
from arena.ui.links import FORMS, link
from arena.ui.messages import Messages
from arena.ui.reveal.card import card
from arena.ui.untrusted import plain

HIDDEN: Face = {
    "result": {"visible": False},
    "withdraw-row": {"visible": False},
    "withdraw-timer": {"active": False},
    "ranks-timer": {"active": False},
}


def faces(reveal: Reveal | None, texts: Messages) -> Face:
    """Return the elements after the vote, or none of them without a reveal."""
    if reveal is None:
        return HIDDEN
    withdrawal = reveal.withdrawal
    can_withdraw = withdrawal is not None and withdrawal.is_possible
    return {
        "result": {"visible": True},
        "reveal": {"value": card(reveal, texts)},
        "feedback": {"value": feedback(texts)},
        "share": {"value": share(reveal, texts)},
        "ranks-timer": {"active": reveal.is_board_older},
        "withdraw-row": {"visible": can_withdraw},
        "withdraw-note": {"value": _withdraw_note(withdrawal, texts)},
        "withdraw-timer": {"value": withdrawal.within_s, "active": True}
        if withdrawal is not None
        else {"active": False},
    }


def feedback(texts: Messages) -> str:
    """Return the form for reasons and a comment, folded behind one line. Its box is made by the script."""
    groups = "".join(
        f'<div class="tags of-{side}" role="group" title="{escape(texts("feedback_of_side", side=side.upper()))}">'
        f'<span class="letter">{side.upper()}</span>{_tags(texts)}</div>'
        for side in ("a", "b")
    )
    return (
        f'<details class="feedback"><summary>{plain(texts("feedback_title"))}</summary>'
        f'<form action="{link(FORMS["feedback"])}" method="post">{groups}'
        f"<label><span>{plain(texts('feedback_comment'))}</span></label>"
        f'<p class="note">{plain(texts("feedback_notice"))} <span class="said" role="status"></span>'
        f"{_spare(texts, saved='feedback_saved', failed='feedback_failed')}</p></form></details>"
    )


def _tags(texts: Messages) -> str:
    return "".join(
        f'<button type="button" class="tag is-{"praise" if tag.is_praise else "blame"} tag-{tag.value}">'
        f"{plain(texts(f'tag_{tag.value}'))}</button>"
        for tag in Tag
    )


def share(reveal: Reveal, texts: Messages) -> str:
    """Return the buttons that share the battle and take it back; the style sheet shows one of them, and the link."""
    state = "is-shared" if reveal.is_shared else "is-own"
    address = link(f"/battle?id={reveal.share_id}")
    return (
        f'<form class="{state}" action="{link(FORMS["share"])}" method="post">'
        f'<button type="button" id="share" class="when-own">{plain(texts("share"))}</button>'
        f'<span class="when-shared"><a class="link" href="{address}">{plain(texts("share_link"))}</a> '
        f'<button type="button" class="copy-link">{plain(texts("share_copy"))}</button> '
        f'<button type="button" id="unshare">{plain(texts("share_take_back"))}</button></span> '
        f'<span class="said" role="status"></span>{_spare(texts, saved="share_copied", failed="share_failed")}</form>'
    )


def _spare(texts: Messages, **keys: str) -> str:
    """Return sentences that the script shows when they are needed, by class. (Gradio removes `data-` attributes.)"""
    return "".join(f'<span class="spare {name}">{plain(texts(key))}</span>' for name, key in keys.items())


def _withdraw_note(withdrawal: Withdrawal | None, texts: Messages) -> str:
    return "" if withdrawal is None else f'<span class="note">{plain(withdraw_note(withdrawal, texts))}</span>'


def withdraw_note(withdrawal: Withdrawal, texts: Messages) -> str:
    """Return how many votes can still be withdrawn, or why this one cannot be."""
    if withdrawal.limit == "day":
        return texts("withdraw_none_day", n=withdrawal.n_day)
    if withdrawal.limit == "total":
        return texts("withdraw_none_total", n=withdrawal.n_total, votes=withdrawal.next_at)
    return texts("withdraw_left_one" if withdrawal.n_left == 1 else "withdraw_left", n=withdrawal.n_left)
