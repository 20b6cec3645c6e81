"""`[[links]]` and `[[examples]]`: links in the footer, and prompts that the battle page offers."""

from dataclasses import dataclass
from typing import Literal

from arena.settings.sections.keys import key


@dataclass(frozen=True, slots=True)
class Link:
    """One `[[links]]` table: a link of the owner's in the footer of every page."""

    text: str = key("Text of the link; 1 to 60 printable characters.")
    url: str = key("Address of the link; begins with https://.")
    language: Literal["en", "ko"] | None = key("Language of the pages that show the link; by default both.", None)


@dataclass(frozen=True, slots=True)
class Example:
    """One `[[examples]]` table: a prompt that the battle page offers."""

    text: str = key("The prompt; 1 to 200 printable characters in one line.")
    tags: tuple[str, ...] = key("Subjects of the prompt, stored with a battle that begins with it.", ())
    language: Literal["en", "ko"] = key("Language of the prompt; visitors see prompts in theirs first.", "en")
