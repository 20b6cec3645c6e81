"""The cost and the result of an update, compared with Gradio's own."""

import asyncio
from typing import Any

import gradio as gr
import pytest

from arena import ui
from arena.settings import Settings
from arena.ui.framework.updates import Pages
from tests.arena.ui.fake_arena import FakeArena


def _battle_page() -> tuple[Pages, Any]:
    pages = ui.build(FakeArena(), Settings(), visitor_of=lambda _request: None)  # type: ignore[arg-type, return-value]
    assert isinstance(pages, Pages)
    (send,) = (
        function
        for function in pages.fns.values()
        for target, event in function.targets
        if event == "click"
        and function.page == ""
        and target in pages.blocks
        and pages.blocks[target].elem_id == "send"
    )
    return pages, send


def _part(send: Any, element: str) -> Any:
    return next(part for part in send.outputs if part.elem_id == element)


@pytest.mark.parametrize(
    "properties",
    [
        {"history": {"value": "  indented\n    text", "visible": True}},
        {"stop": {"visible": True, "variant": "primary"}, "notice": {}},
        {
            "duel": {"visible": False},
            "prompt": {"value": " a\n", "placeholder": "p"},
            "asked": {"elem_classes": "x"},
        },
        {
            "history": {"value": "Hello", "visible": True},
            "stop": {"visible": False},
            "prompt": {"value": "", "interactive": True},
        },
    ],
)
def test_the_browser_gets_what_gradio_alone_would_send(properties: dict[str, dict[str, Any]]) -> None:
    pages, send = _battle_page()

    def updates() -> dict[Any, Any]:
        return {_part(send, element): gr.update(**given) for element, given in properties.items()}

    ours = asyncio.run(pages.postprocess_data(send, updates(), None))
    assert ours == asyncio.run(gr.Blocks.postprocess_data(pages, send, updates(), None))
    assert len(ours) == len(send.outputs)


def test_a_value_without_an_update_around_it_is_shown_as_gradio_shows_it() -> None:
    pages, send = _battle_page()
    given = {_part(send, "notice"): "plain **words**", _part(send, "prompt"): "typed"}
    ours = asyncio.run(pages.postprocess_data(send, dict(given), None))
    assert ours == asyncio.run(gr.Blocks.postprocess_data(pages, send, dict(given), None))


def test_a_component_that_is_not_set_is_not_constructed(monkeypatch: pytest.MonkeyPatch) -> None:
    pages, send = _battle_page()
    made: list[type] = []
    monkeypatch.setattr(gr.Button, "__init__", lambda self, **_options: made.append(type(self)))
    said = {_part(send, "done-a"): gr.update(value="Hello"), _part(send, "stop"): gr.update(visible=True)}
    asyncio.run(pages.postprocess_data(send, said, None))
    assert not made


def test_a_component_that_is_not_an_output_is_an_error() -> None:
    pages, send = _battle_page()
    stranger = next(
        part for part in pages.blocks.values() if part not in send.outputs and isinstance(part, gr.Markdown)
    )
    both = {_part(send, "done-a"): gr.update(value="Hello"), stranger: gr.update(value="Hello")}
    with pytest.raises(ValueError, match="not specified as output"):
        asyncio.run(pages.postprocess_data(send, both, None))


def test_a_text_that_is_set_alone_is_passed_as_it_is() -> None:
    pages, send = _battle_page()
    text = "<p>a</p>\n\n"
    sent = asyncio.run(pages.postprocess_data(send, {_part(send, "done-a"): gr.update(value=text)}, None))
    assert [one for one in sent if one != gr.skip()] == [text]
    assert sent[send.outputs.index(_part(send, "done-a"))] == text


def test_only_what_is_new_is_sent_and_long_texts_are_not_repeated_at_the_end() -> None:
    pages, send = _battle_page()
    long = "x" * 5000
    places = [send.outputs.index(_part(send, element)) for element in ("done-a", "rest-a")]

    def sent(done: str, rest: str) -> list[Any]:
        said = {_part(send, "done-a"): gr.update(value=done), _part(send, "rest-a"): gr.update(value=rest)}
        data = asyncio.run(pages.postprocess_data(send, said, None))
        new = pages.handle_streaming_diffs(send, data, session_hash="s", run="r", final=False)
        return [new[place] for place in places]

    assert sent(long, "b") == [long, "b"]
    assert sent(long + "y", "b") == [[["append", [], "y"]], []]
    nothing = [None] * len(send.outputs)
    last = pages.handle_streaming_diffs(send, nothing, session_hash="s", run="r", final=True)
    assert [last[place] for place in places] == [gr.skip(), "b"]
