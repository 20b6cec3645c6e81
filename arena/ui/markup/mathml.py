"""Formulas as MathML, for pages without KaTeX: browsers draw it themselves.

latex2mathml translates what `formulas` allows. What it returns is written anew here, from a fixed list of elements and
attributes, with the TeX as an annotation for copying. If it fails, or returns anything else, the formula is shown as
its source.

    mathml("x^2", False)
    <math><semantics><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow><annotation …>x^2</annotation></semantics></math>
"""

import logging
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element

from arena.ui.untrusted import escaped

logger = logging.getLogger(__name__)

_ELEMENT_NAMES = """
    mrow mi mn mo mtext mspace ms msup msub msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd mstyle
    mpadded mphantom menclose
"""
_ATTRIBUTE_NAMES = """
    mathvariant stretchy fence separator accent accentunder form symmetric movablelimits largeop displaystyle
    scriptlevel linethickness columnalign rowspacing columnspacing columnlines rowlines notation minsize maxsize
    width lspace rspace
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_VALUE = re.compile(r"[+-]?[a-z0-9. ]{1,60}%?", re.IGNORECASE)
_REFERENCE = re.compile(r"&#x([0-9A-F]{1,6});", re.IGNORECASE)
_COMMAND = re.compile(r"\\(begin|end)\{(\w+\*?)\}(?:\{\d{1,2}\})?|\\[A-Za-z]+|\\.", re.DOTALL)
_SAME_AS = {  # what the translator does not know, by what it knows
    **{rf"\{letter}": rf"\mathbb{{{letter}}}" for letter in "NRZQC"},
    r"\dag": r"\dagger",
    r"\ddag": r"\ddagger",
    r"\P": r"\text{¶}",
    r"\copyright": r"\text{©}",
    r"\arg": r"\operatorname{arg}",
    **dict.fromkeys((r"\nonumber", r"\notag", r"\nolimits"), ""),
}
_ENVIRONMENTS = {
    **dict.fromkeys(("aligned", "alignedat", "align"), (r"\begin{align*}", r"\end{align*}")),
    **dict.fromkeys(
        ("gather", "gather*", "gathered", "equation", "equation*", "subarray"), (r"\begin{matrix}", r"\end{matrix}")
    ),
    "rcases": (r"\left.\begin{matrix}", r"\end{matrix}\right\}"),
}
_MAX_DEPTH = 100


class _Unknown(Exception):
    pass


def mathml(tex: str, is_display: bool) -> str | None:
    """Return a formula that `formulas.is_drawable` allows as MathML; None if it cannot be translated."""
    try:
        root = convert_to_element(_COMMAND.sub(_known, tex), display="block" if is_display else "inline")
        written = "".join(_written(child, 0) for child in root)
    except _Unknown:
        return None
    except Exception:  # the translator raises many kinds of errors, KeyError and IndexError among them
        logger.debug("a formula could not be translated", exc_info=True)
        return None
    display = ' display="block"' if is_display else ""
    source = f'<annotation encoding="application/x-tex">{escaped(tex)}</annotation>'
    return f"<math{display}><semantics><mrow>{written}</mrow>{source}</semantics></math>"


def _known(command: re.Match[str]) -> str:
    """Return the command in a form that the translator knows."""
    side, environment = command[1], command[2]
    if environment in _ENVIRONMENTS:
        return _ENVIRONMENTS[environment][side == "end"]
    return _SAME_AS.get(command[0], command[0])


def _written(element: ElementTree.Element, depth: int) -> str:
    if depth > _MAX_DEPTH or element.tag not in _ELEMENTS:
        raise _Unknown
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    )
    content = _text(element.text or "") + "".join(_written(child, depth + 1) for child in element)
    return f"<{element.tag}{attributes}>{content}</{element.tag}>"


def _text(text: str) -> str:
    """Return an element's own text, which the translator may write as a reference. It leaves what it does not know:
    a command or, between columns, `&`."""
    if text in (r"\{", r"\}", r"\|"):
        text = text[1:]
    if text == "&" or (len(text) > 1 and text.startswith("\\")):
        raise _Unknown
    return escaped(_REFERENCE.sub(lambda found: chr(int(found[1], 16)), text))
