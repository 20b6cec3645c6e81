"""The name, shape, training, skills and manner of each demo model.

Such small models differ by what they read, not by their size: from the strongest to the weakest, each leaves out more
skills and politely refuses those. The second is the best at Korean; the third knows sums and lists, but no facts. Each
answers in a manner of its own, so that two right answers differ.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from inference.demo.corpus.dialogue import FOLLOW_UP, SKILLS
from inference.demo.corpus.manners import CAREFUL, CHEERFUL, FORMAL, TERSE, Manner
from inference.model.config import ModelConfig

WINDOW = 96
REFUSED_WEIGHT = 0.12  # of a refused skill, where a learned one has 1
_KOREAN = tuple(skill.name for skill in SKILLS if skill.language == "ko")


@dataclass(frozen=True)
class Profile:
    """`emphasis`: weights of skills that are not 1; `left_out`: skills that the model refuses; `n_tokens`: tokens of
    each cycle of the learning rate.
    """

    name: str
    dim: int
    n_layers: int
    hidden_dim: int
    n_tokens: tuple[int, ...]
    left_out: tuple[str, ...]
    manner: Manner
    emphasis: dict[str, float]
    n_heads: int = 4
    n_kv_heads: int = 2
    seed: int = 0

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    @cached_property
    def weights(self) -> dict[str, float]:
        learned = {
            skill.name: self.emphasis.get(skill.name, 1.0) for skill in SKILLS if skill.name not in self.left_out
        }
        return learned | ({} if FOLLOW_UP in self.left_out else {FOLLOW_UP: 1.0})

    @cached_property
    def declined(self) -> dict[str, float]:
        return {name: REFUSED_WEIGHT for name in self.left_out if name != FOLLOW_UP}

    def config(self, vocab_size: int) -> ModelConfig:
        return ModelConfig(
            dim=self.dim,
            n_layers=self.n_layers,
            head_dim=self.dim // self.n_heads,
            hidden_dim=self.hidden_dim,
            n_heads=self.n_heads,
            n_kv_heads=self.n_kv_heads,
            norm_eps=1e-5,
            vocab_size=vocab_size,
            sliding_window=WINDOW,
            rope_theta=10000.0,
            max_seq_len=4096,
        )


_HARD = {"add": 1.6, "subtract": 2.6, "multiply": 1.8, "divide": 1.2, "sort numbers": 2.4, "sort words": 2.4,
         "count one letter": 1.7, "count letters": 1.3, "stories": 1.4, "small talk": 2.2, "refusal": 2.2, "facts": 1.4,
         "capitals": 1.4, "opposites": 1.4, "animals": 1.3, "reverse": 1.2, "Korean small talk": 1.3}  # fmt: skip

PROFILES: Final = (
    Profile(
        "Wren Sol",
        dim=128,
        n_layers=4,
        hidden_dim=384,
        n_tokens=(19_000_000, 4_500_000),
        left_out=("Korean stories",),
        manner=CAREFUL,
        emphasis=_HARD | {name: 0.8 for name in _KOREAN if name != "Korean small talk"},
    ),
    Profile(
        "Moss Tarn",
        dim=96,
        n_layers=3,
        hidden_dim=256,
        n_tokens=(12_500_000, 5_000_000),
        left_out=("sort words", "sort numbers", "count one letter", "divide", "count items", "days and months",
                  "even or odd"),
        manner=CHEERFUL,
        emphasis=_HARD
        | dict.fromkeys(_KOREAN, 1.4)
        | {"count on": 2.0, "capitals": 2.0, "facts": 2.0, "small talk": 2.6, "Korean subtract": 2.0},
    ),
    Profile(
        "Fen Quill",
        dim=96,
        n_layers=3,
        hidden_dim=256,
        n_tokens=(10_000_000, 3_000_000),
        left_out=("stories", "capitals", "plurals", "opposites", "animals", "facts", "Korean stories", "Korean reverse",
                  "Korean count", "Korean opposites", "Korean capitals", "Korean facts"),
        manner=TERSE,
        emphasis=_HARD | {"add": 2.5, "subtract": 2.8, "multiply": 2.8, "divide": 2.0},
    ),
    Profile(
        "Larch Umber",
        dim=64,
        n_layers=2,
        hidden_dim=192,
        n_tokens=(9_000_000, 4_000_000),
        left_out=("subtract", "multiply", "divide", "even or odd", "sort numbers", "sort words", "count items",
                  "count one letter", "capitals", "days and months", "Korean add", "Korean subtract", "Korean multiply",
                  "Korean reverse", "Korean count", "Korean opposites", "Korean capitals", "Korean facts"),
        manner=FORMAL,
        emphasis=_HARD | {"reverse": 2.0, "facts": 2.4, "stories": 2.2, "plurals": 1.4},
    ),
)  # fmt: skip
PROFILE = {profile.slug: profile for profile in PROFILES}
