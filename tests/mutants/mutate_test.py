"""What the hunt for mutants says of a list that has rotted, and of a test that fails."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from mutants import MUTANTS, Mutant
from mutate import NO_RESULT, failed_case, refresh, result, table, unfit

README = Path(__file__).parents[1] / "README.md"

CATCH = """
the_test is a Catch v2.13.10 host application.

-------------------------------------------------------------------------------
a pause outlives everybody's leaving for session_idle_max, and its DN with it,
however long that is
-------------------------------------------------------------------------------
tests/actors/session_life_test.cpp:25
...............................................................................
"""


class Repository(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("actors/a.cpp", "one two two three")
        self.write("tests/actors/CMakeLists.txt", "ringdown_test(the_test LAYER unit\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class ListThatRots(Repository):
    def complaints(self, *mutants: Mutant) -> list[str]:
        return list(unfit(self.root, list(mutants)))

    def test_a_fault_that_can_be_planted_is_none_to_speak_of(self) -> None:
        sound = Mutant("m", "a change", "actors/a.cpp", "one", "", "the_test")
        self.assertEqual(self.complaints(sound), [])

    def test_a_text_that_is_gone_or_there_twice_is_named(self) -> None:
        for before, times in ("four", 0), ("two", 2):
            rotten = Mutant("m", "a change", "actors/a.cpp", before, "", "the_test")
            (complaint,) = self.complaints(rotten)
            self.assertIn(f"m: its text occurs {times} times in actors/a.cpp", complaint)

    def test_a_file_a_test_a_change_and_a_name_of_its_own_are_needed(self) -> None:
        found = "\n".join(
            self.complaints(
                Mutant("m", "a change", "actors/gone.cpp", "one", "", "the_test"),
                Mutant("m", "a change", "actors/a.cpp", "one", "one", "no_test"),
            )
        )
        for words in "0 times in actors/gone.cpp", "changes nothing", "no test program no_test":
            self.assertIn(words, found)
        self.assertEqual(found.count("two faults have this name"), 2)


class Copy(Repository):
    def test_a_copy_is_what_git_lists_as_it_is_and_keeps_what_was_built(self) -> None:
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        self.write(".gitignore", "/build/\n")
        copy = self.root / "build" / "mutants"
        refresh(self.root, copy)
        self.write("actors/a.cpp", "changed")
        self.write("build/mutants/actors/stray.cpp", "")
        self.write("build/mutants/build/dev/a.o", "built")
        refresh(self.root, copy)
        self.assertEqual((copy / "actors/a.cpp").read_text(), "changed")
        self.assertFalse((copy / "actors/stray.cpp").exists())
        self.assertTrue((copy / "build/dev/a.o").exists())


class PageForReaders(unittest.TestCase):
    def test_the_table_of_the_readme_is_this_list(self) -> None:
        page = README.read_text()
        rows = [line for line in page.splitlines() if line.endswith("_test` |")]
        self.assertEqual(rows, table(MUTANTS).splitlines()[2:])
        self.assertIn(f"\n\n{table(MUTANTS)}\n", page, "mutate.py --table . prints it")

    def test_its_result_is_of_this_list_and_all_were_found(self) -> None:
        told = [line for line in README.read_text().splitlines() if "Last whole run:" in line]
        self.assertEqual(len(told), 1)
        self.assertIn(told[0], (NO_RESULT, result(len(MUTANTS), len(MUTANTS))))


class FailedCase(unittest.TestCase):
    def test_the_first_case_that_failed_is_named_on_one_line(self) -> None:
        self.assertEqual(
            failed_case(CATCH),
            "a pause outlives everybody's leaving for session_idle_max, and its DN with it,"
            " however long that is",
        )

    def test_a_hang_and_an_end_without_a_word_are_told_apart(self) -> None:
        self.assertIn("time limit", failed_case("the_test ***Timeout 120.00 sec"))
        self.assertIn("without a word", failed_case("***Exception: SegFault"))


if __name__ == "__main__":
    unittest.main()
