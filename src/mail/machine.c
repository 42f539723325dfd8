#include "mail/machine.h"

#include <string.h>

#include "mail/text.h"
#include "mail/vacation.h"

#include "base/banned.h"

#define CHALLENGE_OCTETS 2000 /* of the text, in which a challenge shows */

static gboolean
is_one_of(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return TRUE;
	return FALSE;
}

/* TRUE if one of the headers is there and does not say "no". */
static gboolean
has_any(const struct headers *headers, const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *value = headers_get(headers, *names, 0);

		if (value != NULL && *value != '\0' &&
		    g_ascii_strcasecmp(value, "no") != 0)
			return TRUE;
	}
	return FALSE;
}

/* TRUE if the first word of a header of this name is one of words. */
static gboolean
has_word(const struct headers *headers, const char *name,
    const char *const *words)
{
	const char *value;

	for (guint n = 0; (value = headers_get(headers, name, n)) != NULL;
	     n++) {
		g_autofree char *word = headers_first_word(value);

		if (is_one_of(word, words))
			return TRUE;
	}
	return FALSE;
}

/* --- challenges ----------------------------------------------------------- */

/* Programs that ask for a confirmation, by what they alone say. */
static gboolean
is_challenge(const struct mail *mail, const struct headers *headers)
{
	static const char *const names[] = {"x-askversion", "x-boxtrapper",
	    "x-bluebottle-request", "x-spamazoid-md", "x-exispam", "spamlion",
	    NULL};
	static const char *const starts[] = {"please confirm (conf#",
	    "your email requires verification verify#", "unverified email to ",
	    NULL};
	g_autofree char *subject = g_utf8_casefold(mail->subject, -1);

	if (has_any(headers, names) ||
	    strcmp(subject, "please confirm your message") == 0 ||
	    g_str_has_suffix(mail->message_id, "-tmda-confirm"))
		return TRUE;
	for (const char *const *s = starts; *s != NULL; s++)
		if (g_str_has_prefix(subject, *s))
			return TRUE;
	return mail->from_addr != NULL &&
	    g_ascii_strcasecmp(mail->from_addr->domain, "boxbe.com") == 0 &&
	    strstr(subject, "(action required)") != NULL;
}

/* What stands above a quote, as one line in lower case. */
static char *
text_start(const char *text)
{
	const char *quote = g_str_has_prefix(text, ">") ? text
							: strstr(text, "\n>");
	g_autofree char *own = quote != NULL
	    ? g_strndup(text, (gsize)(quote - text))
	    : g_strdup(text);
	g_autofree char *line = text_line(own, CHALLENGE_OCTETS);

	return g_utf8_casefold(line, -1);
}

static gboolean
is_challenge_text(const char *text)
{
	static const char *const phrases[] = {
	    "just this once, click the link below so i can receive your emails",
	    "i now allow incoming messages only from senders i have approved "
	    "beforehand",
	    "requires that you verify that you are a real live human being",
	    "this account is protected by bluebottle",
	    "this message was created automatically by mail delivery software "
	    "(tmda)",
	    NULL};
	g_autofree char *start = text_start(text);

	for (const char *const *p = phrases; *p != NULL; p++)
		if (strstr(start, *p) != NULL)
			return TRUE;
	return FALSE;
}

/* --- responders ----------------------------------------------------------- */

/* X-Auto-Response-Suppress is not among them: Exchange sets it on what it
 * answers by itself, beside others, and Outlook on mails of people. */
static gboolean
is_replied(const struct headers *headers)
{
	static const char *const names[] = {"x-autoreply",
	    "x-autoreply-from", "x-autorespond", "x-autoresponder",
	    "x-autoresponse", "x-auto-reply", "x-mail-autoreply",
	    "x-ms-exchange-inbox-rules-loop", NULL};
	static const char *const replied[] = {"auto-replied", NULL};
	static const char *const reply[] = {"auto_reply", "auto-reply", NULL};
	static const char *const responder[] = {"autoresponder", NULL};
	const char *class = headers_get(headers, "x-post-messageclass", 0);

	return has_any(headers, names) ||
	    has_word(headers, "auto-submitted", replied) ||
	    has_word(headers, "precedence", reply) ||
	    has_word(headers, "x-precedence", reply) ||
	    has_word(headers, "preference", reply) ||
	    has_word(headers, "delivered-to", responder) ||
	    (class != NULL &&
		g_ascii_strcasecmp(class, "9; Autoresponder") == 0);
}

/* --- other programs ------------------------------------------------------- */

/* The auto-submitted-field of RFC 3834 5.2: a keyword that nobody knows is no
 * person's either. */
static gboolean
is_auto_submitted(const struct headers *headers)
{
	const char *value;

	for (guint n = 0; (value = headers_get(headers, "auto-submitted",
	    n)) != NULL; n++) {
		g_autofree char *word = headers_first_word(value);

		if (*word != '\0' && strcmp(word, "no") != 0)
			return TRUE;
	}
	return FALSE;
}

/* An agent of Domino: "1; type=300; name=$AssistMail". */
static gboolean
is_notes_agent(const struct headers *headers)
{
	static const char name[] = "name=$assistmail";
	const char *value;

	for (guint n = 0; (value = headers_get(headers, "x-notes-item",
	    n)) != NULL; n++) {
		g_autofree char *lower = g_ascii_strdown(value, -1);

		if (g_str_has_suffix(lower, name))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_generated(const struct headers *headers)
{
	static const char *const names[] = {"x-autogenerated",
	    "x-fc-machinegenerated", "x-ms-exchange-generated-message-source",
	    NULL};

	return is_auto_submitted(headers) || has_any(headers, names) ||
	    is_notes_agent(headers);
}

static gboolean
is_bulk(const struct headers *headers)
{
	static const char *const names[] = {"list-id", "list-help",
	    "list-subscribe", "list-unsubscribe", "list-unsubscribe-post",
	    "list-post", "list-owner", "list-archive", "mailing-list",
	    "x-mailing-list", "x-beenthere", "feedback-id", NULL};
	static const char *const bulk[] = {"bulk", "list", "junk", NULL};

	return has_any(headers, names) ||
	    has_word(headers, "precedence", bulk) ||
	    has_word(headers, "x-precedence", bulk);
}

/* --- names ---------------------------------------------------------------- */

/* "noreply+tag@" is the same mailbox. */
static char *
local_part(const struct mail *mail)
{
	if (mail->from_addr == NULL)
		return g_strdup("");
	return g_ascii_strdown(mail->from_addr->local,
	    (gssize)strcspn(mail->from_addr->local, "+"));
}

static gboolean
is_daemon(const char *local)
{
	static const char *const daemons[] = {"mailer-daemon", "mailerdaemon",
	    "mailer_daemon", "mail-daemon", "maildaemon", "postmaster",
	    "double-bounce", NULL};

	return is_one_of(local, daemons);
}

/* A mailbox that nobody reads: "no-reply", "shares-noreply". */
static gboolean
is_deaf(const char *local)
{
	static const char *const deaf[] = {"noreply", "no-reply", "no_reply",
	    "no.reply", "donotreply", "do-not-reply", "do_not_reply",
	    "do.not.reply", "dontreply", "nichtantworten",
	    "nicht-antworten", "nepasrepondre", "ne-pas-repondre",
	    "ne_pas_repondre", "noresponder", "no-responder", "no_responder",
	    "nonrispondere", "non-rispondere", "naoresponda", "nao-responda",
	    "nao_responda", "nieodpowiadaj", "nie-odpowiadaj", NULL};
	gsize len = strlen(local);

	for (const char *const *d = deaf; *d != NULL; d++) {
		gsize n = strlen(*d);

		if (g_str_has_prefix(local, *d) &&
		    (local[n] == '\0' || local[n] == '-'))
			return TRUE;
		if (len > n && local[len - n - 1] == '-' &&
		    strcmp(local + len - n, *d) == 0)
			return TRUE;
	}
	return FALSE;
}

/* --- the whole ------------------------------------------------------------ */

/* What a program wrote that is neither a report nor a challenge. */
static enum mail_machine
classify(const struct mail *mail, const struct headers *headers,
    gboolean is_nobody)
{
	g_autofree char *local = local_part(mail);

	if (is_replied(headers) ||
	    vacation_subject(mail->subject, mail->references->len > 0))
		return MAIL_REPLIED;
	if (is_generated(headers))
		return MAIL_GENERATED;
	if (is_bulk(headers))
		return MAIL_BULK;
	if (is_nobody || is_deaf(local))
		return MAIL_GENERATED;
	return MAIL_PERSON;
}

void
machine_read(struct mail *mail, const struct headers *headers,
    const char *sender_addr, const struct report_parts *parts)
{
	const char *type = headers_get(headers, "content-type", 0);
	g_autofree char *local = local_part(mail);
	gboolean is_by_daemon = is_daemon(local) ||
	    headers_get(headers, "x-failed-recipients", 0) != NULL;
	gboolean is_nobody = is_by_daemon ||
	    (sender_addr != NULL && *sender_addr == '\0') ||
	    (type != NULL && report_type(type));

	if (is_challenge(mail, headers) || is_challenge_text(mail->text))
		mail->machine = MAIL_CHALLENGE;
	else if (!is_nobody || !report_read(mail, parts, is_by_daemon))
		mail->machine = classify(mail, headers, is_nobody);
}
