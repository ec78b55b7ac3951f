"""How a bug is planted in the core: the only place that breaks it on purpose, to see that the tests notice.

A mutant is a small edit of a module's text. While it is planted, the code of every function and method of that module
is the edited one, in place: whoever imported the module, a name of it or an instance of its classes runs the bug.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FunctionType, ModuleType


class Catcher(StrEnum):
    """A test that notices bugs."""

    MACHINE = "machine"
    TABLE = "table"
    DELIVERY = "delivery"


BOTH = (Catcher.TABLE, Catcher.MACHINE)
# The machine meets it too, but in few of its stories, so that the draw would decide whether it notices.
BY_TABLE = (Catcher.TABLE,)
BY_MACHINE = (Catcher.MACHINE,)
BY_DELIVERY = (Catcher.DELIVERY,)


@dataclass(frozen=True)
class Mutant:
    """A bug: `old` becomes `new`, wherever it stands in the module, and each of `caught_by` has to notice."""

    name: str
    module: str
    old: str
    new: str
    caught_by: tuple[Catcher, ...] = BOTH


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The module with the bug in it, for as long as the block runs."""
    module = importlib.import_module(mutant.module)
    text = Path(inspect.getfile(module)).read_text(encoding="utf-8")
    if mutant.old not in text:
        raise LookupError(f"{mutant.name}: {mutant.module} no longer contains {mutant.old!r}")
    twin = ModuleType(mutant.module)
    # Not the module's own file name, so that coverage does not count what a bug runs.
    code = compile(text.replace(mutant.old, mutant.new), f"<{mutant.name}>", "exec")
    # A dataclass looks its module up while it is made.
    sys.modules[mutant.module] = twin
    try:
        exec(code, twin.__dict__)
    finally:
        sys.modules[mutant.module] = module
    pairs = [(real, twins) for name, real in functions(module).items() if (twins := functions(twin).get(name))]
    before = [(real, real.__code__, real.__kwdefaults__) for real, _ in pairs]
    for real, broken in pairs:
        real.__code__, real.__kwdefaults__ = broken.__code__, broken.__kwdefaults__
    try:
        yield
    finally:
        for real, code_before, defaults in before:
            real.__code__, real.__kwdefaults__ = code_before, defaults


def functions(module: ModuleType) -> dict[str, FunctionType]:
    """Every function and method that a module itself defines, by its qualified name."""
    found: dict[str, FunctionType] = {}
    own = [thing for thing in vars(module).values() if getattr(thing, "__module__", None) == module.__name__]
    for thing in own:
        if isinstance(thing, FunctionType):
            found[thing.__qualname__] = thing
        if isinstance(thing, type):
            for member in vars(thing).values():
                function = member.fget if isinstance(member, property) else member
                if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                    found[function.__qualname__] = function
    return found
