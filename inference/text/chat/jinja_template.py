"""A chat layout that is the Jinja template of a model folder.

The text that the template writes is split at the control pieces that the template itself wrote (`typed` distinguishes
them from what users typed), and each text between them is encoded as plain text. For harmless contents the ids are
those of transformers' apply_chat_template.

Many templates refuse conversations that others accept. If one refuses, it renders the conversation again: first with
neighbours of one role joined and one system message at the start, then with the system prompt before the first user's
text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference.text.chat.conversation import ChatError, Ends, Turn, alternating, with_system_in_user
from inference.text.chat.sandbox import Sandbox, TemplateError, TemplateRefusal
from inference.text.chat.typed import Disguise, Names, trusted
from inference.text.tokenizer import MARK, Tokenizer

_LONGEST = 1_000_000  # characters of a text beside its contents


class JinjaTemplate:
    """The template `source`, found in the file `where`.

    `special` are variables of the template: bos_token, eos_token and others. One child process renders at a time.
    """

    def __init__(self, source: str, where: str, special: Mapping[str, str]) -> None:
        self.where = where
        self._source = source
        self._special = dict(special)
        self._sandbox = Sandbox(source)

    def __str__(self) -> str:
        return "jinja"

    def ids_of(self, turns: Sequence[Turn], tokenizer: Tokenizer, *, continues: bool) -> list[int]:
        """Return the ids of a conversation, up to the start of the assistant's answer.

        Raises ChatError where the template refuses the conversation, fails, or changes a text with control pieces in a
        way that cannot be followed.
        """
        names = Names(tokenizer.control_pieces())
        refusal: TemplateRefusal | None = None
        for variant in _variants(turns):
            try:
                parts = self._parts(variant, names, continues=continues)
            except TemplateRefusal as error:
                refusal = refusal or error
                continue
            except TemplateError as error:
                raise ChatError(f"the model's chat template ({self.where}) failed: {error}") from error
            try:
                return tokenizer.encode_parts(parts)
            except ValueError as error:
                raise ChatError(f"the text of the model's chat template ({self.where}): {error}") from error
        raise ChatError(f"the model's chat template ({self.where}) refuses these messages: {refusal}") from refusal

    def text_of(self, turns: Sequence[Turn]) -> str:
        """Return the text of harmless turns as they are. Raises TemplateError."""
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        return self._rendered([messages], has_prompt=True, longest=_LONGEST)[0]

    def ends(self, tokenizer: Tokenizer) -> Ends:
        """Return the control id, or the mark in plain text, that the template puts after an answer, if any."""
        turns = [Turn(0, "user", "Ask"), Turn(1, "assistant", "Answer")]
        disguise = Disguise((turn.content for turn in turns), self._source)
        messages = [{"role": turn.role, "content": disguise.put_on(turn.content)} for turn in turns]
        try:
            text = self._rendered([messages], has_prompt=False, longest=_LONGEST)[0]
        except TemplateError:
            return Ends()
        answer = disguise.put_on(turns[1].content)
        if answer not in text:
            return Ends()
        after = text.rpartition(answer)[2].lstrip()
        names = Names(tokenizer.control_pieces())
        if found := names.pattern.match(after):
            return Ends(frozenset({names.ids[found[0]]}))
        return Ends(texts=(mark[0],)) if (mark := MARK.match(after)) else Ends()

    def close(self) -> None:
        self._sandbox.close()

    def _parts(self, turns: Sequence[Turn], names: Names, *, continues: bool) -> list[int | str]:
        contents = [turn.content for turn in turns]
        longest = _LONGEST + 4 * sum(map(len, contents))

        def render(forms: Sequence[Sequence[str]], disguise: Disguise) -> list[str]:
            end = f"{disguise.tag} " if continues else ""
            messages = [
                [{"role": turn.role, "content": content} for turn, content in zip(turns, form, strict=True)]
                for form in ([*form[:-1], form[-1] + end] for form in forms)
            ]
            texts = self._rendered(messages, has_prompt=not continues, longest=longest)
            return [_before(text, disguise.tag) for text in texts] if continues else texts

        try:
            text, disguise = trusted(contents, self._source, names, render)
        except TemplateError:
            raise
        except ValueError as error:
            raise TemplateError(str(error)) from error
        parts: list[int | str] = []
        for piece, name in names.split(text):
            if piece:
                parts.append(disguise.take_off(piece))
            if name is not None:
                parts.append(names.ids[name])
        return parts

    def _rendered(self, forms: Sequence[list[dict[str, str]]], *, has_prompt: bool, longest: int) -> list[str]:
        variables: list[dict[str, Any]] = [
            {
                **self._special,
                "messages": form,
                "tools": None,
                "documents": None,
                "add_generation_prompt": has_prompt,
            }
            for form in forms
        ]
        return self._sandbox.render(variables, longest=longest)


def _variants(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    yield list(turns)
    system, others = alternating(turns)
    if system is None:
        yield others
        return
    first = next(turn for turn in turns if turn.role == "system")
    yield [Turn(first.index, "system", system), *others]
    yield with_system_in_user(system, others)


def _before(text: str, tag: str) -> str:
    """Return the text before the last tag, as transformers cuts it where an answer is continued."""
    at = text.rfind(tag)
    if at < 0:
        raise TemplateError("it leaves out the end of the message that the answer continues")
    return text[:at] if text[at : at + 2] == f"{tag} " else text[:at].rstrip()
