#!/usr/bin/env python3
"""Holds man/nymdesk.conf.5 against the table of keys in src/base/config_rows.c:
every key of one is in the other, with the same kind, range and default. With
a build directory also the sample that its nymdeskd prints.

    python3 tests/lint/manconf.py [BUILD_DIR]
"""
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
DAY = 86400
UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': DAY}
# As a package configures them; the page says so.
PATHS = {'ND_RUNDIR': '/run/nymdesk', 'ND_STATEDIR': '/var/lib/nymdesk',
         'ND_DATADIR': '/usr/share/nymdesk',
         'ND_SPOOLDIR': '/var/spool/nymdesk'}
ROW = re.compile(
    r'\{\s*"(\w+)",\s*"(\w+)",\s*VALUE_(\w+),\s*[CQK]\(\w+\),\s*'
    r'(NULL|(?:ND_\w+|"[^"]*"|\s)+),\s*([^,]+),\s*([^,]+),')


def number(text):
    text = text.replace('DAY', str(DAY)).replace('L', '')
    if not re.fullmatch(r'[0-9 *]+', text):
        raise ValueError('cannot read the number %r' % text)
    product = 1
    for factor in text.split('*'):
        product *= int(factor)
    return product


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


def preset(text):
    if text == 'NULL':
        return 'required'
    words = re.findall(r'ND_\w+|"[^"]*"', text)
    return ''.join(PATHS[w] if w.startswith('ND_') else w[1:-1]
                   for w in words) or 'empty'


def read_table():
    """{(group, key): (kind, min, max, default)}"""
    with open(os.path.join(ROOT, 'src/base/config_rows.c')) as f:
        text = f.read()
    text = text[text.index('config_rows[] = {'):]
    text = text[:text.index('\n};')]
    rows = {}
    for group, key, kind, value, low, high in ROW.findall(text):
        rows[group, key] = (kind.lower(), number(low), number(high),
                            preset(value))
    if len(rows) != len(re.findall(r'VALUE_\w+,', text)):
        raise ValueError('a row of the table is not understood')
    return rows


def read_facts(text):
    """'number, 1 to 256, default 20' to the same tuple."""
    kind, low, high, value = 'choice', 0, 0, None
    for part in text.split(', '):
        limits = re.fullmatch(r'(\w+) to (\w+)', part)
        if part in ('text', 'number', 'time', 'bool', 'list'):
            kind = part
        elif limits:
            read = seconds if kind == 'time' else int
            low, high = map(read, limits.groups())
        elif part == 'required':
            value = part
        elif part.startswith('default '):
            value = part[len('default '):]
        else:
            raise ValueError('cannot read %r' % text)
    return kind, low, high, value


def read_page():
    rows = {}
    group = None
    with open(os.path.join(ROOT, 'man/nymdesk.conf.5')) as f:
        for line in f:
            section = re.match(r'\.Ss \[(\w+)( NAME)?\]', line)
            item = re.match(r'\.It Cm (\w+) Pq (.*)', line)
            if section:
                group = section.group(1)
            elif item and group:
                facts = re.sub(r'\b(Ql|Pa) ', '', item.group(2))
                rows[group, item.group(1)] = read_facts(facts)
    return rows


def read_sample(build):
    """Keys only: the paths are those of the build."""
    text = subprocess.run([os.path.join(build, 'nymdeskd'), '--sample'],
                          check=True, capture_output=True, text=True).stdout
    keys = set()
    group = None
    for line in text.splitlines():
        section = re.fullmatch(r'\[(\w+)( \w+)?\]', line)
        item = re.match(r'#?(\w+)=', line)
        if section:
            group = section.group(1)
        elif item:
            keys.add((group, item.group(1)))
    return keys


def compare(wrong, here, there, name_here, name_there):
    for group, key in sorted(set(here) - set(there)):
        wrong.append('[%s] %s: in %s, not in %s' %
                     (group, key, name_here, name_there))
    for group, key in sorted(set(there) - set(here)):
        wrong.append('[%s] %s: in %s, not in %s' %
                     (group, key, name_there, name_here))


def main():
    wrong = []
    table = read_table()
    page = read_page()
    compare(wrong, table, page, 'config_rows.c', 'nymdesk.conf.5')
    for name in sorted(set(table) & set(page)):
        if table[name] != page[name]:
            wrong.append('[%s] %s: config_rows.c says %s, nymdesk.conf.5 %s' %
                         (name + (table[name], page[name])))
    if len(sys.argv) > 1:
        compare(wrong, table, read_sample(sys.argv[1]), 'config_rows.c',
                'nymdeskd --sample')
    for line in wrong:
        print(line)
    print('%s manconf: %d keys' % ('FAIL' if wrong else 'ok', len(table)))
    return 1 if wrong or not table else 0


if __name__ == '__main__':
    sys.exit(main())
