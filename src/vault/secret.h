#ifndef ND_VAULT_SECRET_H
#define ND_VAULT_SECRET_H

/*
 * Memory for keys: locked, not dumped, apart from everything else.
 */
#include <glib.h>

/* NULL and ERROR_TEMP if it cannot be had or locked. sodium_free() wipes and
 * frees it. */
void *secret_new(gsize size, GError **err);

#endif
