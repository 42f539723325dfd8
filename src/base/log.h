#ifndef ND_BASE_LOG_H
#define ND_BASE_LOG_H

/*
 * One line per event on stderr: "level event key=value ...".
 *
 * Takes event names, numbers and ids only. A token is a word of ours (queue
 * name, ticket number, role, reason): the logger prints it only if it is
 * short and made of [A-Za-z0-9._:/-], else "?", so that no address, subject
 * or text of a mail can pass even by mistake. GErrors pass because they are
 * made of literals (base/error.h); foreign error domains print as their
 * domain and code.
 *
 * A function logs or returns an error, never both.
 */
#include <glib.h>

enum log_level {
	LOG_LEVEL_ERROR, /* an operator must act */
	LOG_LEVEL_WARN,	 /* we coped */
	LOG_LEVEL_INFO,	 /* one line per message */
	LOG_LEVEL_DEBUG,
};

struct log_field {
	const char *key;   /* literal; NULL ends a list */
	const char *token; /* NULL: the value is num, or err if that is set */
	gint64 num;
	const GError *err;
};

#define LOG_NUM(k, v) ((struct log_field){.key = (k), .num = (gint64)(v)})
#define LOG_TOKEN(k, v) ((struct log_field){.key = (k), .token = (v)})
#define LOG_ERR(e) ((struct log_field){.key = "error", .err = (e)})

/* log_error("store.open", LOG_ERR(err)); */
#define log_error(event, ...) log_at(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...) log_at(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(event, ...) log_at(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_at(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_at(level, event, ...)                                              \
	log_fields(level, "" event "",                                         \
	    (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, )(             \
		struct log_field){0}})

void log_fields(enum log_level level, const char *event,
    const struct log_field *fields);

/* role: literal printed in front of every line. Lines above level are not
 * written. Not thread-safe; call before anything logs. */
void log_init(const char *role, enum log_level level);
/* SIGUSR1 handlers may call it: one level more, wrapping to error. */
void log_raise_level(void);

#endif
