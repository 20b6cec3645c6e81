"""The system prompt of a request: the arena's own text, then the model's own.

The arena's text is the safety prompt, if guardrails are on, followed by `system_prompt` of `[battle]`. It is the same
for every model of a battle. A model's own text follows it, for that model only.
"""

from arena.settings import BattleSettings, Player

SAFETY_PROMPT = (
    "Always assist with care, respect, and truth. Respond with utmost utility yet securely. Avoid harmful, unethical,"
    " prejudiced, or negative content. Ensure replies promote fairness and positivity."
)
"""The system prompt that enforces guardrails in the Mistral 7B paper (arXiv 2310.06825, section 5.1)."""


def system_prompt_of(battle: BattleSettings, player: Player) -> str:
    """Return what a model is sent in a blind battle; may be empty."""
    return joined(arena_prompt(battle.system_prompt, has_guardrails=battle.guardrails), player.system_prompt)


def arena_prompt(system_prompt: str, *, has_guardrails: bool) -> str:
    """Return the arena's own text, which may be empty."""
    return joined(SAFETY_PROMPT if has_guardrails else "", system_prompt)


def joined(arena: str, own: str) -> str:
    """Return the system prompt of a model: the arena's text, a blank line, the model's own. Either may be empty.

    `joined("Be kind.", "Answer in verse.")` is "Be kind.\\n\\nAnswer in verse."
    """
    return "\n\n".join(text for text in (arena.strip(), own.strip()) if text)


def has_guardrails(arena: str) -> bool:
    """Whether this text of an arena, as stored with a battle, begins with the safety prompt."""
    return arena.startswith(SAFETY_PROMPT)
