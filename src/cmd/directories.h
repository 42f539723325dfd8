#ifndef ND_CMD_DIRECTORIES_H
#define ND_CMD_DIRECTORIES_H

/*
 * The supervisor's directories, each with the owner and mode that its role
 * needs.
 */
#include <glib.h>

#include "base/config.h"

/* Makes run_dir, state_dir, key_dir and, with an archive, spool_dir if they are
 * missing, and as root gives the last three to their roles. The error names the path. */
gboolean directories_make(const struct config *config, GError **err);

/* Takes the lock of run_dir and writes our process id there. *lock, the
 * caller's to close, holds it; it is set, or -1, after a failure as well, as
 * when another nymdeskd has the lock. */
gboolean directories_lock(const struct config *config, int *lock, GError **err);

/* Opens the file of run_dir, readable by all, in which the vault leaves the
 * public key of receipts; it may write nowhere there itself. *fd, the caller's to
 * close, is -1 after a failure. */
gboolean directories_receipt_key(
    const struct config *config, int *fd, GError **err);

#endif
