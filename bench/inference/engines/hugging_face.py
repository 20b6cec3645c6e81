"""transformers' `generate` on its Mistral, the usual way to run it."""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, StoppingCriteria, StoppingCriteriaList

from bench.inference.engines.interface import Job, Timing
from bench.models.files import Files


class Transformers:
    def __init__(self, folder: Path, dtype: str) -> None:
        path = Files(folder).hf
        model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype))
        self._model = model.eval()
        self.vocab_size: int = self._model.config.vocab_size

    def run(self, job: Job) -> Timing:
        torch.set_num_threads(job.setting.threads)
        return timed_generate(self._model, torch.tensor(job.prompts(self.vocab_size)), job.new)

    def last_logits(self, ids: list[int]) -> list[float]:
        with torch.inference_mode():
            values: list[float] = self._model(torch.tensor([ids])).logits[0, -1].float().tolist()
        return values

    def isa(self) -> str:
        return f"torch {torch.backends.cpu.get_cpu_capability()}"


def timed_generate(model: Any, ids: torch.Tensor, new: int) -> Timing:
    """Time `generate` for prompts (B, T), greedily and with exactly `new` tokens."""
    clock = _Clock()
    begun = time.perf_counter()
    with torch.inference_mode():
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=new,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
            stopping_criteria=StoppingCriteriaList([clock]),
        )
    times = clock.times
    return Timing(times[0] - begun, times[-1] - times[0], (len(times) - 1) * len(ids))


class _Clock(StoppingCriteria):
    """Records the time of each token, and never stops."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        if input_ids.is_cuda:
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)
