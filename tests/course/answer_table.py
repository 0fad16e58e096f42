"""What the checker says to solutions, stubs and the catalogue, as a table.

python tests/course/answer_table.py
"""

from answers import path_of, played, right, verdict, wrong

from tinyvae.course import exercises

ROW = "{:7} {:10} {:14} {:>8} {:>9} {:>8}  {}"


def main():
    """Print a line for each exercise."""
    print(ROW.format("", "solution", "stub", "refused", "messages", "passed", ""))
    for notebook in exercises.MODULES:
        solved = played(path_of(notebook, "solutions"))
        stubs = played(path_of(notebook, "exercises"))
        for item in exercises.of(notebook):
            number = item.number
            refused = [verdict(number, answer) for answer in wrong(number).values()]
            passed = [verdict(number, answer) for answer in right(number).values()]
            print(ROW.format(
                number, solved[number].kind, stubs[number].kind,
                f"{sum(said.kind == 'not yet' for said in refused)}/{len(refused)}",
                len({said.message for said in refused}),
                f"{sum(map(bool, passed))}/{len(passed)}", item.title,
            ))  # fmt: skip


if __name__ == "__main__":
    main()
