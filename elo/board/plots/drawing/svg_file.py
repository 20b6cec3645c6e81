"""A chart as an SVG file that looks the same in a page, in an `<img>` and in programs without style sheets.

A figure inside a page is drawn by the page's style sheet: colours are its tokens, lengths are shares of its width. A
file has neither. So every class becomes attributes with plain light colours, every share a number of pixels, and the
margins lie inside the viewBox. The one style sheet that is left is for browsers: the dark colours, for a reader whose
system is dark.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SVG = "http://www.w3.org/2000/svg"
_WIDTH, _MARGIN = 760, 16
_FONT = "system-ui, sans-serif"
_ATTRIBUTES = (
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "font-size",
    "font-weight",
)

Look = Mapping[str, Mapping[str, str]]
"""Class or element -> attributes."""


def standalone(chart: str) -> str:
    """The text of the file: 760 pixels wide, on its own ground, light or dark as the reader's system is."""
    light, dark = _looks()
    drawn = ElementTree.fromstring(chart)
    height = int(drawn.attrib["height"]) + 2 * _MARGIN
    for element in drawn.iter():
        _draw(element, light)
    root = _element("svg", width=_WIDTH, height=height, viewBox=f"0 0 {_WIDTH} {height}", role="img")
    root.attrib |= {"font-family": _FONT, **light["chart"]}
    root.append(drawn[0])  # the title
    style = _element("style")
    style.text = f"@media (prefers-color-scheme: dark) {{ {' '.join(_dark(dark))} }}"
    root.append(style)
    root.append(_element("rect", width=_WIDTH, height=height, **{"class": "ground", **light["ground"]}))
    inside = _element("g", transform=f"translate({_MARGIN} {_MARGIN})")
    inside.extend(drawn[1:])
    root.append(inside)
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _element(name: str, **attributes: object) -> Element:
    return Element(f"{{{_SVG}}}{name}", {key: str(value) for key, value in attributes.items()})


def _draw(element: Element, look: Look) -> None:
    """Give the element its look, its children their places, and pixels for shares of the width."""
    for child in list(element):
        if (
            child.tag == f"{{{_SVG}}}svg" and "viewBox" not in child.attrib
        ):  # marks in a row: they have the width of the chart
            child.tag, above = f"{{{_SVG}}}g", child.attrib["y"]
            child.attrib.clear()
            child.set("transform", f"translate(0 {above})")
        elif child.get("class") == "short":  # for phones
            element.remove(child)
    for name, value in element.attrib.items():
        if value.endswith("%") and name in ("x", "x1", "x2", "cx", "width"):
            element.set(name, f"{float(value[:-1]) / 100 * (_WIDTH - 2 * _MARGIN):.2f}")
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    for name in (tag, *element.get("class", "").split()):
        element.attrib |= look.get(name, {})


def _looks() -> tuple[Look, Look]:
    """Light and dark, from the style sheets: the rules of charts with the tokens of separate files."""
    css = {name: files(__package__).joinpath(f"{name}.css").read_text(encoding="utf-8") for name in ("figures", "page")}
    palettes = [
        dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root {([^}]*)}", css["page"])
    ]
    rules = re.findall(r"^(\.chart[^{]*) {([^}]*)}", css["figures"], re.MULTILINE)
    light, dark = (_look([*rules, (".ground", "fill: var(--page);")], palette) for palette in palettes)
    return light, dark


def _look(rules: list[tuple[str, str]], palette: Mapping[str, str]) -> Look:
    look: dict[str, dict[str, str]] = {}
    for selectors, body in rules:
        plain = re.sub(r"var\(--([\w-]+)\)", lambda token: palette[token[1]], body)
        found = {name: value.removesuffix("px") for name, value in re.findall(r"([\w-]+): ([^;]+);", plain)}
        for selector in selectors.split(","):
            own = look.setdefault(selector.split()[-1].removeprefix("."), {})
            own |= {name: value for name, value in found.items() if name in _ATTRIBUTES}
    return look


def _dark(look: Look) -> Iterator[str]:
    for name, attributes in look.items():
        colours = "; ".join(f"{key}: {value}" for key, value in attributes.items() if value.startswith("#"))
        if colours:
            yield f"{name if name in ('text', 'line') else f'.{name}'} {{ {colours} }}"
