"""Read from source files what their objects do not have: texts below fields, and captions of modules."""

import ast
import inspect
import re
import textwrap
from itertools import takewhile
from pathlib import Path

_SENTENCE_END = re.compile(r"[.?](?:\s|$)")
_ABBREVIATIONS = ("e.g", "i.e", "vs")
_LIST_ITEM = re.compile(r"(?:[-*]|\d+\.) ")


def field_docs(cls: type) -> dict[str, str]:
    """The string below each field of a class, by field; fields without one are left out."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    docs = {}
    for statement, following in zip(definition.body, definition.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                docs[name] = inspect.cleandoc(text)
    return docs


def caption(path: Path) -> str:
    """The first sentence of a module's docstring, or of the comment at the head of a file in another language.

    It is one line without its full stop; empty where there is no such text.
    """
    source = path.read_text(encoding="utf-8")
    text = (ast.get_docstring(ast.parse(source)) if path.suffix == ".py" else _head_comment(source)) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    ends = (found.start() for found in _SENTENCE_END.finditer(first))
    return first[: next((end for end in ends if not first[:end].endswith(_ABBREVIATIONS)), len(first))]


def _head_comment(source: str) -> str:
    """The comment with which a C, CSS, JavaScript or TOML file begins, without its marks."""
    if source.startswith("/*"):
        return source[2:].partition("*/")[0]
    lines = takewhile(lambda line: line.startswith("#"), source.splitlines())
    return "\n".join(line.lstrip("# ") for line in lines)


def unwrapped(text: str) -> str:
    """The text with each paragraph and list item on one line; indented lines, examples and empty lines stay."""
    lines: list[str] = []
    for line in text.splitlines():
        continues = bool(lines) and bool(lines[-1].strip()) and not lines[-1].startswith("    ")
        is_example = line.startswith(("    ", ">>>", "...")) or (bool(lines) and lines[-1].startswith((">>>", "...")))
        if continues and line.strip() and not is_example and not _LIST_ITEM.match(line.strip()):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.rstrip())
    return "\n".join(lines)
