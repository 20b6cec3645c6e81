"""docs/settings.md: every key of arena.toml, as `arena.settings` describes it."""

from arena.settings.description import SECRET_KEY, DescribedKey, DescribedSection, describe
from docs.writers.markdown import code, table

_HEADING = "\n".join(
    (
        "# Settings",
        "",
        "This page is generated from the code (`make generated`). Settings are read once, at start."
        " A later source overrides an earlier one: defaults, `arena.toml`, environment variables, the command line.",
        "",
        "- The environment variable of a key is `ARENA_`, its section and its name, such as `ARENA_BATTLE_MAX_TOKENS`;"
        " keys of `[arena]` leave out the section, such as `ARENA_TITLE`. Models have no variables.",
        "- An unknown key or variable is an error, whose message names the nearest known one.",
        "- Paths of models are relative to the folder of `arena.toml`; `data` is relative to the working directory.",
        "- The settings of `[elo]` are also options of `python -m elo recompute`, with the same names and defaults.",
        "",
    )
)
_OUTSIDE = "\n".join(
    (
        "## Outside the file",
        "",
        "| | |",
        "| --- | --- |",
        "| `{variable}` | {description} It has {bounds}; processes that share a database need the same one. |",
        "| `DATA/replica` | The name of this data folder in the database, made once."
        " Do not copy it into the folder of a second arena. |",
        "",
    )
)


def page() -> str:
    outside = _OUTSIDE.format(
        variable=SECRET_KEY.environment, description=SECRET_KEY.description, bounds=SECRET_KEY.bounds
    )
    return "\n".join([_HEADING, *(_section(section) for section in describe()), outside]).rstrip() + "\n"


def _section(section: DescribedSection) -> str:
    rows = table(("key", "default", ""), map(_row, section.keys))
    return f"## {section.name}\n\n{section.description}\n\n{rows}"


def _row(key: DescribedKey) -> tuple[str, str, str]:
    values = " ".join(filter(None, (key.type, key.bounds)))
    return code(key.name), code(key.default or ""), f"{key.description} *{values[:1].upper()}{values[1:]}.*"
