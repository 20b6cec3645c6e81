"""Decks as files: prompts with the answers of some models, and the one that comes with the arena.

The first line has the deck's name and the settings that every model was asked with, each further line a prompt with its
answers. `arena decks save` writes such a file, and `fill-deck --prompts` reads the prompts of one.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files

from db.queries import DeckAnswer, DeckPrompt, StoredSettings


@dataclass(frozen=True, slots=True)
class DeckFile:
    deck: str
    settings: StoredSettings | None
    prompts: tuple[tuple[DeckPrompt, tuple[DeckAnswer, ...]], ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models with answers, in order of appearance."""
        return tuple(dict.fromkeys(answer.model for _, answers in self.prompts for answer in answers))

    def text(self) -> str:
        """Return the content of the file."""
        settings = None if self.settings is None else asdict(self.settings)
        lines: list[dict[str, object]] = [{"deck": self.deck, "settings": settings}]
        lines += [
            {
                "text": prompt.text,
                "tags": list(prompt.tags),
                "language": prompt.language,
                "answers": [_plain(answer) for answer in answers],
            }
            for prompt, answers in self.prompts
        ]
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def shipped(name: str) -> DeckFile | None:
    """Return the deck of that name that comes with the arena, None if there is none."""
    if not name.isidentifier():
        return None
    file = files("arena.decks").joinpath(f"{name}.jsonl")
    return parsed(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else None


def parsed(lines: Iterable[str]) -> DeckFile:
    """Read the lines of a file that `DeckFile.text` wrote; other files raise KeyError, TypeError or ValueError."""
    first, *rest = map(json.loads, lines)
    deck, settings = first["deck"], first["settings"]
    return DeckFile(
        deck,
        None if settings is None else StoredSettings(**settings),
        tuple(
            (
                DeckPrompt(deck, row["text"], tuple(row["tags"]), row["language"]),
                tuple(DeckAnswer(**answer) for answer in row["answers"]),
            )
            for row in rest
        ),
    )


def _plain(answer: DeckAnswer) -> dict[str, object]:
    """Return an answer without what is empty, and without the time that it took, which says nothing elsewhere."""
    return {key: value for key, value in asdict(answer).items() if value is not None and key != "duration_ms"}
