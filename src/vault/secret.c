#include "vault/secret.h"

#include <sodium.h>

#include "base/error.h"

#include "base/banned.h"

void *
secret_new(gsize size, GError **err)
{
	void *secret = sodium_malloc(size);

	if (secret == NULL) {
		error_fail_errno(err, ERROR_TEMP,
		    "cannot get memory for keys: raise LimitMEMLOCK "
		    "(ulimit -l)");
		return NULL;
	}
	/* The allocation alone does not tell whether it could be locked. */
	if (sodium_mlock(secret, size) != 0) {
		error_fail_errno(err, ERROR_TEMP,
		    "cannot lock memory for keys: raise LimitMEMLOCK "
		    "(ulimit -l)");
		sodium_free(secret);
		return NULL;
	}
	return secret;
}
