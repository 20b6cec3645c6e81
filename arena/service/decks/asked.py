"""What a model's own settings were when its answers of a deck were asked for, so that a change is noticed.

A deck keeps a digest of each setting that changes what a model answers, so no text of them and no secret. Where a model
is reached is none of these: another address, key or header leaves the answers as they are. Weights are compared by the
fingerprint of the answers, for models with a path; other servers report one as they like.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence

from arena.players.roster import Player

_KEYS = (
    *("system_prompt", "model", "max_tokens", "thinking_tokens", "extra_body", "omit", "rename"),
    *("dtype", "template"),
)


def asked_of(player: Player) -> dict[str, str]:
    """Return the digests, by the key of the [[models]] table."""
    found = {}
    for key in _KEYS:
        value = getattr(player, key)
        plain = dict(value) if isinstance(value, Mapping) else value
        found[key] = hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> Sequence[str]:
    """Return the keys that have changed; those that one of both lacks are not compared."""
    return [key for key, digest in now.items() if before.get(key, digest) != digest]


def weights_of(fingerprint: str) -> str:
    """Return the part of a fingerprint of the arena's own model server that names the weights: what stands before the
    plus sign. After it follows how answers are computed from them."""
    return fingerprint.partition("+")[0]


def other_weights(player: Player, known: Collection[str], fingerprint: str | None) -> str | None:
    """Return the fingerprint of the weights before if the new answer comes from others, else None."""
    if not player.is_native or fingerprint is None or not known:
        return None
    before = {weights_of(one) for one in known}
    return None if weights_of(fingerprint) in before else ", ".join(sorted(before))
