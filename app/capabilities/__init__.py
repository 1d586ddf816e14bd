"""What the endpoints and the events ask for: plain functions of plain values, without Flask.

A module has the name of the endpoint module that calls it. `from app.capabilities import NAME` does not
import it yet: the first use does. So a cold start imports the capability that it answers with, and not
all of them. What only one function needs is imported in that function, for the same reason.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


class LateModule(ModuleType):
    """Stands for a module until something in it is used."""

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self.__name__), name)


def __getattr__(name: str) -> ModuleType:
    if name.startswith("__"):
        raise AttributeError(name)
    return LateModule(f"{__name__}.{name}")
