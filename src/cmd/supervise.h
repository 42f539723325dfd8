#ifndef ND_CMD_SUPERVISE_H
#define ND_CMD_SUPERVISE_H

/*
 * The supervisor's children: makes sockets, directories and configurations,
 * starts every role (of milter, smtp and socketmap those that listen), restarts a
 * dead one with back-off, stops all in order (fronts, workers, posts, desk, vault).
 *
 * It also keeps for every post the last connection to the MTA and a shared
 * page that says which mail is on it, so that the successor of a post that
 * was killed can read the MTA's answer and knows whether a mail was taken.
 */
#include <glib.h>

#include "base/config.h"

struct supervisor;

/* program_dir holds the roles' executables. path is read again on reload. */
struct supervisor *supervisor_new(const char *path, const char *program_dir,
    GError **err);
void supervisor_free(struct supervisor *supervisor);

/* Starts everything and runs until SIGTERM or SIGINT has stopped all. FALSE
 * if a reload stopped all and could not start it again. */
gboolean supervisor_run(struct supervisor *supervisor, GError **err);

#endif
