"""A target: the machine classes or services that MODULE:NAME or path/to/file.py:NAME means."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from fsm.command.failure import Failure, Misuse, where_of
from fsm.errors import FsmError
from fsm.machine import StateMachine
from fsm.schedule import Schedule

MachineClass = type[StateMachine[Any, Any, Any]]
SERVICES = "name a dict such as {Payments: StripePayments()}, or a function that returns one"
SCHEDULES = "name a list such as [Schedule('nightly', cron='0 2 * * *', start=Report)]"


def machines_of(target: str) -> list[MachineClass]:
    """The machine classes a target names: one after the colon, without a colon all that the module defines.

    Raises Misuse for what does not exist, Failure when the module cannot be imported, DefinitionError.
    """
    module, name = load(target)
    if name:
        found = pick(module, name, target)
        if not is_machine(found):
            raise Misuse(
                f"{name} in {module.__name__} is a {type(found).__name__}, not a machine class",
                where=target,
                fix=f"name one of: {', '.join(names_of(module)) or 'a class that extends fsm.StateMachine'}",
            )
        return [found]
    machines = [getattr(module, n) for n in names_of(module)]
    if not machines:
        raise Misuse(
            f"no machine class in {module.__name__}", where=target, fix="write one: class Order(StateMachine): …"
        )
    return machines


def machine_of(target: str) -> MachineClass:
    """The one machine class that a target names."""
    found = machines_of(target)
    if len(found) > 1:
        raise Misuse(
            f"{target} has {len(found)} machine classes",
            where=target,
            fix=f"add one of: {', '.join(':' + m.__name__ for m in found)}",
        )
    return found[0]


def services_of(target: str) -> Mapping[Any, Any]:
    """The services that a target names: a mapping, or a callable without arguments that gives one."""
    module, name = load(target)
    found = pick(module, name or "services", f"--services {target}", SERVICES)
    if callable(found) and not isinstance(found, Mapping):
        found = found()
    if not isinstance(found, Mapping):
        raise Misuse(
            f"{name or 'services'} in {module.__name__} is no mapping of services",
            where=f"--services {target}",
            why=f"it is a {type(found).__name__}",
            fix=SERVICES,
        )
    return found


def schedules_of(target: str) -> list[Schedule]:
    """The schedules that a target names: one, or several in a list or tuple. Raises Misuse."""
    module, name = load(target)
    found = pick(module, name or "schedules", f"--schedules {target}", SCHEDULES)
    schedules = [found] if isinstance(found, Schedule) else list(found) if isinstance(found, list | tuple) else []
    if not schedules or not all(isinstance(one, Schedule) for one in schedules):
        raise Misuse(
            f"{name or 'schedules'} in {module.__name__} is no list of schedules",
            where=f"--schedules {target}",
            fix=SCHEDULES,
        )
    return schedules


def load(target: str) -> tuple[ModuleType, str]:
    """Import the module of a target; with it the name after the colon, empty when there is none."""
    place, colon, name = target.rpartition(":")
    if not colon or "/" in name or "\\" in name:
        place, name = target, ""
    if not place:
        raise Misuse(f"{target!r} names no module", fix="write MODULE:Class or path/to/file.py:Class")
    if place.endswith(".py") or "/" in place or os.sep in place:
        return load_file(Path(place), target), name
    if sys.path[:1] not in ([""], [os.getcwd()]):
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(place), name
    except ModuleNotFoundError as problem:
        if problem.name and (place == problem.name or place.startswith(problem.name + ".")):
            raise Misuse(
                f"no module {place!r}",
                where=target,
                why=f"Python looked in {os.getcwd()} and in the installed packages",
                fix="change to the folder that holds it, or write path/to/file.py:Class",
            ) from problem
        raise broken(target, problem) from problem
    except FsmError:
        raise
    except Exception as problem:
        raise broken(target, problem) from problem


def load_file(path: Path, target: str) -> ModuleType:
    """Import a file as a module of its own name; once, for its classes are compared with those that others import."""
    if not path.is_file():
        raise Misuse(f"no file {path}", where=target, why=f"the working directory is {os.getcwd()}")
    before = sys.modules.get(path.stem)
    if before is not None and getattr(before, "__file__", None) == str(path.absolute()):
        return before
    spec = importlib.util.spec_from_file_location(path.stem, path.absolute())
    if spec is None or spec.loader is None:
        raise Misuse(f"{path} is not a Python file", where=target, fix="write path/to/file.py:Class")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent.absolute()))
    try:
        spec.loader.exec_module(module)
    except BaseException as problem:
        if before is None:
            del sys.modules[path.stem]
        else:
            sys.modules[path.stem] = before
        if isinstance(problem, FsmError) or not isinstance(problem, Exception):
            raise
        raise broken(target, problem) from problem
    return module


def broken(target: str, problem: Exception) -> Failure:
    """The failure of a module that raises while it is imported."""
    return Failure(
        f"{target} cannot be imported: {type(problem).__name__}: {problem}",
        where=where_of(problem),
        fix="mend that line, then try again; --traceback shows every line of it",
    )


def pick(module: ModuleType, name: str, target: str, wanted: str = "") -> Any:
    """A name of a module, dotted for nested ones; what is wanted is a machine unless it says so. Raises Misuse."""
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = _values_of(module) if wanted else names_of(module)
            near = difflib.get_close_matches(name, known, 1)
            fix = f"did you mean {near[0]}?" if near else wanted or f"machines there: {', '.join(known) or 'none'}"
            raise Misuse(f"no {name!r} in {module.__name__}", where=target, fix=fix)
        found = getattr(found, part)
    return found


def names_of(module: ModuleType) -> list[str]:
    """The machine classes that a module defines itself, in the order of its lines."""
    return [n for n, v in vars(module).items() if is_machine(v) and v.__module__ == module.__name__]


def _values_of(module: ModuleType) -> list[str]:
    """What a module has of its own that is no class."""
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", module.__name__) == module.__name__]
    return [n for n in own if not isinstance(vars(module)[n], type)]


def is_machine(value: object) -> bool:
    """Whether something is a machine class with a chart."""
    return isinstance(value, type) and issubclass(value, StateMachine) and "__chart__" in vars(value)
