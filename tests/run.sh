#!/bin/sh
# Everything there is to check, from a clean clone:
#	sh tests/run.sh
# Installs what is missing (as root, Debian 12), builds three ways in a
# scratch directory, and runs unit tests, lints, system tests and the fuzz
# seeds. The last line is "N passed, N failed"; skipped ones are printed and
# count as neither.
#
# ND_RUN_DIR keeps the builds of one run for the next.
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
passed=0
failed=0
skipped=0
if [ -n "$ND_RUN_DIR" ]; then
	scratch=$ND_RUN_DIR
	mkdir -p "$scratch" || exit 1
else
	scratch=$(mktemp -d /tmp/nymdesk-run-XXXXXX) || exit 1
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
fi
chmod 755 "$scratch"
begin=$(date +%s)
# Mails of other projects, where they lie beside this one.
[ -n "$ND_CORPUS" ] || [ ! -d "$root/../shared/corpus" ] ||
    export ND_CORPUS="$root/../shared/corpus"

say() {
	printf '== %s (%ss)\n' "$1" $(($(date +%s) - begin))
}

count() { # passed, failed, skipped
	passed=$((passed + ${1:-0}))
	failed=$((failed + ${2:-0}))
	skipped=$((skipped + ${3:-0}))
}

finish() {
	[ $skipped = 0 ] || echo "$skipped skipped, see above"
	echo "$passed passed, $failed failed"
	[ $failed = 0 ] && [ $passed -gt 0 ]
	exit
}

# One check: its name, then the command. Its output shows if it fails.
check() {
	name=$1
	shift
	if "$@" >"$scratch/check.log" 2>&1; then
		echo "ok   $name"
		count 1
	else
		echo "FAIL $name"
		tail -n 40 "$scratch/check.log"
		count 0 1
	fi
}

build() { # directory, configure arguments
	dir=$scratch/$1
	shift
	mkdir -p "$dir"
	(
		cd "$dir" || exit 1
		[ -f Makefile ] || "$root/configure" -q "$@" || exit 1
		make -s -j2 all && make -s -j2 check TESTS= || exit 1
	) >"$dir/build.log" 2>&1
}

# Unit tests: each program runs by itself and each case counts. A program
# that ends early without naming a failed case counts as one failed.
unit() { # directory
	for program in "$scratch/$1"/test-*; do
		[ -f "$program" ] && [ -x "$program" ] || continue
		case $program in *.*) continue ;; esac
		name=$1/${program##*/}
		(cd "$scratch/$1" && CMOCKA_MESSAGE_OUTPUT=stdout \
		    timeout 120 "$program") >"$scratch/unit.log" 2>&1
		code=$?
		ok=$(grep -c '^\[       OK \]' "$scratch/unit.log")
		bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' \
		    "$scratch/unit.log" | awk '{n += $1} END {print n + 0}')
		skip=$(grep '^\[  SKIPPED \] [^0-9]' "$scratch/unit.log" |
		    sort -u | grep -c .)
		[ "$skip" = 0 ] || echo "skip $name: $skip cases"
		[ $code = 0 ] || [ "$bad" -gt 0 ] || bad=1
		[ $((ok + bad)) -gt 0 ] || bad=1
		count "$ok" "$bad" "$skip"
		if [ "$bad" = 0 ]; then
			echo "ok   $name: $ok cases"
		else
			echo "FAIL $name: $ok ok, $bad failed (exit $code)"
			grep -v '^\[ RUN\|^\[       OK' "$scratch/unit.log" |
			    tail -n 40
		fi
	done
}

# tests/fuzz/run.sh prints a line a target.
fuzz() { # seconds
	ND_FUZZ_BUILD=$scratch/clang sh tests/fuzz/run.sh "$1" \
	    >"$scratch/fuzz.log" 2>&1
	grep '^ok \|^FAIL ' "$scratch/fuzz.log"
	ok=$(grep -c '^ok ' "$scratch/fuzz.log")
	bad=$(grep -c '^FAIL ' "$scratch/fuzz.log")
	[ $((ok + bad)) -gt 0 ] || bad=1
	[ "$bad" = 0 ] || tail -n 40 "$scratch/fuzz.log"
	count "$ok" "$bad"
}

# tests/system/run.py prints a line a test; its last line has the counts.
system() { # directory, names
	dir=$1
	shift
	ND_BUILD=$scratch/$dir timeout 400 python3 tests/system/run.py "$@" \
	    >"$scratch/system.log" 2>"$scratch/system.err"
	grep -E '^(ok|FAIL|skip) |^ ' "$scratch/system.log"
	line=$(sed -n 's/^system: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
	    "$scratch/system.log")
	if [ -n "$line" ]; then
		count $line
	else
		echo "FAIL system tests ended early"
		count "$(grep -c '^ok ' "$scratch/system.log")" \
		    $(($(grep -c '^FAIL ' "$scratch/system.log") + 1))
	fi
	tail -n 60 "$scratch/system.err"
}

# tests/leak/run.sh prints a report; its last line has the counts.
leak() { # directory
	ND_BUILD=$scratch/$1 timeout 900 sh tests/leak/run.sh \
	    >"$scratch/leak.log" 2>"$scratch/leak.err"
	cat "$scratch/leak.log"
	line=$(sed -n 's/^leak: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' \
	    "$scratch/leak.log")
	if [ -n "$line" ]; then
		count $line
	else
		echo 'FAIL leak test ended early'
		count 0 1
		tail -n 40 "$scratch/leak.err"
	fi
}

say 'packages'
sh contrib/packages.sh test || {
	echo 'FAIL packages'
	count 0 1
	finish
}
say 'bootstrap'
[ -x configure ] && [ configure -nt configure.ac ] &&
    [ Makefile.in -nt Makefile.am ] || check bootstrap ./bootstrap

say 'build with gcc'
check 'build gcc' build gcc --enable-werror
say 'build with sanitizers'
check 'build sanitize' build sanitize --enable-werror --enable-sanitize
say 'build with clang, fuzz targets'
check 'build clang' build clang --enable-werror --enable-fuzz CC=clang

say 'distribution'
check 'distcheck' make -s -C "$scratch/gcc" distcheck

say 'lints'
check 'lint layers' python3 tests/lint/layers.py
check 'lint headers' sh tests/lint/headers.sh "$scratch/gcc"
check 'lint linkmap' sh tests/lint/linkmap.sh "$scratch/gcc"
check 'lint banned' sh tests/lint/banned.sh
check 'lint logtype' sh tests/lint/logtype.sh
check 'lint man' sh tests/lint/man.sh
check 'lint manconf' python3 tests/lint/manconf.py "$scratch/gcc"
check 'lint static' sh tests/lint/static.sh
check 'lint words' sh tests/lint/words.sh

say 'unit tests'
unit gcc
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
unit sanitize

say 'fuzz targets'
fuzz "${ND_FUZZ_SECONDS:-3}"

say 'system tests, sanitizers'
system sanitize conversation agents shapes cli roles faults logs corpus
say 'system tests'
system gcc
say 'leak test'
leak gcc
say 'benchmark, short'
check 'benchmark runs' env ND_BUILD="$scratch/gcc" \
    sh tests/bench/run.sh --rounds 1 --mails 60
say 'done'
finish
