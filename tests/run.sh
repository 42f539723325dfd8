#!/bin/sh
# Everything there is to check, from a clean clone:
#	sh tests/run.sh
# Installs what is missing (as root, Debian 12), builds four times in a
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
beside= # another name for the logs of what runs beside
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
	if "$@" >"$scratch/check$beside.log" 2>&1; then
		echo "ok   $name"
		count 1
	else
		echo "FAIL $name"
		tail -n 40 "$scratch/check$beside.log" | sed 's/^/ /'
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

# What a program says that counts by itself: its lines, and what its last line
# "NAME: N passed, N failed[, N skipped]" has. One that ends without that line
# counts as one failed.
summed() { # name, file of its output, file of its errors
	grep -E '^(ok|FAIL|skip|==) |^ |^goal|^row|find' "$2"
	line=$(sed -n 's/^[a-z]*: \([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' \
	    "$2" | tail -n 1)
	if [ -n "$line" ]; then
		count $line
	else
		echo "FAIL $1 ended early"
		count "$(grep -c '^ok ' "$2")" \
		    $(($(grep -c '^FAIL ' "$2") + 1))
	fi
	[ ! -s "$3" ] || tail -n 60 "$3"
}

counted() { # name of its files, seconds it may take, command
	name=$scratch/counted-$1
	limit=$2
	shift 2
	timeout "$limit" "$@" >"$name.out" 2>"$name.err"
}

counted_summed() { # name
	summed "$1" "$scratch/counted-$1.out" "$scratch/counted-$1.err"
}

# Unit tests: each program runs by itself and each case counts. A program
# that ends early without naming a failed case counts as one failed.
unit() { # directory
	log=$scratch/unit-$1.log
	all=0 wrong=0 left=0
	for program in "$scratch/$1"/test-*; do
		[ -f "$program" ] && [ -x "$program" ] || continue
		case $program in *.*) continue ;; esac
		name=$1/${program##*/}
		(cd "$scratch/$1" && CMOCKA_MESSAGE_OUTPUT=stdout \
		    timeout 400 "$program") >"$log" 2>&1
		code=$?
		ok=$(grep -c '^\[       OK \]' "$log")
		bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' \
		    "$log" | awk '{n += $1} END {print n + 0}')
		skip=$(grep '^\[  SKIPPED \] [^0-9]' "$log" |
		    sort -u | grep -c .)
		[ "$skip" = 0 ] || echo "skip $name: $skip cases"
		[ $code = 0 ] || [ "$bad" -gt 0 ] || bad=1
		[ $((ok + bad)) -gt 0 ] || bad=1
		all=$((all + ok)) wrong=$((wrong + bad)) left=$((left + skip))
		if [ "$bad" = 0 ]; then
			echo "ok   $name: $ok cases"
		else
			echo "FAIL $name: $ok ok, $bad failed (exit $code)"
			grep -v '^\[ RUN\|^\[       OK' "$log" |
			    tail -n 40 | sed 's/^/ /'
		fi
	done
	echo "unit: $all passed, $wrong failed, $left skipped"
}

# tests/fuzz/run.sh prints a line a target.
fuzz() { # seconds
	ND_FUZZ_BUILD=$scratch/clang sh tests/fuzz/run.sh "$1" \
	    >"$scratch/fuzz.log" 2>&1
}

fuzz_summed() {
	grep '^ok \|^FAIL ' "$scratch/fuzz.log"
	ok=$(grep -c '^ok ' "$scratch/fuzz.log")
	bad=$(grep -c '^FAIL ' "$scratch/fuzz.log")
	[ $((ok + bad)) -gt 0 ] || bad=1
	[ "$bad" = 0 ] || tail -n 40 "$scratch/fuzz.log"
	count "$ok" "$bad"
}

system() { # directory, number, names
	dir=$1
	name=$scratch/system-$1-$2
	shift 2
	ND_BUILD="$scratch/$dir" timeout 900 \
	    python3 tests/system/run.py "$@" >"$name.out" 2>"$name.err"
}

system_summed() { # directory and number
	summed "system tests of $1" "$scratch/system-$1.out" \
	    "$scratch/system-$1.err"
}

# A short form of the leak test; the whole one is by LMTP.
leak_by() { # way
	counted "leak-$1" 900 env ND_BUILD="$scratch/gcc" \
	    sh tests/leak/run.sh --way "$1" --mails 40
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
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1

# What works and hardly waits. Its tests say what they found as it comes.
work_build() {
	say 'distribution, with clang'
	# It builds from the tarball; the unit tests run beside.
	check 'distcheck' make -s -j2 -C "$scratch/gcc" distcheck \
	    AM_MAKEFLAGS=TESTS= \
	    AM_DISTCHECK_CONFIGURE_FLAGS='CC=clang --enable-werror CFLAGS=-O1'
	say 'lints'
	check 'lint layers' python3 tests/lint/layers.py
	check 'lint headers' sh tests/lint/headers.sh "$scratch/gcc"
	check 'lint linkmap' sh tests/lint/linkmap.sh "$scratch/gcc"
	check 'lint banned' sh tests/lint/banned.sh
	check 'lint logtype' sh tests/lint/logtype.sh
	check 'lint man' sh tests/lint/man.sh
	check 'lint manconf' python3 tests/lint/manconf.py "$scratch/gcc"
	check 'lint suite' python3 tests/lint/suite.py
	check 'lint static' sh tests/lint/static.sh
	check 'lint words' sh tests/lint/words.sh
	say 'redaction of labelled texts'
	check 'redaction' env ND_BUILD="$scratch/gcc" \
	    python3 tests/leak/redaction/score.py
	check 'redaction, held out' env ND_BUILD="$scratch/gcc" \
	    python3 tests/leak/redaction/score.py --held-out
	check 'words of rules' env ND_BUILD="$scratch/gcc" \
	    python3 tests/leak/redaction/words.py
}

work_tests() {
	say 'unit tests'
	for dir in gcc sanitize; do
		unit $dir >"$scratch/unit-$dir.out" 2>&1
		summed "unit tests of $dir" "$scratch/unit-$dir.out" /dev/null
	done
	check 'threads of fronts' env ND_BUILD="$scratch/gcc" \
	    sh tests/threads.sh "$scratch/thread"
	say 'fuzz targets'
	fuzz "${ND_FUZZ_SECONDS:-2}"
	fuzz_summed
}

# Less urgent than what runs beside it.
beside() { # one of these
	passed=0 failed=0 skipped=0 beside=-$1
	renice -n 5 -p "$(exec sh -c 'echo $PPID')" >"$scratch/renice-$1.log" 2>&1
	"work_$1"
	echo "beside: $passed passed, $failed failed, $skipped skipped"
}

# System tests wait more than they work, so all at once, and beside them what
# does not wait. What is about memory runs with the sanitizers, what is about
# time, limits and what is left on the disk without.
say 'system tests; leak test: pairs, after destruction; beside them the rest'
beside build >"$scratch/work-build.out" 2>"$scratch/work-build.err" &
five=$!
beside tests >"$scratch/work-tests.out" 2>"$scratch/work-tests.err" &
seven=$!
system gcc 1 leakscan images forget roles cli clients quotes loops spool \
    complaints recipients &
one=$!
system gcc 2 report archive commands day pairs after &
two=$!
{
	system gcc 3 --way milter --short
	leak_by milter
} &
three=$!
{
	system gcc 4 --way smtp --short
	leak_by smtp
} &
four=$!
system sanitize 1 faults guesses receipts ends &
six=$!
system sanitize 2 conversation agents shapes files logs corpus routes once \
    machine archivist
wait $one $two $three $four $five $six $seven
for part in gcc-1 gcc-2 gcc-3 gcc-4 sanitize-1 sanitize-2; do
	system_summed $part
done
counted_summed leak-milter
counted_summed leak-smtp
for part in build tests; do
	summed "what ran beside them, $part" "$scratch/work-$part.out" \
	    "$scratch/work-$part.err"
done

say 'leak test: tokens, and a few mutants'
counted mutants 900 env ND_BUILD="$scratch/gcc" python3 tests/leak/mutants.py --few &
counted leak 900 env ND_BUILD="$scratch/gcc" sh tests/leak/run.sh --mails 1200
wait $!
counted_summed leak
counted_summed mutants
say 'benchmark, short'
check 'benchmark runs' env ND_BUILD="$scratch/gcc" \
    sh tests/bench/run.sh --rounds 1 --mails 60
check 'senders that wait, a short benchmark' env ND_BUILD="$scratch/gcc" \
    python3 tests/bench/before.py --seconds 1 --rounds 2 --sessions 20
say 'done'
finish
