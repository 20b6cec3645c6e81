"""How the languages of code blocks are written, as far as their colours need it: comments, strings and keywords.

Each pattern takes time in proportion to the text, whatever the text is: nothing is read twice, and what is never closed
goes on to the end of its line or of the block. Complete grammars cannot promise that: Pygments 2.21 took 2 s for a
block of 4,000 line ends labelled `java`.
"""

import re
from dataclasses import dataclass, field
from functools import cache

_SLASHES, _HASH, _DASHES = r"//[^\n]*", r"(?<![^\s;(])\#[^\n]*", r"--[^\n]*"
_STARS = r"/\*(?s:.*?)(?:\*/|\Z)"
_DOUBLE = r'"(?:[^"\\\n]|\\.)*+"?'
_SINGLE = r"'(?:[^'\\\n]|\\.){0,400}+'"
_BACKTICKS = r"`(?:[^`\\]|\\.|\\\n)*+`?"
_TRIPLE = r"\"\"\"(?s:.*?)(?:\"\"\"|\Z)|'''(?s:.*?)(?:'''|\Z)"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'"
_LINE_STRING = r"'(?:[^'\n]|'')*+'?"


@dataclass(frozen=True, slots=True)
class Language:
    """Patterns of comments, strings and names that stand out, and the words that are keywords or constants."""

    comments: tuple[str, ...] = ()
    strings: tuple[str, ...] = (_DOUBLE, _SINGLE)
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    keywords: frozenset[str] = field(default_factory=frozenset)
    constants: frozenset[str] = frozenset(("true", "false", "null", "None", "True", "False", "nil", "undefined"))
    ignores_case: bool = False
    has_calls: bool = True
    """Whether a name before `(` stands out."""

    def pattern(self) -> re.Pattern[str]:
        """Return one pattern for all, whose groups are the classes of `colours`, and `word`."""
        groups = {
            "i": self.added,
            "d": self.removed,
            "c": self.comments,
            "k": self.tags,
            "f": self.names,
            "s": self.strings,
            "n": (r"\b\d\w*(?:\.\d\w*)?",),
            "word": (r"[^\W\d]\w*",),
        }
        return re.compile("|".join(f"(?P<{name}>{'|'.join(some)})" for name, some in groups.items() if some), re.M)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_C_WORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register"
    " return short signed sizeof static struct switch typedef union unsigned void volatile while #include #define #if"
    " #ifdef #ifndef #endif #else bool"
)
_JAVA_WORDS = (
    "abstract assert boolean break byte case catch char class const continue default do double else enum extends final"
    " finally float for if implements import instanceof int interface long native new package private protected public"
    " record return sealed short static super switch synchronized this throw throws transient try var void volatile"
    " while yield"
)
_SCRIPT_WORDS = (
    "async await break case catch class const continue debugger default delete do else export extends finally for from"
    " function get if import in instanceof let new of return set static super switch this throw try typeof var void"
    " while with yield abstract as any boolean declare enum implements infer interface is keyof namespace never number"
    " object private protected public readonly satisfies string type unknown"
)


def _like_c(words: str, *strings: str, names: tuple[str, ...] = ()) -> Language:
    strings = strings or (_DOUBLE, _SINGLE)
    return Language(comments=(_SLASHES, _STARS), strings=strings, names=names, keywords=_words(words))


def _like_python(words: str, *strings: str, names: tuple[str, ...] = ()) -> Language:
    strings = strings or (_DOUBLE, _SINGLE)
    return Language(comments=(_HASH,), strings=strings, names=names, keywords=_words(words))


_LANGUAGES = {
    "python": _like_python(
        "and as assert async await break case class continue def del elif else except finally for from global if import"
        " in is lambda match nonlocal not or pass raise return try while with yield",
        rf"\b[fFrRbBuU]{{1,2}}(?:{_TRIPLE})|{_TRIPLE}",
        rf"\b[fFrRbBuU]{{1,2}}(?:{_DOUBLE}|{_SINGLE})|{_DOUBLE}|{_SINGLE}",
        names=(r"(?<![\w)\]])@[\w.]+",),
    ),
    "javascript": _like_c(_SCRIPT_WORDS, _DOUBLE, _SINGLE, _BACKTICKS, names=(r"(?<!\w)@\w+",)),
    "java": _like_c(_JAVA_WORDS, r'"""(?s:.*?)(?:"""|\Z)', _DOUBLE, _CHARACTER, names=(r"(?<!\w)@\w+",)),
    "kotlin": _like_c(
        "abstract annotation as break by catch class companion const constructor continue data do else enum external"
        " final finally for fun get if import in infix init inline inner interface internal is lateinit object open"
        " operator out override package private protected public return sealed set super suspend this throw try"
        " typealias val var vararg when where while",
        r'"""(?s:.*?)(?:"""|\Z)',
        _DOUBLE,
        _CHARACTER,
        names=(r"(?<!\w)@\w+",),
    ),
    "scala": _like_c(
        "abstract case catch class def do else enum extends final finally for given if implicit import lazy match new"
        " object override package private protected return sealed super this throw trait try type using val var while"
        " with yield",
        r'"""(?s:.*?)(?:"""|\Z)',
        _DOUBLE,
        _CHARACTER,
    ),
    "c": _like_c(_C_WORDS, _DOUBLE, _CHARACTER, names=(r"^[ \t]*\#[ \t]*\w+",)),
    "cpp": _like_c(
        _C_WORDS + " alignas catch class concept const_cast constexpr co_await co_return co_yield decltype delete"
        " dynamic_cast explicit export final friend import module mutable namespace new noexcept nullptr operator"
        " override private protected public reinterpret_cast requires static_assert static_cast template this throw"
        " try typeid typename using virtual wchar_t",
        _DOUBLE,
        _CHARACTER,
        names=(r"^[ \t]*\#[ \t]*\w+",),
    ),
    "csharp": _like_c(
        "abstract as async await base bool break byte case catch char checked class const continue decimal default"
        " delegate do double else enum event explicit extern finally fixed float for foreach get goto if implicit in"
        " init int interface internal is lock long namespace new object operator out override params private protected"
        " public readonly record ref return sealed set short sizeof static string struct switch this throw try typeof"
        " uint ulong unsafe ushort using var virtual void volatile when where while with yield",
        rf"[$@]{{1,2}}{_DOUBLE}|{_DOUBLE}",
        _CHARACTER,
    ),
    "go": _like_c(
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package"
        " range return select struct switch type var any bool byte error float32 float64 int int32 int64 rune string"
        " uint8 uint32 uint64",
        _DOUBLE,
        _CHARACTER,
        r"`[^`]*+`?",
    ),
    "rust": _like_c(
        "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut"
        " pub ref return self Self static struct super trait type unsafe use where while bool char f32 f64 i8 i16 i32"
        " i64 i128 isize str String u8 u16 u32 u64 u128 usize",
        _DOUBLE,
        _CHARACTER,
        names=(r"\#!?\[\w+", r"\b\w+!(?=[(\[{ ])"),
    ),
    "swift": _like_c(
        "actor as associatedtype async await break case catch class continue default defer deinit do else enum"
        " extension fallthrough fileprivate final for func guard if import in init inout internal is lazy let mutating"
        " nonisolated open operator override private protocol public repeat rethrows return self Self some static"
        " struct subscript super switch throw throws try typealias var weak where while",
        r'"""(?s:.*?)(?:"""|\Z)',
        _DOUBLE,
        names=(r"(?<!\w)@\w+",),
    ),
    "dart": _like_c(
        _JAVA_WORDS + " async await dynamic factory Future get is late library mixin num on part required"
        " set String show typedef with"
    ),
    "php": Language(
        comments=(_SLASHES, _STARS, r"(?<![^\s;])\#[^\n\[]*"),
        names=(r"\$\w+", r"<\?(?:php\b|=)?|\?>"),
        keywords=_words(
            "abstract and array as break callable case catch class clone const continue declare default do echo else"
            " elseif enum extends final finally fn for foreach function global if implements include instanceof"
            " interface isset list match namespace new or print private protected public readonly require"
            " require_once return static switch throw trait try unset use var while yield int string bool float void"
        ),
    ),
    "ruby": _like_python(
        "alias and begin break case class def defined do else elsif end ensure for if in include loop module new next"
        " not or private protected public raise redo require rescue retry return self super then undef unless until"
        " when while yield attr_accessor attr_reader puts",
        names=(r"(?<![\w:]):[a-z_]\w*", r"@{1,2}\w+"),
    ),
    "r": _like_python("break else for function if in library next repeat require return while TRUE FALSE NULL NA Inf"),
    "julia": _like_python(
        "abstract baremodule begin break catch const continue do else elseif end export finally for function global if"
        " import in let local macro module mutable primitive quote return struct try type using where while",
        r'"""(?s:.*?)(?:"""|\Z)',
        _DOUBLE,
    ),
    "lua": Language(
        comments=(r"--\[\[(?s:.*?)(?:\]\]|\Z)", _DASHES),
        keywords=_words(
            "and break do else elseif end for function goto if in local not or repeat return then until while"
        ),
    ),
    "haskell": Language(
        comments=(r"\{-(?s:.*?)(?:-\}|\Z)", _DASHES),
        strings=(_DOUBLE, _CHARACTER),
        keywords=_words(
            "case class data deriving do else if import in infixl infixr instance let module newtype of qualified"
            " then type where"
        ),
        has_calls=False,
    ),
    "shell": Language(
        comments=(_HASH,),
        strings=(r'"(?:[^"\\]|\\.|\\\n)*+"?', r"'[^']{0,400}+'"),
        names=(r"\$(?:\w+|\{[^}\n]{0,80}\}|[@\#?!$*])", r"(?<!\S)--?[A-Za-z][\w-]*"),
        keywords=_words(
            "if then elif else fi for in do done while until case esac function return exit export local readonly"
            " source alias cd echo set unset trap eval exec sudo"
        ),
        has_calls=False,
    ),
    "powershell": Language(
        comments=(r"<\#(?s:.*?)(?:\#>|\Z)", _HASH),
        names=(r"\$\w+", r"(?<!\S)-[A-Za-z]\w*", r"\b[A-Z][a-z]+-[A-Z]\w+"),
        keywords=_words(
            "begin break catch continue else elseif end exit finally for foreach function if in param process return"
            " switch throw try until while"
        ),
        ignores_case=True,
    ),
    "sql": Language(
        comments=(_DASHES, _STARS),
        strings=(_LINE_STRING, _DOUBLE),
        keywords=_words(
            "add all alter and any as asc avg begin between bigint boolean by cascade case cast char check coalesce"
            " column commit constraint count create cross current_date current_timestamp database date decimal default"
            " delete desc distinct drop else end exists explain false float foreign from full function grant group"
            " having if in index inner insert int integer interval into is join key left like limit max min not null"
            " numeric offset on or order outer over partition primary procedure references replace returning right"
            " rollback row_number select serial set sum table text then timestamp transaction trigger true truncate"
            " union unique update using values varchar view when where with"
        ),
        constants=frozenset(),
        ignores_case=True,
        has_calls=False,
    ),
    "html": Language(
        comments=(r"<!--(?s:.*?)(?:-->|\Z)",),
        strings=(r'(?<==)"[^"\n]*+"?', r"(?<==)'[^'\n]*+'?"),
        names=(r"(?<![\w:@.-])[\w:@.-]+(?==[\"'{])",),
        tags=(r"</?[A-Za-z][\w:.-]*", r"/?>"),
        constants=frozenset(),
        has_calls=False,
    ),
    "css": Language(
        comments=(_STARS,),
        names=(r"(?<![\w-])[\w-]+(?=:[ \t])", r"@[\w-]+"),
        constants=frozenset(),
    ),
    "json": Language(
        comments=(_SLASHES,),
        strings=(_DOUBLE,),
        names=(r'"(?:[^"\\\n]|\\.)*+"(?=[ \t]{0,4}:)',),
        has_calls=False,
    ),
    "yaml": Language(
        comments=(_HASH,),
        names=(r"^[ \t]*(?:-[ \t]+)?[\w./-]+(?=:(?:\s|$))",),
        keywords=_words("yes no on off"),
        has_calls=False,
    ),
    "toml": Language(
        comments=(_HASH, r"^;[^\n]*"),
        strings=(_TRIPLE, _DOUBLE, _SINGLE),
        names=(r"^[ \t]*\[[^\]\n]*\]{0,2}", r"^[ \t]*[\w.-]+(?=[ \t]{0,9}=)"),
        has_calls=False,
    ),
    "dockerfile": Language(
        comments=(_HASH,),
        names=(r"\$(?:\w+|\{[^}\n]{0,80}\})",),
        keywords=_words(
            "FROM AS RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG HEALTHCHECK SHELL"
        ),
        has_calls=False,
    ),
    "diff": Language(
        strings=(),
        names=(r"^(?:@@|diff |index |---|\+\+\+)[^\n]*",),
        added=(r"^\+(?!\+\+)[^\n]*",),
        removed=(r"^-(?!--)[^\n]*",),
        has_calls=False,
    ),
}
_ALIASES = {
    "python": "py python3 pycon ipython",
    "javascript": "js jsx ts tsx typescript mjs node",
    "kotlin": "kt kts",
    "c": "h",
    "cpp": "c++ cc cxx hpp cuda objc arduino",
    "csharp": "c# cs",
    "go": "golang",
    "rust": "rs",
    "ruby": "rb",
    "julia": "jl",
    "haskell": "hs",
    "shell": "sh bash zsh console shell-session fish",
    "powershell": "ps1 pwsh",
    "sql": "mysql postgresql postgres sqlite plsql",
    "html": "xml svg vue svelte xhtml htm",
    "css": "scss sass less",
    "json": "json5 jsonc jsonl",
    "yaml": "yml",
    "toml": "ini cfg conf properties",
    "dockerfile": "docker",
    "diff": "patch",
}
KNOWN = tuple(_LANGUAGES)
_BY_NAME = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}


@dataclass(frozen=True, slots=True)
class Scanner:
    """A language ready to be read."""

    pattern: re.Pattern[str]
    language: Language


@cache
def _scanner(name: str) -> Scanner:
    return Scanner(_LANGUAGES[name].pattern(), _LANGUAGES[name])


def scanner(label: str) -> Scanner | None:
    """Return how to read a block with this label, `py` or `Python`; None if the language is not known."""
    name = label.lower()
    name = _BY_NAME.get(name, name)
    return _scanner(name) if name in _LANGUAGES else None
