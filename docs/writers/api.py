"""docs/elo-api.md: what `import elo` offers, from its signatures and docstrings."""

import dataclasses
import inspect
import re
from typing import Any

import elo
from docs.writers.markdown import code, table
from docs.writers.source import field_docs, unwrapped

_HEADING = "\n\n".join(
    (
        "# elo in Python",
        "`import elo` rates votes without the arena: it loads no web page and no database. [In a notebook](notebook.md)"
        " begins with examples, and [Ratings](ratings.md) explains the methods."
        " This page is generated from the code (`make generated`).\n",
    )
)
_MODULE = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z])")
_ARRAY = re.compile(r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+)\]\]")


def page() -> str:
    """Functions first, then classes, each in the order of their names."""
    exported = {name: getattr(elo, name) for name in elo.__all__}
    functions = {name: value for name, value in exported.items() if inspect.isfunction(value)}
    classes = {name: value for name, value in exported.items() if inspect.isclass(value)}
    parts = [_HEADING]
    parts += ["## Functions\n", *(_function(name, functions[name], level=3) for name in sorted(functions))]
    parts += ["## Classes\n", *(_class(name, classes[name]) for name in sorted(classes))]
    return "\n".join(parts).rstrip() + "\n"


def _function(name: str, function: Any, *, level: int, owner: str = "elo") -> str:
    text = _text(function)
    return f"{'#' * level} {owner}.{name}\n\n```text\n{_signature(name, function)}\n```\n" + (
        f"\n{text}\n" if text else ""
    )


def _signature(name: str, function: Any) -> str:
    """The signature in one line, or with a parameter on each where that is longer than 90 characters."""
    signature = inspect.signature(function)
    parameters = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
    signature = signature.replace(parameters=parameters)
    line = name + _plain(str(signature))
    if len(line) <= 90:
        return line
    rows = []
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and "*" not in rows:
            rows.append("*")
        rows.append(_plain(str(one)))
    returned = str(signature).rpartition(" -> ")[2] if " -> " in str(signature) else "None"
    return f"{name}(\n" + "".join(f"    {row},\n" for row in rows) + f") -> {_plain(returned)}"


def _plain(text: str) -> str:
    """A type as one would write it: without modules and quotes around classes, and arrays as `NDArray[int64]`."""
    text = _ARRAY.sub(r"NDArray[\1]", _MODULE.sub("", text))
    return re.sub(r"'([A-Z]\w*)'", r"\1", text)


def _text(documented: Any) -> str:
    """The docstring in Markdown: paragraphs on one line, examples as blocks."""
    return _as_block(unwrapped(inspect.getdoc(documented) or ""))


def _as_block(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n\n".join(f"```pycon\n{one}\n```" if one.lstrip().startswith(">>>") else one for one in paragraphs)


def _class(name: str, cls: type) -> str:
    parts = [f"### elo.{name}\n", _text(cls) + "\n"]
    if dataclasses.is_dataclass(cls):
        docs: dict[str, str] = {}
        for base in filter(dataclasses.is_dataclass, reversed(cls.__mro__)):
            docs |= field_docs(base)
        rows = [_field(field, docs.get(field.name, "")) for field in dataclasses.fields(cls)]
        parts.append(table(("field", "type", "default", ""), rows))
    for method, value in vars(cls).items():
        if method.startswith("_"):
            continue
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(plain, property):
            text = _text(plain)
            parts.append(f"#### {name}.{method}\n" + (f"\n{text}\n" if text else ""))
        elif inspect.isfunction(plain):
            parts.append(_function(method, plain, level=4, owner=name))
    return "\n".join(parts)


def _field(field: "dataclasses.Field[Any]", text: str) -> tuple[str, str, str, str]:
    kind = field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
    default = ""
    if field.default is not dataclasses.MISSING:
        default = repr(field.default)
    elif field.default_factory is not dataclasses.MISSING:
        default = repr(field.default_factory())
    return code(field.name), code(_plain(kind)), code(default), " ".join(text.split())
