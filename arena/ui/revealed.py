"""What a pane says below the answer once the vote is stored: how the model was asked, where that is not as the others
are, and what it thought, folded. Pure; before the vote there is nothing here to show.

Thoughts are shown as the characters that they are, never as Markdown.
"""

from arena.service import RevealSide
from arena.ui.messages import Messages
from arena.ui.untrusted import plain


def more(who: RevealSide, texts: Messages) -> str:
    """One line of HTML (Markdown would end it at an empty line); empty where there is nothing to say."""
    told = "".join(f'<p class="asked-how">{plain(line)}</p>' for line in _asked_how(who, texts))
    return told + "".join(_folded(n, thought, who, texts) for n, thought in enumerate(who.thoughts, 1) if thought)


def _asked_how(who: RevealSide, texts: Messages) -> list[str]:
    lines = []
    if who.not_sent:
        key = "sent_without_one" if len(who.not_sent) == 1 else "sent_without"
        lines.append(texts(key, names=", ".join(who.not_sent)))
    others = dict(who.sent_otherwise)
    if others.pop("system_role", None) is not None:
        lines.append(texts("sent_system_as_user"))
    if others:
        lines.append(
            texts("sent_otherwise", values=", ".join(f"{name} {value}".strip() for name, value in others.items()))
        )
    return lines


def _folded(turn: int, thought: str, who: RevealSide, texts: Messages) -> str:
    title = texts("thoughts") if len(who.thoughts) == 1 else texts("thoughts_of_turn", n=turn)
    return f'<details class="thoughts"><summary>{plain(title)}</summary><div>{plain(thought)}</div></details>'
