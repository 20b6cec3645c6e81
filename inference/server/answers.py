"""Answers as they go over the wire: the JSON of a whole answer, and of the pieces of a streamed one."""

import json
from dataclasses import dataclass
from typing import Any, Literal

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What all messages about one request have in common; `kind` chat is /v1/chat/completions, text /v1/completions."""

    kind: Literal["chat", "text"]
    request_id: str
    created: int
    model: str
    fingerprint: str
    n_prompt: int

    def usage(self, n_output: int) -> dict[str, int]:
        """Token counts; those of the answer include the end-of-sequence token, since it was computed too."""
        return {
            "prompt_tokens": self.n_prompt,
            "completion_tokens": n_output,
            "total_tokens": self.n_prompt + n_output,
        }

    def whole(self, text: str, finish_reason: str, n_output: int) -> dict[str, Any]:
        content = {"message": {"role": "assistant", "content": text}} if self.kind == "chat" else {"text": text}
        choice = {"index": 0, **content, "logprobs": None, "finish_reason": finish_reason}
        kind = "chat.completion" if self.kind == "chat" else "text_completion"
        return {**self._head(kind), "choices": [choice], "usage": self.usage(n_output)}

    def piece(self, text: str, finish_reason: str | None = None, *, is_first: bool = False) -> dict[str, Any]:
        """One chunk of a stream; the first of a chat names the role, the last has a finish reason."""
        if self.kind == "chat":
            delta = {"role": "assistant"} if is_first else {}
            content: dict[str, Any] = {"delta": {**delta, "content": text} if text or is_first else delta}
        else:
            content = {"text": text}
        choice = {"index": 0, **content, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head(self._piece_kind), "choices": [choice]}

    def closing_usage(self, n_output: int) -> dict[str, Any]:
        """The chunk after the last one, for clients that asked for usage."""
        return {**self._head(self._piece_kind), "choices": [], "usage": self.usage(n_output)}

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
