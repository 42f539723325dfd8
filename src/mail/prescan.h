#ifndef ND_MAIL_PRESCAN_H
#define ND_MAIL_PRESCAN_H

/*
 * One linear pass over a whole mail before GMime may see it.
 *
 * GMime 3.2 can be driven into stack exhaustion (nested address groups),
 * quadratic time (Content-Type parameters) or hundreds of megabytes
 * (headers, empty parts) by mails that an MTA lets through. The pass bounds
 * what those need. Headers whose value GMime parses are checked wherever a
 * line looks like one; the other limits hold where headers can stand: at
 * the top, behind a boundary line, and below a message/ part's headers, so
 * that no log file or style sheet in a body is taken for headers.
 *
 * Pure; allocates nothing.
 */
#include <glib.h>

#define PRESCAN_HEADER_BYTES 65536   /* one header with its folded lines */
#define PRESCAN_TOP_BYTES 262144     /* the header part of the mail */
#define PRESCAN_COLONS 2000	     /* in one header */
#define PRESCAN_GROUPS 200	     /* groups open in an address header */
#define PRESCAN_SEMICOLONS 256	     /* in one header */
#define PRESCAN_PARAM_NAME 60	     /* octets of a MIME parameter name */
#define PRESCAN_BOUNDARIES 10000     /* lines that begin with "--" */
#define PRESCAN_HEADERS 20000	     /* headers in all parts together */

enum prescan_result {
	PRESCAN_OK,
	PRESCAN_EMPTY,
	PRESCAN_NUL, /* a NUL octet: strip it, then scan again */
	PRESCAN_HEADER_TOO_LONG,
	PRESCAN_TOP_TOO_LONG,
	PRESCAN_TOO_MANY_COLONS,
	PRESCAN_TOO_MANY_SEMICOLONS,
	PRESCAN_PARAM_TOO_LONG,
	PRESCAN_TOO_MANY_BOUNDARIES,
	PRESCAN_TOO_MANY_HEADERS,
};

enum prescan_result prescan_check(const char *raw, gsize len);

#endif
