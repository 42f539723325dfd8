#!/bin/sh
# Every .c file of src/ includes base/banned.h, and as its last header.
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
count=0
for file in $(find "$root/src" -name '*.c' | sort); do
	count=$((count + 1))
	last=$(grep -E '^[[:space:]]*#[[:space:]]*include' "$file" | tail -n 1)
	[ "$last" = '#include "base/banned.h"' ] || {
		echo "${file#"$root"/}: last include is ${last:-missing}"
		failed=1
	}
done
echo "banned: $count files"
[ $count -gt 0 ] || failed=1
exit $failed
