#ifndef ND_POSTFIX_SETTINGS_H
#define ND_POSTFIX_SETTINGS_H

/*
 * Which settings of a Postfix break what nymdesk promises: that no mail is
 * kept, copied or quoted where nobody looks for it.
 *
 * Pure: judges what postconf(1) printed. Never fails; a setting that is not
 * there (an older or newer Postfix) is not judged.
 */
#include <glib.h>

enum postfix_severity {
	POSTFIX_WARN,	/* a promise is weaker */
	POSTFIX_REFUSE, /* a promise does not hold */
};

struct postfix_finding {
	const char *what; /* literal: the setting */
	enum postfix_severity severity;
	char *detail; /* own; where it stands, what it does, what to do */
};

/* Borrowed. */
struct postfix_settings {
	const char *main;      /* postconf -x */
	const char *overrides; /* postconf -P -x */
	const char *services;  /* postconf -M */
	const char *out_port;  /* port nymdesk hands its mails to, or NULL */
	const char *milter;    /* [milter] listen, or NULL */
	const char *proxy;     /* [smtp] listen, or NULL */
	const char *transport; /* of our mails in master.cf, or NULL */
	gint64 workers;	       /* of [lmtp]; 0: not known */
	const char *socketmap; /* where it listens, or NULL */
};

/* The findings, none if all is well. Free with postfix_findings_free(). */
GArray *postfix_settings_judge(const struct postfix_settings *settings);
/* severity, what and detail as a finding; takes detail. */
void postfix_findings_add(GArray *findings, enum postfix_severity severity,
    const char *what, char *detail);
/* "1d", "3600s", "5" as so many seconds; a number without a unit is of preset_s
 * seconds each. */
gint64 postfix_time_parse(const char *value, gint64 preset_s);
void postfix_findings_free(GArray *findings);

#endif
