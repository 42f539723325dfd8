"""Every module of system tests is run by tests/run.sh: one that is only
registered would read as passed."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))


def main():
    from run import MODULES
    with open(os.path.join(ROOT, "tests", "run.sh"), encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    runs = set()
    for line in re.findall(r"(?m)^system (?:gcc|sanitize) (.*)$", text):
        runs.update(line.replace("&", " ").split())
    missing = sorted(set(MODULES) - runs)
    for name in missing:
        print("tests/run.sh does not run", name)
    print("suite: %d modules, %d missing" % (len(MODULES), len(missing)))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
