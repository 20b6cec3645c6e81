"""One answer as it grows, from token ids to the text that may be shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from inference.engine.request import Event, FinishReason, Request, RequestState, TokenLogprob
from inference.engine.sampling.bias import LogitBias
from inference.engine.sampling.draw import Draw, uniforms
from inference.engine.sampling.penalties import SeenTokens
from inference.text.stop_strings import StopStrings
from inference.text.tokenizer import StreamDecoder, Tokenizer


@dataclass(slots=True, eq=False)
class Generation:
    """The answer to one request. `bias` and `seen` are None for a request without logit_bias or penalties."""

    state: RequestState
    eos_ids: frozenset[int]
    decoder: StreamDecoder
    stops: StopStrings
    uniforms: Iterator[float]
    bias: LogitBias | None
    seen: SeenTokens | None
    prompt_logprobs: list[TokenLogprob | None] = field(default_factory=list)

    @classmethod
    def start(cls, request: Request, tokenizer: Tokenizer) -> Self:
        params = request.params
        after = request.prompt if request.continues_text else ()
        return cls(
            RequestState(request),
            tokenizer.eos_ids,
            StreamDecoder(tokenizer, after=after),
            StopStrings(params.stop),
            uniforms(params.seed),
            LogitBias.if_needed(params),
            SeenTokens.if_needed(request.prompt, params),
        )

    def draw(self) -> Draw:
        """Return how the next token is drawn."""
        params = self.state.request.params
        uniform = next(self.uniforms) if params.temperature > 0 else 0.0
        return Draw(params.temperature, params.top_p, uniform, params.top_k, params.min_p)

    def add_prompt_logprobs(self, logprobs: Sequence[TokenLogprob | None]) -> None:
        """Add log-probabilities of the prompt's next tokens. The first token has none."""
        self.prompt_logprobs += logprobs if self.prompt_logprobs else [None, *logprobs]

    def take(self, token: int, logprob: TokenLogprob | None) -> Event:
        """Add a sampled token. The event has the text that it completes, and the finish reason if it is the last."""
        output, params = self.state.output, self.state.request.params
        output.append(token)
        if self.seen is not None:
            self.seen.add(token)
        reason: FinishReason | None = None
        if token in self.eos_ids:
            text, reason = self._flush("", "stop")
        else:
            released = self.stops.push(self.decoder.push(token))
            text = released.text
            if released.is_stopped:
                reason = "stop"
            elif len(output) == params.max_tokens:
                text, reason = self._flush(text, "length")
        return self._event(text, reason, (token,), () if logprob is None else (logprob,))

    def end_after_prompt(self) -> Event:
        """Return the only event of a request for no tokens."""
        return self._event("", "length")

    def fail(self, error: str) -> Event:
        """Return the last event of a request that cannot continue."""
        request_id = self.state.request.request_id
        return Event(request_id, "", len(self.state.output), "error", error, n_reused=self.state.n_reused)

    def _flush(self, text: str, reason: FinishReason) -> tuple[str, FinishReason]:
        """Add the text that decoder and stop strings held back. It may still complete a stop string."""
        released = self.stops.push(self.decoder.flush())
        text += released.text
        return (text, "stop") if released.is_stopped else (text + self.stops.flush(), reason)

    def _event(
        self,
        text: str,
        reason: FinishReason | None,
        token_ids: tuple[int, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
    ) -> Event:
        state = self.state
        has_prompt = state.request.params.prompt_logprobs is not None and len(state.output) <= 1
        return Event(
            state.request.request_id,
            text,
            len(state.output),
            reason,
            token_ids=token_ids,
            logprobs=logprobs,
            prompt_logprobs=tuple(self.prompt_logprobs) if has_prompt else None,
            n_reused=state.n_reused,
        )
