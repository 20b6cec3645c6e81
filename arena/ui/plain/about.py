"""The text of the about page: how battles, votes and ratings work here, and what is stored."""

from arena.settings import Settings
from arena.ui.messages import LANGUAGES, messages
from arena.ui.pages.leaderboard_table import settings_line


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
            pace=messages(language)(f"about_pace_{battle.pace}"),
            rating=settings_line(settings.elo, (), messages(language)),
        )
        for language in LANGUAGES
    }
