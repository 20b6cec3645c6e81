"""Where a file has the further columns that were asked for by name.

Most are columns of the file. Lines of our own export have some inside others, under the names that the database has:

    tags, deck        of the prepared prompt
    n_turns           prompts of the battle, 1 for a prepared one
    prompt_chars      characters of these prompts
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from elo.columns import Cell, cell
from elo.votes.layout import LayoutError

_PROMPT, _TURNS = "deck_prompt", "turns"
_DERIVED = ("tags", "deck", "n_turns", "prompt_chars")
_MOST_NAMES = 40


class UnknownColumnError(LayoutError):
    """The source has no such column; the message names those it has."""


@dataclass(frozen=True, slots=True)
class Further:
    """The columns `names` of a file, from its columns `picked`, whose values are taken as they are."""

    names: tuple[str, ...]
    picked: tuple[str, ...]
    columns: tuple[str, ...]
    awaited: set[str]
    """Names that the first row does not have, and no row so far."""

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[str], *, is_first_row: bool = False) -> Self:
        """`columns` are those of the file or, if `is_first_row`, of its first row: others may have more.

        Raises UnknownColumnError.
        """
        picked: dict[str, None] = {}
        awaited = set()
        for name in names:
            if name in columns:
                picked[name] = None
            elif name in _DERIVED and {_PROMPT, _TURNS} <= set(columns):
                picked |= {_PROMPT: None, _TURNS: None}
            elif is_first_row:
                picked[name] = None
                awaited.add(name)
            else:
                raise unknown_column(name, columns)
        return cls(tuple(names), tuple(picked), tuple(columns), awaited)

    def cells(self, values: Sequence[object]) -> tuple[Cell, ...]:
        """The cells of `names` in a row whose values of `picked` are these."""
        row = dict(zip(self.picked, values, strict=True))
        self.awaited.difference_update([name for name in self.awaited if row[name] is not None])
        return tuple(cell(name, row[name] if name in row else _derived(name, row)) for name in self.names)

    def check_found(self) -> None:
        """Raise UnknownColumnError at the end of the file for a name that no row had."""
        for name in self.awaited:
            raise unknown_column(name, self.columns)


def unknown_column(name: str, columns: Collection[str]) -> UnknownColumnError:
    """The error with the names that there are, the closest first."""
    close = get_close_matches(name, columns, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    shown = [column for column in columns if column.isprintable()]
    more = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return UnknownColumnError(f"has no column {name}{hint} It has {', '.join(shown[:_MOST_NAMES])}{more}")


def _derived(name: str, row: Mapping[str, object]) -> object:
    prompt, turns = row.get(_PROMPT), row.get(_TURNS)
    if name in ("tags", "deck"):
        return prompt.get(name) if isinstance(prompt, Mapping) else None
    if isinstance(prompt, Mapping):
        prompts = [prompt.get("text")]
    else:
        prompts = [turn.get("prompt") for turn in turns if isinstance(turn, Mapping)] if isinstance(turns, list) else []
    texts = [text for text in prompts if isinstance(text, str)]
    return len(texts) if name == "n_turns" else sum(map(len, texts))
