import json
from collections.abc import Iterator

import pytest

from inference.demo.evaluate import answers, markdown
from inference.demo.profiles import PROFILES
from inference.demo.shipped import MODELS
from inference.model.checkpoint.weights import load_served
from inference.text.chat_template import Message
from inference.text.folder import open_tokenizer
from tests.docs.pages import ROOT, read

PAGE = ROOT / "docs" / "demo-models.md"


def test_the_page_has_the_accuracies_that_ship_with_the_models() -> None:
    shipped = json.loads(read(MODELS / "accuracy.json"))
    page = read(PAGE).splitlines()
    assert [row for row in markdown(shipped).splitlines() if row not in page] == []


def shown() -> Iterator[tuple[str, list[str]]]:
    """Each question of the table of manners, with an answer for each manner ("" where a model cannot answer it)."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in read(PAGE).splitlines()]
    start = rows.index(["asked", *(profile.manner.name for profile in PROFILES)])
    for row in rows[start + 2 :]:
        if len(row) != 5:
            return
        yield row[0], row[1:]


@pytest.mark.parametrize("n", range(len(PROFILES)), ids=[profile.slug for profile in PROFILES])
def test_the_models_answer_as_the_page_shows(n: int) -> None:
    asked = {question: given[n] for question, given in shown() if given[n]}
    folder = MODELS / PROFILES[n].slug
    given = answers(load_served(folder), open_tokenizer(folder), [(Message("user", question),) for question in asked])
    assert given == list(asked.values())
    assert len(given) >= 4
