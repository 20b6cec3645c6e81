"""What tests of the engine share: a tokenizer of letters, a model that records its logits, and a run to the end."""

from collections.abc import Iterable

from torch import Tensor

from inference.engine.engine import Engine
from inference.engine.request import Event
from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel
from inference.text.tokenizer import Tokenizer


class Letters(Tokenizer):
    """`vocab_size` ids, each a character: 256 plus the id in Unicode, so no digits or spaces. 1 and 2 are BOS and EOS.
    Only ids in `eos_ids` end an answer; by default none, so every answer has max_tokens.
    """

    def __init__(self, vocab_size: int = 97, *, eos_ids: Iterable[int] = ()) -> None:
        self.vocab_size, self.bos_id, self.eos_id, self.eos_ids = vocab_size, 1, 2, frozenset(eos_ids)

    def control_id(self, piece: str) -> int | None:
        return None

    def control_pieces(self) -> dict[str, int]:
        return {}

    def is_control(self, token_id: int) -> bool:
        return token_id in (self.bos_id, self.eos_id)

    def piece(self, token_id: int) -> str:
        return chr(256 + token_id)

    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        return b"" if self.is_control(token_id) else self.piece(token_id).encode()

    def _encode(self, text: str) -> list[int]:
        return [ord(character) - 256 for character in text]


class Recording:
    """A model that records the logits after each chunk, by the first token of the request, which must differ."""

    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self.recorded: dict[int, list[Tensor]] = {}
        self._names: dict[int, int] = {}  # slot -> first token

    def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        logits = self.model.step(chunks, cache, every_token=every_token)
        for row, chunk in enumerate(chunks):
            if chunk.start == 0:
                self._names[chunk.slot] = chunk.ids[0]
            self.recorded.setdefault(self._names[chunk.slot], []).append(logits[row].clone())
        return logits


def cache_for(model: ServedModel, *, n_slots: int, max_len: int) -> RingCache:
    return RingCache(model.config, n_slots=n_slots, max_len=max_len, dtype=model.dtype)


def finish(engine: Engine) -> dict[str, list[Event]]:
    """Run to the end, and return the events of each request."""
    events: dict[str, list[Event]] = {}
    while engine.has_work:
        for event in engine.step():
            events.setdefault(event.request_id, []).append(event)
    return events


def whole(events: list[Event]) -> Event:
    """Merge the events of one request."""
    last = events[0]
    for event in events[1:]:
        last = event.after(last)
    return last
