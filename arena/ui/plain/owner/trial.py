"""The owner's page that asks one model one prompt: the answer, and every request and response on the way."""

from arena.players.inspection.causes import cause_of
from arena.players.inspection.transcript import Exchanged
from arena.players.inspection.trying import Tried
from arena.ui.messages import Messages
from arena.ui.plain.owner.parts import Look, document, seconds
from arena.ui.untrusted import plain

_PRE = '<pre tabindex="0">'  # focusable, so that a keyboard can scroll it


def page(model: str, look: Look, *, prompt: str = "", tried: Tried | None = None, note: str = "") -> str:
    """Return the page for `model`; `tried` is the result of `prompt`; `note`: why nothing was sent, as a key."""
    texts = look.texts
    title = texts("owner_try_title", model=model)
    shown = plain(prompt or texts("owner_try_default"))
    form = (
        f'<form method="post" action="try" class="try"><input type="hidden" name="name" value="{plain(model)}">'
        f'<label for="prompt">{plain(texts("owner_try_prompt"))}</label>'
        f'<textarea id="prompt" name="prompt" rows="4">{shown}</textarea>'
        f"<button>{plain(texts('owner_try_button'))}</button></form>"
    )
    body = (
        f"<h1>{plain(title)}</h1><p>{plain(texts('owner_try_text'))}</p>{form}"
        f"{_bad(texts(note)) if note else ''}"
        f"{_result(tried, texts) if tried else ''}"
        f'<p><a href="./">{plain(texts("owner_back"))}</a></p>'
    )
    return document(look, title, body)


def _result(tried: Tried, texts: Messages) -> str:
    answer = tried.answer
    text = ""
    if answer.error is not None:
        text += _bad(texts(f"owner_cause_{cause_of(answer.error)}"), str(answer.error))
    elif not answer.is_complete:
        text += _bad(texts("owner_cause_no_text"))
    if answer.reasoning:
        text += f"<h2>{plain(texts('owner_try_thoughts'))}</h2>{_PRE}{plain(answer.reasoning)}</pre>"
    if answer.text:
        text += f"<h2>{plain(texts('owner_try_answer'))}</h2>{_PRE}{plain(answer.text)}</pre>"
    if answer.finish is not None:
        times = {"ttft": seconds(answer.finish.ttft_ms, texts), "duration": seconds(answer.finish.duration_ms, texts)}
        text += f'<p class="note">{plain(texts("owner_try_timing", **times))}</p>'
    if tried.learned:
        lines = plain("\n".join(tried.learned))
        text += f"<p>{plain(texts('owner_try_learned'))}</p>{_PRE}{lines}</pre>"
    return text + "".join(_exchange(n, one, texts) for n, one in enumerate(tried.exchanges, 1))


def _bad(line: str, detail: str = "") -> str:
    code = f" <code>{plain(detail)}</code>" if detail else ""
    return f'<p role="status" class="bad">{plain(line)}{code}</p>'


def _exchange(n: int, exchanged: Exchanged, texts: Messages) -> str:
    sent = "\n".join([exchanged.address, *_lines(exchanged.request_headers), "", exchanged.request])
    text = f"<h2>{plain(texts('owner_try_request', n=n))}</h2>{_PRE}{plain(sent)}</pre>"
    if exchanged.status is None:
        return text + f"<h2>{plain(texts('owner_try_no_response', n=n))}</h2>"
    received = "\n".join([*_lines(exchanged.response_headers), "", exchanged.response])
    text += f"<h2>{plain(texts('owner_try_response', n=n, status=exchanged.status))}</h2>{_PRE}{plain(received)}</pre>"
    return text + (f'<p class="note">{plain(texts("owner_try_cut"))}</p>' if exchanged.is_cut else "")


def _lines(headers: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]
