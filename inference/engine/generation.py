"""One answer as it grows: from sampled ids to the text that may be shown, and to its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inference.engine.request import Event, FinishReason, Request, TokenLogprob
from inference.engine.request import Sequence as Progress
from inference.engine.sampling.draw import Row, uniforms
from inference.engine.sampling.penalties import Seen
from inference.text.stop_strings import StopStrings
from inference.text.tokenizer import StreamDecoder, Tokenizer


@dataclass(slots=True, eq=False)
class Answer:
    """`progress` is where its request stands; `seen` what its penalties look at, None without any."""

    progress: Progress
    eos_ids: frozenset[int]
    decoder: StreamDecoder
    stops: StopStrings
    uniforms: Iterator[float]
    seen: Seen | None
    prompt_logprobs: list[TokenLogprob | None] = field(default_factory=list)

    @classmethod
    def to(cls, request: Request, tokenizer: Tokenizer) -> "Answer":
        params = request.params
        after = request.prompt if request.continues_text else ()
        return cls(
            Progress(request),
            tokenizer.eos_ids,
            StreamDecoder(tokenizer, after=after),
            StopStrings(params.stop),
            uniforms(params.seed),
            Seen.if_needed(request.prompt, params),
        )

    def row(self) -> Row:
        """How its next token is drawn."""
        params = self.progress.request.params
        uniform = next(self.uniforms) if params.temperature > 0 else 0.0
        return Row(params.temperature, params.top_p, uniform, params.top_k, params.min_p)

    def read(self, logprobs: Sequence[TokenLogprob | None]) -> None:
        """Note the log-probabilities of further tokens of the prompt, of which the first has none."""
        self.prompt_logprobs += logprobs if self.prompt_logprobs else [None, *logprobs]

    def take(self, token: int, logprob: TokenLogprob | None) -> Event:
        """Add a sampled token: the text it completes, and the end if it is one."""
        output, params = self.progress.output, self.progress.request.params
        output.append(token)
        if self.seen is not None:
            self.seen.add(token)
        reason: FinishReason | None = None
        if token in self.eos_ids:
            text, reason = self._last_words("", "stop")
        else:
            released = self.stops.push(self.decoder.push(token))
            text = released.text
            if released.is_stopped:
                reason = "stop"
            elif len(output) == params.max_tokens:
                text, reason = self._last_words(text, "length")
        return self._event(text, reason, (token,), () if logprob is None else (logprob,))

    def end_after_prompt(self) -> Event:
        """The only event of a request for no tokens."""
        return self._event("", "length")

    def fail(self, error: str) -> Event:
        """The last event of a request that cannot go on."""
        request_id = self.progress.request.request_id
        return Event(request_id, "", len(self.progress.output), "error", error, n_reused=self.progress.n_reused)

    def _last_words(self, text: str, reason: FinishReason) -> tuple[str, FinishReason]:
        """What decoder and stop strings held back; that may still complete a stop string."""
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
        progress = self.progress
        has_prompt = progress.request.params.prompt_logprobs is not None and len(progress.output) <= 1
        return Event(
            progress.request.request_id,
            text,
            len(progress.output),
            reason,
            token_ids=token_ids,
            logprobs=logprobs,
            prompt_logprobs=tuple(self.prompt_logprobs) if has_prompt else None,
            n_reused=progress.n_reused,
        )
