#ifndef ND_BASE_CONFIG_ROWS_H
#define ND_BASE_CONFIG_ROWS_H

/*
 * The one list of keys: parser, sample file and per-role view come from it.
 * Only config*.c use this.
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
	const char *group; /* "queue": every [queue NAME]; "category" too */
	const char *key;
	enum config_type type;
	gsize offset; /* in struct config, config_queue, config_category */
	const char *preset; /* NULL: must be given */
	gint64 min;
	gint64 max;
	guint roles; /* which processes are told */
	const char *help;
};

extern const struct config_row config_rows[];
extern const gsize config_rows_len;

/* Sets an error that names the key and ends with its help. Returns FALSE. */
gboolean config_fail_key(GError **err, const char *group,
    const struct config_row *row, const char *what);

/* Reads text as the row says into the member at, which gets its own copy. */
gboolean config_value_set(const char *group, const struct config_row *row,
    const char *text, gpointer at, GError **err);

/* Frees what config_value_set() made there. */
void config_value_clear(const struct config_row *row, gpointer at);

#endif
