"""Holds every #include of src/ against src/LAYERS.

    python3 tests/lint/layers.py [ROOT]
"""

import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
# The C library, Linux and GLib are open to all.
OPEN = re.compile(
    r"^(glib|gio|glib-unix|glib/gstdio|gio/\w+)\.h$"
    r"|^(sys|netinet|arpa|linux|net)/[\w/]+\.h$"
    r"|^(assert|ctype|dirent|endian|errno|fcntl|float|getopt|grp|inttypes"
    r"|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|setjmp|signal|stdalign"
    r"|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn"
    r"|string|strings|syslog|time|unistd|utime|wchar)\.h$")


def read_layers(path):
    """(module: modules it may include, module: header prefixes of its own)"""
    may, own = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if ":" in line:
                module, rest = line.split(":", 1)
                may[module.strip()] = set(rest.split())
            elif "<" in line:
                module, rest = line.split("<", 1)
                own[module.strip()] = tuple(rest.split())
    return may, own


def check(root):
    may, own = read_layers(os.path.join(root, "src", "LAYERS"))
    wrong = []
    for module, below in may.items():
        if below - may.keys():
            wrong.append("src/LAYERS: %s names unknown %s" % (
                module, " ".join(sorted(below - may.keys()))))
    count = 0
    for base, _, names in os.walk(os.path.join(root, "src")):
        for name in sorted(names):
            if not name.endswith((".c", ".h")):
                continue
            count += 1
            path = os.path.join(base, name)
            module = os.path.relpath(path, os.path.join(root, "src")) \
                .split(os.sep)[0]
            with open(path, encoding="utf-8") as file:
                for sign, header in INCLUDE.findall(file.read()):
                    why = judge(root, module, sign, header, may, own)
                    if why:
                        wrong.append("%s: %s" % (
                            os.path.relpath(path, root), why))
    return wrong, count


def judge(root, module, sign, header, may, own):
    """Why module may not include header; None if it may."""
    if module not in may:
        return "module %s is not in src/LAYERS" % module
    if sign == '"':
        other = header.split("/")[0]
        if not os.path.exists(os.path.join(root, "src", header)):
            return "no src/%s" % header
        if other != module and other not in may[module]:
            return "%s may not include %s (%s)" % (module, other, header)
        return None
    for owner, prefixes in own.items():
        if header.startswith(prefixes):
            return None if owner == module else \
                "%s belongs to %s alone" % (header, owner)
    return None if OPEN.match(header) else \
        "%s is in no module's line of src/LAYERS" % header


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    wrong, count = check(root)
    print("\n".join(wrong + ["layers: %d files, %d wrong" % (
        count, len(wrong))]))
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
