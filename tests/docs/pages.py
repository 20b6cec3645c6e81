"""The Markdown pages that people read, and the parts of them that tests look at."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page: its language, its text, and the line it begins at."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, *languages: str) -> list[Block]:
    """The blocks of a page, of these languages or of all."""
    text = read(path)
    found = [
        Block(path.name, text.count("\n", 0, match.start()) + 1, match["language"], match["text"])
        for match in _FENCE.finditer(text)
    ]
    return [block for block in found if not languages or block.language in languages]


def without_blocks(path: Path) -> str:
    """The page with its fenced blocks removed."""
    return _FENCE.sub("", read(path))


def headings(path: Path) -> list[tuple[int, str]]:
    """(level, text) of every heading."""
    return [
        (len(match[1]), match[2]) for match in re.finditer(r"^(#{1,6}) (.+?) *$", without_blocks(path), re.MULTILINE)
    ]


def anchors(path: Path) -> set[str]:
    """The names that headings can be linked by, on the site and on GitHub."""
    names: set[str] = set()
    for _, text in headings(path):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")
        name = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        names.add(re.sub(r"-+", "-", name))
    return names
