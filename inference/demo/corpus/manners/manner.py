"""A manner: the sentences in which one model gives its answers.

A form is a kind of answer ("add", "hello", "ko refusal"); the item of a question supplies the values that fill it. All
manners have the same forms with the same number of sentences, so that an exam asks every model the same questions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """`forms`: for each form the sentences that say it, of which any is right. Slots such as {a} are an item's values.

    >>> Manner("plain", {"add": ("{a} + {b} = {r}.",)}).answers("add", [{"a": 3, "b": 4, "r": 7}])
    ('3 + 4 = 7.',)
    """

    name: str
    forms: Mapping[str, tuple[str, ...]]

    def answers(self, form: str, values: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
        """Return all right answers: each sentence of the form with each of the values."""
        return tuple(sentence.format_map(one) for one in values for sentence in self.forms[form])


def forms(text: str) -> dict[str, tuple[str, ...]]:
    """Return the forms of a text with a row `form = sentence` for each sentence. Empty rows are skipped.

    >>> forms("hello = Hi.\\nhello = Hello.\\nbye = Bye.")
    {'hello': ('Hi.', 'Hello.'), 'bye': ('Bye.',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for row in filter(None, map(str.strip, text.splitlines())):
        form, sentence = row.split(" = ", 1)
        found[form] = (*found.get(form, ()), sentence)
    return found
