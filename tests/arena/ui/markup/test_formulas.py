"""Which formulas may be drawn, and which are shown as their source."""

import pytest

from arena.ui.markup import whole
from arena.ui.markup.budget import MAX_FORMULA_CHARS, MAX_FORMULAS, Budget
from arena.ui.markup.formulas import MAX_CHARS, MAX_DEPTH, is_drawable


@pytest.mark.parametrize(
    "tex",
    [
        "x",
        r"x_1^2 + y'' = \frac{1}{2}",
        r"\frac12 \sqrt[3]{x} \sqrt\frac12",
        r"e^{i\pi} + 1 = 0",
        r"\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}",
        r"\sum\limits_{k=1}^n k = \binom{n+1}{2}",
        r"\left( \frac{a}{b} \middle| c \right]^2 \bigl\{ x \bigr\}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \end{array}",
        r"f(x) = \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\mathbb{R} \to \mathcal{O}(n\log n), \operatorname{softmax}(z)_i, \operatorname*{argmax}_x",
        r"\underbrace{a+b}_{\text{two}} \overset{!}{=} \hat{\theta} \boxed{42} \not\in \alpha*",
        r"\nabla\cdot\mathbf{E} = \rho/\varepsilon_0 \tag{1}",
        r"\lim_{x\to 0} \frac{\sin x}{x} \;\Rightarrow\; 100\,\%",
        "한국어 + x",
    ],
)
def test_ordinary_formulas_are_drawn(tex: str) -> None:
    assert is_drawable(tex)


@pytest.mark.parametrize(
    "tex",
    [
        "",
        " ",
        r"\def\x{\x\x}\x",
        r"\newcommand{\x}{y}",
        r"\let\x\frac",
        r"\gdef\x{}",
        r"\href{javascript:x}{x}",
        r"\url{http://a}",
        r"\includegraphics{http://a/b.png}",
        r"\htmlData{a=b}{x}",
        r"\htmlId{vote-a}{x}",
        r"\htmlClass{toast}{x}",
        r"\htmlStyle{position:fixed}{x}",
        r"\rule{9999em}{9999em}",
        r"\hspace{9999em}",
        r"\kern9999em",
        r"\mkern9999mu",
        r"\raisebox{9999em}{A wins}",
        r"\begin{matrix} a \\[9999em] b \end{matrix}",
        r"\begin{matrix} a \\ [9999em] b \end{matrix}",
        r"\begin{matrix} a \\*[9999em] b \end{matrix}",
        r"\genfrac{}{}{999em}{}{a}{b}",
        r"\above{9em}",
        r"\color{red} x",
        r"\unicode{x}",
        r"\char`a",
        r"\verb|x|",
        r"\begin{array}{p{9999em}} a \end{array}",
        r"\begin{array}{" + "c" * 50 + r"} a \end{array}",
        r"\begin{CD} A @>>> B \end{CD}",
        r"\begin{matrix} a \end{pmatrix}",
        r"\begin{matrix} a",
        r"\left( x",
        r"x \right)",
        r"\left\frac( x \right)",
        "{x",
        "x}",
        "x # y",
        "a % b",
        "$x$",
        r"\frac{1}",
        "x^",
        "\\",
    ],
)
def test_other_formulas_are_not_drawn(tex: str) -> None:
    assert not is_drawable(tex)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"\frac{1}{", "}"),
        (r"\frac1", ""),
        (r"\sqrt ", ""),
        (r"\hat ", ""),
        ("{", "}"),
        (r"x^{", "}"),
        (r"x_{y^", "}"),
        (r"\left(", r"\right)"),
        (r"\begin{matrix}", r"\end{matrix}"),
        (r"\text{", "}"),
        (r"\sqrt[", "]{x}"),
        (r"\not ", ""),
    ],
)
def test_nesting_is_limited_however_it_is_written(before: str, after: str) -> None:
    assert is_drawable(before * 2 + "x" + after * 2)
    for n in (MAX_DEPTH + 1, 60, 300):
        assert not is_drawable((before * n + "x" + after * n)[:MAX_CHARS])
        assert not is_drawable(before * n + "x" + after * n)


def test_the_length_of_a_formula_is_limited() -> None:
    assert is_drawable("x" * MAX_CHARS)
    assert not is_drawable("x" * (MAX_CHARS + 1))


def test_one_answer_draws_a_limited_number_and_shows_the_source_of_the_others() -> None:
    html = whole(r"\(x\) " * (MAX_FORMULAS + 3))
    assert html.count('class="formula"') == MAX_FORMULAS
    assert html.count(r"<code>\(x\)</code>") == 3


def test_formulas_of_one_answer_are_limited_together() -> None:
    budget = Budget()
    tex = "x" * MAX_CHARS
    assert [budget.take_formula(tex) for _ in range(MAX_FORMULA_CHARS // MAX_CHARS + 1)] == [True] * 5 + [False]
    assert budget.take_formula("x") is False
