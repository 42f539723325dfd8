"""Can the leak tests fail? Builds nymdesk with one leak at a time and demands
that they do.

    python3 tests/leak/mutants.py [--only NAME ... | --few] [--jobs N] [--dir DIR]

A mutant is one line of the source that is replaced, in a copy of the tree
that is made for this and built once (on top of the build in ND_BUILD, if that
is set): MUTANT("name") is true there if the
environment says so. The tree itself, and so every release, has neither the
leaks nor the switch. A line that is no longer in the source is a failure:
the mutant is stale.

First every test that kills mutants runs without one and must pass. Then
each mutant runs with its test, which must fail, in a check and not before one.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

from mutations import FEW, MUTANTS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SYSTEM = os.path.join(ROOT, "tests", "system")
SWITCH = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
static inline int
mutant_is(const char *name)
{
	const char *wanted = getenv("ND_MUTANT");

	return wanted != NULL && strcmp(wanted, name) == 0;
}
#define MUTANT(name) __builtin_expect(mutant_is(name), 0)
"""
PARTS = ("src", "tests/unit", "tests/fuzz", "filters", "templates", "man",
         "docs", "contrib", "build-aux", "configure", "configure.ac",
         "Makefile.am", "Makefile.in", "aclocal.m4", "config.h.in",
         "README.md", "HACKING.md", "LICENSE",
         "tests/leak/redact.c")


class Stale(Exception):
    pass


def copy_tree(top):
    for part in PARTS:
        source = os.path.join(ROOT, part)
        target = os.path.join(top, part)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        elif os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)


def mutate(top):
    for mutant in MUTANTS:
        path = os.path.join(top, mutant.file)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(mutant.old) != 1:
            raise Stale("%s: %s has its line %d times" % (
                mutant.name, mutant.file, text.count(mutant.old)))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(mutant.old, mutant.new))


def build(top):
    """What a mutant changes is compiled. ND_BUILD, if it is there, gives the
    rest: a build of the tree as it is."""
    with open(os.path.join(top, "mutant.h"), "w", encoding="utf-8") as file:
        file.write(SWITCH)
    done = os.path.join(top, "build")
    base = os.environ.get("ND_BUILD")
    if base:
        shutil.copytree(base, done, ignore=shutil.ignore_patterns(
            "test-*", "fuzz-*", "nymdesk-[0-9]*"))
    else:
        os.mkdir(done)
        subprocess.run(["../configure", "-q"], cwd=done, check=True,
                       stdout=subprocess.DEVNULL)
    # The library's own warnings about unused code are no matter here.
    # "all" is a make of its own, which must not meet the others.
    for targets in (["all"], ["leak-redact", "test-front"]):
        subprocess.run(
            ["make", "-s", "-j2", "srcdir=" + top, "top_srcdir=" + top,
             "VPATH=" + top, "CFLAGS=-O0 -w",
             "CPPFLAGS=-include %s/mutant.h" % top] + targets,
            cwd=done, check=True, stdout=subprocess.DEVNULL)
    return done


# The commands that must notice, and what their lines about a leak look like;
# other failures say that the mutant broke something instead of leaking.
RUN = [sys.executable, os.path.join(SYSTEM, "run.py")]
KILLERS = {
    "leak": (["sh", os.path.join(HERE, "run.sh"), "--mails", "40",
              "--flows", "new,follow,agent,steer,bounce"], r"row .*"),
    "leak-milter": (["sh", os.path.join(HERE, "run.sh"), "--mails", "40",
                     "--way", "milter", "--flows", "new"], r"row .*"),
    "leak-smtp": (["sh", os.path.join(HERE, "run.sh"), "--mails", "40",
                   "--way", "smtp", "--flows", "new,lmtp"], r"row .*"),
    "forged-milter": (RUN + ["--way", "milter", "forged"], r"forged\..*"),
    "forged-smtp": (RUN + ["--way", "smtp", "forged"], r"forged\..*"),
    "milter": (RUN + ["--way", "milter", "milter.Words"],
               r"milter\.Words\.test_.*"),
    "map": (RUN + ["recipients.Recipients.test_1_postmap"],
            r"recipients\.Recipients\.test_1_postmap.*"),
    "front": (["./test-front"], r".*"),
    "pairs": (RUN + ["pairs"], r"pairs\.Pairs\.test_.*"),
    "after": (RUN + ["after"], r"after\.AfterDestruction\.test_.*"),
    "receipts": (RUN + ["receipts.Key"],
                 r"receipts\.Key\.test_a_digest_.*"),
}


class Outcome:
    """What a test said: lines "ok NAME", "FAIL NAME", or as cmocka has
    them."""

    def __init__(self, output, leak):
        output = re.sub(r"(?m)^\[ +OK \]", "ok  ", output)
        output = re.sub(r"(?m)^\[ +FAILED +\] (?=[a-z_]+$)", "FAIL ", output)
        self.passed = re.findall(r"(?m)^ok +(.+)", output)
        failed = re.findall(r"(?m)^FAIL +(.+)", output)
        self.leaks = [name for name in failed if re.match(leak, name)]
        self.others = [name for name in failed if not re.match(leak, name)]


def run(directory, test, mutant=None):
    command, leak = KILLERS[test]
    env = dict(os.environ, ND_BUILD=directory, PYTHONPATH=HERE)
    env.pop("ND_MUTANT", None)
    if mutant:
        env["ND_MUTANT"] = mutant
    try:
        done = subprocess.run(command, env=env, capture_output=True,
                              cwd=directory if command[0] == "./test-front"
                              else None,
                              text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        return Outcome("FAIL did not end", leak)
    return Outcome(done.stdout, leak)


def baseline(directory, tests, jobs):
    """Without a mutant all must pass: TRUE if they do."""
    good = True
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda test: (test, run(directory, test)),
                            sorted(tests))
        for test, outcome in outcomes:
            failed = outcome.leaks + outcome.others
            if failed or not outcome.passed:
                print("FAIL %s without a mutant: %s" % (
                    test, "; ".join(failed) or "nothing ran"), flush=True)
                good = False
            else:
                print("ok   %s without a mutant" % test, flush=True)
    return good


def kill(directory, mutant):
    outcome = run(directory, mutant.killer, mutant.name)
    if outcome.leaks:
        return mutant, None
    if outcome.others or not outcome.passed:
        return mutant, "broke the test instead of leaking: %s" % (
            "; ".join(outcome.others) or "nothing ran")
    return mutant, "lives: %s found nothing" % mutant.killer


def kill_all(directory, mutants, jobs):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, why in pool.map(lambda m: kill(directory, m), mutants):
            if why:
                failed += 1
                print("FAIL mutant %s: %s" % (mutant.name, why), flush=True)
            else:
                print("ok   mutant %s" % mutant.name, flush=True)
    return failed


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--only", nargs="*")
    args.add_argument("--few", action="store_true",
                      help="one of each place a leak can be in")
    args.add_argument("--jobs", type=int, default=2)
    args.add_argument("--dir", help="where to build; default: a scratch one")
    args = args.parse_args()
    names = FEW if args.few else args.only
    chosen = [m for m in MUTANTS if not names or m.name in names]
    with tempfile.TemporaryDirectory(prefix="nymdesk-mutants-") as scratch:
        top = args.dir or scratch
        os.chmod(scratch, 0o755)
        try:
            copy_tree(top)
            mutate(top)
        except Stale as why:
            print("FAIL " + str(why))
            print("mutants: 0 passed, 1 failed")
            return 1
        directory = build(top)
        failed = 0 if baseline(directory, {m.killer for m in chosen},
                               args.jobs) else 1
        failed += kill_all(directory, chosen, args.jobs)
    print("mutants: %d passed, %d failed" % (len(chosen) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
