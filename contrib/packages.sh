#!/bin/sh
# Installs on Debian 12 what is missing to build, to run and to test.
#	sh contrib/packages.sh build|try|bench|test [--list]
# Needs root only if something is missing. Services are not started.
set -e
build='gcc make autoconf automake pkg-config libglib2.0-dev libgmime-3.0-dev
	libpcre2-dev libxml2-dev libexttextcat-dev libexttextcat-data
	libsqlite3-dev libsodium-dev libetpan-dev libgnutls28-dev
	libjson-glib-dev libsystemd-dev libseccomp-dev libmilter-dev
	libjpeg62-turbo-dev libpng-dev libgif-dev libwebp-dev'
world='adduser python3 postfix dovecot-core dovecot-imapd dovecot-lmtpd'
lint='libcmocka-dev clang libclang-rt-14-dev llvm binutils mandoc git cppcheck
	ca-certificates xz-utils'
bench='dovecot-sieve valgrind opendkim openssl'
milter='miltertest'
readers='mutt s-nail notmuch'
browser='chromium fonts-dejavu-core'

case $1 in
build) want=$build ;;
try) want="$build $world" ;;
bench) want="$build $world $bench" ;;
test) want="$build $world $bench $readers $browser $milter $lint" ;;
*)
	echo 'usage: packages.sh build|try|bench|test [--list]' >&2
	exit 2
	;;
esac
if [ "$2" = --list ]; then
	echo $want
	exit
fi

missing=
for package in $want; do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
	    grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || {
	echo "Install as root: apt-get install$missing" >&2
	exit 1
}

# invoke-rc.d asks this program before it starts a service.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
case $missing in
*postfix*)
	echo 'postfix postfix/main_mailer_type select No configuration' |
	    debconf-set-selections
	;;
esac
apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 || {
	apt-get update -qq
	apt-get install -qq -y --no-install-recommends $missing
}
