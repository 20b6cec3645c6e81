"""The owner's page: how each model does, what a reload of the settings has changed, and the latest battles."""

from collections.abc import Sequence
from urllib.parse import urlencode

from arena.service.owner.overview import Overview, OwnedBattle, OwnedModel, Reloaded, Window
from arena.settings.changes import Change
from arena.ui.messages import Messages
from arena.ui.plain.owner import moderation
from arena.ui.plain.owner.parts import Look, button, clock, document, seconds
from arena.ui.untrusted import plain

_CLASSES = {"ready": "good", "loading": "waiting", "down": "bad", "failed": "bad"}


def page(overview: Overview, look: Look) -> str:
    """Return the whole page."""
    texts = look.texts
    body = (
        f"<h1>{plain(texts('owner_title'))}</h1><p>{plain(texts('owner_intro'))}</p>"
        f'<div id="figures">{figures(overview, texts)}</div>'
        f"{_settings(overview.reloaded, overview.now, texts)}"
    )
    return document(look, texts("owner_title"), body)


def figures(overview: Overview, texts: Messages) -> str:
    """Return the part that a script renews: numbers, models, latest battles."""
    numbers = (
        ("owner_now_models", texts("owner_now_of", ready=overview.n_ready, models=overview.n_playing)),
        ("owner_now_streams", f"{overview.n_running:,}"),
        (
            "owner_now_votes",
            texts("owner_now_counted", votes=f"{overview.n_votes:,}", counted=f"{overview.n_counted:,}"),
        ),
    )
    now = "".join(f"<div><dt>{plain(texts(key))}</dt><dd>{plain(value)}</dd></div>" for key, value in numbers)
    models = "".join(_model(model, overview.now, texts) for model in overview.models)
    stopped = f'<p class="result bad">{plain(texts("owner_one_family"))}</p>' if overview.is_one_family else ""
    return (
        f'<dl class="now">{now}</dl>{stopped}<h2>{plain(texts("owner_models"))}</h2><div class="models">{models}</div>'
        f'<p class="note">{plain(texts("owner_figures_note"))} <span class="renewed" hidden>'
        f"{plain(texts('owner_refreshed'))}</span></p>"
        f"{moderation.section(overview.moderator, overview.now, texts)}"
        f"<h2>{plain(texts('owner_last_battles'))}</h2>{_battles(overview.battles, overview.now, texts)}"
    )


def _model(model: OwnedModel, now: float, texts: Messages) -> str:
    summary = model.summary
    share = speed = texts("owner_unknown")
    if summary is not None and summary.n_answers:
        percent = 100 * summary.n_complete / summary.n_answers
        share = texts("owner_success_value", share=f"{percent:.0f}%", n=f"{summary.n_answers:,}")
    if summary is not None and summary.tokens_per_s is not None:
        digits = 1 if summary.tokens_per_s < 100 else 0
        speed = texts("owner_speed_value", speed=f"{summary.tokens_per_s:,.{digits}f}")
    values = (
        ("owner_success", share),
        ("owner_first_token", seconds(summary.ttft_ms if summary else None, texts)),
        ("owner_speed", speed),
        ("owner_streams", f"{model.n_running:,}"),
    )
    lines = "".join(f"<div><dt>{plain(texts(key))}</dt><dd>{plain(value)}</dd></div>" for key, value in values)
    state = f'<span class="state {_CLASSES.get(model.state, "")}">{plain(texts(f"owner_state_{model.state}"))}</span>'
    return (
        f'<section class="model"><h3>{plain(model.name)}</h3>{state}<div class="actions">{_actions(model, texts)}'
        f'</div><dl class="values">{lines}</dl>{_windows(model.day, model.week, texts)}'
        f"{_failure(model, now, texts)}</section>"
    )


def _actions(model: OwnedModel, texts: Messages) -> str:
    if model.state == "inactive":
        return ""
    address = f"try?{urlencode({'name': model.name})}"
    label = plain(f"{texts('owner_try')}: {model.name}")
    link = f'<a class="button" href="{address}" aria-label="{label}">{plain(texts("owner_try"))}</a>'
    key = "bring_back" if model.state == "retired" else "retire"
    text = texts(f"owner_{key}")
    return link + button(key.replace("_", "-"), text, name=model.name, described=f"{text}: {model.name}")


def _windows(day: Window, week: Window, texts: Messages) -> str:
    """Return a small table: battles, votes and excluded votes of a day and of a week."""
    head = "".join(f'<th scope="col">{plain(texts(key))}</th>' for key in ("owner_day", "owner_week"))
    rows = ""
    for key, values in (
        ("owner_battles", [f"{one.battles:,}" for one in (day, week)]),
        ("owner_votes", [f"{one.votes:,}" for one in (day, week)]),
        ("owner_excluded", [_excluded(one, texts) for one in (day, week)]),
    ):
        cells = "".join(f"<td>{plain(value)}</td>" for value in values)
        rows += f'<tr><th scope="row">{plain(texts(key))}</th>{cells}</tr>'
    return f'<table class="windows"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _excluded(window: Window, texts: Messages) -> str:
    reasons = ", ".join(f"{_reason(key, texts)} {n:,}" for key, n in (window.excluded or {}).items())
    return reasons or texts("owner_none")


def _reason(key: str, texts: Messages) -> str:
    """Return in few words why a vote does not count."""
    return texts(f"owner_reason_{key}")


def _failure(model: OwnedModel, now: float, texts: Messages) -> str:
    failure = model.failure
    if model.state == "inactive":
        return f'<p class="last">{plain(texts("owner_inactive_note"))}</p>'
    if failure is None:
        return ""
    return (
        f'<p class="last"><b>{plain(texts("owner_last_error"))}</b>, {clock(failure.at, now)}:'
        f" {plain(texts(f'owner_cause_{failure.cause}'))} <code>{plain(failure.message)}</code></p>"
    )


def _settings(reloaded: Reloaded | None, now: float, texts: Messages) -> str:
    return (
        f'<h2 id="settings">{plain(texts("owner_reload"))}</h2><p>{plain(texts("owner_reload_text"))}</p>'
        f"{button('reload', texts('owner_reload_button'))}{_reloaded(reloaded, now, texts) if reloaded else ''}"
    )


def _reloaded(reloaded: Reloaded, now: float, texts: Messages) -> str:
    if reloaded.error is not None:
        return (
            f'<div class="result bad" role="status"><p>{plain(texts("owner_reload_failed"))}</p>'
            f"<p><code>{plain(reloaded.error)}</code></p></div>"
        )
    is_same = not (reloaded.at_once or reloaded.after_restart)
    text = texts("owner_reload_same" if is_same else "owner_reload_done", time=clock(reloaded.at, now))
    lists = "".join(
        f"<h3>{plain(texts(key))}</h3><ul>{''.join(f'<li>{plain(_change(one, texts))}</li>' for one in changes)}</ul>"
        for key, changes in (
            ("owner_reload_at_once", reloaded.at_once),
            ("owner_reload_restart", reloaded.after_restart),
        )
        if changes
    )
    return f'<div class="result" role="status"><p>{plain(text)}</p>{lists}</div>'


def _change(change: Change, texts: Messages) -> str:
    is_whole_model = change.place.endswith("'") or change.place.endswith('"')
    if is_whole_model:
        return texts("owner_change_new" if change.after else "owner_change_gone", place=change.place)
    key = "owner_change" if change.before and change.after else "owner_change_set"
    if not change.after:
        key = "owner_change_unset"
    return texts(key, place=change.place, before=change.before, after=change.after)


def _battles(battles: Sequence[OwnedBattle], now: float, texts: Messages) -> str:
    if not battles:
        return f"<p>{plain(texts('owner_no_battles'))}</p>"
    keys = ("time", "kind", "models", "state", "vote")
    head = "".join(f'<th scope="col">{plain(texts(f"owner_battle_{key}"))}</th>' for key in keys)
    rows = "".join(
        "<tr>" + "".join(f"<td>{plain(cell)}</td>" for cell in _battle(one, now, texts)) + "</tr>" for one in battles
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _battle(battle: OwnedBattle, now: float, texts: Messages) -> tuple[str, ...]:
    models = battle.model_a if battle.model_b is None else f"{battle.model_a} – {battle.model_b}"
    vote = texts("owner_unknown")
    if battle.outcome is not None:
        vote = texts(f"owner_outcome_{battle.outcome}", a=battle.model_a, b=battle.model_b or "")
        reasons = ", ".join(_reason(key, texts) for key in battle.reasons)
        vote += f" ({reasons or texts('owner_battle_counted')})"
    kind, state = texts(f"owner_kind_{battle.kind}"), texts(f"owner_battle_{battle.state}")
    return clock(battle.opened_at, now), kind, models, state, vote
