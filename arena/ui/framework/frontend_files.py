"""Which scripts and style sheets a page of Gradio's loads, read from Gradio's own built files.

Its page names one script and one style sheet. The script imports others, some by name and some later, from a list of
files (`__vite__mapDeps`); one of those knows the files of each kind of component. Written for Gradio 6.31; where a file
is not as expected, `FrontendFiles` raises LookupError.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr

_BUILD = Path(gr.__file__).parent / "templates" / "frontend"
_NAME = r"[\w.-]+"
_ENTRY = re.compile(rf'<script type="module" crossorigin src="\./assets/({_NAME}\.js)"></script>')
_ENTRY_SHEET = re.compile(rf'<link rel="stylesheet" crossorigin href="\./assets/({_NAME}\.css)">')
_STATIC = re.compile(rf'(?:\bfrom|\bimport)"\./({_NAME}\.js)"')
_NAMES = re.compile(r"__vite__mapDeps=.*?m\.f=\[(.*?)\]")
_DYNAMIC = re.compile(rf"import\(`\./({_NAME}\.js)`\)(?:(?!import\().)*?__vite__mapDeps\(\[([\d,]*)\]\)", re.S)
_COMPONENT = re.compile(
    rf"component:\(\)=>\w+\(\(\)=>import\(`\./({_NAME}\.js)`\)(?:\.then\(\w+=>\w+\.\w+\))?,"
    r"__vite__mapDeps\(\[([\d,]*)\]\)"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The names of scripts and style sheets, in the order in which they are loaded."""

    scripts: tuple[str, ...]
    sheets: tuple[str, ...]

    @property
    def later_sheets(self) -> tuple[str, ...]:
        """The style sheets that the page does not name: all but the first."""
        return self.sheets[1:]


@dataclass(slots=True)
class FrontendFiles:
    """The files of a build of Gradio's frontend in `folder`."""

    folder: Path = _BUILD
    _texts: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = (self.folder / "assets" / name).read_text(encoding="utf-8")
        return self._texts[name]

    def loaded(self, components: Iterable[str]) -> Loaded:
        """Return what a page with these kinds of components loads, such as `textbox`."""
        page = (self.folder / "index.html").read_text(encoding="utf-8")
        entry, sheet = _ENTRY.search(page), _ENTRY_SHEET.search(page)
        if entry is None or sheet is None:
            raise LookupError("Gradio's page does not name its script and its style sheet")
        names = dict.fromkeys([entry[1], sheet[1]])
        names |= dict.fromkeys(self._imported(entry[1], "Index"))
        names |= dict.fromkeys(core := self._imported(entry[1], "core"))
        names |= dict.fromkeys(self._imported(next(name for name in names if name.startswith("Index-")), "Blocks"))
        kinds = self._components(core[0])
        for component in dict.fromkeys(components):
            if component not in kinds:
                raise LookupError(f"Gradio's script does not know the component {component!r}")
            names |= dict.fromkeys(kinds[component])
        scripts = [name for name in names if name.endswith(".js")]
        for name in scripts:  # also those that a script imports without naming them beforehand
            scripts += [found for found in _STATIC.findall(self.text(name)) if found not in scripts]
        return Loaded(tuple(scripts), tuple(name for name in names if name.endswith(".css")))

    def _imported(self, name: str, which: str) -> list[str]:
        """Return the script `which-….js` that a script imports later, and what it needs."""
        for found, numbers in _DYNAMIC.findall(self.text(name)):
            if found.startswith(f"{which}-"):
                return [found, *self._named(name, numbers)]
        raise LookupError(f"{name} does not import {which}")

    def _components(self, core: str) -> dict[str, list[str]]:
        text, kinds = self.text(core), dict[str, list[str]]()
        for found in _COMPONENT.finditer(text):
            kind = re.findall(r"(\w+):\{(?!\})", text[: found.start()][-1000:])[-1]
            kinds[kind] = [found[1], *self._named(core, found[2])]
        return kinds

    def _named(self, name: str, numbers: str) -> list[str]:
        listed = _NAMES.search(self.text(name))
        if listed is None:
            raise LookupError(f"{name} has no list of files")
        names = re.findall(r'"\./([^"]+)"', listed[1])
        return [names[int(number)] for number in numbers.split(",") if number]
