#!/bin/sh
# Holds the libraries each program asks for against the permission matrix:
# a library that is not in its list must not be in the program.
#	sh tests/lint/linkmap.sh BUILD_DIR
build=${1:?usage: linkmap.sh BUILD_DIR}
common='libc|libglib-2.0|libgobject-2.0|libgio-2.0|libgmodule-2.0|libseccomp'
common="$common|ld-linux-x86-64|libpthread|libm|librt|libgcc_s"
failed=0

check() { # program, libraries of its own as a pattern
	if [ ! -x "$build/$1" ]; then
		echo "$1: not built"
		failed=1
		return
	fi
	for lib in $(readelf -d "$build/$1" |
	    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		name=$(printf '%s\n' "$lib" | sed 's/\.so.*//')
		printf '%s\n' "$name" | grep -Eqx "$common${2:+|$2}" || {
			echo "$1: must not load $lib"
			failed=1
		}
	done
}

need() { # program, library: proves that the check is not blind
	readelf -d "$build/$1" | grep -q "NEEDED.*\[$2\." || {
		echo "$1: does not load $2"
		failed=1
	}
}

check nymdeskd libsystemd
check nymdesk 'libjson-glib-1.0|libsodium'
check nymdesk-desk libsqlite3
check nymdesk-lmtp 'libgmime-3.0|libxml2|libpcre2-8|libexttextcat-2.0'
check nymdesk-image 'libjpeg|libpng16|libgif|libwebp|libwebpdemux'
check nymdesk-milter libmilter
check nymdesk-post 'libetpan|libgnutls|libgmime-3.0'
check nymdesk-smtp ''
check nymdesk-vault libsodium
# Fronts do not look into a mail.
check nymdesk-socketmap
need nymdesk-desk libsqlite3
need nymdesk-lmtp libgmime-3.0
for lib in libjpeg libpng16 libgif libwebpdemux; do
	need nymdesk-image $lib
done
need nymdesk-milter libmilter
need nymdesk-post libetpan
need nymdesk-vault libsodium
exit $failed
