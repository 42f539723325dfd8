#!/bin/sh
# Shows nymdesk at work on this machine, on loopback only:
#	sh contrib/try.sh [--way lmtp|milter|proxy] [--stay]
# On Debian 12 as root it installs the packages that are missing, builds in a
# scratch directory, starts a private Postfix, a private Dovecot and nymdesk
# there, and plays one conversation between a player, an agent and a senior. No
# configuration of the machine is touched; it only creates the system users
# of the roles (contrib/users.sh), and leaves the report's page in /tmp. --way says
# how mails come in (LMTP if not named), --stay keeps all of it running.
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || {
	echo 'try.sh needs root: each role runs under a user of its own.' >&2
	exit 1
}
sh "$root/contrib/packages.sh" try

scratch=$(mktemp -d /tmp/nymdesk-try-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$scratch"
mkdir "$scratch/src" "$scratch/build"
tar -C "$root" -cf - --exclude=./.git --exclude='./build*' \
    --exclude=./autom4te.cache --exclude=./config.status \
    --exclude=./Makefile --exclude='*.o' --exclude='*.a' . |
    tar -C "$scratch/src" -xf -

echo "Building in $scratch ..."
(
	cd "$scratch/src" && ./bootstrap
	cd "$scratch/build" && "$scratch/src/configure" -q CFLAGS='-O1 -g'
	make -s -j"$(nproc)"
) >"$scratch/build.log" 2>&1 || {
	tail -n 30 "$scratch/build.log" >&2
	exit 1
}

ND_BUILD=$scratch/build PYTHONDONTWRITEBYTECODE=1 \
    python3 "$scratch/src/contrib/try.py" "$scratch/w" "$@"
