"""How much of one answer may still be drawn: formulas, and colours of code.

Both cost time, here and in the reader's browser; what is beyond the budget is shown as it was written.
"""

from dataclasses import dataclass

from arena.ui.markup.formulas import is_drawable

MAX_FORMULAS = 200
MAX_FORMULA_CHARS = 10_000
MAX_CODE_CHARS = 20_000


@dataclass(slots=True)
class Budget:
    """What one answer may still have drawn."""

    n_formulas: int = MAX_FORMULAS
    n_formula_chars: int = MAX_FORMULA_CHARS
    n_code_chars: int = MAX_CODE_CHARS

    def take_formula(self, tex: str) -> bool:
        """Whether this formula may be drawn; if so, it is charged."""
        if self.n_formulas < 1 or self.n_formula_chars < len(tex) or not is_drawable(tex):
            return False
        self.n_formulas -= 1
        self.n_formula_chars -= len(tex)
        return True

    def take_code(self, code: str) -> bool:
        """Whether this block of code may be coloured; if so, it is charged."""
        if self.n_code_chars < len(code):
            return False
        self.n_code_chars -= len(code)
        return True
