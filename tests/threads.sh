#!/bin/sh
# Do the threads of a front share what they must not? Builds the fronts and
# test-front with ThreadSanitizer, and runs them:
#	ND_BUILD=build sh tests/threads.sh DIRECTORY
# ND_BUILD names the build that the other roles are from.
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
dir=${1:?a directory to build in}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$dir"
[ -f Makefile ] ||
    "$root/configure" -q --enable-werror --enable-sanitize=thread CFLAGS='-O1 -g'
make -s nymdesk-milter nymdesk-smtp test-front

# GLib's slices hand memory from thread to thread by locks that the sanitizer
# does not see.
export G_SLICE=always-malloc
export TSAN_OPTIONS="suppressions=$root/tests/threads.supp"
./test-front
cd "$root"
ND_FRONTS=$dir python3 tests/system/run.py --way milter \
    rude.Threads ends.Ends.test_stop
ND_FRONTS=$dir python3 tests/system/run.py --way smtp ends.Ends.test_stop
