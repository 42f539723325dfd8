#ifndef ND_INTAKE_SOCKETMAP_H
#define ND_INTAKE_SOCKETMAP_H

/*
 * Postfix's question whether an address is ours (socketmap_table(5)), as
 * netstrings: "28:recipients someone@some.test," gets "7:OK ours," or
 * "9:NOTFOUND ,". Pure; the sockets are socketmap_server.h's.
 *
 * There is one map, "recipients". It has every address that is PLACE_OURS, in
 * every form, and no keys: a right and a wrong capability get the same answer.
 * Of any other address it only says that it is not ours, also in a domain where
 * we have some: who else has one there is not for us to say.
 *
 * An answer is one of a few literals; nothing of a request is in it.
 */
#include <glib.h>

#include "base/config.h"

/* Octets of a request with all that is around it. Postfix asks for no longer
 * address than an SMTP command has room for. */
#define SOCKETMAP_REQUEST_MAX 8192

enum socketmap_result {
	SOCKETMAP_MORE, /* no whole request is there yet */
	SOCKETMAP_ANSWERED,
	SOCKETMAP_BROKEN, /* no netstring, or too long: answered, and there is
			   * no way to go on */
};

/* Looks at the octets that have come. With SOCKETMAP_ANSWERED *taken says how
 * many of them were the request, else 0; *answer is a whole netstring, static,
 * or NULL with SOCKETMAP_MORE. With SOCKETMAP_REQUEST_MAX octets it is never
 * that. */
enum socketmap_result socketmap_answer(const struct config *config,
    const guint8 *data, gsize len, gsize *taken, const char **answer);

#endif
