"""The form that chooses a view, and what is chosen."""

from html import escape

from arena.service import COLUMNS, Choices, View
from arena.ui.links import DOCUMENTS
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.columns import name_of, order_of
from arena.ui.plain.leaderboard.place import view_link
from arena.ui.untrusted import plain

_LENGTHS = ("-100", "101-500", "501-2000", "2001-")
_NO_LEVEL = "95%"


def form(view: View, choices: Choices, place: Place) -> str:
    """Return the form. Its fields are the parameters of the address; those left empty are not in it."""
    texts = place.texts
    own = f'<input type="hidden" name="lang" value="{texts.language}">' if place.query else ""
    find = (
        f'<label class="find">{plain(texts("filter_find"))}'
        f'<input type="search" name="find" value="{escape(view.find)}" maxlength="80" autocomplete="off"'
        f' placeholder="{escape(texts("filter_find_hint"))}"></label>'
    )
    opened = " open" if view.n_filters > view.has_style else ""
    more = (
        f"<details{opened}><summary>{plain(texts('filter_more'))}</summary>"
        f'<div class="fields">{_selects(view, choices, place)}</div></details>'
    )
    row = f"{find}{_sort(view, texts)}{_box('style', view.has_style, texts)}{own}"
    row += f"<button>{plain(texts('filter_show'))}</button>"
    action = f"{place.root}{DOCUMENTS['leaderboard'][1:]}"
    return f'<form id="filters" action="{action}"><div class="row">{row}</div>{more}</form>{_chosen(view, place)}'


def _selects(view: View, choices: Choices, place: Place) -> str:
    texts = place.texts
    languages = {one: texts(f"language_{one}") if texts.has(f"language_{one}") else one for one in choices.languages}
    lengths = {one: texts(f"filter_chars_{one}") for one in _LENGTHS}
    kinds = {one: texts(f"filter_kind_{one}") for one in ("battle", "quick", "both")}
    fields = _select("kind", view.kind, kinds, texts, has_any=False)
    fields += _select("language", view.language, languages, texts)
    fields += _select("tag", view.tag, {one: one for one in choices.tags}, texts)
    fields += _select("turns", view.turns, {one: texts(f"filter_turns_{one}") for one in ("one", "many")}, texts)
    fields += _select("chars", view.chars, lengths, texts)
    for name, day in (("since", view.since), ("until", view.until)):
        label = plain(texts(f"filter_{name}"))
        fields += f'<label>{label}<input type="date" name="{name}" value="{escape(day)}"></label>'
    for name, is_on in (("mine", view.is_mine), ("decisive", view.is_decisive), ("same", view.is_same)):
        fields += _box(name, is_on, texts)
    return fields


def _select(name: str, value: str, options: dict[str, str], texts: Messages, *, has_any: bool = True) -> str:
    """Return a choice of one of the options, and of the present value if it is none of them."""
    listed = ({"": texts("filter_any")} if has_any else {}) | options
    listed.setdefault(value, value)
    shown = "".join(
        f'<option value="{escape(one)}"{" selected" if one == value else ""}>{plain(text)}</option>'
        for one, text in listed.items()
    )
    return f'<label>{plain(texts(f"filter_{name}"))}<select name="{name}">{shown}</select></label>'


def _sort(view: View, texts: Messages) -> str:
    """Return the choice of the order, which a phone has only here."""
    names = {one: name_of(one, texts, _NO_LEVEL) for one in COLUMNS}
    names[""] = names.pop("rating")
    names |= {view.sort: name_of(view.sort, texts, _NO_LEVEL)} if view.sort else {}
    order = f'<input type="hidden" name="order" value="{view.order}">' if view.order else ""
    options = "".join(
        f'<option value="{escape(one)}"{" selected" if one == view.sort else ""}>{plain(text)}</option>'
        for one, text in names.items()
    )
    arrow = {"asc": "↑", "desc": "↓"}[order_of(view)]
    label = f'<span>{plain(texts("filter_sort"))} <span aria-hidden="true">{arrow}</span></span>'
    return f'<label class="sort">{label}<select name="sort">{options}</select></label>{order}'


def _box(name: str, is_on: bool, texts: Messages) -> str:
    mark = " checked" if is_on else ""
    text = plain(texts(f"filter_{name}"))
    return f'<label class="box"><input type="checkbox" name="{name}" value="1"{mark}> {text}</label>'


def _chosen(view: View, place: Place) -> str:
    """Return the filters that are chosen, each as a link that removes it."""
    texts = place.texts
    items = ""
    for field, text in _in_words(view, texts).items():
        label = escape(texts("filter_remove", filter=text))
        link = view_link(view, place, **{field: View.__dataclass_fields__[field].default})
        items += f'<li><a href="{link}" aria-label="{label}">{plain(text)} <span aria-hidden="true">×</span></a></li>'
    if not items:
        return ""
    reset = f'<li><a class="reset" href="{view_link(View(sort=view.sort, order=view.order), place)}">'
    reset += f"{plain(texts('filter_reset'))}</a></li>"
    return f'<ul id="chosen" aria-label="{escape(texts("filter_chosen"))}">{items}{reset}</ul>'


def _in_words(view: View, texts: Messages) -> dict[str, str]:
    """Return what is chosen, by field of the view."""
    words = {}
    for field, name in (
        ("is_mine", "mine"),
        ("is_decisive", "decisive"),
        ("is_same", "same"),
        ("has_style", "style"),
    ):
        if getattr(view, field):
            words[field] = texts(f"filter_{name}")
    if view.kind != "battle":
        words["kind"] = texts(f"filter_kind_{view.kind}")
    if view.turns:
        words["turns"] = texts(f"filter_turns_{view.turns}")
    if view.chars:
        key = f"filter_chars_{view.chars}"
        words["chars"] = texts(key) if texts.has(key) else texts("filter_chars_other", range=view.chars)
    language = texts(f"language_{view.language}") if texts.has(f"language_{view.language}") else view.language
    named = {"language": language, "tag": view.tag, "since": view.since, "until": view.until, "find": view.find}
    for field, text in named.items():
        if text:
            words[field] = f"{texts(f'filter_{field}')}: {text}"
    return words
