#!/bin/sh
# The tree speaks of itself alone: no paths of somebody's machine, no marks
# of unfinished work, no trailing blanks.
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1
failed=0
list() {
	git ls-files 2>/dev/null | grep . ||
	    find . -type f ! -path './.git/*' ! -path './build*' \
		! -path './autom4te.cache/*' ! -name 'configure*' \
		! -name aclocal.m4 ! -name Makefile.in | sed 's,^\./,,'
}
look() { # pattern, why
	found=$(list | grep -v '^tests/lint/words\.sh$' |
	    xargs -d '\n' grep -nIE -e "$1" -- 2>/dev/null | head -n 20)
	[ -z "$found" ] || {
		printf '%s:\n%s\n' "$2" "$found"
		failed=1
	}
}
look '/home/[a-z]|/root/|/Users/[A-Z]?[a-z]+/[a-z]' 'a machine path'
look '\b(XXX|FIXME|TODO)\b' 'unfinished (say NEEDSWORK: and the decision)'
# A signature begins with "-- " (RFC 3676 4.3).
look '([^-]|^)[[:blank:]]+$' 'trailing blanks'
look '^(<<<<<<<|>>>>>>>) ' 'a merge left over'
exit $failed
