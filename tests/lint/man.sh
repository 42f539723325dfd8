#!/bin/sh
# The manual pages are clean mdoc, and every program has one.
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
for page in "$root"/man/*.[1-9]; do
	[ -e "$page" ] || continue
	mandoc -Tlint -W warning "$page" || failed=1
done
for page in nymdesk.1 nymdeskd.8 nymdesk.conf.5; do
	[ -e "$root/man/$page" ] || {
		echo "man/$page: missing"
		failed=1
	}
done
exit $failed
