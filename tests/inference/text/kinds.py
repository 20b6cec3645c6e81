"""Tokenizers of every kind for the tests of this folder, and texts that are hard for them.

Real SentencePiece and tekken files come from the mistral-common package, a test dependency. transformers converts the
same SentencePiece files to a real tokenizer.json, in which a normalizer puts the space before a text (as in Mistral 7B
v0.1 and Llama 2) or a pre-tokenizer, Metaspace (as in newer files). A byte-level one, as in Llama 3, is trained on a
few lines.
"""

import atexit
import json
import random
from base64 import b64decode
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import mistral_common
import sentencepiece
import tokenizers
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import LlamaTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode, generate_merges

from inference.text.fast_tokenizer import FastTokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import Tokenizer

FILES = Path(mistral_common.__file__).parent / "data"
SENTENCEPIECE = {
    "v1": FILES / "tokenizer.model.v1",
    "v2": FILES / "mistral_instruct_tokenizer_240216.model.v2",
    "v3": FILES / "mistral_instruct_tokenizer_240323.model.v3",
    "v7": FILES / "mistral_instruct_tokenizer_241114.model.v7",
}
TEKKEN = FILES / "tekken_240718.json"

TEXTS = [
    *(
        "",
        "a",
        " ",
        "  ",
        "\n",
        "\n\n\n",
        "\t",
        "Hello",
        " Hello",
        "   Hello",
        "Hello ",
        "Hello   ",
        "\nHello",
        "\n Hello",
    ),
    *("안녕하세요, 세계!", " 한글 띄어쓰기  두 칸", "각힣ㄱㅏ", "日本語と中文", "مرحبا بالعالم", "नमस्ते", "ไทย"),
    *(
        "🙂",
        " 🙂🙂",
        "👩‍👩‍👧‍👦 family",
        "🇰🇷",
        "e\u0301 é",
        "ﬁ ½ Ⅷ",
        "\ufeffbom",
        "a\u200bb\u00a0c",
        "\x00\x01\x7f",
        "a\r\nb",
    ),
    "def f(x):\n    if x:\n\treturn {'a': [1, 2]}\n\n\n    return  None  # done\n",
    "| a | b |\n|---|---|\n| 1 | `x`  |\n",
    "1234567890 3.14159 -0 1e-9 $1,000.00 50%",
    "x" * 200 + " " * 50 + "\n" * 20 + "=" * 80,
    'The quick brown fox; it\'s "quoted" (and bracketed) [as such] <so>!',
]
EVIL = ["{0}", " {0}", "{0} ", "a{0}b", "{0}{0}", "x {0} y", "\n{0}\n", "<{0}>", "[{0}", "{0}]>", "▁{0}", "{0}\u200b"]


def random_texts(n: int, seed: int) -> list[str]:
    """Strings of letters, spaces, marks, Hangul, emoji, and any other characters that Unicode has."""
    rng = random.Random(seed)

    def character() -> str:
        kind = rng.randrange(6)
        if kind < 2:
            return chr(rng.randrange(0x20, 0x7F))
        if kind == 2:
            return rng.choice(" \n\t  [](){}</>▁")
        if kind == 3:
            return chr(rng.randrange(0xAC00, 0xD7A4))
        if kind == 4:
            return chr(rng.randrange(0x1F300, 0x1FAFF))
        code = rng.randrange(0x110000)
        return " " if 0xD800 <= code < 0xE000 else chr(code)

    return ["".join(character() for _ in range(rng.randrange(1, 40))) for _ in range(n)]


def new_folder() -> Path:
    """Return an empty folder that is removed after the tests."""
    folder = mkdtemp(prefix="tokenizer-")
    atexit.register(rmtree, folder)
    return Path(folder)


@cache
def sentencepiece_kind(version: str) -> SentencePieceTokenizer:
    return SentencePieceTokenizer(SENTENCEPIECE[version])


@cache
def sentencepiece_peer(version: str) -> Any:
    return sentencepiece.SentencePieceProcessor(model_file=str(SENTENCEPIECE[version]))


@cache
def llama_tokenizer(version: str, *, is_legacy: bool = True) -> Any:
    """transformers' LlamaTokenizer of a SentencePiece file, converted as it converts one itself.

    Legacy ones put a space before each stretch of text between control pieces, as SentencePiece's own encoding does.
    """
    peer = sentencepiece_peer(version)
    pieces = [peer.id_to_piece(token_id) for token_id in range(peer.vocab_size())]
    ids = {piece: token_id for token_id, piece in enumerate(pieces)}
    scores = {piece: peer.get_score(token_id) for token_id, piece in enumerate(pieces)}
    tokenizer = LlamaTokenizer(vocab=ids, merges=generate_merges(ids, scores), legacy=is_legacy)
    control = [piece for token_id, piece in enumerate(pieces) if peer.is_control(token_id)]
    tokenizer.add_special_tokens({"additional_special_tokens": control})
    return tokenizer


@cache
def converted_folder(name: str) -> Path:
    """A folder with the tokenizer.json and tokenizer_config.json that transformers saves: "v1", "v3" or "metaspace"."""
    folder = new_folder()
    llama_tokenizer("v3" if name == "metaspace" else name).save_pretrained(folder)
    if name != "metaspace":
        path = folder / "tokenizer.json"
        steps = [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ]
        changed = {"normalizer": {"type": "Sequence", "normalizers": steps}, "pre_tokenizer": None}
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    return folder


@cache
def byte_level_folder() -> Path:
    """A folder with a byte-level tokenizer.json as in Llama 3: its marks are added tokens after the vocabulary."""
    folder = new_folder()
    made = tokenizers.Tokenizer(models.BPE(ignore_merges=True))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(TEXTS * 4, trainer)
    made.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"])
    made.add_tokens(["<tool_call>", "안녕 세계"])
    made.save(str(folder / "tokenizer.json"))
    config = {"bos_token": "<|begin_of_text|>", "eos_token": {"content": "<|eot_id|>"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


@cache
def nemo_folder() -> Path:
    """A tokenizer.json with the pieces, ids, merges and pattern of `small_tekken`, as in Mistral Nemo's folder.

    Its marks are in the vocabulary too. Each piece is merged from its two parts of lowest rank.
    """
    file, folder = json.loads(small_tekken("v3").read_text()), new_folder()
    pieces = [b64decode(one["token_bytes"]) for one in file["vocab"]]
    n_special = file["config"]["default_num_special_tokens"]
    marks = [tekken_kind().piece(token_id) for token_id in range(n_special)]
    rank = {piece: at for at, piece in enumerate(pieces)}
    merges = []
    for piece in pieces:
        halves = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
        known = [pair for pair in halves if pair[0] in rank and pair[1] in rank]
        merges += sorted(known, key=lambda pair: (rank[pair[0]], rank[pair[1]]))
    ids = {mark: token_id for token_id, mark in enumerate(marks)}
    ids |= {_as_byte_level(piece): n_special + at for piece, at in rank.items()}
    made = tokenizers.Tokenizer(
        models.BPE(vocab=ids, merges=[(_as_byte_level(a), _as_byte_level(b)) for a, b in merges], ignore_merges=True)
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(file["config"]["pattern"]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(marks)
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}')
    return folder


def _as_byte_level(piece: bytes) -> str:
    return "".join(_letters()[byte] for byte in piece)


@cache
def _letters() -> dict[int, str]:
    letters: dict[int, str] = bytes_to_unicode()  # type: ignore[no-untyped-call]
    return letters


def fast_folder(name: str) -> Path:
    made = {"byte-level": byte_level_folder, "nemo": nemo_folder}
    return made[name]() if name in made else converted_folder(name)


@cache
def fast_kind(name: str) -> FastTokenizer:
    return FastTokenizer(fast_folder(name) / "tokenizer.json")


@cache
def fast_peer(name: str) -> Any:
    return tokenizers.Tokenizer.from_file(str(fast_folder(name) / "tokenizer.json"))


@cache
def tekken_kind() -> TekkenTokenizer:
    return TekkenTokenizer(small_tekken("v3"))


@cache
def _beginning_of_tekken() -> dict[str, Any]:
    file: dict[str, Any] = json.loads(TEKKEN.read_bytes())
    n_special = file["config"]["default_num_special_tokens"]
    special = [dict(token) for token in Tekkenizer.DEPRECATED_SPECIAL_TOKENS]
    for piece in ("[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "[MODEL_SETTINGS]", "[/MODEL_SETTINGS]"):
        special.append({"rank": len(special), "token_str": piece, "is_control": True})
    config = {**file["config"], "num_vocab_tokens": 2000, "default_vocab_size": n_special + 2000}
    return {**file, "vocab": file["vocab"][:2000], "special_tokens": special, "config": config}


@cache
def small_tekken(version: str) -> Path:
    """A tekken.json with the first 2,000 pieces of a real one, which names its chat layout `version`."""
    path = new_folder() / "tekken.json"
    file = _beginning_of_tekken()
    path.write_text(json.dumps({**file, "config": {**file["config"], "version": version}}))
    return path


@cache
def tekken_peer() -> Any:
    return Tekkenizer.from_file(small_tekken("v3"))


@cache
def real_tekken() -> TekkenTokenizer:
    """131,072 pieces, which take a second or two to load: only for what the small one cannot show."""
    return TekkenTokenizer(TEKKEN)


@cache
def mistral_common_tokenizer(path: Path) -> Any:
    return MistralTokenizer.from_file(str(path))


FAST = {
    "tokenizer.json of v1": "v1",
    "tokenizer.json of v3": "v3",
    "tokenizer.json with Metaspace": "metaspace",
    "byte-level tokenizer.json": "byte-level",
    "byte-level tokenizer.json of tekken": "nemo",
}
KINDS: dict[str, Callable[[], Tokenizer]] = {
    **{f"sentencepiece {version}": partial(sentencepiece_kind, version) for version in SENTENCEPIECE},
    **{kind: partial(fast_kind, name) for kind, name in FAST.items()},
    "tekken": tekken_kind,
}
