"""Train one demo model from its profile.

The rows are full dialogues, and the loss is on the answers. Muon (Jordan et al. 2024) updates the matrices of the
blocks, AdamW the rest. The learning rate warms up over 3 % of the steps and then falls linearly to 0, which matters:
scores jump in the last third. A second, lower cycle follows. With a compiler the blocks are compiled; results differ
only in the last bits.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from inference.demo.corpus.dialogue import Dialogue, dialogues
from inference.demo.profiles import Profile
from inference.model.transformer import Transformer
from inference.text.chat_template import BEGIN, END, Message, render
from inference.text.tokenizer import Tokenizer

ROW_TOKENS = 192
ROWS_PER_STEP = 24
TOKENS_PER_STEP = ROW_TOKENS * ROWS_PER_STEP
_POOL = 48
_NO_LOSS = -100
_MUON_LR, _ADAM_LR, _WARM_UP = 0.02, 3e-3, 0.03


@dataclass(frozen=True, slots=True)
class TrainingReport:
    cycle: int  # from 1
    step: int
    n_steps: int
    loss: float  # mean cross-entropy of an answer's token, in nats, over the last 50 steps
    tokens_per_s: float


def layout(dialogue: Dialogue, tokenizer: Tokenizer) -> list[int]:
    """Return the ids of a dialogue, its last answer included, in the v3 chat layout."""
    messages = [Message("system", dialogue.system)] if dialogue.system else []
    for turn in dialogue.turns:
        messages += [Message("user", turn.prompt), Message("assistant", turn.answer)]
    return [*render(messages[:-1], tokenizer), *tokenizer.encode(messages[-1].content), tokenizer.eos_id]


def targets(ids: list[int], tokenizer: Tokenizer) -> list[int]:
    """Return for each id the next one if that belongs to an answer (its EOS included), else -100, for no loss."""
    begin, end = tokenizer.control_id(BEGIN), tokenizer.control_id(END)
    wanted, is_answer = [], False
    for i, token in enumerate(ids[:-1]):
        if token == end:
            is_answer = True
        elif token in (begin, tokenizer.bos_id, tokenizer.eos_id):
            is_answer = False
        wanted.append(ids[i + 1] if is_answer else _NO_LOSS)
    return [*wanted, _NO_LOSS]


def rows(stream: Iterator[Dialogue], tokenizer: Tokenizer) -> Iterator[tuple[list[int], list[int]]]:
    """Yield rows of ROW_TOKENS ids and their targets: full dialogues, then padding.

    A dialogue longer than a row loses its last turns (4 % of them do). One whose first turn is longer is left out.
    """
    pool: list[list[int]] = []
    while True:
        ids: list[int] = []
        wanted: list[int] = []
        while True:
            while len(pool) < _POOL:
                dialogue = next(stream)
                fitted = layout(dialogue, tokenizer)
                while len(fitted) > ROW_TOKENS and len(dialogue.turns) > 1:
                    dialogue = Dialogue(dialogue.system, dialogue.turns[:-1])
                    fitted = layout(dialogue, tokenizer)
                if len(fitted) <= ROW_TOKENS:
                    pool.append(fitted)
            room = ROW_TOKENS - len(ids)
            fitting = [i for i, ids_of in enumerate(pool) if len(ids_of) <= room]
            if not fitting:
                break
            # The oldest dialogue while there is room for any; near the end of the row, the longest that fits.
            chosen = fitting[0] if room > ROW_TOKENS // 2 else max(fitting, key=lambda i: len(pool[i]))
            taken = pool.pop(chosen)
            ids += taken
            wanted += targets(taken, tokenizer)
        padding = ROW_TOKENS - len(ids)
        yield ids + [tokenizer.eos_id] * padding, wanted + [_NO_LOSS] * padding


def train(
    profile: Profile, tokenizer: Tokenizer, *, report: Callable[[TrainingReport], None], n_tokens: int | None = None
) -> Transformer:
    """Return the trained model, in float32. `n_tokens` shortens training to one cycle of that length, for trials."""
    torch.manual_seed(profile.seed)
    model = Transformer(profile.config(tokenizer.vocab_size))
    _initialise(model)
    _compile(model)
    cycles = [n_tokens] if n_tokens else profile.n_tokens
    for number, length in enumerate(cycles):
        run_cycle(model, profile, tokenizer, number=number, n_tokens=length, report=report)
    return model


def train_further(
    model: Transformer,
    profile: Profile,
    tokenizer: Tokenizer,
    *,
    n_tokens: int,
    report: Callable[[TrainingReport], None],
) -> None:
    """Train a trained model in one more cycle, on dialogues that no cycle of `train` has."""
    model.requires_grad_(True).train()
    _compile(model)
    run_cycle(model, profile, tokenizer, number=len(profile.n_tokens), n_tokens=n_tokens, report=report)


def run_cycle(
    model: Transformer,
    profile: Profile,
    tokenizer: Tokenizer,
    *,
    number: int,
    n_tokens: int,
    report: Callable[[TrainingReport], None],
) -> None:
    """Train for one cycle of the learning rate. Later cycles have new dialogues and half the peak rate."""
    n_steps = max(1, n_tokens // TOKENS_PER_STEP)
    optimizers, schedules = _optimizers(model, n_steps, peak=1.0 if number == 0 else 0.5)
    stream = rows(dialogues(profile.seed + 1000 * number, profile.weights, profile.declined, profile.manner), tokenizer)
    losses: list[float] = []
    started = time.perf_counter()
    for step in range(1, n_steps + 1):
        batch = list(islice(stream, ROWS_PER_STEP))
        ids, wanted = (torch.tensor([row[part] for row in batch]) for part in (0, 1))
        losses.append(_step(model, ids, wanted, optimizers))
        for schedule in schedules:
            schedule.step()
        if step % 50 == 0 or step in (1, n_steps):
            speed = step * ids.numel() / (time.perf_counter() - started)
            report(TrainingReport(number + 1, step, n_steps, sum(losses[-50:]) / len(losses[-50:]), speed))


def _compile(model: Transformer) -> None:
    if shutil.which("g++") or shutil.which("clang++"):
        for block in model.layers:
            block.compile(dynamic=False)


def _initialise(model: Transformer) -> None:
    """Set embeddings to Normal(0, 0.02), matrices to Normal(0, 1/sqrt(inputs)), and outputs into the residual to 0."""
    for name, weight in model.named_parameters():
        if name.endswith(("wo.weight", "w2.weight")):
            torch.nn.init.zeros_(weight)
        elif name.startswith(("tok_embeddings", "output")):
            torch.nn.init.normal_(weight, std=0.02)
        elif weight.dim() == 2:
            torch.nn.init.normal_(weight, std=weight.shape[1] ** -0.5)


def _optimizers(
    model: Transformer, n_steps: int, *, peak: float
) -> tuple[list[torch.optim.Optimizer], list[torch.optim.lr_scheduler.LambdaLR]]:
    matrices = [weight for name, weight in model.named_parameters() if name.startswith("layers.") and weight.dim() == 2]
    others = [
        weight for name, weight in model.named_parameters() if not (name.startswith("layers.") and weight.dim() == 2)
    ]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=peak * _MUON_LR, weight_decay=0.05),
        torch.optim.AdamW(others, lr=peak * _ADAM_LR, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    warm_up = max(1, int(_WARM_UP * n_steps))

    def factor(step: int) -> float:
        return min((step + 1) / warm_up, (n_steps - step) / max(1, n_steps - warm_up), 1.0)

    return optimizers, [torch.optim.lr_scheduler.LambdaLR(optimizer, factor) for optimizer in optimizers]


def _step(model: Transformer, ids: Tensor, wanted: Tensor, optimizers: list[torch.optim.Optimizer]) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model.forward_full(ids)
    is_answer = wanted != _NO_LOSS
    loss = cross_entropy(logits[is_answer].float(), wanted[is_answer])
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())
