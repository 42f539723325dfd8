#ifndef ND_VAULT_KEYS_H
#define ND_VAULT_KEYS_H

/*
 * The keys of every live epoch, and their files.
 *
 * Each epoch has one random root in "epoch-<number>" (mode 0400) in the key
 * directory; the subkeys of the epoch derive from it. When an epoch dies
 * (base/epoch.h) its subkeys are wiped from memory and its file is
 * overwritten, unlinked and synced. "clock" holds the highest time seen, so
 * that a clock set back revives nothing; "policy" holds the epoch length,
 * without which the numbers would mean other times. "receipt" holds the key
 * that signs receipts (vault/signing.h).
 *
 * Key bytes are in locked, undumpable, read-only memory of this process
 * only; no answer, log line or error has any. Locks do not outlive a fork:
 * call keys_open() in the process that uses the keys, before the sandbox
 * closes (rotation later needs openat, newfstatat, fchmod, write, fsync,
 * renameat, unlinkat, close, geteuid, mmap, munmap, mprotect, madvise, mlock,
 * munlock, getrandom). The directory must not be in a backup and should be on a
 * file system that overwrites in place.
 */
#include <glib.h>

#include "vault/signing.h"

#define KEYS_SUBKEY_LEN 32
/* A clock this much behind the highest time seen is still believed. */
#define KEYS_CLOCK_SLACK_S 3600

enum keys_purpose {
	KEYS_CONTACT = 1,
	KEYS_SEAL,
	KEYS_CAPABILITY,
	KEYS_MESSAGE,
	KEYS_TICKET,
	KEYS_PURPOSE_END
};

struct keys_policy {
	gint64 epoch_s;
	gint64 retention_s;
};

struct keys;

/* key_dir must exist, belong to this user and be closed to all others. Does
 * the work of keys_tick() too. NULL and ERROR_TEMP if a system call failed
 * (also if memory cannot be locked), ERROR_PERM if the directory's content
 * needs an operator, ERROR_DENIED if the clock went back, the directory is
 * open to others or another process has it open. */
struct keys *keys_open(const char *key_dir, const struct keys_policy *policy,
    gint64 now, GError **err);
void keys_free(struct keys *keys);
typedef struct keys keys_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(keys_auto, keys_free)

/* Makes the epoch of now if it is missing and destroys the dead ones. Cheap
 * if nothing is due. On failure (kinds as above) the keys of dead epochs are
 * out of memory all the same, and the next call tries again; the others must
 * not be used meanwhile, as the newest may be missing. */
gboolean keys_tick(struct keys *keys, gint64 now, GError **err);

/* Live epochs, 0 being the newest. */
guint keys_live(const struct keys *keys);
gint64 keys_epoch(const struct keys *keys, guint index);
/* Index of a live epoch; FALSE if it is none. */
gboolean keys_find(const struct keys *keys, gint64 epoch, guint *index);

/* KEYS_SUBKEY_LEN octets, borrowed until the next keys_tick(). */
const guint8 *keys_subkey(
    const struct keys *keys, guint index, enum keys_purpose purpose);

/* The key of receipts, borrowed. It is not of an epoch. */
const struct signing *keys_signing(const struct keys *keys);

#endif
