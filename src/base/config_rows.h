#ifndef ND_BASE_CONFIG_ROWS_H
#define ND_BASE_CONFIG_ROWS_H

/*
 * The one list of keys: parser, sample file and per-role view come from it.
 * Only config.c uses this.
 */
#include <glib.h>

#include "base/config.h"

enum config_type {
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_TIME, /* "30s", "5m", "1h", "7d"; s */
	VALUE_BOOL,
	VALUE_LIST,
	VALUE_CHOICE, /* help starts with the choices: "none|may: ..." */
};

#define TO(r) (1u << (r))

struct config_row {
	const char *group; /* "queue" stands for every [queue NAME] */
	const char *key;
	enum config_type type;
	gsize offset; /* in struct config, or config_queue */
	const char *preset; /* NULL: must be given */
	gint64 min;
	gint64 max;
	guint roles; /* which processes are told */
	const char *help;
};

extern const struct config_row config_rows[];
extern const gsize config_rows_len;

#endif
