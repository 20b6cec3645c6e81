"""The JSON of completions, in one piece or as the chunks of a stream."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of a request, over all its prompts.

    `n_output` includes the end-of-sequence token, which was computed too. `n_reused` of the prompt tokens were not
    computed again.
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
class CompletionWriter:
    """Writes the messages about one request: `is_chat` for /v1/chat/completions, else /v1/completions.

    `fingerprint` is that of the weights, a plus sign and the decode backend, because another backend gives the same
    weights other last bits. To ask whether two answers come from one model, compare the parts before the plus sign.
    """

    is_chat: bool
    request_id: str
    created: int
    model: str
    fingerprint: str

    def completion(self, choices: Sequence[dict[str, Any]], usage: Usage) -> dict[str, Any]:
        kind = "chat.completion" if self.is_chat else "text_completion"
        return {**self._head(kind), "choices": list(choices), "usage": usage.json()}

    def choice(self, index: int, text: str, logprobs: dict[str, Any] | None, finish_reason: str) -> dict[str, Any]:
        """Return one of the choices of `completion`."""
        content = {"message": {"role": "assistant", "content": text}} if self.is_chat else {"text": text}
        return {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason}

    def chunk(
        self,
        index: int,
        text: str,
        logprobs: dict[str, Any] | None = None,
        finish_reason: str | None = None,
        *,
        is_first: bool = False,
    ) -> dict[str, Any]:
        """Return a chunk of a stream. A chat's first chunk has the role, each choice's last the finish reason."""
        if self.is_chat:
            delta = {"role": "assistant"} if is_first else {}
            content: dict[str, Any] = {"delta": {**delta, "content": text} if text or is_first else delta}
        else:
            content = {"text": text}
        choice = {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason}
        return {**self._head(self._chunk_kind), "choices": [choice]}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """Return the chunk after the last one, for clients that asked for usage."""
        return {**self._head(self._chunk_kind), "choices": [], "usage": usage.json()}

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self.is_chat else "text_completion"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.request_id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


def sse(data: dict[str, Any]) -> str:
    """Return a server-sent event in ASCII, because some clients end a line at U+2028 or U+0085."""
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n"
