#include "mail/machine.h"

#include <string.h>

#include "base/banned.h"

/* The first word of a structured value, lower case, behind comments: the
 * auto-submitted-field of RFC 3834 5.2, with parameters left alone. */
static char *
first_word(const char *value)
{
	const char *p = headers_skip_cfws(value);
	gsize n = strcspn(p, " \t;(,/\"");

	return g_ascii_strdown(p, (gssize)n);
}

static gboolean
word_is_one_of(const char *word, const char *const *list, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (strcmp(word, list[i]) == 0)
			return TRUE;
	return FALSE;
}

/* multipart/report and what may come outside of it (RFC 6522, 8098, 3464). */
static gboolean
type_is_report(const char *value)
{
	static const char *const subtypes[] = {"delivery-status",
	    "disposition-notification", "feedback-report",
	    "global-delivery-status", "global-disposition-notification"};
	const char *p = headers_skip_cfws(value);
	gsize n = strcspn(p, " \t;(/");
	g_autofree char *type = g_ascii_strdown(p, (gssize)n);
	g_autofree char *subtype = NULL;

	p = headers_skip_cfws(p + n);
	if (*p != '/')
		return FALSE;
	subtype = first_word(p + 1);
	if (strcmp(type, "multipart") == 0)
		return strcmp(subtype, "report") == 0;
	return strcmp(type, "message") == 0 &&
	    word_is_one_of(subtype, subtypes, G_N_ELEMENTS(subtypes));
}

static gboolean
has_auto_submitted(const struct headers *headers)
{
	const char *value;

	for (guint n = 0; (value = headers_get(headers, "auto-submitted",
	    n)) != NULL; n++) {
		g_autofree char *word = first_word(value);

		if (*word != '\0' && strcmp(word, "no") != 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
has_any(const struct headers *headers, const char *const *names, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		const char *value = headers_get(headers, names[i], 0);

		if (value != NULL && *value != '\0' &&
		    g_ascii_strcasecmp(value, "no") != 0)
			return TRUE;
	}
	return FALSE;
}

/* X-Auto-Response-Suppress is not among them: Outlook sets it on mails of
 * people. */
static gboolean
has_responder_header(const struct headers *headers)
{
	static const char *const names[] = {"x-autoreply",
	    "x-autoreply-from", "x-autorespond", "x-autoresponder",
	    "x-auto-reply", "x-mail-autoreply"};

	return has_any(headers, names, G_N_ELEMENTS(names));
}

static gboolean
has_list_header(const struct headers *headers)
{
	static const char *const names[] = {"list-id", "list-help",
	    "list-subscribe", "list-unsubscribe", "list-unsubscribe-post",
	    "list-post", "list-owner", "list-archive", "feedback-id"};

	return has_any(headers, names, G_N_ELEMENTS(names));
}

static enum mail_machine
precedence(const struct headers *headers)
{
	static const char *const bulk[] = {"bulk", "list", "junk"};
	static const char *const reply[] = {"auto_reply", "auto-reply"};
	const char *value;

	for (guint n = 0; (value = headers_get(headers, "precedence",
	    n)) != NULL; n++) {
		g_autofree char *word = first_word(value);

		if (word_is_one_of(word, reply, G_N_ELEMENTS(reply)))
			return MAIL_REPLIED;
		if (word_is_one_of(word, bulk, G_N_ELEMENTS(bulk)))
			return MAIL_BULK;
	}
	return MAIL_PERSON;
}

/* The name of a mailbox that nobody reads. */
static enum mail_machine
local_part(const struct addr *from)
{
	static const char *const daemons[] = {"mailer-daemon", "postmaster",
	    "mailerdaemon"};
	static const char *const deaf[] = {"noreply", "no-reply", "no_reply",
	    "no.reply", "donotreply", "do-not-reply", "do_not_reply",
	    "do.not.reply", "dontreply"};
	g_autofree char *local = NULL;

	if (from == NULL)
		return MAIL_PERSON;
	/* "noreply+tag@" is the same mailbox. */
	local = g_ascii_strdown(from->local,
	    (gssize)strcspn(from->local, "+"));
	if (word_is_one_of(local, daemons, G_N_ELEMENTS(daemons)))
		return MAIL_DSN;
	if (word_is_one_of(local, deaf, G_N_ELEMENTS(deaf)))
		return MAIL_REPLIED;
	return MAIL_PERSON;
}

enum mail_machine
machine_classify(const struct headers *headers, const char *sender_addr,
    const struct addr *from)
{
	const char *type = headers_get(headers, "content-type", 0);
	enum mail_machine by_name = local_part(from);

	if ((type != NULL && type_is_report(type)) ||
	    (sender_addr != NULL && *sender_addr == '\0') ||
	    by_name == MAIL_DSN)
		return MAIL_DSN;
	if (has_auto_submitted(headers) || has_responder_header(headers) ||
	    precedence(headers) == MAIL_REPLIED || by_name == MAIL_REPLIED)
		return MAIL_REPLIED;
	if (has_list_header(headers) || precedence(headers) == MAIL_BULK)
		return MAIL_BULK;
	return MAIL_PERSON;
}
