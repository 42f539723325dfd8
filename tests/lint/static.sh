#!/bin/sh
# Static analysis of src/: cppcheck, and with --tidy clang-tidy (some
# minutes; .clang-tidy says what it looks for):
#	sh tests/lint/static.sh [--tidy]
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
code=0

judge() { # name, exit status; the findings are in $log
	if [ "$2" = 0 ]; then
		echo "ok   $1"
	else
		echo "FAIL $1"
		cat "$log"
		code=1
	fi
}

# Macros it cannot read are given as plain words. Suppressed:
# CastIntegerToAddressAtReturn: it takes "struct template" for C++, and the
# compilers say the same; memleak: it does not know that g_autofree and its kin free;
# get*Called, readdirCalled: called before any thread exists, or on a stream
# of the caller's own.
static_cppcheck() {
	cppcheck -q -j2 --std=c11 --language=c -I src \
	    --enable=warning,portability,performance --inline-suppr \
	    --error-exitcode=1 --library=gtk,posix,gnu \
	    '-DG_DEFINE_AUTOPTR_CLEANUP_FUNC(t,f)=' \
	    '-DG_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(t,f)=' \
	    '-DG_DEFINE_QUARK(q,n)=' '-Dg_autoptr(t)=t *' '-Dg_auto(t)=t' \
	    -DND_BASE_LOG_H '-Dlog_error(...)=log_any()' \
	    '-Dlog_warn(...)=log_any()' '-Dlog_info(...)=log_any()' \
	    '-Dlog_debug(...)=log_any()' \
	    --suppress=CastIntegerToAddressAtReturn --suppress=memleak \
	    --suppress=getgrnamCalled --suppress=getpwnamCalled \
	    --suppress=readdirCalled src
}

static_tidy() {
	flags=$(pkg-config --cflags glib-2.0 gio-unix-2.0 gmime-3.0 \
	    libpcre2-8 libxml-2.0 libexttextcat sqlite3 libsodium libetpan \
	    gnutls json-glib-1.0 libsystemd libseccomp) || return 1
	for word in SYSCONFDIR LIBEXECDIR DATADIR RUNDIR SPOOLDIR STATEDIR \
	    TEXTCAT_DATA
	do
		flags="$flags -DND_$word=\"\""
	done
	find src -name '*.c' -print0 | FLAGS="$flags" xargs -0 -P2 -n4 sh -c '
		clang-tidy --quiet "$@" -- -std=gnu17 -D_GNU_SOURCE -Isrc \
		    $FLAGS 2>/dev/null' sh
}

static_cppcheck >"$log" 2>&1
judge 'lint cppcheck' $?
if [ "$1" = --tidy ]; then
	static_tidy >"$log"
	judge 'lint clang-tidy' $?
fi
exit $code
