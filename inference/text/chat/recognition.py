"""Which chat layout a model folder has.

    the tokenizer file names it            that layout (tekken)
    the folder publishes a template        the built-in layout that writes the same text as the template; else the
                                           template itself
    neither                                the layout that the tokenizer's control pieces show; without any v1, or
                                           llama-2 for a model of that family

A template is compared by what it does, over a few conversations, not by its wording. One that refuses a system prompt
may be a built-in layout that takes one. Spaces beside the marks of Mistral's layouts do not count: the templates that
Mistral published differ in them, and all mean the ids that mistral-common returns. For zephyr BOS does not count.
"""

import logging
import re
from pathlib import Path
from typing import Literal

from inference.text import published
from inference.text.chat.conversation import ChatError, Turn
from inference.text.chat.jinja_template import JinjaTemplate
from inference.text.chat.layouts import (
    BEGIN,
    BEGIN_SYSTEM,
    END,
    END_SYSTEM,
    LAYOUTS,
    MISTRAL,
    Layout,
    Mark,
    Text,
    parts_of,
)
from inference.text.chat.sandbox import TemplateError, TemplateRefusal
from inference.text.chat.typed import Names
from inference.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

Family = Literal["mistral", "llama"]
Choice = Literal[Layout, "jinja", "none"]
Template = Layout | JinjaTemplate | Literal["none"]
"""What a conversation is rendered with; none: the model only completes texts."""

CHOICES: tuple[Choice, ...] = (*LAYOUTS, "jinja", "none")

_LATER_VERSION_MARK = "[MODEL_SETTINGS]"  # from v15 on
_BY_NAME: dict[str, Layout] = {"v1": "v1", "v2": "v2", "v3": "v3", "v7": "v7", "v11": "v7", "v13": "v7"}

_ASK, _ANSWER, _AGAIN = Turn(0, "user", " An  ask "), Turn(1, "assistant", " An answer "), Turn(2, "user", "Again? ")
_SYSTEM = Turn(0, "system", "A rule ")
_ALL = [_SYSTEM, _ASK, _ANSWER, _AGAIN]
_THOUGHT = Turn(1, "assistant", "<think>\nA thought\n</think>\n\nAn answer")  # some templates take thoughts out
_PROBES = ([_ASK], [_ASK, _ANSWER, _AGAIN], [_SYSTEM, _ASK], _ALL, [_ASK, _THOUGHT, _AGAIN])


def choose(tokenizer: Tokenizer, choice: Choice | None, *, family: Family, folder: Path) -> Template:
    """Return the layout that was chosen, "jinja" being the folder's own template; with None the detected one.

    Raises ChatError where the folder has no template to run, or it fails.
    """
    if choice is None:
        return detect(tokenizer, family=family, folder=folder)
    if choice != "jinja":
        return choice
    template = _published(tokenizer, folder)
    if template is None:
        raise ChatError(
            f"{folder} has no chat template; one in tokenizer_config.json, chat_template.jinja or chat_template.json "
            "was expected for --template jinja"
        )
    _check(template)
    return template


def detect(tokenizer: Tokenizer, *, family: Family = "mistral", folder: Path | None = None) -> Template:
    """Return the layout of a tokenizer and the files beside it.

    Raises ChatError for an unknown layout, or a template that fails, because after a guess the model would answer
    fluently and badly.
    """
    if tokenizer.chat_version is not None:
        if tokenizer.chat_version not in _BY_NAME:
            raise _unknown(f"the tokenizer names its chat layout {tokenizer.chat_version}")
        return _BY_NAME[tokenizer.chat_version]
    template = None if folder is None else _published(tokenizer, folder)
    if template is not None:
        _check(template)
        layout = _same_as(template, tokenizer)
        if layout is None:
            return template
        template.close()
        return layout
    if tokenizer.control_id(_LATER_VERSION_MARK) is not None:
        raise _unknown(f"the tokenizer has a {_LATER_VERSION_MARK} piece")
    if tokenizer.control_id(BEGIN_SYSTEM) is not None:
        return "v7"
    if tokenizer.control_id(BEGIN) is not None:
        return "v3"
    return "llama-2" if family == "llama" else "v1"


def _published(tokenizer: Tokenizer, folder: Path) -> JinjaTemplate | None:
    found = published.chat_template(folder)
    if found is None:
        return None
    special: dict[str, str | None] = {
        "bos_token": tokenizer.piece(tokenizer.bos_id),
        "eos_token": tokenizer.piece(tokenizer.eos_id),
        **published.special_tokens(folder),
    }
    return JinjaTemplate(found.source, found.file, {key: name for key, name in special.items() if name is not None})


def _check(template: JinjaTemplate) -> None:
    """Raise ChatError for a template that cannot render one question."""
    try:
        if "ask" not in template.text_of([_ASK]).casefold():
            raise TemplateError("it leaves out the user's message")
    except TemplateError as error:
        template.close()
        raise ChatError(
            f"the chat template in {template.where} fails: {error}. Choose a layout with --template "
            f"({', '.join(LAYOUTS)}) if the model understands it, or none to serve completions only"
        ) from error


def _same_as(template: JinjaTemplate, tokenizer: Tokenizer) -> Layout | None:
    """Return the built-in layout that writes what the template writes."""
    written: list[tuple[list[Turn], str]] = []
    for probe in _PROBES:
        try:
            written.append((probe, template.text_of(probe)))
        except TemplateRefusal:
            if probe[0].role != "system":
                return None
        except TemplateError:
            return None
    for layout in _candidates(tokenizer):
        if not _writes_names(layout, tokenizer) and all(
            _plain(text, layout, tokenizer) == _plain(_built_in(probe, layout, tokenizer), layout, tokenizer)
            for probe, text in written
        ):
            return layout
    return None


def _candidates(tokenizer: Tokenizer) -> list[Layout]:
    has_marks = tokenizer.control_id(BEGIN) is not None
    mistral: list[Layout] = ["v1"] if not has_marks else ["v3"]
    if tokenizer.control_id(BEGIN_SYSTEM) is not None:
        mistral.append("v7")
    return [*mistral, "llama-2", "zephyr", "chatml", "chatml-bos"]


def _writes_names(layout: Layout, tokenizer: Tokenizer) -> bool:
    """Whether a built-in layout writes as plain text what is a control piece here."""
    names = Names(tokenizer.control_pieces())
    return any(isinstance(part, Text) and names.found_in(part.text) for part in parts_of(_ALL, layout, tokenizer))


def _built_in(turns: list[Turn], layout: Layout, tokenizer: Tokenizer) -> str:
    parts = parts_of(turns, layout, tokenizer)
    return "".join(part.name if isinstance(part, Mark) else part.text for part in parts)


def _plain(text: str, layout: Layout, tokenizer: Tokenizer) -> str:
    """Return a text without the differences that do not count for this layout."""
    bos, eos = tokenizer.piece(tokenizer.bos_id), tokenizer.piece(tokenizer.eos_id)
    if layout == "zephyr":
        return text.removeprefix(bos)
    if layout in MISTRAL:
        marks = "|".join(map(re.escape, (bos, eos, BEGIN, END, BEGIN_SYSTEM, END_SYSTEM)))
        return re.sub(f" *({marks}) *", r"\1", text).rstrip(" ")
    return text


def _unknown(found: str) -> ChatError:
    return ChatError(
        f"{found}; the known chat layouts are {', '.join(LAYOUTS)}. Choose one with --template if the model "
        "understands it, or none to serve completions only"
    )


def name_of(template: Template) -> str:
    """Return the name of a layout, with the file of a template."""
    return f"jinja ({template.where})" if isinstance(template, JinjaTemplate) else template
