"""Build a wheel with the standard library alone, the same bytes every time: `python3 wheel.py SOURCES FOLDER`."""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: wordcount\nVersion: {version}\nSummary: {summary}\nRequires-Python: >=3.11\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: wordcount-example\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPTS = "[console_scripts]\nwordcount = wordcount.__main__:main\n"


def digest(content: bytes) -> str:
    """Give a file's hash in the form that RECORD wants."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def contents(sources: Path, version: str, summary: str) -> dict[str, bytes]:
    """Every file of the wheel by its name in the archive."""
    info = f"wordcount-{version}.dist-info"
    files = {f"wordcount/{path.name}": path.read_bytes() for path in sorted((sources / "wordcount").glob("*.py"))}
    files[f"{info}/METADATA"] = METADATA.format(version=version, summary=summary).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    files[f"{info}/entry_points.txt"] = SCRIPTS.encode()
    record = [f"{name},{digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    return files


def main(sources: Path, folder: Path) -> None:
    """Write the wheel."""
    sys.path.insert(0, str(sources))
    import wordcount

    files = contents(sources, wordcount.__version__, str(wordcount.__doc__))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"wordcount-{wordcount.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    print(f"built {path} of {len(files)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
