"""The house is a tower: app -> arena -> elo -> db, and inference stands apart.

"Reaches" means over the transitive closure of imports, those inside functions included; importing `a.b.c` also
runs `a` and `a.b`. Imports for the type checker alone count too: a name that only mypy needs is still knowledge
of another floor.
"""

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("arena", "db", "elo", "inference")

Graph = dict[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.AST, module: str, *, is_package: bool) -> Iterator[str]:
    """Every dotted name that an import statement in the tree may load, relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = module.split(".")[: None if is_package and node.level == 1 else -(node.level - is_package)]
                base = ".".join([*anchor, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_graph(root: Path, packages: Iterable[str] = PACKAGES, *, with_parents: bool = True) -> Graph:
    """module -> what it imports: ours by full name, foreign ones by their top name.

    With parents, the packages above an imported module count too, since importing it runs them.
    """
    files = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    if (root / "app.py").exists():
        files.append(root / "app.py")
    paths = {module_name(path, root): path for path in files}
    graph: Graph = {}
    for module, path in paths.items():
        reached: set[str] = set()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name in imported_names(tree, module, is_package=path.name == "__init__.py"):
            parts = name.split(".")
            if parts[0] not in packages:
                reached.add(parts[0])
                continue
            prefixes = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
            ours = [prefix for prefix in prefixes if prefix in paths]
            reached.update(ours if with_parents else ours[-1:])
        graph[module] = reached - {module}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """Every group of modules that reach each other, sorted; each module's own group is left out."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, front = set[str](), [start]
        while front:
            new = graph.get(front.pop(), set()) - seen
            seen |= new
            front.extend(new)
        reached[start] = seen
    groups = {frozenset(other for other in reached[name] if name in reached.get(other, ())) for name in graph}
    return sorted(sorted(group) for group in groups if group)


def by_folder(graph: Graph, parent: str) -> Graph:
    """The parts of one package (files and folders beside each other) and what each imports of the others."""
    depth = parent.count(".") + 1
    parts: Graph = {}
    for module, names in graph.items():
        if not module.startswith(parent + "."):
            continue
        part = module.split(".")[depth]
        others = {name.split(".")[depth] for name in names if name.startswith(parent + ".")}
        parts.setdefault(part, set()).update(others - {part})
    return parts


def path_to(graph: Graph, start: str, forbidden: Iterable[str], *, allowed: Iterable[str] = ()) -> list[str] | None:
    """The shortest chain of imports from `start` to a forbidden module or anything below it, or None."""
    forbidden, allowed = tuple(forbidden), set(allowed)
    seen, front = {start}, [[start]]
    while front:
        chain = front.pop(0)
        for name in sorted(graph.get(chain[-1], ())):
            if name in seen or name in allowed:
                continue
            if any(name == bad or name.startswith(bad + ".") for bad in forbidden):
                return [*chain, name]
            seen.add(name)
            front.append([*chain, name])
    return None


GRAPH = import_graph(ROOT)
EXACT = import_graph(ROOT, with_parents=False)

PYARROW = ("elo.frames", *(module for module in GRAPH if module.startswith("elo.votes.files.")))
# (which modules, except which, what they never reach, what is let through all the same)
REACHES = [
    ("inference*", (), ("arena", "elo", "db", "gradio", "sqlalchemy"), ()),
    ("inference.text*", (), ("torch",), ()),
    ("inference.engine.request", (), ("torch",), ()),
    ("inference.engine.scheduler", (), ("torch",), ()),
    ("inference.model.config", (), ("torch",), ()),
    ("inference.model.checkpoint.files", (), ("torch",), ()),
    ("inference.model.checkpoint.shape*", (), ("torch",), ()),
    ("db*", (), ("arena", "elo", "inference", "gradio", "torch"), ()),
    ("elo*", ("elo.__main__", "elo.commands*"), ("sqlalchemy", "db"), ("db", "db.outcome", "db.side_sums", "db.style")),
    ("elo*", (), ("arena", "inference", "gradio", "torch"), ()),
    ("elo*", ("elo.board.plots",), ("matplotlib",), ("elo.board.plots",)),
    ("elo*", ("elo.votes.files*", "elo.frames"), ("pyarrow",), PYARROW),
    ("arena*", (), ("torch", "inference"), ()),
    ("arena*", ("arena.ui*",), ("gradio",), ()),
]


@pytest.mark.parametrize(("which", "except_", "never", "allowed"), REACHES, ids=lambda value: str(value))
def test_modules_never_reach_what_stands_above_or_apart(
    which: str, except_: tuple[str, ...], never: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    chains = [
        chain
        for module in GRAPH
        if fnmatchcase(module, which) and not any(fnmatchcase(module, exempt) for exempt in except_)
        if (chain := path_to(GRAPH, module, never, allowed=allowed))
    ]
    assert not chains, "\n".join(" -> ".join(chain) for chain in chains)


FLOORS = (
    ("__main__",),
    ("commands",),
    ("ui", "web"),
    ("service",),
    ("standings",),
    ("rounds", "rules"),
    ("players",),
    ("settings", "metrics", "data_folder", "threads", "decks", "crowd"),
    ("one_line",),
)
FLOOR_OF = {part: height for height, parts in enumerate(reversed(FLOORS)) for part in parts}


def test_inside_arena_a_module_imports_only_from_the_floors_below() -> None:
    wrong = []
    for module, names in GRAPH.items():
        if not module.startswith("arena.") or (part := module.split(".")[1]) not in FLOOR_OF:
            continue
        for name in names:
            other = name.split(".")[1] if name.startswith("arena.") else part
            if other != part and FLOOR_OF.get(other, 99) >= FLOOR_OF[part]:
                wrong.append(f"{module} imports {name}")
    assert not wrong, "\n".join(sorted(wrong))


ELO_FLOORS = (
    ("__main__",),
    ("commands",),
    ("commands",),
    ("library",),
    ("notebook", "reading"),
    ("simulate", "frames"),
    ("quality",),
    ("board",),
    ("estimate", "online"),
    ("chance",),
    ("fit",),
    ("votes",),
    ("settings", "battles"),
    ("columns",),
)
ELO_FLOOR_OF = {part: height for height, parts in enumerate(reversed(ELO_FLOORS)) for part in parts}


def test_inside_elo_a_folder_imports_only_the_folders_below() -> None:
    wrong = []
    for module, names in GRAPH.items():
        if not module.startswith("elo."):
            continue
        part = module.split(".")[1]
        for name in names:
            other = name.split(".")[1] if name.startswith("elo.") else part
            if other != part and ELO_FLOOR_OF[other] >= ELO_FLOOR_OF[part]:
                wrong.append(f"{module} imports {name}")
    assert not wrong, "\n".join(sorted(wrong))


def test_the_service_alone_calls_ledger_and_identity() -> None:
    callers = {
        module
        for module, names in GRAPH.items()
        if names & {"arena.rules.ledger", "arena.rules.identity"} and not module.startswith("arena.rules")
    }
    assert callers
    assert all(module.startswith("arena.service") for module in callers), callers


def test_every_part_of_arena_has_a_floor() -> None:
    parts = {module.split(".")[1] for module in GRAPH if module.startswith("arena.")}
    assert parts <= FLOOR_OF.keys()


def test_pages_import_no_database_but_the_outcomes() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, names in GRAPH.items()
        if module.startswith("arena.ui")
        for name in names
        if name == "sqlalchemy" or (name.startswith("db.") and name != "db.outcome")
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_elo_imports_data_frames_only_inside_functions() -> None:
    """`import elo` stays quick and needs none of them; a function that is given a frame finds its library loaded."""
    frames = {"pandas", "polars", "pyarrow"}
    wrong = []
    for path in sorted((ROOT / "elo").rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        module = ast.Module([node for node in body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        names = imported_names(module, module_name(path, ROOT), is_package=path.name == "__init__.py")
        wrong += [f"{path.relative_to(ROOT)}: {name}" for name in names if name.split(".")[0] in frames]
    assert not wrong, wrong


def test_only_app_and_main_files_read_the_command_line_or_the_environment() -> None:
    """native.library reads ATEN_CPU_CAPABILITY, torch's own variable, which torch also reads when it is loaded."""
    wrong = []
    for module in GRAPH:
        if module in ("app", "inference.model.native.library") or module.endswith("__main__"):
            continue
        path = ROOT.joinpath(*module.split("."))
        source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            if (node.value.id, node.attr) in {("sys", "argv"), ("os", "environ"), ("os", "getenv")}:
                wrong.append(f"{module}:{node.lineno}")
    assert not wrong, wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = circles(EXACT) + circles(import_graph(ROOT, ("bench",), with_parents=False))
    assert not found, "\n".join(" <-> ".join(group) for group in found)


def test_no_folders_beside_each_other_import_each_other_in_a_circle() -> None:
    packages = {name.rpartition(".")[0] for name in EXACT if "." in name}
    found = {parent: groups for parent in sorted(packages) if (groups := circles(by_folder(EXACT, parent)))}
    assert not found, found


def test_the_checker_sees_function_level_relative_and_package_imports(tmp_path: Path) -> None:
    files = {
        "db/__init__.py": "",
        "db/deep/__init__.py": "from . import low",
        "db/deep/low.py": "from ..other import thing",
        "db/other.py": "def thing():\n    import torch.nn",
        "elo/__init__.py": "from db.deep.low import thing",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    graph = import_graph(tmp_path, ("db", "elo"))
    assert graph["db.deep.low"] == {"db", "db.other"}
    assert path_to(graph, "elo", ["torch"]) == ["elo", "db.deep.low", "db.other", "torch"]
    assert path_to(graph, "elo", ["gradio"]) is None


def test_the_checker_finds_circles_through_functions_the_type_checker_and_folders(tmp_path: Path) -> None:
    files = {
        "db/__init__.py": "from db.first import one",
        "db/first.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from db.second import two",
        "db/second.py": "def two():\n    from db import first",
        "db/left/__init__.py": "",
        "db/left/a.py": "from db.right.b import x",
        "db/left/c.py": "",
        "db/right/__init__.py": "",
        "db/right/b.py": "",
        "db/right/d.py": "from db.left import c",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    graph = import_graph(tmp_path, ("db",), with_parents=False)
    assert circles(graph) == [["db.first", "db.second"]]
    assert circles(by_folder(graph, "db")) == [["first", "second"], ["left", "right"]]
