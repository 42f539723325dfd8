#ifndef ND_CMD_CHECK_H
#define ND_CMD_CHECK_H

/*
 * "nymdesk check": is everything there that a mail needs on its way?
 *
 * Each check is a row: what was looked at, whether it holds, and what to do
 * if it does not. Nothing is changed and no mail is sent.
 */
#include <glib.h>

enum check_state {
	CHECK_OK,
	CHECK_WARN, /* works, but a promise is weaker */
	CHECK_FAIL,
};

struct check_row {
	const char *what; /* literal */
	enum check_state state;
	char *detail; /* own; what was found and what to do */
};

/* All rows; the caller frees them. path is the configuration file,
 * postfix_dir Postfix's directory, NULL for its default. */
GArray *check_all(const char *path, const char *postfix_dir);
/* what: a literal. */
void check_row_add(GArray *rows, const char *what, enum check_state state,
    const char *detail);
void check_free(GArray *rows);
const char *check_state_name(enum check_state state);

#endif
