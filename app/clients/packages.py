"""Imports a package that may not be installed, when it is first needed."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingPackage(Exception):  # noqa: N818 - says what happened
    """An optional package is not installed; the message names it and how to install it."""

    def __init__(self, package: str) -> None:
        super().__init__(f"the package {package} is not installed; pip install -r requirements-drivers.txt")
        self.package = package


def import_package(module: str, package: str) -> ModuleType:
    """The module; raises MissingPackage where `package`, which has it, is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module that is missing inside an installed package is another problem, and is shown as it is.
        if error.name and module.split(".")[0] == error.name.split(".")[0]:
            raise MissingPackage(package) from error
        raise
