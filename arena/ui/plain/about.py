"""The text of the about page: how battles, votes and ratings work here, and what is stored."""

from arena.rules import guardrails, labels
from arena.rules.moderation import Policy
from arena.settings import Settings
from arena.ui.messages import LANGUAGES, Messages, messages
from arena.ui.plain.leaderboard.summary import settings_line
from arena.ui.untrusted import cleaned


def about_texts(settings: Settings) -> dict[str, str]:
    """Return the page's Markdown, by language."""
    battle, limits = settings.battle, settings.limits
    return {
        language: messages(language)(
            "about_markdown",
            max_tokens=battle.max_tokens,
            temperature=f"{battle.temperature:g}",
            top_p=f"{battle.top_p:g}",
            max_turns=battle.max_turns,
            max_prompt_chars=battle.max_prompt_chars,
            battles_per_hour=limits.battles_per_hour,
            votes_per_hour=limits.votes_per_hour,
            system_prompt=_system_prompt(settings, messages(language)),
            pace=messages(language)(f"about_pace_{_pace(settings)}"),
            moderation=f" {messages(language)('about_moderation')}" if settings.moderation.is_on else "",
            reasons=_reasons(messages(language)),
            long_chars=labels.LONG_CHARS,
            n_languages=len(labels.LANGUAGES),
            rating=settings_line(settings.elo, (), messages(language)),
        )
        for language in LANGUAGES
    }


def _pace(settings: Settings) -> str:
    """Return the pace of the battles: where answers may be withheld, both are shown together."""
    return "together" if Policy(settings.moderation).can_block("answer") else settings.battle.pace


def _system_prompt(settings: Settings, texts: Messages) -> str:
    """Return the sentence about the arena's own system prompt, whose text is shown as it is."""
    battle = settings.battle
    text = guardrails.arena_prompt(battle.system_prompt, has_guardrails=battle.guardrails)
    if not text:
        return texts("about_prompt_none")
    return texts("about_prompt_guardrails" if battle.guardrails else "about_prompt_own", text=_literal(text))


def _literal(text: str) -> str:
    """Return Markdown that shows exactly this text: letters, digits and spaces, and all else as references."""
    return "".join(one if one.isalnum() or one == " " else f"&#{ord(one)};" for one in cleaned(text))


def _reasons(texts: Messages) -> str:
    """Return every reason why a vote does not count. A test compares the messages with the ledger's list."""
    reasons = [sentence for key, sentence in texts.texts.items() if key.startswith("reason_")]
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}" for sentence in reasons)
