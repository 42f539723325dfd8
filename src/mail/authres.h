#ifndef ND_MAIL_AUTHRES_H
#define ND_MAIL_AUTHRES_H

/*
 * Authentication-Results (RFC 8601) of our own authserv-id.
 *
 * All headers that bear our id count: one border MTA adds several. That MTA
 * must delete those it did not add (section 5), or the place of a field tells
 * them apart: enum mail_results. What does not follow the grammar is read up to
 * there. Pure.
 */
#include "base/addr.h"
#include "mail/headers.h"
#include "mail/parse.h"

/* from: author the results must be aligned with (RFC 7489 3.1, relaxed:
 * equal or subdomain), or NULL. is_sole: the mail names one author only;
 * else dmarc=pass counts only if it says for whom. authserv_id "" or NULL
 * knows no header. Of options, authserv_id and results are looked at. */
enum mail_auth authres_evaluate(const struct headers *headers,
    const struct mail_parse_options *options, const struct addr *from,
    gboolean is_sole);

#endif
