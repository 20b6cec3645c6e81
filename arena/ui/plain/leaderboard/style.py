"""Style control in plain words: what the votes favour besides the model, in points of the board."""

from arena.service import Board, View
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.place import view_link
from arena.ui.untrusted import plain


def style_section(board: Board, view: View, place: Place) -> str:
    """Return the section under a board with style control, and nothing under others."""
    fit = board.leaderboard.fit
    if not view.has_style or fit is None:
        return ""
    texts, points = place.texts, board.leaderboard.settings.points_per_logit
    level, items = f"{100 * board.leaderboard.settings.level:g}%", ""
    for one in fit.coefficients:
        value, low, high = (round(points * number) for number in (one.value, one.low, one.high))
        effect = "unclear" if low <= 0 <= high else "more" if value > 0 else "less"
        sentence = texts(f"style_{effect}", points=abs(value), low=f"{low:+d}", high=f"{high:+d}")
        name = texts(f"style_{one.name}")
        items += f"<li>{plain(f'{name}: {sentence}')}</li>"
    notes = texts("style_unused", names=", ".join(texts(f"style_{name}") for name in fit.unused)) if fit.unused else ""
    if fit.n_left_out:
        notes = f"{notes} {texts('style_left_out', n=fit.n_left_out)}".strip()
    off = f'<a href="{view_link(view, place, has_style=False)}">{plain(texts("style_off"))}</a>'
    note = f'<p class="note">{plain(notes)}</p>' if notes else ""
    intro = plain(texts("style_intro", level=level))
    return (
        f'<section id="style"><h2>{plain(texts("style_title"))}</h2><p>{intro} {off}</p>'
        f"<ul>{items}</ul>{note}</section>"
    )
