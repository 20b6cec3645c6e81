"""The parts of a model's page: record, tags, reasons, history, samples, settings."""

from collections.abc import Sequence
from html import escape

from arena.service import LEAST_VOTES, Outcome, Profile, Share, SharedBattle, TagShare
from arena.ui.links import DOCUMENTS
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.place import model_link
from arena.ui.untrusted import plain
from elo.board.plots import History, history_figure

_PROMPT_CHARS = 300
_ANSWER_CHARS = 600


def record(profile: Profile, place: Place) -> str:
    """Return the table of rivals."""
    texts = place.texts
    if not profile.rivals:
        return ""
    rows = [
        [
            _link(one.record.rival, place),
            f"{one.record.wins:,}",
            f"{one.record.losses:,}",
            f"{one.record.ties:,}",
            f"{one.record.both_bad:,}",
            f"<strong>{one.share.value:.0%}</strong>",
            f"{one.share.low:.0%}–{one.share.high:.0%}",
        ]
        for one in profile.rivals
    ]
    names = ("rival", "won", "lost", "tied", "neither", "points", "points_interval")
    heads = [texts(f"model_{name}") for name in names]
    return _section("record", texts, _table(heads, rows, texts("model_record")) + _note(texts("model_record_note")))


def tags(profile: Profile, place: Place) -> str:
    """Return the table of tags, or that there are none."""
    texts = place.texts
    if profile.whole is None:
        return ""
    if not profile.tags:
        return _section("tags", texts, _note(texts("model_tags_none")))
    rows = [
        [
            plain(tag_text(one.tag, texts)),
            f"{one.share.n:,}",
            f"<strong>{one.share.value:.0%}</strong>",
            f"{one.share.low:.0%}–{one.share.high:.0%}",
            _difference(one),
            _verdict(one, texts),
        ]
        for one in profile.tags
    ]
    names = ("tag", "tag_votes", "points", "points_interval", "tag_difference", "tag_verdict")
    heads = [texts(f"model_{name}") for name in names]
    about = place.link(DOCUMENTS["about"])
    note = f'<p class="note">{texts("model_tags_note", least=LEAST_VOTES, about=about)}</p>'
    return _section("tags", texts, _table(heads, rows, texts("model_tags")) + note)


def tag_text(tag: str, texts: Messages) -> str:
    """Return what a tag of the arena's rules means; others are shown as they are."""
    key = f"model_tag_{tag.replace(' ', '_')}"
    return texts(key) if tag in ("code", "number", "long", "several turns") else tag


def _difference(one: TagShare) -> str:
    if one.difference is None or one.low is None or one.high is None:
        return "–"
    value, low, high = (f"{100 * number:+.0f}" for number in (one.difference, one.low, one.high))
    return f"{value} ({low} … {high})"


def _verdict(one: TagShare, texts: Messages) -> str:
    key = one.verdict or ("few" if one.difference is None else "unclear")
    return f'<span class="{key}">{plain(texts(f"model_tag_{key}"))}</span>'


def feedback(profile: Profile, place: Place) -> str:
    """Return how often each reason was given."""
    texts, found = place.texts, profile.feedback
    if profile.whole is None:
        return ""
    if not found.tags:
        return _section("feedback", texts, _note(texts("model_feedback_none")))
    most = max(found.tags.values())
    items = "".join(
        f"<li><span>{plain(texts(f'tag_{tag}') if texts.has(f'tag_{tag}') else tag)}</span>"
        f'<svg width="100%" height="10" aria-hidden="true"><rect class="bar" width="{100 * n / most:.1f}%" height="10"'
        f' rx="3"></rect></svg><span class="number">{n:,}</span></li>'
        for tag, n in found.tags.items()
    )
    return _section(
        "feedback",
        texts,
        f'<ul class="reasons">{items}</ul>' + _note(texts("model_feedback_note", n=found.n_votes)),
    )


def history(profile: Profile, place: Place) -> str:
    """Return the ratings over time as a figure, or that they are being computed."""
    texts, name = place.texts, profile.card.name
    if profile.history is None:
        return _section("history", texts, _note(texts("model_history_later")))
    if not profile.history:
        return ""
    level = "95" if profile.board is None else f"{100 * profile.board.leaderboard.settings.level:g}"
    figure = history_figure(
        [History(name, profile.history)],
        title=texts("model_history_title", name=name),
        caption=texts("model_history_caption", level=level),
    )
    return _section("history", texts, figure)


def samples(profile: Profile, place: Place) -> str:
    """Return some battles whose visitors allow publishing."""
    texts = place.texts
    if profile.whole is None:
        return ""
    if not profile.samples:
        return _section("samples", texts, _note(texts("model_samples_none")))
    shown = "".join(_sample(battle, profile.card.name, place) for battle in profile.samples)
    return _section("samples", texts, _note(texts("model_samples_note")) + shown)


def _sample(battle: SharedBattle, name: str, place: Place) -> str:
    texts = place.texts
    names = battle.names or ()
    is_a = names[0] == name
    rival = names[1] if is_a else names[0]
    key = {Outcome.TIE: "tied", Outcome.BOTH_BAD: "neither"}.get(
        battle.outcome or Outcome.TIE, "won" if battle.outcome is (Outcome.A if is_a else Outcome.B) else "lost"
    )
    turn = battle.turns[0]
    answers = "".join(
        f"<h3>{plain(model)}</h3><p>{plain(_cut(side.text, _ANSWER_CHARS))}</p>"
        for model, side in zip(names, (turn.a, turn.b), strict=False)
        if side is not None
    )
    link = ""
    if battle.is_shared:
        address = escape(f"{place.root}{DOCUMENTS['shared'][1:]}?id={battle.share_id}")
        link = f'<p><a href="{address}">{plain(texts("model_sample_open"))}</a></p>'
    return (
        f'<details class="sample"><summary><span dir="auto">{plain(_cut(turn.prompt, _PROMPT_CHARS))}</span>'
        f' <span class="note">{plain(texts(f"model_sample_{key}", rival=rival))}</span></summary>'
        f'<div dir="auto">{answers}{link}</div></details>'
    )


def settings(profile: Profile, place: Place) -> str:
    """Return how the model is asked, as a reveal shows it."""
    texts = place.texts
    if profile.player is None:
        return ""
    own = profile.player.system_prompt.strip()
    about = place.link(DOCUMENTS["about"])
    text = f"<p>{texts('model_settings_note', about=about)}</p>"
    if own:
        text += f'<p>{plain(texts("model_own_prompt"))}</p><blockquote dir="auto">{plain(own)}</blockquote>'
    else:
        text += f"<p>{plain(texts('model_no_own_prompt'))}</p>"
    return _section("settings", texts, text)


def percents(share: Share) -> dict[str, str]:
    return {"share": f"{share.value:.0%}", "low": f"{share.low:.0%}", "high": f"{share.high:.0%}"}


def _section(name: str, texts: Messages, text: str) -> str:
    return f'<section id="model-{name}"><h2>{plain(texts(f"model_{name}"))}</h2>{text}</section>'


def _note(text: str) -> str:
    return f'<p class="note">{plain(text)}</p>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
    """Return a table whose first column names the row; the cells are HTML."""
    head = "".join(f'<th scope="col">{plain(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroller" tabindex="0" role="region" aria-label="{escape(name)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _link(name: str, place: Place) -> str:
    return f'<a href="{model_link(name, place)}">{plain(name)}</a>'


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
