"""Nothing is left after hundreds of requests that arrive, are aborted and end in any order."""

import asyncio
import gc
import random
from pathlib import Path

from inference.engine.loading import load_models
from inference.engine.request import Request, SamplingParams
from inference.engine.worker import Worker
from inference.folder import open_folder
from tests.fakes import write_model_folder

N_REQUESTS = 500
LIMIT_S = 60


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_after_500_requests_with_random_cancellations_all_slots_are_free_and_memory_is_flat(tmp_path: Path) -> None:
    write_model_folder(tmp_path, sliding_window=24, max_seq_len=128)
    folder, rng = open_folder(tmp_path), random.Random(0)
    sizes: list[int] = []

    async def visitor(worker: Worker, number: int, gate: asyncio.Semaphore) -> str | None:
        async with gate:
            n_prompt = rng.choice([1, 5, 24, 60])
            params = SamplingParams(
                max_tokens=rng.randint(1, 30),
                temperature=rng.choice([0.0, 1.0]),
                top_p=rng.choice([1.0, 0.9]),
                frequency_penalty=rng.choice([0.0, 0.5]),
                n_logprobs=rng.choice([None, 2]),
                prompt_logprobs=rng.choice([None, None, 1]),
                seed=number,
            )
            prompt = (1, *(5 + number % 3 for _ in range(n_prompt - 1)))
            stream = worker.submit(rng.choice("ab"), Request(f"r{number}", prompt, params))
            patience, reason = rng.choice([0, 1, 5, 999, 999]), None
            if patience:
                async for event in stream:
                    reason = event.finish_reason
                    patience -= 1
                    if not patience:
                        break
            worker.cancel(f"r{number}")
            if number in (N_REQUESTS // 3, N_REQUESTS - 1):
                sizes.append(resident_bytes())
            return reason

    async def soak() -> None:
        worker = Worker(lambda: load_models({"a": folder, "b": folder}, n_slots=3))
        async with asyncio.timeout(LIMIT_S):
            worker.start()
            await worker.settled()
            gate = asyncio.Semaphore(20)
            reasons = await asyncio.gather(*(visitor(worker, number, gate) for number in range(N_REQUESTS)))
            for name in "ab":  # when these have ended, whatever came before them has been done
                async for _ in worker.submit(name, Request(name, (1,), SamplingParams(max_tokens=1))):
                    pass
            found = worker.metrics().models
            worker.close()
        assert worker.join(LIMIT_S)
        assert "error" not in reasons
        assert None in reasons
        assert not worker._streams
        for one in found.values():
            assert (one.stats.n_free, one.n_refused) == (one.stats.n_slots, 0)
            assert one.stats.reused_tokens > 0
        ended = {name: sum(one.stats.ended.get(name, 0) for one in found.values()) for name in ("aborted", "length")}
        assert min(ended.values()) > N_REQUESTS // 10
        assert sum(sum(one.stats.ended.values()) for one in found.values()) == N_REQUESTS + 2
        assert sum(one.stats.n_slots for one in found.values()) == 6
        assert sizes[-1] - sizes[0] < 12e6, "two thirds of them took less than 12 MB of further memory"

    asyncio.run(soak())
