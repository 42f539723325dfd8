#!/bin/sh
# Compiles every header of src/ alone: each includes what its text needs.
#	sh tests/lint/headers.sh BUILD_DIR
build=${1:?usage: headers.sh BUILD_DIR}
root=$(cd "$(dirname "$0")/../.." && pwd)
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -I$root/src"
flags="$flags $(pkg-config --cflags glib-2.0 gio-unix-2.0)"
failed=0
count=0
for header in $(find "$root/src" -name '*.h' | sort); do
	name=${header#"$root"/src/}
	count=$((count + 1))
	# tables.h is a list for the preprocessor, not a header.
	[ "$name" = proto/tables.h ] && continue
	printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
	    ${CC:-gcc} $flags -include "$build/config.h" -fsyntax-only -x c - || {
		echo "$name: does not compile alone"
		failed=1
	}
done
echo "headers: $count files"
[ $count -gt 0 ] || failed=1
exit $failed
