"""Descriptions of all settings, for docs/settings.md.

for section in describe():
    for key in section.keys:
        print(key.name, key.type, key.default, key.bounds, key.environment, key.description)
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.settings.loading import SECRET, environment_name
from arena.settings.models import FILE_KEYS
from arena.settings.sections import SECTIONS, Example, Link, Player
from arena.settings.tables import bounds_in_words, bounds_of, type_in_words
from elo.settings import Settings as EloSettings

_ELO: Mapping[str, tuple[str, str]] = types.MappingProxyType(  # one sentence, and the bounds that `elo` checks
    {
        "method": ('"bradley-terry" has intervals; "elo" is the online rating, vote after vote.', ""),
        "prior": (
            "Virtual ties of every model against an average opponent; 0 gives the exact maximum likelihood.",
            "0 or >= 1e-9",
        ),
        "bootstrap": ("Rounds of the bootstrap.", ">= 0 and <= 1,000,000"),
        "seed": ("Seed of the bootstrap.", ">= 0"),
        "interval": (
            '"auto" is the bootstrap, and the inverse Hessian for models with very few points won or lost;'
            ' "bootstrap" and "sandwich" apply to all models.',
            "",
        ),
        "base": ("A difference of `scale` points means odds of `base` to 1.", "> 1"),
        "scale": ("Points that mean odds of `base` to 1.", "> 0"),
        "k": ("Online Elo: the most that one vote can move a rating.", "> 0"),
        "start": ("Online Elo: the rating of a model without battles.", ""),
        "mean": ("Mean of the ratings on the board.", ""),
        "level": ("Share of intervals that should contain the true value.", "> 0 and < 1"),
        "ties": (
            'A tie is "half" a win each, a third outcome by "rao-kupper" or "davidson", or left out by "ignore".',
            "",
        ),
        "both_bad": ('A vote that both answers are bad is a "tie", or left out by "ignore".', ""),
        "cluster": (
            'Which votes depend on each other: those on one prepared "pair" of answers, those of one'
            ' "voter", those with one value in a column of the database, such as "language", or "none"; "auto" is'
            ' "pair" if there are such votes, else "voter" where intervals by voter are more than 1.1 times as wide.',
            "",
        ),
        "gauge": (
            'What is fixed at `mean`: the "mean" of the models, their mean by "battles", or the models in `anchor`.',
            "",
        ),
        "anchor": ('Models whose ratings are fixed, such as ["gpt-4=1200"], with gauge "anchor".', ""),
        "weights": (
            '"none" gives all votes the same weight, "pair" all pairs; "draw" weighs by 1 / draw probability.',
            "",
        ),
        "half_life_days": ("Age in days at which a vote weighs half as much; by default age does not matter.", "> 0"),
        "simultaneous": ("Whether intervals hold for all models at once, rather than for each one.", ""),
        "control": (
            'Effects to separate from strength: "length", "style", "side", "speed", and columns of numbers such as'
            ' "column:n_turns".',
            "",
        ),
        "ridge": ("Strength of the penalty on the coefficients of `control`.", ">= 0"),
    }
)
_ABOUT: Mapping[str, str] = types.MappingProxyType(
    {
        "arena": "The arena's title and where it keeps its data.",
        "web": "Where the pages listen, and which proxy is in front of them.",
        "battle": "What the arena asks of both sides of every battle, and how long it waits.",
        "matchmaking": "Which models are drawn for a battle, and how often; docs/battles.md explains the policies.",
        "limits": "How much one visitor may do.",
        "quick": "Quick rounds, on prepared prompts with prepared answers.",
        "moderation": "A model that puts prompts and answers into categories, and what happens with each category.",
        "elo": "How the leaderboard is computed, with the names and defaults of the options of `python -m elo`.",
        "inference": "The model server that the arena starts for models with a `path`.",
    }
)


@dataclass(frozen=True, slots=True)
class DescribedKey:
    """One key of a section."""

    name: str
    type: str
    """In words, such as "a whole number" or "one of equal, together, free"."""
    default: str | None
    """As written in TOML; None for a key without a default."""
    bounds: str
    """Such as ">= 1 and <= 65,535"; empty without bounds."""
    description: str
    """One sentence."""
    environment: str | None
    """The variable that overrides the file; None for a key of [[models]]."""


@dataclass(frozen=True, slots=True)
class DescribedSection:
    """One section of the file, or the table of one model."""

    name: str
    """As written in the file: "[battle]" or "[[models]]"."""
    description: str
    keys: tuple[DescribedKey, ...]


def describe() -> tuple[DescribedSection, ...]:
    """Return all sections in the order of the classes, and the lists of tables last."""
    sections = [
        DescribedSection(f"[{name}]", _ABOUT[name], tuple(_keys(cls, name, {}))) for name, cls in SECTIONS.items()
    ]
    models = DescribedSection(
        "[[models]]", "Each [[models]] table describes one model that may play.", tuple(_models_keys())
    )
    links = DescribedSection(
        "[[links]]", "Each [[links]] table is a link in the footer of every page.", tuple(_keys(Link, None, {}))
    )
    examples = DescribedSection(
        "[[examples]]",
        "Each [[examples]] table is a prompt that the battle page offers; six are drawn for each page.",
        tuple(_keys(Example, None, {})),
    )
    return (*sections, models, links, examples)


SECRET_KEY = DescribedKey(
    name="secret",
    type="text",
    default=None,
    bounds="at least 16 characters",
    description="Key of the cookies and pseudonyms, only from the environment; by default in the data folder.",
    environment=SECRET,
)
"""The only setting that has no key in the file."""


def _models_keys() -> list[DescribedKey]:
    keys = _keys(Player, None, FILE_KEYS)
    return [
        dataclasses.replace(key, type=f"{key.type}, or one address in quotes") if key.name == "base_url" else key
        for key in keys
    ]


def _keys(cls: type, section: str | None, file_keys: Mapping[str, str]) -> list[DescribedKey]:
    hints = typing.get_type_hints(cls)
    keys = []
    for one in dataclasses.fields(cls):
        if cls is EloSettings:
            description, bounds = _ELO[one.name]
        elif "description" not in one.metadata:  # another spelling of a key that is described
            continue
        else:
            description, bounds = one.metadata["description"], bounds_in_words(bounds_of(one))
        keys.append(
            DescribedKey(
                name=file_keys.get(one.name, one.name),
                type=type_in_words(hints[one.name]),
                default=_default(one),
                bounds=bounds,
                description=description,
                environment=environment_name(section, one.name) if section else None,
            )
        )
    return keys


def _default(one: "dataclasses.Field[Any]") -> str | None:
    return None if one.default is dataclasses.MISSING or one.default is None else _in_toml(one.default)


def _in_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_in_toml(part) for part in value)}]"
    return f'"{value}"' if isinstance(value, str | Path) else str(value)
