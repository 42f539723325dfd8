#ifndef ND_MAIL_PARSE_H
#define ND_MAIL_PARSE_H

/*
 * A mail as received, to the model.
 *
 * Never fails: what the pre-scan refuses or GMime cannot read becomes a
 * placeholder that holds what its top headers say. All facts come from one
 * reading of the top headers (mail/headers.h); GMime sees the MIME tree.
 * Nothing is logged, no file is read. Thread-safe after mail_init().
 */
#include <glib.h>

#include "mail/model.h"

/* Which Authentication-Results are of our border MTA. */
enum mail_results {
	MAIL_RESULTS_ALL, /* that MTA has deleted what it did not write */
	MAIL_RESULTS_ABOVE_RECEIVED, /* it could not; but it writes its own above
				      * its Received field, and what a sender
				      * writes is below. No Received: none */
};

struct mail_parse_options {
	const char *authserv_id; /* whose results count; "" or NULL: nobody's */
	const char *sender_addr; /* MAIL FROM without brackets, "" for the
				  * null one, NULL if there is no envelope */
	enum mail_results results;
	gboolean is_unsafe;	 /* do not try: a placeholder at once */
};

/* Once per process, before any thread and before the file system is lost
 * (charset converters are loaded from it). */
void mail_init(void);

/* Never NULL; mail_free(). */
struct mail *mail_parse(GBytes *raw,
    const struct mail_parse_options *options);

#endif
