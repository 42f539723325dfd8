#!/bin/sh
# Runs every fuzz target for so many seconds; with 0 it only replays the
# seeds, some seconds in all:
#	sh tests/fuzz/run.sh [SECONDS]
# Builds with clang in $ND_FUZZ_BUILD (build-fuzz), where what was found
# stays for the next run: corpus/, and reproducers in found/.
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${ND_FUZZ_BUILD:-$root/build-fuzz}
seconds=${1:-60}
targets='address archived image logfilter mail milter proto redact
	session socketmap steer'
code=0

case $seconds in
*[!0-9]*)
	echo "usage: sh tests/fuzz/run.sh [SECONDS]" >&2
	exit 2
	;;
esac
mkdir -p "$build" && build=$(cd "$build" && pwd) || exit 1

fail() { # name, why
	echo "FAIL fuzz $1: $2"
	code=1
}

make_targets() {
	cd "$build" || return 1
	[ -x "$root/configure" ] || (cd "$root" && ./bootstrap) || return 1
	[ -f Makefile ] || "$root/configure" -q CC=clang --enable-werror \
	    --enable-fuzz || return 1
	make -s -j2 $(printf 'fuzz-%s ' $targets)
}

# A mail is long enough for lines and headers over every limit.
length() {
	case $1 in
	mail) echo 16384 ;;
	*) echo 4096 ;;
	esac
}

fuzz() { # name
	seeds=$root/tests/fuzz/seeds/$1
	set -- "$1" -timeout=20 -max_len="$(length "$1")" \
	    -dict="$root/tests/fuzz/$1.dict" -artifact_prefix="found/$1-"
	name=$1
	shift
	if [ "$seconds" = 0 ]; then
		./fuzz-"$name" "$@" -runs=0 "$seeds"
	else
		mkdir -p corpus/"$name" || return 1
		./fuzz-"$name" "$@" -max_total_time="$seconds" \
		    corpus/"$name" "$seeds"
	fi
}

# What a target says at its end (reach.h), or why it is no success.
judge() { # name, exit status, log
	set -- "$1" "$2" "$3" $(sed -n \
	    "s/^$1: reached in \([0-9]*\) of \([0-9]*\) runs\$/\1 \2/p" "$3")
	if [ "$2" != 0 ]; then
		found=$(sed -n 's/.*Test unit written to //p' "$3")
		fail "$1" "${found:+reproducer $build/}${found:-no reproducer}"
		grep -E "ERROR|SUMMARY|runtime error|^ *#[0-9]+ .* $root/" "$3" |
		    head -n 20
	elif [ "${4:-0}" = 0 ]; then
		fail "$1" "its parser was not reached"
	else
		echo "ok   fuzz $1 ($5 runs, reached $4)"
	fi
}

make_targets >"$build/fuzz.log" 2>&1 || {
	fail build 'the targets do not build'
	tail -n 20 "$build/fuzz.log"
	exit 1
}
cd "$build" && mkdir -p found || exit 1
for name in $targets; do
	fuzz "$name" >"$name.log" 2>&1
	judge "$name" $? "$name.log"
done
exit $code
