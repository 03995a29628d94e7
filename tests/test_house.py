"""The style of the house, executed: every rule is a test, and what still breaks one stands in a list that only shrinks.

A rule broken anew fails its test; so does a listed exception that is no longer needed, until it is taken off the list.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("fsm", "persistence", "visualize")
FRONT_DOORS = MappingProxyType(
    {
        "fsm": 30,
        "persistence": 8,
        "visualize": 6,
        "fsm.adapters": 15,
        "fsm.decision": 8,
        "fsm.engines": 4,
        "fsm.people": 8,
        "fsm.saga": 4,
        "fsm.schedule": 2,
        "fsm.service": 8,
        "fsm.talking": 8,
        "fsm.testing": 8,
    }
)
"""The most names that each front door may export."""

FILE_LINES_MAX, FILE_LINES_MEDIAN = 400, 150
FUNCTION_LINES_MAX, FUNCTION_LINES_P95 = 60, 35
CLASS_LINES_MAX, CLASS_METHODS_MAX = 200, 15

# ---- what still breaks a rule: take names out, never put one in

LONG_FILES: Mapping[str, int] = MappingProxyType({})
LONG_FUNCTIONS: Mapping[str, int] = MappingProxyType({})
LONG_CLASSES: Mapping[str, int] = MappingProxyType(
    {
        "fsm/runtime/keeper.py:Keeper": 357,
    }
)
WIDE_CLASSES: Mapping[str, int] = MappingProxyType(
    {
        "fsm/demo/order.py:Order": 16,
    }
)
MUTABLE_NAMES = frozenset(
    {
        "fsm/chart/delay.py: _UNITS",
        "fsm/command/screen.py: COLORS",
        "fsm/demo/view.py: PLACES",
        "visualize/pdf.py: SIGNS",
        "visualize/text.py: MARKS",
    }
)
BANNED_CLASSES = frozenset(
    {
        "fsm/chart/action.py:Handler",
        "fsm/chart/chart.py:Handler",
        "fsm/demo/order.py:OrderData",
    }
)
LATE_IMPORTERS = frozenset(
    {
        "fsm/__init__.py",
        "fsm/cli.py",
        "fsm/command/looking.py",
        "fsm/command/target.py",
        "fsm/command/working.py",
        "fsm/machine.py",
        "persistence/__init__.py",
        "persistence/bodies.py",
    }
)
"""Modules that import when they are asked, and say why; fsm/machine.py hands other dialects to fsm.interop, which
stands above it and would make `import fsm` slow, and rehearsals to fsm.testing."""
TYPE_CHECKING_IMPORTS = frozenset(
    {
        "fsm/__init__.py: fsm.runtime.instance",
        "fsm/__init__.py: fsm.runtime.orchestrator",
        "fsm/core/plan.py: fsm.core.configuration",
        "fsm/machine.py: fsm.core.calendar",
        "fsm/machine.py: fsm.core.snapshot",
        "fsm/machine.py: fsm.testing.rehearsal",
        "persistence/__init__.py: persistence.memory",
        "persistence/__init__.py: persistence.sealing",
        "persistence/__init__.py: persistence.sql",
        "persistence/bodies.py: persistence.claims",
        "persistence/bodies.py: persistence.queries",
        "persistence/bodies.py: persistence.retention",
        "persistence/bodies.py: persistence.schedules",
        "persistence/bodies.py: persistence.turns",
    }
)
UNDOCUMENTED = frozenset(
    {
        "fsm/testing/scripted.py:Private.ask",
        "fsm/testing/scripted.py:Private.gather",
        "fsm/testing/scripted.py:Private.id",
        "fsm/testing/scripted.py:Private.now",
        "fsm/testing/scripted.py:Private.raise_",
        "fsm/testing/scripted.py:Private.random",
        "fsm/testing/scripted.py:Private.send",
        "fsm/testing/scripted.py:Private.spawn",
        "fsm/testing/scripted.py:Private.uuid",
    }
)
UNTESTED = frozenset(
    {
        "fsm/chart/context.py",
        "fsm/chart/draft.py",
        "fsm/chart/invoke.py",
        "fsm/command/check.py",
        "fsm/command/failure.py",
        "fsm/command/reading.py",
        "fsm/command/screen.py",
        "fsm/command/target.py",
        "fsm/command/tell.py",
        "fsm/core/codec.py",
        "fsm/core/domain.py",
        "fsm/core/effect.py",
        "fsm/core/plan.py",
        "fsm/core/snapshot.py",
        "fsm/core/step.py",
        "fsm/core/table.py",
        "fsm/demo/evidence.py",
        "fsm/demo/ledger.py",
        "fsm/demo/life.py",
        "fsm/demo/order.py",
        "fsm/demo/script.py",
        "fsm/demo/services.py",
        "fsm/demo/stage.py",
        "fsm/demo/verdict.py",
        "fsm/demo/view.py",
        "fsm/demo/worker.py",
        "fsm/demo/world.py",
        "fsm/limits.py",
        "fsm/ports/store.py",
        "fsm/testing/agenda.py",
        "persistence/checkpoints.py",
        "persistence/migrations/v01.py",
        "persistence/pace.py",
        "persistence/queries.py",
        "persistence/resolution.py",
        "persistence/rows.py",
        "persistence/statements.py",
        "persistence/thread.py",
        "persistence/turns.py",
        "persistence/url.py",
        "visualize/anchors.py",
        "visualize/drawing.py",
        "visualize/engine.py",
        "visualize/flow.py",
        "visualize/labels.py",
        "visualize/pdf.py",
        "visualize/picture.py",
        "visualize/strokes.py",
        "visualize/svg.py",
        "visualize/theme.py",
    }
)

# ---- reading the code


@cache
def code() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def all_python() -> list[Path]:
    folders = (*PACKAGES, "tests", "examples", "benchmarks")
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(path: Path) -> Iterator[tuple[str, Definition]]:
    """Every function and class with its dotted name inside the module."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Definition):
                name = f"{prefix}{child.name}"
                yield name, child
                yield from walk(child, f"{name}.")
            else:
                yield from walk(child, prefix)

    yield from walk(parsed(path), "")


def lines_of(node: Definition) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def functions() -> dict[str, int]:
    return {
        f"{short(path)}:{name}": lines_of(node)
        for path in code()
        for name, node in definitions(path)
        if not isinstance(node, ast.ClassDef)
    }


def classes() -> dict[str, ast.ClassDef]:
    return {
        f"{short(path)}:{name}": node
        for path in code()
        for name, node in definitions(path)
        if isinstance(node, ast.ClassDef)
    }


def obey(found: Iterable[str], listed: frozenset[str], fix: str) -> None:
    """Compare the exceptions found with those that are listed."""
    broken = set(found)
    new, gone = sorted(broken - listed), sorted(listed - broken)
    assert not new, f"{fix}:\n  " + "\n  ".join(new)
    assert not gone, "Well done; now take off the list in tests/test_house.py:\n  " + "\n  ".join(gone)


def obey_size(sizes: Mapping[str, int], bound: int, listed: Mapping[str, int], what: str) -> None:
    """Compare sizes with their bound; a listed one may not grow."""
    obey((n for n, size in sizes.items() if size > bound), frozenset(listed), f"{what} (at most {bound}); split")
    grown = [f"{n}: {sizes[n]}, was {was}" for n, was in listed.items() if sizes[n] > was]
    assert not grown, f"{what}, and growing:\n  " + "\n  ".join(grown)


# ---- sizes


def test_no_file_is_long() -> None:
    sizes = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in code()}
    obey_size(sizes, FILE_LINES_MAX, LONG_FILES, "Long files")
    assert statistics.median(sizes.values()) <= FILE_LINES_MEDIAN


def test_no_function_is_long() -> None:
    sizes = functions()
    obey_size(sizes, FUNCTION_LINES_MAX, LONG_FUNCTIONS, "Long functions")
    assert sorted(sizes.values())[int(len(sizes) * 0.95)] <= FUNCTION_LINES_P95


def test_no_class_is_large() -> None:
    obey_size({n: lines_of(node) for n, node in classes().items()}, CLASS_LINES_MAX, LONG_CLASSES, "Long classes")
    methods = {
        name: len({m.name for m in node.body if isinstance(m, Definition) and not m.name.startswith("_")})
        for name, node in classes().items()
        if not _extends(node, "Protocol")
    }
    obey_size(methods, CLASS_METHODS_MAX, WIDE_CLASSES, "Classes with many public methods")


# ---- names


def test_modules_are_named_after_what_they_hold() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "base", "types", "models", "misc", "core_utils"}
    obey((short(p) for p in all_python() if p.stem in banned), frozenset(), "Name the module after its concept")


def test_classes_are_named_after_what_they_are() -> None:
    empty = re.compile(r"(Manager|Handler|Helper|Base|Utils?|Info|Data|Mixin|Impl)$")
    obey((n for n in classes() if empty.search(n)), BANNED_CLASSES, "Say what the class is; that suffix says nothing")


def test_one_word_stands_for_one_idea() -> None:
    """The synonyms that docs/glossary.md rejects do not appear in names."""
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rejected = {word for line in re.findall(r"^Not: (.+)\.$", glossary, re.MULTILINE) for word in line.split(", ")}
    assert rejected, "docs/glossary.md names no rejected words"
    names = [f"{short(path)}:{name}" for path in code() for name, _ in definitions(path)]
    words = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
    hits = (n for n in names if rejected & {w.lower() for w in words.findall(n.rpartition(":")[2].rpartition(".")[2])})
    obey(hits, frozenset(), "Use the word of docs/glossary.md")


# ---- front doors


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_front_door_lists_its_names(door: str) -> None:
    module = importlib.import_module(door)
    names = list(getattr(module, "__all__", ()))
    assert names == sorted(set(names)), f"sort {door}.__all__"
    assert len(names) <= FRONT_DOORS[door]
    assert not [n for n in names if not hasattr(module, n)], f"{door}.__all__ names what is not there"


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_every_public_name_says_what_it_is(door: str) -> None:
    module = importlib.import_module(door)
    public = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    own = {n: vars(v).get("__doc__") if isinstance(v, type) else v.__doc__ for n, v in public.items()}
    silent = [n for n, text in own.items() if not (text or "").strip()]
    assert not silent, f"write a docstring for {', '.join(silent)}"


def test_all_public_code_has_docstrings() -> None:
    obey(sorted(set(_silent())), UNDOCUMENTED, "Write a docstring")


def _silent() -> Iterator[str]:
    for path in code():
        if not ast.get_docstring(parsed(path)):
            yield short(path)
        protocols = {n for n, d in definitions(path) if isinstance(d, ast.ClassDef) and _extends(d, "Protocol")}
        parents = dict(definitions(path))
        machines = {n for n, d in parents.items() if isinstance(d, ast.ClassDef) and _extends(d, "StateMachine")}
        for name, node in parents.items():
            owner = name.rpartition(".")[0]
            if any(name.startswith(f"{machine}.") for machine in machines):
                continue  # states and handlers of a machine are a workflow, not an interface
            inner = owner and not isinstance(parents[owner], ast.ClassDef)
            private = any(part.startswith("_") for part in name.split("."))
            overload = any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)
            if not (inner or private or overload or owner in protocols or ast.get_docstring(node)):
                yield f"{short(path)}:{name}"


def _extends(node: ast.ClassDef, base: str) -> bool:
    return any(ast.unparse(b).partition("[")[0] == base for b in node.bases)


@pytest.mark.parametrize("name", [module_name(path) for path in code()])
def test_docstring_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert not result.failed, f"{result.failed} of {result.attempted} examples of {name} fail; see the output"


# ---- imports


@cache
def _known() -> frozenset[str]:
    return frozenset(module_name(p) for p in code())


def _imports(node: ast.AST, path: Path) -> list[str]:
    """The first-party modules that an import statement loads."""
    known = _known()
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, f"{short(path)}:{node.lineno}: relative import; write the whole name"
        names = [
            f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in known else str(node.module) for a in node.names
        ]
    else:
        names = []
    return [n for n in dict.fromkeys(names) if n.partition(".")[0] in PACKAGES]


@cache
def _for_types_only(path: Path) -> frozenset[ast.AST]:
    blocks = (n for n in ast.walk(parsed(path)) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test))
    return frozenset(inner for block in blocks for inner in ast.walk(block))


def test_modules_import_each_other_without_cycles() -> None:
    graph = {
        module_name(path): [
            n for node in ast.walk(parsed(path)) if node not in _for_types_only(path) for n in _imports(node, path)
        ]
        for path in code()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(f"imports in a circle: {' <- '.join(cycle.args[1])}")


def test_types_do_not_need_imports_that_must_not_run() -> None:
    found = {f"{short(path)}: {n}" for path in code() for node in _for_types_only(path) for n in _imports(node, path)}
    obey(found, TYPE_CHECKING_IMPORTS, "Move the type down a floor instead of importing it under TYPE_CHECKING")


def test_imports_stand_at_the_top() -> None:
    found: set[str] = set()
    for path in code():
        for _, node in definitions(path):
            calls = (c for c in ast.walk(node) if isinstance(c, ast.Call) and "import_module" in ast.unparse(c.func))
            if any(_imports(inner, path) for inner in ast.walk(node)) or any(a.args for a in calls):
                found.add(short(path))
    obey(found, LATE_IMPORTERS, "Import the project's own modules at the top of the module")


# ---- state, purity, safety


def test_modules_hold_no_mutable_state() -> None:
    obey(set(_mutable()), MUTABLE_NAMES, "Keep state in objects; a constant is a tuple, frozenset or MappingProxyType")


def _mutable() -> Iterator[str]:
    for path in code():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Global):
                yield f"{short(path)}: global {', '.join(node.names)}"
        for statement in parsed(path).body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                name = ast.unparse(targets[0])
                if name != "__all__" and _is_mutable(statement.value):
                    yield f"{short(path)}: {name}"


def _is_mutable(value: ast.expr) -> bool:
    made = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict", "WeakValueDictionary"}
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in made
        case ast.Tuple(elts=elements):
            return any(_is_mutable(e) for e in elements)
        case _:
            return False


def test_chart_and_core_are_pure() -> None:
    obey(set(_impure()), frozenset(), "Pass time, ids, chance and data in")


def _impure() -> Iterator[str]:
    allowed = {"random.Random", "uuid.UUID", "datetime.fromtimestamp", "datetime.fromisoformat"}
    calls = {"open", "print", "input", "uuid1", "uuid4", "perf_counter", "monotonic"}
    for path in code():
        if short(path).split("/")[:2] not in (["fsm", "chart"], ["fsm", "core"]):
            continue
        for node in ast.walk(parsed(path)):
            where = f"{short(path)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                roots = [a.name for a in node.names] if isinstance(node, ast.Import) else [str(node.module)]
                if isinstance(node, ast.ImportFrom) and node.module in ("random", "uuid"):
                    yield from (f"{where} {a.name}" for a in node.names if f"{node.module}.{a.name}" not in allowed)
                yield from (f"{where} {r}" for r in roots if r.partition(".")[0] in ("os", "time", "io", "secrets"))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = f"{node.value.id}.{node.attr}"
                if node.value.id in ("random", "uuid", "time", "os", "datetime", "date") and name not in allowed:
                    yield f"{where} {name}"
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                yield f"{where} {node.func.id}()"


def test_nothing_runs_text_as_code() -> None:
    obey(set(_dangerous()), frozenset(), "Text and bytes from outside are data")


def _dangerous() -> Iterator[str]:
    for path in code():
        for node in ast.walk(parsed(path)):
            where = f"{short(path)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("eval", "exec", "compile", "__import__"):
                    yield f"{where} {node.func.id}"
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [str(node.module)]
                yield from (f"{where} {n}" for n in names if n in ("pickle", "marshal", "shelve", "dill"))


# ---- comments


def test_silenced_checkers_say_which_check() -> None:
    bare = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:)|pyright:\s*ignore(?!\[)|mypy:\s*ignore-errors)")
    obey(_matches(bare), frozenset(), "Name the check that is silenced, in brackets")


def test_nothing_is_left_to_do() -> None:
    obey(_matches(re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")), frozenset(), "Do it, or write an issue")


def _matches(pattern: re.Pattern[str]) -> set[str]:
    texts = ((path, path.read_text(encoding="utf-8").splitlines()) for path in all_python())
    return {f"{short(p)}:{n}" for p, lines in texts for n, line in enumerate(lines, 1) if pattern.search(line)}


# ---- tests


def test_tests_mirror_the_code() -> None:
    mirrors = {
        short(path): ROOT / "tests" / path.relative_to(ROOT).with_name(f"test_{path.stem}.py")
        for path in code()
        if path.stem not in ("__init__", "__main__")
    }
    obey((name for name, test in mirrors.items() if not test.exists()), UNTESTED, "Write the test of its own")
