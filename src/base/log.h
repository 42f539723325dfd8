#ifndef ND_BASE_LOG_H
#define ND_BASE_LOG_H

/*
 * One line per event on stderr: "level event key=value ...".
 *
 * Takes literals, numbers and values of our own types only: text of a mail is
 * a char *, and no macro here compiles with one (tests/lint/logtype.sh). A
 * word that is not short and made of [A-Za-z0-9._:/-] is printed as "?".
 * GErrors pass because ours are made of literals (base/error.h); foreign
 * error domains print as their domain and code.
 *
 * A function logs or returns an error, never both.
 */
#include <glib.h>

#include "base/role.h"

struct config_queue;

enum log_level {
	LOG_LEVEL_ERROR, /* an operator must act */
	LOG_LEVEL_WARN,	 /* we coped */
	LOG_LEVEL_INFO,	 /* one line per message */
	LOG_LEVEL_DEBUG,
};

/* Made by the macros below only, and by those of other headers that turn a
 * type of ours into a word: LOG_TICKET (ticket/number.h), LOG_KIND
 * (desk/internal.h). */
struct log_field {
	const char *key;  /* literal; NULL ends a list */
	const char *word; /* a literal, or made from a number */
	const struct config_queue *queue;
	const GError *err;
	gint64 num; /* if the others are NULL */
};

/* "| 0" is there because it compiles for whole numbers only. */
#define LOG_NUM(k, v)                                                          \
	((struct log_field){.key = "" k "", .num = (gint64)((v) | 0)})
#define LOG_WORD(k, w) ((struct log_field){.key = "" k "", .word = "" w ""})
#define LOG_ROLE(r)                                                            \
	((struct log_field){.key = "role",                                     \
	    .word = role_name((enum role)((r) | 0))})
#define LOG_QUEUE(q)                                                           \
	((struct log_field){.key = "queue",                                    \
	    .queue = _Generic((q),                                             \
		struct config_queue *: (q),                                    \
		const struct config_queue *: (q))})
#define LOG_ERR(e)                                                             \
	((struct log_field){.key = "error",                                    \
	    .err = _Generic((e), GError *: (e), const GError *: (e))})

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

/* The role's program is printed in front of every line. Lines above level are
 * not written. What libraries say by g_log() or g_printerr() is dropped from
 * then on but for its domain and level: their texts may quote what they
 * read. Not thread-safe; call before anything logs. */
void log_init(enum role role, enum log_level level);
/* SIGUSR1 handlers may call it: one level more, wrapping to error. */
void log_raise_level(void);

#endif
