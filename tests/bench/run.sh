#!/bin/sh
# Rates of nymdesk and of its honest peer, side by side in one run:
#	sh tests/bench/run.sh [--rounds N] [--mails N] [--floor RATIO]
# As root. Uses the build in $ND_BUILD, or makes one in build/. Ratios are what
# counts: absolute rates belong to the machine.
set -e
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
sh contrib/packages.sh bench
if [ -z "$ND_BUILD" ]; then
	[ -x configure ] || ./bootstrap
	mkdir -p build
	cd build
	[ -f Makefile ] || ../configure -q
	make -s -j2
	cd "$root"
fi
exec python3 tests/bench/bench.py "$@"
