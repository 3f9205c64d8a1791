import unittest

from wordcount.counts import Counts, count
from wordcount.ranking import ranking
from wordcount.words import words


class Words(unittest.TestCase):
    def test_punctuation_and_digits_separate(self) -> None:
        self.assertEqual(list(words("one,two;3three_four")), ["one", "two", "three", "four"])

    def test_an_apostrophe_joins_only_between_letters(self) -> None:
        self.assertEqual(list(words("'tis the dogs' o'clock")), ["tis", "the", "dogs", "o'clock"])


class Count(unittest.TestCase):
    def test_a_final_line_end_adds_no_line(self) -> None:
        self.assertEqual(count("a\n"), Counts(lines=1, words=1, characters=2))

    def test_blank_lines_count(self) -> None:
        self.assertEqual(count("\n\n").lines, 2)

    def test_characters_are_not_bytes(self) -> None:
        self.assertEqual(count("été").characters, 3)


class Ranking(unittest.TestCase):
    def test_ties_are_alphabetical(self) -> None:
        self.assertEqual(ranking("pear apple pear apple fig", 3), [("apple", 2), ("pear", 2), ("fig", 1)])

    def test_case_does_not_matter(self) -> None:
        self.assertEqual(ranking("The the THE", 1), [("the", 3)])


if __name__ == "__main__":
    unittest.main()
