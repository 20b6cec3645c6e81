import time

import pytest

from db.style import StyleCounts

ANSWER = """# A header
Some **bold** and __also bold__, but not **this
one** nor 2 * 3 * 4.

## Second
1. first
2. second
   - nested
* star
+ plus
-no item
#no header
####### seven are none

```python
# a comment
- 1
**power**
```
    1. indented item
"""


def test_markdown_is_counted_and_code_is_not() -> None:
    assert StyleCounts.of(ANSWER) == StyleCounts(len(ANSWER), n_headings=2, n_list_items=6, n_bold=2)


@pytest.mark.parametrize("fence", ["```", "~~~", "```python"])
def test_code_that_was_cut_off_is_code_to_the_end(fence: str) -> None:
    assert StyleCounts.of(f"# a\n{fence}\n# no\n- no\n")[1:] == (1, 0, 0)


def test_one_kind_of_fence_does_not_end_the_other() -> None:
    assert StyleCounts.of("~~~\n```\n# no\n~~~\n# yes\n").n_headings == 1


def test_code_within_a_line_opens_no_fence() -> None:
    assert StyleCounts.of("```ls -la```\n# yes\n- yes\n")[1:3] == (1, 1)


def test_a_longer_fence_can_contain_a_shorter_one() -> None:
    assert StyleCounts.of("````\n```\n# no\n```\n# no\n````\n# yes\n").n_headings == 1


@pytest.mark.parametrize(
    "text",
    [
        "-" * 50_000,
        "**" * 50_000,
        "_" * 50_000,
        "` `" * 50_000,
        "```\n" * 20_000,
        "`" * 100_000,
        "```a" * 30_000,
        "~~~a\n" * 20_001,
        "# \n" * 50_000,
        " " * 50_000,
    ],
)
def test_no_text_takes_long_to_count(text: str) -> None:
    start = time.perf_counter()
    StyleCounts.of(text)
    assert time.perf_counter() - start < 2
