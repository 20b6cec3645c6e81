"""Short keys made from what is stored, the same in every database and in the migrations."""

import hashlib
import json
from collections.abc import Sequence


def digest(text: str) -> str:
    """Return 16 hex digits that are the same for texts that look the same: the kind of line ends and the white space
    around the text make no difference."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]


def label_key(language: str | None, tags: Sequence[str]) -> str:
    """Return language and tags as one text."""
    return json.dumps([language, list(tags)], ensure_ascii=False)
