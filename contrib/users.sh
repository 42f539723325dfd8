#!/bin/sh
# Creates the users and the group of the roles, where they are missing.
# Needs root; on Debian and its kin.
set -e
getent group nymdesk >/dev/null || addgroup --system nymdesk
for role in lmtp desk vault post image milter smtp socketmap; do
	user=nymdesk-$role
	getent passwd "$user" >/dev/null ||
		adduser --system --no-create-home --home /nonexistent \
			--ingroup nymdesk "$user"
done
