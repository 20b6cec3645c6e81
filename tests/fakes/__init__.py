"""Fakes that tests share: small, honest implementations of the real protocols."""

from tests.fakes.model_folder import write_model_folder, write_tokenizer
from tests.fakes.players import ScriptedPlayer, ScriptedPlayers
from tests.fakes.scripted_endpoint import Script, ScriptedEndpoint

__all__ = [
    "Script",
    "ScriptedEndpoint",
    "ScriptedPlayer",
    "ScriptedPlayers",
    "write_model_folder",
    "write_tokenizer",
]
