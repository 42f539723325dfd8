#ifndef ND_BASE_ROLE_H
#define ND_BASE_ROLE_H

/*
 * The roles: one executable each, with its own Unix user.
 */
#include <glib.h>

enum role {
	ROLE_SUPERVISOR,
	ROLE_LMTP,
	ROLE_DESK,
	ROLE_VAULT,
	ROLE_POST,
	ROLE_IMAGE,
	ROLE_MILTER,    /* fronts: they pass mails on to ROLE_LMTP */
	ROLE_SMTP,
	ROLE_SOCKETMAP,
	ROLE_CTL, /* the nymdesk command */
	ROLE_END
};

/* "lmtp", "desk", ... */
const char *role_name(enum role role);
/* "nymdesk-lmtp": executable and default user. */
const char *role_program(enum role role);

#endif
