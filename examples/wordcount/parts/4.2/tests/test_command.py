import json
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def wordcount(*args: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wordcount", *args],
        cwd=HERE,
        input=text,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1"},
    )


class Command(unittest.TestCase):
    def test_a_file(self) -> None:
        # "The cat saw the other cat." has no line end, six words and 26 characters.
        self.assertEqual(wordcount("texts/one-line.txt").stdout.split(), ["1", "6", "26", "texts/one-line.txt"])

    def test_standard_input_as_json(self) -> None:
        shown = json.loads(wordcount("--json", "--top", "1", text="b a b").stdout)
        self.assertEqual(shown, {"name": "-", "lines": 1, "words": 3, "characters": 5, "top": {"b": 2}})

    def test_a_missing_file_fails_and_the_others_are_counted(self) -> None:
        done = wordcount("texts/missing.txt", "texts/empty.txt")
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing.txt", done.stderr)
        self.assertEqual(done.stdout.split(), ["0", "0", "0", "texts/empty.txt"])

    def test_the_manual_page_knows_every_option(self) -> None:
        manual = (HERE / "man" / "wordcount.1").read_text()
        options = [word.strip("[],") for word in wordcount("--help").stdout.split() if word.startswith(("--", "[--"))]
        self.assertGreaterEqual(len(options), 4)
        for option in options:
            self.assertIn(option, manual)


if __name__ == "__main__":
    unittest.main()
