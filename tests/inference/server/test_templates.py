"""Models whose chat template is run: the event loop goes on, whatever the template does."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

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
    """Three requests spin, and there are two threads: a request of another model gets the second one at once."""
    write_model_folder(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(SPINNING)
    gaps: list[float] = []
    served: list[int] = []  # how many spinning requests had ended when the other model had answered

    async def scenario() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        models = ("spinning", "other")
        async with asking(lambda: load_models({name: open_folder(tmp_path) for name in models}, n_slots=1)) as (
            http,
            _,
        ):
            info = await http.get("/models/other/tokenizer_info")
            assert info.json()["chat_layout"] == "jinja"

            def ask(name: str, text: str) -> asyncio.Task[httpx.Response]:
                body = {"model": name, "messages": [{"role": "user", "content": text}], "max_tokens": 3}
                return asyncio.create_task(http.post(CHAT, json=body))

            spinning = [ask("spinning", "spin") for _ in range(3)]
            other = ask("other", "the quick")
            other.add_done_callback(lambda _: served.append(sum(task.done() for task in spinning)))
            while not all(task.done() for task in spinning):
                before = time.monotonic()
                await asyncio.sleep(0.01)
                gaps.append(time.monotonic() - before)
            for task in spinning:
                error = (await task).json()["error"]
                assert "chat template (chat_template.jinja) failed: it was stopped after 0.5 s" in error["message"]
            for answer in (await other, await ask("spinning", "the quick")):
                assert (answer.status_code, answer.json()["usage"]["completion_tokens"]) == (200, 3)

    asyncio.run(scenario())
    assert served[0] <= 1
    assert len(gaps) > 10
    assert sorted(gaps)[len(gaps) // 2] < 0.1, "half a second would be the template's time on the event loop"


def test_the_marks_of_a_layout_in_plain_text_end_an_answer_of_a_chat(folders: dict[str, Path]) -> None:
    loaded = load_models({"m": open_folder(folders["one"], template="chatml")}, n_slots=1)
    body = ChatRequest.model_validate({"messages": [USER], "max_tokens": 3, "stop": ["x"]})
    (prompt,) = chat_prompts(body, loaded.models["m"])
    assert _params(body, prompt).stop == ("x", "<|im_end|>")
