"""The battle page's events in a configuration of Gradio's form."""

import pytest

from arena.crowd.pages import Events
from bench.pages.gradio_calls import load_event

CONFIG = {
    "components": [{"id": 7, "props": {"elem_id": "send"}}, {"id": 8, "props": {}}],
    "page": {"": {"components": [7, 8]}},
    "dependencies": [
        {"id": 3, "targets": [[7, "click"]], "inputs": [1, 2]},
        {"id": 4, "targets": [[0, "load"]], "inputs": [1]},
        {"id": 5, "targets": [[0, "load"]], "inputs": [1, 2]},
    ],
}


def test_the_events_are_found_in_the_configuration() -> None:
    assert (Events(CONFIG).click("send"), load_event(CONFIG)) == (3, 5)


def test_a_page_without_a_load_event_is_an_error() -> None:
    with pytest.raises(LookupError, match="expected a load event of the battle page"):
        load_event({"dependencies": []})
