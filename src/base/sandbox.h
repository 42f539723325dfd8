#ifndef ND_BASE_SANDBOX_H
#define ND_BASE_SANDBOX_H

/*
 * What a role gives up when it starts: one function, one table.
 *
 * Core dumps and ptrace always; then its root rights for the role's own user
 * (if it was started as root), new privileges, children, and with a seccomp
 * filter the system calls it has no use for: only the post may make sockets
 * other than AF_UNIX ones, nobody may run a program.
 */
#include <sys/types.h>

#include <glib.h>

#include "base/role.h"

/* Enters the role's cage for good. uid and gid are the role's; ignored when
 * not root. */
gboolean sandbox_enter(enum role role, uid_t uid, gid_t gid, GError **err);

/* For a child that a role forks for one dangerous step, after its memory is
 * at hand: closes every descriptor, and leaves it memory of so many octets,
 * so many seconds of CPU, and the calls to use both and to end. It can read,
 * write, open or start nothing; any other call kills it. */
gboolean sandbox_enter_step(gsize memory, guint cpu_s);

/* Only PR_SET_DUMPABLE 0 and RLIMIT_CORE 0: first thing in every main(),
 * before anything is read. */
void sandbox_no_dump(void);

/* The user and group of a role by its program's name. When not root: our own.
 * FALSE with a clear error when root and the user does not exist. */
gboolean sandbox_role_ids(enum role role, uid_t *uid, gid_t *gid,
    GError **err);

#endif
