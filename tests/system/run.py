"""Runs the system tests: one line a test, the counts at the end.

    python3 tests/system/run.py [--way lmtp|milter|smtp] [--short]
        [FILE or FILE.Class or FILE.Class.test ...]

ND_BUILD names the directory with the executables (default: build/). --way is
how mails come in; ways.py has what runs by which, --short a selection of it.
"""

import argparse
import os
import signal
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "leak")]
import ways  # noqa: E402


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

    def addExpectedFailure(self, test, err):
        """An exception of ways.py: what it says is so."""
        super().addExpectedFailure(test, err)
        self.line(test, "skip", ": " + test.reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.line(test, "FAIL", " is an exception of ways.py and passes")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(test, "skip", ": " + reason)


def mark_exceptions(suite, way):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            mark_exceptions(test, way)
            continue
        test.reason = ways.reason(test.id(), way)
        if test.reason:
            test.__unittest_expecting_failure__ = True


def main(args):
    # A runner that is told to end still stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["ND_WAY"] = args.way
    names = args.names or (
        ways.short(args.way) if args.short else ways.modules(args.way))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    mark_exceptions(suite, args.way)
    result = Lines()
    result.startTestRun()
    suite.run(result)
    failed = len(result.failures) + len(result.errors) \
        + len(result.unexpectedSuccesses)
    print("system: %d passed, %d failed, %d skipped" % (
        result.passed, failed,
        len(result.skipped) + len(result.expectedFailures)))
    return 1 if failed else 0


def arguments():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--way", choices=ways.ALL,
                      default=os.environ.get("ND_WAY") or "lmtp")
    args.add_argument("--short", action="store_true")
    args.add_argument("names", nargs="*")
    return args.parse_args()


if __name__ == "__main__":
    sys.exit(main(arguments()))
