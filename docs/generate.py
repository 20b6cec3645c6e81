"""Write the generated pages, and the generated parts of pages.

These are settings, command line, the API of `elo`, the tree of the architecture, and the tables of benchmarks and of
clients.

make generated                     write them
python docs/generate.py --check    name the ones that are out of date, and write nothing
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import report  # noqa: E402
from bench.clients import outcomes  # noqa: E402
from docs.writers import api, command_line, settings, tree  # noqa: E402

_BEGIN, _END = "<!-- begin tree -->", "<!-- end tree -->"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python docs/generate.py", description="Write the generated pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is out of date")
    is_check = parser.parse_args(argv).check
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'out of date' if is_check else 'wrote'}: {path.relative_to(ROOT)}")
        if not is_check:
            path.write_text(pages()[path], encoding="utf-8")
    if is_check and stale:
        print("run `make generated`", file=sys.stderr)
    return 1 if is_check and stale else 0


def pages() -> dict[Path, str]:
    """What each generated page should contain now."""
    folder = ROOT / "docs"
    architecture, benchmarks, inference = (
        folder / f"{name}.md" for name in ("architecture", "benchmarks", "inference")
    )
    return {
        folder / "settings.md": settings.page(),
        folder / "command-line.md": command_line.page(ROOT),
        folder / "elo-api.md": api.page(),
        benchmarks: report.updated(benchmarks.read_text(encoding="utf-8")),
        inference: report.embed(inference.read_text(encoding="utf-8"), "clients", outcomes.markdown(outcomes.RESULTS)),
        architecture: with_tree(architecture.read_text(encoding="utf-8"), tree.tree(ROOT)),
    }


def with_tree(text: str, tree_text: str) -> str:
    """The page with the tree between its marks. ValueError for a page without them."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"docs/architecture.md lacks the marks {_BEGIN} and {_END}; put them where the tree belongs")
    return f'{before}{begin}\n\n<div class="tree" markdown>\n\n{tree_text}\n\n</div>\n\n{end}{after}'


if __name__ == "__main__":
    sys.exit(main())
