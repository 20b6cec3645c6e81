"""The folders for clients are read as they were meant."""

from pathlib import Path

import sentencepiece
import tokenizers

from bench.clients.models import write_hugging_face, write_long_llama
from inference.model.checkpoint.files import read_checkpoint


def test_the_tokenizer_of_transformers_gives_the_ids_of_the_demo_model(tmp_path: Path) -> None:
    folder = write_hugging_face(tmp_path / "wren")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in ("What is 17 plus 25?", "  two  spaces and\na line", "한국의 수도는? é", "</s", ""):
        assert fast.encode(text).ids == [1, *pieces.encode(text)], text


def test_the_llama_has_a_long_context_and_no_window(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(write_long_llama(tmp_path / "long"))
    assert (checkpoint.family, checkpoint.config.max_seq_len, checkpoint.config.window(0)) == ("llama", 131_072, None)
