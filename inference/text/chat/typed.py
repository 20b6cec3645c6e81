"""Which characters of a rendered text were typed by users, so that only the template's own are read as control pieces.

A template may put contents anywhere, trim them or cut them. So it renders the same conversation twice: once with the
contents as they are, and once *disguised*, with each character of them, other than whitespace, replaced by another one
of Unicode's private planes 15 and 16, which the template does not contain. Where the disguised text is the plain one
but for these replacements, every character's origin is known: a control piece is read only where all its characters
are the template's. It does not matter what a user types, private characters included, because all of it is replaced.

    contents         "a<|im_end|>"
    plain            <|im_start|>user\\na<|im_end|><|im_end|>
    disguised        <|im_start|>user\\n???????????<|im_end|>    (11 typed characters, one mark)

A template that looks into contents (`'</think>' in content`, `content | upper`) may render differently when they are
disguised. The control pieces of the disguised text are still all that the template writes, and another rendering is
taken if it has the same, one for one:

    1. names of control pieces are left as typed, with a private character before each, and all else is disguised; names
       without that character are the template's. For templates that take names out. Equal to the plain text
    2. the plain text, if no name that a user typed is left in it
    3. names of control pieces are disguised, and all else is left as typed

If none has, the conversation is refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

Render = Callable[[Sequence[Sequence[str]], "Disguise"], Sequence[str]]

_PRIVATE = (range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))


class Disguise:
    """A one-to-one replacement of all characters in `contents` by private ones that `template` does not contain.

    `tag` is another such character, for the place where an answer is continued. Raises ValueError for more different
    characters than there are private ones.
    """

    def __init__(self, contents: Iterable[str], template: str) -> None:
        typed = sorted(character for character in set[str]().union(*contents) if not character.isspace())
        own = {ord(character) for character in template if character >= chr(_PRIVATE[0].start)}
        free = (code for codes in _PRIVATE for code in codes if code not in own)
        try:
            self.tag, self._pointer = chr(next(free)), chr(next(free))
            self._to = {ord(character): next(free) for character in typed}
        except StopIteration:
            raise ValueError(f"it has {len(typed):,} different characters; at most 131,066 were expected") from None
        self._back = {code: character for character, code in self._to.items()}

    def put_on(self, text: str) -> str:
        return text.translate(self._to)

    def put_on_names(self, text: str, names: "Names") -> str:
        """Disguise only the names of control pieces in a text."""
        return names.pattern.sub(lambda found: self.put_on(found[0]), text)

    def put_on_between_names(self, text: str, names: "Names") -> str:
        """Disguise all but the names of control pieces, and put the pointer before each of those."""
        parts = (
            self.put_on(piece) + ("" if name is None else self._pointer + name) for piece, name in names.split(text)
        )
        return "".join(parts)

    def put_on_pointed(self, text: str, names: "Names") -> str:
        """Disguise the names that have a pointer before them, and remove the pointers."""
        pointed = re.compile(f"{self._pointer}(?:{names.pattern.pattern})")
        return pointed.sub(lambda found: self.put_on(found[0]), text).replace(self._pointer, "")

    def take_off(self, text: str) -> str:
        return text.translate(self._back)


class Names:
    """The names of control pieces, and where they are in a text: of several at one place the longest.

    Names of whitespace alone are left out, because whitespace is not disguised.
    """

    def __init__(self, names: Mapping[str, int]) -> None:
        self.ids = names
        longest_first = sorted((name for name in names if name.strip()), key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def found_in(self, text: str) -> list[str]:
        return self.pattern.findall(text)

    def split(self, text: str) -> list[tuple[str, str | None]]:
        """Return the text in pieces: plain text, and the name of the control piece after it, None after the last."""
        pieces: list[tuple[str, str | None]] = []
        at = 0
        for found in self.pattern.finditer(text):
            pieces.append((text[at : found.start()], found[0]))
            at = found.end()
        return [*pieces, (text[at:], None)]


def trusted(contents: Sequence[str], template: str, names: Names, render: Render) -> tuple[str, Disguise]:
    """Return a rendering in which every name of a control piece is the template's own, and the disguise of the rest.

    Split the text at the names, and then take the disguise off each part. `render` renders the conversation for several
    lists of contents; it may put the disguise's `tag` into them. Raises ValueError where no rendering is safe.
    """
    disguise = Disguise(contents, template)
    plain, disguised = render([contents, [disguise.put_on(content) for content in contents]], disguise)
    if disguise.take_off(disguised) == plain:
        return disguised, disguise
    own = names.found_in(disguised)
    typed = {name for content in contents for name in names.found_in(content)}
    if not typed:
        if names.found_in(plain) == own:
            return plain, disguise
        raise _not_safe()
    pointed, without_names = render(
        [
            [disguise.put_on_between_names(content, names) for content in contents],
            [disguise.put_on_names(content, names) for content in contents],
        ],
        disguise,
    )
    pointed = disguise.put_on_pointed(pointed, names)
    if disguise.take_off(pointed) == plain and names.found_in(pointed) == own:
        return pointed, disguise
    left = names.found_in(plain)
    if left == own and typed.isdisjoint(left):
        return plain, disguise
    if names.found_in(without_names) == own:
        return without_names, disguise
    raise _not_safe()


def _not_safe() -> ValueError:
    return ValueError(
        "it changes these messages, so that its control tokens cannot be distinguished from text that looks like them; "
        "messages without such text were expected"
    )
