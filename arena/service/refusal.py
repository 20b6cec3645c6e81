"""What a visitor asked for and cannot have, by key. The pages make the sentences; nothing here decides."""


class Refusal(Exception):
    """Something that a visitor asked for and cannot have: `key` names the sentence, `numbers` fill it in.

    Keys: `prompt_empty`; `prompt_too_long` (length, limit); `prompt_not_text` (it holds characters that no text
    has); `models_loading` (n_ready, n_models); `too_few_models` (n_ready, n_models); `models_failed`
    (n_failed, n_models: no two will ever be ready by themselves); `rate_limited` (n, limit,
    window_s); `busy` (n_running, limit); `too_many_turns` (limit); `not_yet` (a turn is still being written, or
    this side cannot be retried or the battle not stopped now); `battle_not_found` (also: somebody else's);
    `battle_void`; `already_voted`; `identical_answers` (a vote for one side, though both said the same); `too_late`
    (limit_s: withdrawal); `not_stored` (the database refused: nothing changed, try again); `no_board` (the leaderboard
    cannot be computed at present); `no_ratings` (the votes so far give no ratings under the arena's settings).
    """

    def __init__(self, key: str, **numbers: float) -> None:
        super().__init__(f"{key} {numbers}" if numbers else key)
        self.key = key
        self.numbers = numbers
