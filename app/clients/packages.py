"""Imports a package that may not be installed, when it is first needed."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingPackage(Exception):  # noqa: N818 - says what happened
    """An optional package is not there; the message names it and how to install it."""

    def __init__(self, package: str, problem: str = "is not installed") -> None:
        super().__init__(f"the package {package} {problem}; pip install -r requirements-drivers.txt")
        self.package = package


def import_package(module: str, package: str) -> ModuleType:
    """The module of this package; raises MissingPackage where the package, or a library of it, is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module that is missing inside an installed package is another problem, and is shown as it is.
        if error.name and module.split(".")[0] == error.name.split(".")[0]:
            raise MissingPackage(package) from error
        raise
    except ImportError as error:
        # A library of the system that the package does not bring, such as pyodbc's libodbc.
        raise MissingPackage(package, f"cannot be loaded ({error})") from error
