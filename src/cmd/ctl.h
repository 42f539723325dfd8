#ifndef ND_CMD_CTL_H
#define ND_CMD_CTL_H

/*
 * What the commands of nymdesk share: the desk, which they ask, and how they
 * print. JSON is RFC 8259, with times as RFC 3339 texts in UTC.
 */
#include <json-glib/json-glib.h>

#include "base/config.h"
#include "proto/ipc.h"

#define EXIT_TROUBLE 1
#define EXIT_USAGE 64

struct ctl {
	const char *config_path; /* borrowed */
	gboolean as_json;
};

/* A client of the desk that runs under this configuration; no connection is
 * made yet. The caller frees it. */
struct ipc_client *ctl_desk(const struct config *config);

/* One call of the desk; call->fd is not used. */
gboolean ctl_ask(
    const struct ctl *ctl, const struct ipc_call *call, GError **err);

/* "2026-11-22T10:00:00Z", "-" of 0. Caller frees. */
char *ctl_time(gint64 at);

void ctl_add_text(JsonBuilder *b, const char *name, const char *value);
void ctl_add_num(JsonBuilder *b, const char *name, gint64 value);
/* null of 0. */
void ctl_add_time(JsonBuilder *b, const char *name, gint64 at);
void ctl_print(JsonBuilder *b);

#endif
