"""Formulas as MathML, for pages without KaTeX."""

import re
from xml.etree import ElementTree

import pytest

from arena.ui.markup import static, whole
from arena.ui.markup.budget import MAX_FORMULAS
from arena.ui.markup.formulas import COMMANDS, ENVIRONMENTS
from arena.ui.markup.mathml import mathml


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("a<b", "<mo>&lt;</mo>"),
        (r"\text{a \& b}", "<mtext>"),
        (r"\R \to \mathbb{R}", "<mi>ℝ</mi>"),
        (r"\bigl\{ x \bigr\}", ">{</mo>"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "<mtable"),
        (r"\begin{gathered} a \\ b \end{gathered}", "<mtable"),
    ],
)
def test_a_formula_is_translated(tex: str, part: str) -> None:
    written = mathml(tex, False)
    assert written is not None
    assert part in written
    (annotation,) = ElementTree.fromstring(written).iter("annotation")
    assert annotation.text == tex


def test_what_is_allowed_gives_plain_elements_or_nothing() -> None:
    """Nothing links, loads, runs or styles, and no command is left as its name."""
    n_drawn = 0
    samples = [f"a {name} " + "{x}" * n for name, n in COMMANDS.items()]
    samples += [rf"\begin{{{name}}}{{2}} a & b \\ c & d \end{{{name}}}" for name in ENVIRONMENTS]
    for tex in samples:
        written = mathml(tex, True)
        if written is None:
            continue
        n_drawn += 1
        root = ElementTree.fromstring(written)
        for element in root.iter():
            assert not {"href", "style", "class", "id", "src", "actiontype", "onclick"} & element.attrib.keys(), tex
            assert re.fullmatch("math|semantics|annotation|m[a-z]+", element.tag), tex
            if element.tag != "annotation":
                assert "\\" not in (element.text or "").removeprefix("\\"), tex
    assert n_drawn > 0.95 * len(samples)


def test_a_page_of_the_server_draws_what_the_others_draw() -> None:
    text = r"a $x$ \(\href{http://h}{x}\) " + r"\(y\) " * (MAX_FORMULAS + 1)
    html = static(text)
    assert html.count("<math>") == whole(text).count('class="formula"') == MAX_FORMULAS
    assert r"<code>\(\href{http://h}{x}\)</code>" in html
    assert html.startswith('<div class="answer"><p dir="auto">')
