"""The annotated tree of docs/architecture.md, with the caption of each source file.

Of benchmarks, tests and documentation, only the folders are listed, and of tests only those that mirror nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from docs.writers.source import caption

PACKAGES = ("arena", "elo", "db", "inference")
SUFFIXES = (".py", ".c", ".h", ".js", ".css", ".toml")
FOLDERS = ("bench", "tests", "docs")
_COLUMN = 32
_INDENT = "  "


def tree(root: Path) -> str:
    """One block of text for the app and each package, each under a heading of its own."""
    parts = [f"### app\n\n{_block([_line('app.py', caption(root / 'app.py'))])}"]
    for name in PACKAGES:
        parts.append(f"### {name}\n\n{_block(_lines(root / name, depth=0, with_files=True))}")
    lines = [line for name in FOLDERS for line in _lines(root / name, depth=0, with_files=False)]
    parts.append(f"### bench, tests, docs\n\n{_block(lines)}")
    return "\n\n".join(parts)


def _block(lines: list[str]) -> str:
    return "\n".join(["```text", *lines, "```"])


def _lines(folder: Path, *, depth: int, with_files: bool) -> list[str]:
    """The folder, its modules if wanted, and its folders, each a step further in."""
    lines = [_line(f"{_INDENT * depth}{folder.name}/", caption(folder / "__init__.py"))]
    if with_files:
        files = (path for suffix in SUFFIXES for path in folder.glob(f"*{suffix}"))
        modules = sorted(path for path in files if path.name != "__init__.py" and not path.is_symlink())
        lines += [_line(f"{_INDENT * (depth + 1)}{path.name}", caption(path)) for path in modules]
    for inner in _packages(folder):
        if not with_files and not caption(inner / "__init__.py"):
            continue
        lines += _lines(inner, depth=depth + 1, with_files=with_files)
    return lines


def _packages(folder: Path) -> Iterator[Path]:
    """Folders with modules, in order."""
    return (path for path in sorted(folder.iterdir()) if (path / "__init__.py").is_file())


def _line(name: str, text: str) -> str:
    return f"{name:<{_COLUMN}}{'' if len(name) < _COLUMN else '  '}{text}".rstrip()
