"""Which text between dollar signs is a formula."""

import pytest

from arena.ui.markup import whole


@pytest.mark.parametrize(
    "text",
    [
        "$x$",
        "$E=mc^2$",
        r"the set $\{1,2\}$ is",
        "the $n$-th one",
        "($x_1$), **$y$**",
        r"$\frac{1}{2}$, or $O(n \log n)$.",
        "$5$ and $2x+1$",
        "$10^6$",
        r"$3 \times 4 = 12$",
        r"costs $\$5$",
        "$f$(x)",
        "값은 $x$이고 $y$는",
        r"$\text{cost of a thing} = 5$",
        "$|x|$ and $P(A|B)$",
        "$-1$ and $0.5$",
    ],
)
def test_a_formula_between_dollars_is_drawn(text: str) -> None:
    assert 'class="formula"' in whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "costs $5, not $6",
        "$5-$10, $5M–$6M, $5/$6",
        "US$5 or US$6, A$50 and B$60",
        "5$ and 10$",
        "$5 (or 5$)",
        "$5 million$",
        "€5 or $5/€6$",
        "$HOME and $PATH",
        "$HOME/bin:$PATH",
        "${HOME}/${USER}",
        "$(pwd)/$(date)",
        "$foo->bar($baz), $_GET['a'] and $_POST['b']",
        "$x + y = $z",
        "$1, $2, $3",
        "`$x$`",
        r"\$x\$",
        "$ x $, $x $ and $ x$",
        "$x\ny$",
        "cheap: $, mid: $$, dear: $$$",
        "Tacos ($$) or sushi ($$)",
        "$$ - $$$",
        "가격은 $5이고 세금은 10$이다",
    ],
)
def test_money_and_variables_stay_text(text: str) -> None:
    assert "formula" not in whole(text)
    assert "$" in whole(text)
