"""Runs the system tests: one line a test, the counts at the end.

    python3 tests/system/run.py [FILE or FILE.Class or FILE.Class.test ...]

ND_BUILD names the directory with the executables (default: build/).
"""

import os
import signal
import sys
import time
import traceback
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
MODULES = ("leakscan", "conversation", "agents", "commands", "shapes",
           "files", "cli", "roles", "faults", "images", "forget", "logs",
           "corpus", "clients", "quotes", "loops", "routes", "once",
           "machine", "guesses", "complaints", "archive", "archivist",
           "receipts", "report", "recipients", "day")


class Lines(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def line(self, test, word, why=""):
        name = test.id() if hasattr(test, "id") else str(test)
        print("%-4s %s%s (%.1fs)" % (
            word, name, why, time.monotonic() - self.begun), flush=True)

    def startTestRun(self):
        self.begun = time.monotonic()
        self.passed = 0

    def addSuccess(self, test):
        self.passed += 1
        self.line(test, "ok")

    def fail(self, test, err):
        self.line(test, "FAIL")
        traceback.print_exception(*err)
        sys.stderr.flush()

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.fail(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.fail(subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(test, "skip", ": " + reason)


def main(names):
    # A runner that is told to end still stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    suite = unittest.defaultTestLoader.loadTestsFromNames(names or MODULES)
    result = Lines()
    result.startTestRun()
    suite.run(result)
    failed = len(result.failures) + len(result.errors)
    print("system: %d passed, %d failed, %d skipped" % (
        result.passed, failed, len(result.skipped)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
