"""A plain Gradio arena, as tutorials write it: what the pages are compared with.

    python -m bench.pages.peer 17970 http://127.0.0.1:17969/v1

Two chatbots, `gr.State`, one button for each vote, ratings in memory, and Gradio's default queue. The answers come from
the same scripted models.
"""

import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import gradio as gr
import httpx

K = 32.0
ratings = {"one": 1000.0, "two": 1000.0}


def stream(url: str, model: str, prompt: str) -> Iterator[str]:
    """Yield the answer so far, after each piece."""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}
    text = ""
    with httpx.stream("POST", f"{url}/chat/completions", json=body, timeout=120.0) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                text += json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                yield text


def vote(models: tuple[str, str], score: float) -> str:
    """Move both ratings, and name the models."""
    a, b = models
    expected = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
    ratings[a] += K * (score - expected)
    ratings[b] -= K * (score - expected)
    return f"A was {a} ({ratings[a]:.0f}), B was {b} ({ratings[b]:.0f})"


def build(url: str) -> gr.Blocks:
    def ask(prompt: str) -> Iterator[tuple[Any, ...]]:
        a, b = random.sample(sorted(ratings), 2)
        for left, right in zip(stream(url, a, prompt), stream(url, b, prompt), strict=True):
            asked = {"role": "user", "content": prompt}
            yield [asked, _answer(left)], [asked, _answer(right)], (a, b), gr.skip()
        yield gr.skip(), gr.skip(), (a, b), gr.update(interactive=True)

    page = gr.Blocks(title="Arena")
    with page:
        models = gr.State(("one", "two"))
        with gr.Row():
            left, right = gr.Chatbot(label="Model A"), gr.Chatbot(label="Model B")
        prompt = gr.Textbox(label="Prompt", elem_id="prompt")
        send = gr.Button("Send", elem_id="send")
        with gr.Row():
            better_a, better_b = gr.Button("A is better"), gr.Button("B is better")
            tie = gr.Button("Tie", elem_id="vote-tie", interactive=False)
        result = gr.Markdown(elem_id="reveal")
        send.click(ask, prompt, [left, right, models, tie], api_name="ask")
        for button, score in ((better_a, 1.0), (tie, 0.5), (better_b, 0.0)):
            button.click(lambda pair, score=score: vote(pair, score), models, result)
    return page


def _answer(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


if __name__ == "__main__":
    build(sys.argv[2]).launch(server_port=int(sys.argv[1]), quiet=True)
