"""Models whose chat template is run: the event loop goes on, whatever the template does."""

import asyncio
import time
from pathlib import Path

from inference.engine.loading import load_models
from inference.folder import open_folder
from inference.server.completions import _params
from inference.server.requests.prompts import chat_prompts
from inference.server.requests.protocol import ChatRequest
from tests.fakes import write_model_folder
from tests.inference.server.serving import CHAT, USER, asking

SPINNING = (
    "{% for m in messages %}{% if m.content == 'spin' %}{% for i in range(99999) %}{% for j in range(99999) %}"
    "{% endfor %}{% endfor %}{% endif %}{{ '<' + m.role + '>' + m.content }}{% endfor %}"
)


def test_a_template_that_never_ends_is_an_error_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    write_model_folder(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(SPINNING)
    gaps: list[float] = []

    async def scenario() -> None:
        async with asking(lambda: load_models({"m": open_folder(tmp_path)}, n_slots=1)) as (http, _):
            info = await http.get("/tokenizer_info")
            assert info.json()["chat_layout"] == "jinja"

            def body(text: str) -> dict[str, object]:
                return {"messages": [{"role": "user", "content": text}], "max_tokens": 3}

            spinning = asyncio.create_task(http.post(CHAT, json=body("spin")))
            while not spinning.done():
                before = time.monotonic()
                await asyncio.sleep(0.01)
                gaps.append(time.monotonic() - before)
            error = (await spinning).json()["error"]
            assert "chat template (chat_template.jinja) failed: it was stopped after 0.5 s" in error["message"]
            answer = await http.post(CHAT, json=body("the quick"))
            assert (answer.status_code, answer.json()["usage"]["completion_tokens"]) == (200, 3)

    asyncio.run(scenario())
    assert len(gaps) > 10
    assert sorted(gaps)[len(gaps) // 2] < 0.1, "half a second would be the template's time on the event loop"


def test_the_marks_of_a_layout_in_plain_text_end_an_answer_of_a_chat(folders: dict[str, Path]) -> None:
    loaded = load_models({"m": open_folder(folders["one"], template="chatml")}, n_slots=1)
    body = ChatRequest.model_validate({"messages": [USER], "max_tokens": 3, "stop": ["x"]})
    (prompt,) = chat_prompts(body, loaded.models["m"])
    assert _params(body, prompt).stop == ("x", "<|im_end|>")
