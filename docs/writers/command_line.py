"""docs/command-line.md: every command and option, from the parsers that read them."""

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest import mock

import app
import arena.__main__
import db.__main__
import elo.__main__
import inference.__main__
from docs.writers.markdown import code, table

_PROGRAMS = (
    ("arena", app),
    ("arena-elo", elo.__main__),
    ("arena-db", db.__main__),
    ("arena-infer", inference.__main__),
)
_HEADING = "\n".join(
    (
        "# Command line",
        "",
        "This page is generated from the commands themselves (`make generated`); `--help` prints the same."
        " `pip install .` installs the short names, and the long ones work in a clone too.",
        "",
        "| installed | installed or in a clone |",
        "| --- | --- |",
        "| `arena` | `python app.py` |",
        "| `arena COMMAND` | `python -m arena COMMAND` |",
        "| `arena-elo COMMAND` | `python -m elo COMMAND` |",
        "| `arena-db COMMAND` | `python -m db COMMAND` |",
        "| `arena-infer COMMAND` | `python -m inference COMMAND` |",
        "",
    )
)
_DEFAULT = re.compile(r" ?\(default:? (?P<value>[^()]*)\)$")
_COMMAND = re.compile(r"\s*(python -m|arena)")


def page(root: Path) -> str:
    """The whole page; absolute paths below `root` are written relative to it."""
    parts = [_HEADING]
    for name, program in _PROGRAMS:
        parts += _sections(_parser(name, program), level=2)
        if program is app:
            parts += _commands(_parser(name, arena.__main__), level=3)
    return "\n".join(parts).replace(f"{root}/", "").rstrip() + "\n"


def _parser(name: str, program: ModuleType) -> argparse.ArgumentParser:
    """The parser of a program that was started as `name`."""
    with mock.patch.object(sys, "argv", [name]):
        parser: argparse.ArgumentParser = program._parser()
    return parser


def _sections(parser: argparse.ArgumentParser, *, level: int, about: str = "") -> Iterator[str]:
    """A section for the command, then one for each command below it, one level further down."""
    yield f"{'#' * level} {parser.prog}\n"
    yield _described(parser.description or _sentence(about)) + "\n"
    yield f"```text\n{_usage(parser)}\n```\n"
    for group in parser._action_groups:
        yield from _table(group, parser)
    if parser.epilog:
        yield parser.epilog + "\n"
    yield from _commands(parser, level=level + 1)


def _commands(parser: argparse.ArgumentParser, *, level: int) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                yield from _sections(command, level=level, about=texts[name])


def _described(text: str) -> str:
    """A description in Markdown: lines that begin with a command are a block of their own."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        is_commands = all(_COMMAND.match(line) for line in paragraph.splitlines())
        block = textwrap.dedent(paragraph)
        paragraphs.append(f"```text\n{block}\n```" if is_commands else " ".join(paragraph.split()))
    return "\n\n".join(paragraphs)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _usage(parser: argparse.ArgumentParser) -> str:
    """What must be given; the rest is `[options]`, which the table lists."""
    formatter = _Formatter(parser.prog)
    needed = []
    for action in parser._actions:
        if not action.option_strings:
            needed.append(formatter._format_args(action, formatter._get_default_metavar_for_positional(action)))
        elif action.required:
            needed.append(formatter.invocation(action))
    has_more = any(_is_shown(action) and action.option_strings and not action.required for action in parser._actions)
    return " ".join([parser.prog, *needed, *(["[options]"] if has_more else [])])


def _title(group: argparse._ArgumentGroup) -> str:
    return {"positional arguments": "argument", "options": "option"}.get(group.title or "", group.title or "option")


def _is_shown(action: argparse.Action) -> bool:
    is_hidden = isinstance(action, argparse._HelpAction | argparse._VersionAction | argparse._SubParsersAction)
    return not is_hidden and action.help != argparse.SUPPRESS


def _table(group: argparse._ArgumentGroup, parser: argparse.ArgumentParser) -> Iterator[str]:
    """A table of the group, without a column of defaults if there are none; nothing for arguments without help."""
    rows = [_row(action, parser) for action in group._group_actions if _is_shown(action)]
    if not any(about for _, _, about in rows):
        return
    if any(default for _, default, _ in rows):
        yield table((_title(group), "default", ""), rows)
    else:
        yield table((_title(group), ""), [(name, about) for name, _, about in rows])


def _row(action: argparse.Action, parser: argparse.ArgumentParser) -> tuple[str, str, str]:
    """(name with what follows it, default, help)."""
    formatter = _Formatter(parser.prog)
    about = " ".join(formatter._expand_help(action).split()) if action.help else ""
    found = _DEFAULT.search(about)
    default = found["value"] if found else _default(action)
    about = _DEFAULT.sub("", about).removesuffix(f" ({default})")
    return code(formatter.invocation(action)), code(default), about


def _default(action: argparse.Action) -> str:
    is_empty = action.default is None or isinstance(action.default, bool) or action.default in ("", (), [])
    is_empty = is_empty or action.default == argparse.SUPPRESS
    return "" if is_empty or not action.option_strings else f"{action.default}"


class _Formatter(argparse.HelpFormatter):
    """Writes an option once, with what follows it."""

    def invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return self._format_args(action, self._get_default_metavar_for_positional(action))
        names = ", ".join(action.option_strings)
        if action.nargs == 0:
            return names
        return f"{names} {self._format_args(action, self._get_default_metavar_for_optional(action))}"
