"""Answers as they go over the wire: the JSON of a whole answer, and of the pieces of a streamed one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["chat", "text"]

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of a request, over all its prompts. Those of the answers include the end-of-sequence token, since
    it was computed too; `n_reused` of the prompts' were not computed again.
    """

    n_prompt: int
    n_output: int
    n_reused: int

    def json(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.n_prompt,
            "completion_tokens": self.n_output,
            "total_tokens": self.n_prompt + self.n_output,
            "prompt_tokens_details": {"cached_tokens": self.n_reused},
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What all messages about one request have in common; `kind` chat is /v1/chat/completions, text /v1/completions.

    `fingerprint` is that of the weights, a plus sign and the backend (`Backend`): the same weights give other last bits
    by another backend. Who asks whether two answers are of one model compares what stands before the plus sign.
    """

    kind: Kind
    request_id: str
    created: int
    model: str
    fingerprint: str

    def whole(self, choices: Sequence[dict[str, Any]], usage: Usage) -> dict[str, Any]:
        kind = "chat.completion" if self.kind == "chat" else "text_completion"
        return {**self._head(kind), "choices": list(choices), "usage": usage.json()}

    def choice(self, index: int, text: str, logprobs: dict[str, Any] | None, finish_reason: str) -> dict[str, Any]:
        """One answer of a whole message."""
        content = {"message": {"role": "assistant", "content": text}} if self.kind == "chat" else {"text": text}
        return {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason}

    def piece(
        self,
        index: int,
        text: str,
        logprobs: dict[str, Any] | None = None,
        finish_reason: str | None = None,
        *,
        is_first: bool = False,
    ) -> dict[str, Any]:
        """One chunk of a stream; the first of a chat names the role, the last of each choice has a finish reason."""
        if self.kind == "chat":
            delta = {"role": "assistant"} if is_first else {}
            content: dict[str, Any] = {"delta": {**delta, "content": text} if text or is_first else delta}
        else:
            content = {"text": text}
        choice = {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason}
        return {**self._head(self._piece_kind), "choices": [choice]}

    def closing_usage(self, usage: Usage) -> dict[str, Any]:
        """The chunk after the last one, for clients that asked for usage."""
        return {**self._head(self._piece_kind), "choices": [], "usage": usage.json()}

    @property
    def _piece_kind(self) -> str:
        return "chat.completion.chunk" if self.kind == "chat" else "text_completion"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.request_id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


def sse(data: dict[str, Any]) -> str:
    """One server-sent event, in ASCII: some clients take U+2028 or U+0085 in it for the end of a line."""
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n"
