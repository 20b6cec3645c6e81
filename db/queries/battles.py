"""A battle's life: opened before any token is asked for, its turns and answers, its state; and prepared prompts."""

from sqlalchemy import Connection

from db.codes import State
from db.queries.records import AnswerRecord, BattleRecord, Check, DeckAnswer, DeckPrompt, NewBattle, Recent


def open_battle(tx: Connection, battle: NewBattle, *, now: float) -> str:
    """Writes the battle's row in state `open` (a quick battle: `votable`, its answers exist) and returns its id, 32 hex
    digits; the share id is drawn here too. The visitor is created if need be; `replica` must have been touched before.

    Raises NoSuchModel; AlreadyDealt where the visitor has had that prepared prompt.
    """
    raise NotImplementedError


def add_turn(tx: Connection, battle_id: str, prompt: str) -> int:
    """Adds the next turn, puts the battle (back) into state `open` and returns the turn's number, counted from 1.

    Raises NoSuchBattle; NotAllowedNow where the battle is voted or void.
    """
    raise NotImplementedError


def save_answer(tx: Connection, battle_id: str, turn: int, answer: AnswerRecord) -> None:
    """Stores one attempt of one side, whole or broken. Attempts are counted from 1 by the caller.

    Raises NoSuchBattle; NotAllowedNow where the battle is voted or void, the turn was never added or the attempt is there.
    """
    raise NotImplementedError


def set_battle_state(tx: Connection, battle_id: str, state: State, *, now: float) -> None:
    """Moves the battle between `open` and `votable`, or to `void`, which ends it. To the state that it has: no change.

    Raises NoSuchBattle; NotAllowedNow for a battle that is voted or void, and for the state `voted`, which only a vote sets.
    """
    raise NotImplementedError


def get_battle(tx: Connection, battle_id: str) -> BattleRecord:
    """The battle with turns, answers (by turn, side, attempt) and vote. Raises NoSuchBattle."""
    raise NotImplementedError


def get_shared_battle(tx: Connection, share_id: str) -> BattleRecord:
    """The same by its public address. Raises NoSuchBattle."""
    raise NotImplementedError


def current_battle(tx: Connection, visitor: str) -> str | None:
    """The visitor's newest battle of kind `battle` that is open or votable, for a page that was reloaded."""
    raise NotImplementedError


def close_stale_battles(tx: Connection, *, replica: str, lost_before: float, now: float) -> int:
    """Makes void every open battle that nobody streams any more: those of this replica's former life (call it at start,
    before the first battle) and those of replicas not seen since `lost_before`. Returns how many. Votable ones stay."""
    raise NotImplementedError


def count_recent(tx: Connection, *, visitor: str, address: str | None, since: float) -> Recent:
    """What limits look at: battles opened and votes cast by the visitor, and battles opened from the address."""
    raise NotImplementedError


def named_prompts(tx: Connection, visitor: str, *, since: float) -> frozenset[str]:
    """First prompts that the visitor asked on a page with names (kinds `named` and `chat`)."""
    raise NotImplementedError


def clear_addresses(tx: Connection, *, before: float) -> int:
    """Forgets the addresses of battles opened before that moment; returns how many were forgotten."""
    raise NotImplementedError


def add_check(tx: Connection, battle_id: str, check: Check) -> None:
    """Stores what a moderator found. Raises NoSuchBattle."""
    raise NotImplementedError


def add_deck_prompt(tx: Connection, prompt: DeckPrompt) -> str:
    """Adds the prepared prompt if it is new, else updates its tags and language; returns its key (16 hex digits)."""
    raise NotImplementedError


def save_deck_answer(tx: Connection, key: str, answer: DeckAnswer) -> None:
    """Stores or replaces a model's prepared answer. Raises NoSuchModel, or NoSuchPrompt."""
    raise NotImplementedError
