#ifndef ND_CMD_DIRECTORIES_H
#define ND_CMD_DIRECTORIES_H

/*
 * The supervisor's directories, each with the owner and mode that its role
 * needs.
 */
#include <glib.h>

#include "base/config.h"

/* Makes run_dir, state_dir, key_dir and, with an archive, spool_dir if they are
 * missing, and as root gives the last three to their roles. The error names the path.
 *
 * The same for the directory of the milter's socket, which the milter makes in it
 * after it has given up its rights. It belongs to the milter, and only the group
 * postfix may enter, which is what guards the socket; without that group, or not
 * as root, all may, as with listeners_prepare(). One that was there before and
 * belongs to anybody else is an error: it would be taken away from him. */
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
