#!/bin/sh
# Rates of nymdesk and of its honest peer, side by side in one run.
# Usage: sh tests/bench/run.sh [--rounds N] [--mails N]
# Needs root, the packages of contrib/packages.sh and a build (ND_BUILD, or
# build/). Ratios are what counts: absolute rates belong to the machine.
set -e
cd "$(dirname "$0")/../.."
exec python3 tests/bench/bench.py "$@"
