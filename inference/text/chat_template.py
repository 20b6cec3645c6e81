"""A conversation as the token ids that an instruct model was trained on.

`chat` has the layouts: Mistral's, Llama 2's, Zephyr's, ChatML, and any other as a Jinja template.
"""

from collections.abc import Sequence

from inference.text.chat import layouts
from inference.text.chat.conversation import ChatError, Message, Role, turns_of
from inference.text.chat.jinja_template import JinjaTemplate
from inference.text.chat.layouts import BEGIN, END
from inference.text.chat.recognition import Template, detect
from inference.text.tokenizer import Tokenizer

__all__ = ["BEGIN", "END", "ChatError", "Message", "Role", "Template", "detect", "render"]


def render(
    messages: Sequence[Message], tokenizer: Tokenizer, template: Template | None = None, *, continues: bool = False
) -> list[int]:
    """Return the ids of a conversation up to the start of the assistant's answer.

    Roles may come in any order. `template` None means the tokenizer's own layout. With `continues` the last message is
    the assistant's, and the answer continues it: its end is left out. Raises ChatError for an empty conversation, for
    text that is not Unicode, with `continues` where the last message is not the assistant's, and where a Jinja template
    fails or refuses the conversation.
    """
    template = template or detect(tokenizer)
    if template == "none":
        raise ChatError("this model is served for completions only (--template none); use /v1/completions")
    turns = turns_of(messages, continues=continues)
    if isinstance(template, JinjaTemplate):
        return template.ids_of(turns, tokenizer, continues=continues)
    return layouts.ids_of(turns, template, tokenizer, continues=continues)
