import json

from inference.demo.evaluate import markdown
from tests.docs.pages import ROOT, read


def test_the_page_has_the_accuracies_that_ship_with_the_models() -> None:
    shipped = json.loads(read(ROOT / "inference" / "demo" / "models" / "accuracy.json"))
    page = read(ROOT / "docs" / "demo-models.md").splitlines()
    assert [row for row in markdown(shipped).splitlines() if row not in page] == []
