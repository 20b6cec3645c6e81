"""The part of the owner's page about the moderator: what it found, and why texts had no verdict."""

from arena.rules.moderation import CATEGORIES, SUBJECTS, Subject, Verdict
from arena.service.moderation import ModeratorState
from arena.ui.messages import Messages
from arena.ui.plain.owner.parts import clock
from arena.ui.untrusted import plain

_ACTIONS = ("allowed", "logged", "warned", "blocked")
_VERDICTS: tuple[Verdict, ...] = (*CATEGORIES, "no_verdict")


def section(state: ModeratorState | None, now: float, texts: Messages) -> str:
    """Return the part; nothing for an arena without a moderator."""
    if state is None:
        return ""
    text = f"<h2>{plain(texts('owner_moderation'))}</h2>"
    if state.is_resting:
        text += f'<p role="status" class="bad">{plain(texts("owner_moderation_resting", name=state.name))}</p>'
    if not state.counts:
        return text + f"<p>{plain(texts('owner_moderation_none'))}</p>"
    text += f"<p>{plain(texts('owner_moderation_text', name=state.name))}</p>{_findings(state, texts)}"
    if state.causes:
        causes = ", ".join(f"{_cause(cause, texts)} {n:,}" for cause, n in sorted(state.causes.items()))
        text += f'<p class="last"><b>{plain(texts("owner_moderation_causes"))}</b>: {plain(causes)}</p>'
    if state.last_cause is not None and state.last_at is not None:
        line = texts("owner_moderation_last", time=clock(state.last_at, now), cause=_cause(state.last_cause, texts))
        text += f'<p class="last">{plain(line)}</p>'
    return text


def _findings(state: ModeratorState, texts: Messages) -> str:
    keys = ("finding", "prompts", "answers")
    head = "".join(f'<th scope="col">{plain(texts(f"owner_moderation_{key}"))}</th>' for key in keys)
    rows = ""
    for verdict in _VERDICTS:
        cells = "".join(f"<td>{plain(_cell(state, subject, verdict, texts))}</td>" for subject in SUBJECTS)
        rows += f'<tr><th scope="row">{plain(texts(f"owner_verdict_{verdict}"))}</th>{cells}</tr>'
    return f'<table class="windows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cell(state: ModeratorState, subject: Subject, verdict: Verdict, texts: Messages) -> str:
    counts = [(action, state.counts.get((subject, verdict, action), 0)) for action in _ACTIONS]
    parts = [texts(f"owner_action_{action}", n=f"{n:,}") for action, n in counts if n]
    return ", ".join(parts) or texts("owner_none")


def _cause(cause: str, texts: Messages) -> str:
    key = f"owner_no_verdict_{cause}"
    return texts(key if texts.has(key) else "owner_no_verdict_failed")
