"""What identifies the weights of an answer: the SHA-256 of their files.

Reading 14 GB takes as long as loading them, so the user's cache keeps the digest of a large file, in a small file
of its own, with its path, size and times. If the entry is missing, damaged or of another file, the digest is computed
again and the entry replaced in one step, so processes that start together do no harm. Imports no torch.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
from pathlib import Path

from inference.model.checkpoint.files import read_checkpoint, weight_files

logger = logging.getLogger(__name__)

_WORTH_KEEPING = 16 * 2**20  # bytes; a smaller file is read in the time of a few cache entries
_SHA256 = re.compile("[0-9a-f]{64}")


def fingerprint(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of the folder's weights.

    For several files it is the digest of their digests, in order of their names. Raises CheckpointError and OSError for
    files that are missing or cannot be read.
    """
    digests = [_digest(path) for path in weight_files(read_checkpoint(folder))]
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(bytes.fromhex("".join(digests))).hexdigest()
    return whole[:16]


def _cache() -> Path:
    """Return the folder of the entries. Raises RuntimeError for a user without a home."""
    return Path.home() / ".cache" / "arena" / "weights"


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex digits, from the cache if the file has not changed."""
    path = path.resolve()
    before = _identity(path)
    if path.stat().st_size < _WORTH_KEEPING:
        return _computed(path)
    try:
        entry = _cache() / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.json"
    except RuntimeError:
        return _computed(path)
    known = _read(entry, before)
    if known is not None:
        return known
    digest = _computed(path)
    if _identity(path) == before:  # else it was written meanwhile
        _write(entry, {"file": before, "sha256": digest})
    return digest


def _identity(path: Path) -> list[str | int]:
    """Return what changes when the file is written or replaced, even where its modification time is set back."""
    about = path.stat()
    return [str(path), about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]


def _computed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(entry: Path, identity: list[str | int]) -> str | None:
    try:
        kept = json.loads(entry.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.get("file") != identity:
        return None
    digest = kept.get("sha256")
    return digest if isinstance(digest, str) and _SHA256.fullmatch(digest) else None


def _write(entry: Path, content: dict[str, object]) -> None:
    """Write an entry that other processes see whole or not at all."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=entry.parent, suffix=".part", delete=False) as part:
            json.dump(content, part)
        os.replace(part.name, entry)
    except OSError as error:
        logger.info("the digest of %s is not kept, so the next start reads it again: %s", content["file"], error)
