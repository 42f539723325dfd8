#!/bin/sh
# All system tests and leak tests by all three ways in, or by those named:
#	ND_BUILD=build sh tests/ways.sh [lmtp|milter|smtp ...]
# Takes long: tests/run.sh runs all by LMTP and a short form by the others.
# tests/system/ways.py has the table of what runs by which and what differs.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- lmtp milter smtp
code=0
for way in "$@"; do
	echo "== $way"
	python3 tests/system/run.py --way "$way" || code=1
	sh tests/leak/run.sh --way "$way" || code=1
done
exit $code
