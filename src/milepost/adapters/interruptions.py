"""SIGINT and SIGTERM, as calls in the running loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interruptions(handle: Callable[[signal.Signals], object]) -> Iterator[None]:
    """Have each SIGINT and SIGTERM call ``handle``, until the end. Threads but the main one get no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, handle, number)
            stack.callback(loop.remove_signal_handler, number)
        yield
