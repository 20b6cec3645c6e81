"""Choose the prompts and pairs of a new campaign. Pure.

Only pairs whose answers differ and that may meet can be judged. With a number of pairs for each prompt, those are taken
that have been taken least so far, ties at random, so that every two models meet about equally often.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

from db.queries import CampaignPair, Dealable, StoredPrompt


class CampaignError(ValueError):
    """The campaign cannot be made as asked; the message is one line for the owner."""


def prompts_named(stored: Sequence[StoredPrompt], texts: Sequence[str]) -> list[str]:
    """Return the keys of the prompts with these texts. Raises CampaignError for one that is not in the deck."""
    keys = {one.prompt.text: one.key for one in stored}
    for text in texts:
        if text not in keys:
            raise CampaignError(
                f"the deck has no prompt {_short(text)!r}; add it with fill-deck and --prompts, which also asks for the"
                " answers"
            )
    return [keys[text] for text in texts]


def choose_pairs(
    answered: Sequence[Dealable],
    *,
    n_prompts: int | None = None,
    per_prompt: int | None = 1,
    models: Sequence[str] | None = None,
    kin: Mapping[str, str] = MappingProxyType({}),
    rng: random.Random,
) -> list[CampaignPair]:
    """Return the pairs, `per_prompt` of each prompt or all of them (None), for all prompts or a sample of `n_prompts`.
    Two models with the same `kin` never meet; a model without one may meet everybody.

    Raises CampaignError if fewer prompts can be judged.
    """
    pairs = {one.key: _pairs(one.digests, models, kin) for one in answered}
    usable = [key for key, found in pairs.items() if found]
    n_wanted = len(usable) if n_prompts is None else n_prompts
    if n_wanted > len(usable) or not usable:
        raise CampaignError(
            f"prompts with different answers of two models that may meet: {len(usable)}; expected"
            f" {'at least 1' if n_prompts is None else f'{n_prompts} or more'}: fill the deck, or ask for fewer prompts"
        )
    chosen = set(rng.sample(usable, n_wanted))
    taken: Counter[tuple[str, str]] = Counter()
    result = []
    for key in usable:
        if key in chosen:
            order = rng.sample(pairs[key], len(pairs[key]))
            least = sorted(order, key=lambda pair: taken[pair])[:per_prompt]
            taken.update(least)
            result += [CampaignPair(key, *pair) for pair in least]
    return result


def _pairs(digests: Mapping[str, str], models: Sequence[str] | None, kin: Mapping[str, str]) -> list[tuple[str, str]]:
    names = sorted(name for name in digests if models is None or name in models)
    return [
        (one, other)
        for one, other in combinations(names, 2)
        if digests[one] != digests[other] and (one not in kin or kin[one] != kin.get(other))
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
