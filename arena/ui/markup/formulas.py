r"""Which TeX the page's KaTeX may draw.

Every other formula is shown as its source. KaTeX runs in the reader's browser, and a formula can be built to harm it:
300 nested fractions crash the tab, again at every reload. So each formula is first read here, by a grammar that knows
every allowed command and the number of its arguments. Unknown commands (macros, links, pictures, HTML attributes,
lengths of any kind), nesting beyond `MAX_DEPTH` and length beyond `MAX_CHARS` are refused. `budget` limits all formulas
of one answer together.

    \frac{1}{2}          yes
    \rule{9999em}{1em}   no: a length could blow up the page
    \\[9999em]           no: so could this length
    \def\x{\x\x}\x       no: macros
"""

import re
from collections.abc import Iterator, Sequence

MAX_CHARS = 2000
MAX_DEPTH = 12

_TOKEN = re.compile(r"\\(?:operatorname\*|tag\*|[A-Za-z]+|.)|\s+|.", re.DOTALL)

_SYMBOLS = r"""
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi
    varpi
    rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma Gamma Delta Theta Lambda Xi Pi Sigma
    Upsilon Phi
    Psi Omega aleph beth gimel daleth hbar hslash ell imath jmath wp Re Im partial nabla infty emptyset varnothing
    forall exists nexists neg lnot top bot angle measuredangle sphericalangle triangle square blacksquare Box Diamond
    lozenge bigstar star flat natural sharp clubsuit diamondsuit heartsuit spadesuit checkmark dagger ddagger dag ddag
    degree prime backprime complement eth mho S P copyright pounds yen euro
    pm mp times div cdot ast circ bullet oplus ominus otimes oslash odot cap cup uplus sqcap sqcup vee wedge lor land
    setminus smallsetminus wr amalg bigcirc diamond triangleleft triangleright bigtriangleup bigtriangledown
    ltimes rtimes bowtie Join dotplus boxplus boxminus boxtimes boxdot barwedge curlyvee curlywedge intercal
    leq le geq ge leqq geqq leqslant geqslant neq ne equiv sim simeq approx approxeq cong ncong propto varpropto
    asymp doteq
    doteqdot eqcirc circeq triangleq coloneqq eqqcolon ll gg lll ggg prec succ preceq succeq precsim succsim nless
    ngtr nleq ngeq
    lesssim gtrsim lessgtr gtrless subset supset subseteq supseteq nsubseteq nsupseteq subsetneq supsetneq sqsubset
    sqsupset sqsubseteq sqsupseteq in notin ni owns mid nmid parallel nparallel perp vdash dashv models vDash Vdash
    nvdash
    nvDash therefore because smile frown between pitchfork
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow longrightarrow
    longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow implies impliedby iff mapsto longmapsto uparrow
    downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow nwarrow hookleftarrow hookrightarrow
    leftharpoonup leftharpoondown rightharpoonup rightharpoondown rightleftharpoons leftrightharpoons
    twoheadrightarrow twoheadleftarrow rightsquigarrow leadsto nleftarrow nrightarrow nRightarrow nLeftarrow
    sum prod coprod int iint iiint oint bigcap bigcup bigsqcup bigvee bigwedge bigoplus bigotimes bigodot biguplus
    arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max
    min Pr
    sec sin sinh sup tan tanh argmax argmin injlim projlim
    ldots cdots vdots ddots dots dotsc dotsb dotsm dotsi dotso
    lbrace rbrace lbrack rbrack langle rangle lceil rceil lfloor rfloor lvert rvert lVert rVert vert Vert backslash
    lgroup rgroup lmoustache rmoustache ulcorner urcorner llcorner lrcorner
    quad qquad enspace thinspace medspace thickspace negthinspace space nobreakspace
    displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag bmod colon
    N R Z Q C hline hdashline
"""
_PUNCTUATION = r"\, \: \; \! \> \{ \} \| \% \$ \# \& \_ \\"
_ARGUMENTS = {  # number of arguments -> commands
    0: _SYMBOLS,
    1: r"""
    sqrt hat widehat check widecheck tilde widetilde acute grave dot ddot dddot breve bar vec mathring overline
    underline
    overrightarrow overleftarrow overleftrightarrow underrightarrow underleftarrow overbrace underbrace
    xrightarrow xleftarrow xRightarrow xLeftarrow xleftrightarrow xmapsto
    text textrm textbf textit textsf texttt textnormal mathrm mathbf mathit mathsf mathtt mathnormal mathcal
    mathfrak mathbb
    mathscr boldsymbol bm bold Bbb operatorname operatorname* mathop mathbin mathrel mathord mathopen mathclose
    mathpunct
    mathinner boxed fbox cancel bcancel xcancel sout phantom hphantom vphantom pmod pod mod not tag tag* substack
    bra ket braket
    """,
    2: "frac dfrac tfrac cfrac binom dbinom tbinom overset underset stackrel",
}
COMMANDS = {"\\" + name: n for n, names in _ARGUMENTS.items() for name in names.split()}
COMMANDS |= dict.fromkeys([*_PUNCTUATION.split(), "\\ "], 0)
"""The number of arguments of each command."""
_OPTIONAL = {r"\sqrt", r"\xrightarrow", r"\xleftarrow", r"\xRightarrow", r"\xLeftarrow", r"\xleftrightarrow"}
_SIZED = {f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
_TALL = """
    lbrace rbrace lbrack rbrack langle rangle lceil rceil lfloor rfloor lvert rvert lVert rVert vert Vert backslash
    uparrow downarrow updownarrow Uparrow Downarrow Updownarrow lgroup rgroup lmoustache rmoustache
    ulcorner urcorner llcorner lrcorner
"""
_DELIMITERS = {*"()[]|/.<>", r"\{", r"\}", r"\|"} | {"\\" + name for name in _TALL.split()}
_BLOCKS = """
    matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases rcases aligned align align* alignedat
    gathered gather gather* split equation equation* subarray
"""
ENVIRONMENTS = frozenset(_BLOCKS.split())
_WITH_COLUMNS = {"array", "alignedat", "subarray"}
_COLUMNS = re.compile(r"[lcr|: \d]{0,40}")


class _Refused(Exception):
    pass


def is_drawable(tex: str) -> bool:
    r"""Whether the TeX between two delimiters is complete, within the limits, and uses known commands only.

    >>> is_drawable(r"\sqrt{x^2}"), is_drawable(r"\href{http://a}{x}"), is_drawable("{" * 300 + "}" * 300)
    (True, False, False)
    """
    if not tex.strip() or len(tex) > MAX_CHARS:
        return False
    reader = _Reader(_TOKEN.findall(tex))
    try:
        reader.sequence(until=None, depth=0)
    except _Refused:
        return False
    return True


class _Reader:
    """Reads by recursive descent, at most `MAX_DEPTH` deep; raises `_Refused`."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens: Iterator[str] = iter(tokens)
        self._next = next(self._tokens, None)

    def sequence(self, *, until: str | None, depth: int) -> None:
        """Read up to and including `until`, or to the end."""
        if depth > MAX_DEPTH:
            raise _Refused
        while (token := self._take()) != until:
            if token is None:
                raise _Refused
            self._element(token, depth)

    def _take(self) -> str | None:
        token, self._next = self._next, next(self._tokens, None)
        return token

    def _skip_space(self) -> None:
        while self._next is not None and self._next.isspace():
            self._take()

    def _element(self, token: str, depth: int) -> None:
        if token == "{":
            self.sequence(until="}", depth=depth + 1)
        elif token in ("^", "_"):
            self._argument(depth)
        elif token == r"\left":
            self._delimiter()
            self.sequence(until=r"\right", depth=depth + 1)
            self._delimiter()
        elif token == r"\middle" or token in _SIZED:
            self._delimiter()
        elif token == r"\begin":
            self._environment(depth)
        elif token.startswith("\\"):
            self._command(token, depth)
        elif token in "}#%$":
            raise _Refused

    def _command(self, name: str, depth: int) -> None:
        if name not in COMMANDS:
            raise _Refused
        if name == r"\\":  # a length could follow
            self._skip_space()
            if self._next in ("[", "*"):
                raise _Refused
        if name in _OPTIONAL:
            self._skip_space()
            if self._next == "[":
                self._take()
                self.sequence(until="]", depth=depth + 1)
        for _ in range(COMMANDS[name]):
            self._argument(depth)

    def _argument(self, depth: int) -> None:
        if depth >= MAX_DEPTH:  # commands can nest without braces: \frac1\frac1\frac1x
            raise _Refused
        self._skip_space()
        token = self._take()
        if token is None:
            raise _Refused
        self._element(token, depth + 1)

    def _delimiter(self) -> None:
        self._skip_space()
        if self._take() not in _DELIMITERS:
            raise _Refused

    def _environment(self, depth: int) -> None:
        name = self._name()
        if name not in ENVIRONMENTS:
            raise _Refused
        if name in _WITH_COLUMNS and not _COLUMNS.fullmatch(self._name()):
            raise _Refused
        self.sequence(until=r"\end", depth=depth + 1)
        if self._name() != name:
            raise _Refused

    def _name(self) -> str:
        """Read a name in braces, after `\\begin` or `\\end`."""
        if self._take() != "{":
            raise _Refused
        name = ""
        while (token := self._take()) != "}":
            if token is None or len(name) > 40:
                raise _Refused
            name += token
        return name
