"""``make fuzz``: search for documents that break the reader, for a bounded time. Crashes become fixtures."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.properties import check
from tests.fuzz.seeds import CRASHES, seeds

_LONGEST = 4096


def main() -> int:
    """Search with atheris, or with random mutations where it is not installed. Exit code 1: something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    if importlib.util.find_spec("atheris"):
        found = _with_atheris(options.seconds, options.seed)
    else:
        print("atheris is not installed here: random mutations instead, guided by nothing")
        found = _with_mutations(options.seconds, options.seed)
    for crash in found:
        print(f"kept as {crash}: `pytest tests/fuzz` fails until it is fixed")
    return 1 if found else 0


def _with_atheris(seconds: int, seed: int) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="milepost-fuzz-") as folder:
        corpus = Path(folder, "corpus")
        crashes = Path(folder, "crashes")
        corpus.mkdir()
        crashes.mkdir()
        for place, raw in enumerate(seeds()):
            (corpus / f"seed-{place:03}").write_bytes(raw)
        command = [
            sys.executable, "-m", "tests.fuzz.fuzz_reading", str(corpus), f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}", "-timeout=20", "-rss_limit_mb=1024", f"-seed={seed % 2**31 or 1}",
            f"-artifact_prefix={crashes}/", "-print_final_stats=1", "-verbosity=1",
        ]  # fmt: skip
        code = subprocess.run(command, check=False).returncode
        # Slow units are measured by the clock: on a busy machine they say nothing.
        found = [_keep(one.read_bytes()) for one in sorted(crashes.iterdir()) if not one.name.startswith("slow-unit")]
        if code and not found:
            sys.exit(f"atheris ended with {code} and left no document behind")
        return found


def _with_mutations(seconds: int, seed: int) -> list[Path]:
    chance = random.Random(seed)
    pool = list(seeds())
    lines = sorted({line for raw in pool for line in raw.splitlines(keepends=True)})
    deadline = time.monotonic() + seconds
    runs = 0
    while time.monotonic() < deadline:
        raw = _mutated(chance, pool, lines)
        runs += 1
        try:
            check(raw)
        except Exception as error:
            print(f"after {runs} documents (seed {seed}): {error!r}")
            return [_keep(raw)]
    print(f"{runs} documents, seed {seed}: nothing found")
    return []


def _mutated(chance: random.Random, pool: list[bytes], lines: list[bytes]) -> bytes:
    """A document with some lines or bytes exchanged, doubled or lost."""
    body = chance.choice(pool).splitlines(keepends=True)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(body) + 1)
        body[at : at + chance.choice((0, 0, 1, 3))] = chance.choice(([], [chance.choice(lines)], body[:at][-2:]))
    raw = bytearray(b"".join(body)[:_LONGEST])
    for _ in range(chance.choice((0, 0, 1, 4)) if raw else 0):
        at = chance.randrange(len(raw))
        raw[at : at + 1] = chance.choice(
            (b"", b"\r", b"\n", b"\t", b"`", b"|", b"[", b"*", b"_", b"\xff", b"\xe2\x86\x92")
        )
    return bytes(raw)


def _keep(raw: bytes) -> Path:
    path = CRASHES / f"{hashlib.sha256(raw).hexdigest()[:12]}.bin"
    path.write_bytes(raw)
    return path


if __name__ == "__main__":
    sys.exit(main())
