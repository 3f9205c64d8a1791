"""The parts of the official SDK that a server needs.

Importing the package as a whole also imports its client, web clients and servers for sign-in: a third of the memory
of a server that talks over stdin and stdout, and a good part of its start. :func:`lean_import` leaves these out.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

from milepost.errors import WorkerUnavailable

_HOLLOW = ("mcp", "mcp.server", "mcp.server.lowlevel", "mcp.shared")
"""Packages whose ``__init__`` only gathers what their modules define."""

_NEEDED = ("mcp.server.lowlevel.server", "mcp.server.stdio")


def require_sdk() -> None:
    """Check that the SDK is installed.

    Raises:
        WorkerUnavailable: it is not, or it is of another major version.
    """
    if importlib.util.find_spec("mcp") is None or importlib.util.find_spec("mcp_types") is None:
        raise WorkerUnavailable(
            "the MCP server needs the package `mcp`, version 2", remedy="pip install 'milepost[mcp]'"
        )


def lean_import() -> None:
    """Import what a server over stdin and stdout needs of the SDK, and nothing beside it.

    Does nothing when the SDK is imported already, or is laid out otherwise than it was: it is then imported as usual.
    """
    if any(name in sys.modules for name in _HOLLOW):
        return
    before = set(sys.modules)
    try:
        with _deferred_models(), _hollow_packages():
            for name in _NEEDED:
                importlib.import_module(name)
    except Exception:  # whatever differs there, the usual way is open
        for name in [name for name in sys.modules if name not in before and name.partition(".")[0] == "mcp"]:
            del sys.modules[name]


@contextlib.contextmanager
def _deferred_models() -> Iterator[None]:
    """Have the models that are defined meanwhile build their validators with their first use."""
    from pydantic import BaseModel

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


@contextlib.contextmanager
def _hollow_packages() -> Iterator[None]:
    """Let modules of the SDK's packages be imported without their ``__init__``; afterwards that can be imported too."""
    for name in _HOLLOW:
        parent, _, _ = name.rpartition(".")
        places = sys.modules[parent].__path__ if parent else None
        spec = importlib.machinery.PathFinder.find_spec(name, places)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(name)
        module = ModuleType(name)
        module.__path__ = list(spec.submodule_search_locations)
        module.__spec__ = spec
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in _HOLLOW:
            sys.modules.pop(name, None)
