"""Write the program's README from what the program says and does: `python3 readme.py FOLDER`."""

import subprocess
import sys
from pathlib import Path


def output(folder: Path, *args: str) -> str:
    """What the program prints."""
    return subprocess.run(
        [sys.executable, "-m", "wordcount", *args],
        cwd=folder,
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1", "COLUMNS": "100"},
    ).stdout


def main(folder: Path) -> None:
    """Write README.md beside the program."""
    session = ["--top", "3", "texts/large.txt"]
    text = (
        f"# wordcount\n\n```text\n{output(folder, '--help')}```\n\n"
        f"```console\n$ wordcount {' '.join(session)}\n{output(folder, *session)}```\n"
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
