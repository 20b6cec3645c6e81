"""`[moderation]`: which model judges, and what follows from its verdicts."""

from dataclasses import dataclass
from typing import Literal

from arena.settings.sections.keys import key

ModerationAction = Literal["off", "log", "warn", "block"]


@dataclass(frozen=True, slots=True)
class ModerationSettings:
    """`[moderation]`: a model that puts prompts and answers into categories, and what follows."""

    moderator: str | None = key("Name of the model under [[models]] that judges; by default nothing is judged.", None)
    base_url: str | None = key("OpenAI-compatible address of a model that judges, instead of moderator.", None)
    model: str | None = key("What the server at base_url calls the model.", None)
    api_key_env: str | None = key("Environment variable that contains the API key for base_url.", None)
    prompts_illegal: ModerationAction = key(  # noqa: RUF009
        "What happens if a prompt is about illegal activities such as terrorism, child abuse or fraud: off does"
        " nothing, log stores the finding, warn shows it to the visitor as well, block refuses the prompt.",
        "off",
    )
    prompts_hateful: ModerationAction = key(  # noqa: RUF009
        "The same for hateful, harassing or violent prompts, such as discrimination, self-harm or bullying.", "off"
    )
    prompts_unqualified: ModerationAction = key(  # noqa: RUF009
        "The same for prompts that ask for unqualified advice, for instance legal, medical or financial.", "off"
    )
    answers_illegal: ModerationAction = key(  # noqa: RUF009
        "The same for answers about illegal activities; block withholds the answer. If any answers can be blocked, both"
        ' are shown together, as with pace = "together".',
        "off",
    )
    answers_hateful: ModerationAction = key(  # noqa: RUF009
        "The same for hateful, harassing or violent answers.", "off"
    )
    answers_unqualified: ModerationAction = key(  # noqa: RUF009
        "The same for answers that give unqualified advice.", "off"
    )
    on_failure: Literal["allow", "block"] = key(
        "What happens, where texts can be blocked, if the model does not answer in time or answers no category.",
        "allow",
    )
    timeout_s: float = key("Longest wait for one verdict, in seconds.", 10.0, above=0.0, high=300.0)

    @property
    def name(self) -> str | None:
        """What findings name as their moderator; None without one."""
        return self.moderator if self.moderator is not None else self.model

    @property
    def is_on(self) -> bool:
        """Whether anything is judged."""
        return self.name is not None and any(
            action != "off"
            for action in (
                *(self.prompts_illegal, self.prompts_hateful, self.prompts_unqualified),
                *(self.answers_illegal, self.answers_hateful, self.answers_unqualified),
            )
        )
