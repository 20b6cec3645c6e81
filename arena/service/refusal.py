"""The reasons why a visitor's request is refused.

The pages put these keys into words.
"""


class Refusal(Exception):
    """A request of a visitor that is refused: `key` names the sentence, `numbers` fill it in.

    Keys: `prompt_empty`; `prompt_too_long` (length, limit); `prompt_not_text` (it has characters that cannot be
    stored); `prompt_illegal`, `prompt_hateful` and `prompt_unqualified` (moderation blocks it), `prompt_unchecked` (the
    moderator gave no verdict, and the settings block then); `models_loading` (n_ready, n_models); `too_few_models`
    (n_ready, n_models); `one_family` (n_ready, n_models: all that are ready are of one family, and the settings keep
    those apart); `models_failed` (n_failed, n_models: fewer than two will ever be ready without help); `rate_limited`
    (n, limit, window_s); `busy` (n_running,
    limit); `too_many_turns` (limit); `not_yet` (a turn is still being written, this side cannot be retried, or there
    is nothing to stop); `cannot_regenerate` (a side has no attempt left, or its conversation is too long);
    `named_pages_off`; `pick_models` (neither one nor two models were chosen); `model_not_ready` (a chosen model cannot
    be reached now); `names_shown` (another pair can be drawn only for a blind battle); `no_vote_in_chat`;
    `battle_not_found` (also for one of another visitor); `battle_void`; `already_voted`;
    `identical_answers` (a vote for one of two equal answers); `too_late` (limit_s: withdrawal);
    `withdrawn_day` (n) and `withdrawn_total` (n, next_at): no withdrawal is left; `share_not_found`; `not_shareable`;
    `unknown_tag`, `comment_too_long` (length, limit), `comment_not_text`; `not_stored` (the
    database refused and nothing changed: try again); `no_board` (the leaderboard cannot be computed at present);
    `screen_not_found` and `screen_voted` (of quick rounds and campaigns), `rate_limited_quick` (n, limit, window_s),
    `campaign_not_found`;
    `model_not_found` (of a model's page); `no_model` (the owner's page names a model that the arena does not have);
    `no_ratings` (the votes so far give no ratings under the arena's settings). Of a board of some votes: `no_visitor`
    (the reader's own votes without a cookie), `too_few_votes` (n, least), `boards_busy` (too many wait to be computed),
    `too_many_boards` (limit, wait_s), `no_ratings_of_view`; with style control `style_collinear` (length or formatting
    follow from the models or each other), `style_endless` (every vote follows one of them) and `style_unknown` (no
    vote has them).
    """

    def __init__(self, key: str, **numbers: float) -> None:
        super().__init__(f"{key} {numbers}" if numbers else key)
        self.key = key
        self.numbers = numbers
