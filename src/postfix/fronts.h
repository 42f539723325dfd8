#ifndef ND_POSTFIX_FRONTS_H
#define ND_POSTFIX_FRONTS_H

/*
 * Who reads a mail before Postfix queues it: milters and the proxy filter of
 * each smtpd. Programs of others are told of; ours must be asked so that no
 * mail passes it by and none waits in a file. Pure; part of settings.h.
 */
#include <glib.h>

/* Borrowed. main: name to value; overrides: "service/type/name" to value. */
struct postfix_fronts {
	GHashTable *main;
	GHashTable *overrides;
	const char *services; /* postconf -M, or NULL */
	const char *milter;   /* where ours listens: "unix:/path", or NULL */
	const char *proxy;    /* or "inet:ADDRESS:PORT", or NULL */
	const char *out_port; /* port nymdesk hands its mails to, or NULL */
};

/* Appends to findings (postfix/settings.h). */
void postfix_fronts_judge(
    const struct postfix_fronts *fronts, GArray *findings);

#endif
