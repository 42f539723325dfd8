#include "mail/report.h"

#include <string.h>

#include "mail/headers.h"
#include "mail/ids.h"
#include "mail/quote_words.h"

#include "base/banned.h"

#define VALUE_MAX 998
#define HEAD_LINES 40 /* of a plain text, with words, that are looked at */
#define IDS_MAX (IDS_REFERENCES_MAX + IDS_RETURNED_MAX)

struct verdict {
	enum mail_action action;
	char status[MAIL_STATUS_SIZE];
};

/* --- parts ---------------------------------------------------------------- */

static const struct {
	const char *type;
	enum mail_machine kind; /* MAIL_PERSON: the mail that is returned */
} types[] = {{"message/delivery-status", MAIL_DSN},
    {"message/global-delivery-status", MAIL_DSN},
    {"message/disposition-notification", MAIL_MDN},
    {"message/global-disposition-notification", MAIL_MDN},
    {"message/feedback-report", MAIL_ARF},
    {"message/rfc822", MAIL_PERSON}, {"message/global", MAIL_PERSON},
    {"message/global-headers", MAIL_PERSON},
    {"text/rfc822-headers", MAIL_PERSON}};

static void
append(GString **to, const char *data, gsize len)
{
	gsize used;

	if (*to == NULL)
		*to = g_string_new(NULL);
	used = MIN((*to)->len, REPORT_OCTETS);
	g_string_append_len(*to, data, (gssize)MIN(len, REPORT_OCTETS - used));
	g_string_append(*to, "\n\n");
}

void
report_parts_add(struct report_parts *parts, const char *type,
    const char *data, gsize len)
{
	gsize i = 0;

	while (i < G_N_ELEMENTS(types) &&
	    g_ascii_strcasecmp(types[i].type, type) != 0)
		i++;
	if (i == G_N_ELEMENTS(types))
		return;
	if (types[i].kind == MAIL_PERSON) {
		append(&parts->returned, data, len);
		return;
	}
	if (parts->kind == MAIL_PERSON)
		parts->kind = types[i].kind;
	if (parts->kind == types[i].kind)
		append(&parts->fields, data, len);
}

void
report_parts_clear(struct report_parts *parts)
{
	if (parts->fields != NULL)
		g_string_free(parts->fields, TRUE);
	if (parts->returned != NULL)
		g_string_free(parts->returned, TRUE);
	memset(parts, 0, sizeof(*parts));
}

gboolean
report_type(const char *content_type)
{
	static const char reports[] = "multipart/report";
	const char *p = headers_skip_cfws(content_type);
	g_autofree char *type = headers_first_word(p);
	g_autofree char *subtype = NULL;
	g_autofree char *whole = NULL;

	p = headers_skip_cfws(p + strlen(type));
	if (*p != '/')
		return FALSE;
	subtype = headers_first_word(p + 1);
	whole = g_strconcat(type, "/", subtype, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].kind != MAIL_PERSON &&
		    strcmp(whole, types[i].type) == 0)
			return TRUE;
	return strcmp(whole, reports) == 0;
}

/* --- status codes (RFC 3463 2) -------------------------------------------- */

/* Length of "1" to "999" at p, no zero in front; 0 if there is none. */
static gsize
number_length(const char *p)
{
	gsize n = 0;

	while (g_ascii_isdigit(p[n]))
		n++;
	return n > 3 || (n > 1 && *p == '0') ? 0 : n;
}

/* Length of a code at p that nothing else follows, or 0. */
static gsize
status_length(const char *p)
{
	gsize subject;
	gsize detail;
	gsize len;

	if (strchr("245", *p) == NULL || *p == '\0' || p[1] != '.')
		return 0;
	subject = number_length(p + 2);
	if (subject == 0 || p[2 + subject] != '.')
		return 0;
	detail = number_length(p + 3 + subject);
	len = 3 + subject + detail;
	if (detail == 0 || g_ascii_isalnum(p[len]) ||
	    (p[len] == '.' && g_ascii_isdigit(p[len + 1])))
		return 0;
	return len;
}

static void
status_set(struct verdict *verdict, const char *p, gsize len)
{
	g_assert(len < sizeof(verdict->status));
	memcpy(verdict->status, p, len);
	verdict->status[len] = '\0';
}

/* The first code of a class in text, up to end; NULL if there is none. Not in
 * an IP address or behind a name: "Postfix-2.5.1". */
static const char *
status_find(const char *text, const char *end, char class)
{
	for (const char *p = text; p < end && *p != '\0'; p++)
		if (*p == class &&
		    (p == text || (!g_ascii_isalnum(p[-1]) &&
			strchr(".-/_", p[-1]) == NULL)) &&
		    status_length(p) > 0)
			return p;
	return NULL;
}

/* An action allows a class of codes: what failed may have done so because it
 * took too long. */
static void
status_search(struct verdict *verdict, const char *text, const char *end)
{
	const char *p = NULL;

	if (verdict->action == MAIL_ACTION_FAILED)
		p = status_find(text, end, '5');
	if (p == NULL && verdict->action != MAIL_ACTION_DONE)
		p = status_find(text, end, '4');
	if (p != NULL)
		status_set(verdict, p, status_length(p));
}

/* TRUE at an SMTP reply of class 5: three digits and no more. */
static gboolean
is_refusal(const char *p)
{
	return p[0] == '5' && p[1] >= '0' && p[1] <= '5' &&
	    g_ascii_isdigit(p[2]) && (p[3] == ' ' || p[3] == '-');
}

/* --- delivery-status (RFC 3464) ------------------------------------------- */

static enum mail_action
action_read(const struct headers *headers)
{
	static const struct {
		const char *word;
		enum mail_action action;
	} words[] = {{"failed", MAIL_ACTION_FAILED},
	    {"failure", MAIL_ACTION_FAILED}, {"delayed", MAIL_ACTION_DELAYED},
	    {"delivered", MAIL_ACTION_DONE}, {"relayed", MAIL_ACTION_DONE},
	    {"expanded", MAIL_ACTION_DONE}};
	const char *value = headers_get(headers, "action", 0);
	g_autofree char *word = value != NULL ? headers_first_word(value)
					      : NULL;

	for (gsize i = 0; word != NULL && i < G_N_ELEMENTS(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].action;
	return MAIL_ACTION_NONE;
}

/* What a code says if nothing else does. */
static enum mail_action
action_of_class(char class)
{
	switch (class) {
	case '5':
		return MAIL_ACTION_FAILED;
	case '4':
		return MAIL_ACTION_DELAYED;
	case '2':
		return MAIL_ACTION_DONE;
	default:
		return MAIL_ACTION_NONE;
	}
}

/* "smtp; 550 5.1.1 ..." (RFC 3464 2.3.6). A code that leaves its reason open
 * says less than the words of the server. */
static void
diagnosis_read(struct verdict *verdict, const char *value)
{
	const char *text = value + strcspn(value, ";");
	struct verdict found = {.action = verdict->action};

	text += strspn(text, "; ");
	if (verdict->action == MAIL_ACTION_NONE && is_refusal(text))
		verdict->action = found.action = MAIL_ACTION_FAILED;
	if (verdict->status[0] != '\0' &&
	    !g_str_has_suffix(verdict->status, ".0.0"))
		return;
	status_search(&found, text, text + strlen(text));
	if (found.status[0] != '\0')
		status_set(verdict, found.status, strlen(found.status));
}

static void
recipient_read(struct verdict *verdict, const struct headers *headers)
{
	const char *status = headers_get(headers, "status", 0);
	const char *diagnosis = headers_get(headers, "diagnostic-code", 0);
	gsize len = 0;

	verdict->action = action_read(headers);
	if (status != NULL) {
		status = headers_skip_cfws(status);
		len = status_length(status);
		status_set(verdict, status, len);
	}
	if (verdict->action == MAIL_ACTION_NONE)
		verdict->action = action_of_class(verdict->status[0]);
	if (diagnosis != NULL)
		diagnosis_read(verdict, diagnosis);
}

/* Of several recipients the worst counts. */
static gboolean
is_worse(const struct verdict *a, const struct verdict *b)
{
	if (a->action == MAIL_ACTION_NONE)
		return FALSE;
	return b->action == MAIL_ACTION_NONE || a->action < b->action ||
	    (a->action == b->action && b->status[0] == '\0');
}

/* Blank lines part the fields of the mail and of each recipient; some leave
 * them out, so that every group counts alike. */
static void
fields_read(struct mail *mail, const GString *fields, struct verdict *verdict)
{
	gsize at = 0;

	while (at < fields->len) {
		g_autoptr(headers_auto) group = NULL;
		struct verdict one = {0};

		at += strspn(fields->str + at, "\r\n");
		group = headers_scan(fields->str + at, fields->len - at,
		    VALUE_MAX);
		at += group->body;
		recipient_read(&one, group);
		if (is_worse(&one, verdict))
			*verdict = one;
		ids_add(mail->references, group, "original-message-id",
		    IDS_MAX);
		ids_add(mail->references, group, "x-original-message-id",
		    IDS_MAX);
	}
}

/* --- plain texts ---------------------------------------------------------- */

static const struct {
	const char *start; /* as quote_fold() leaves it */
	enum mail_action action;
} subjects[] = {
    {"undelivered mail returned to sender", MAIL_ACTION_FAILED},
    {"undeliverable", MAIL_ACTION_FAILED},
    {"delivery status notification (failure)", MAIL_ACTION_FAILED},
    {"delivery status notification (delay)", MAIL_ACTION_DELAYED},
    {"delivery status notification (success)", MAIL_ACTION_DONE},
    {"delivery status notification (relay)", MAIL_ACTION_DONE},
    {"mail delivery failed", MAIL_ACTION_FAILED},
    {"mail delivery failure", MAIL_ACTION_FAILED},
    {"delivery failed", MAIL_ACTION_FAILED},
    {"delivery failure", MAIL_ACTION_FAILED},
    {"failure notice", MAIL_ACTION_FAILED},
    {"returned mail:", MAIL_ACTION_FAILED},
    {"mail system error - returned mail", MAIL_ACTION_FAILED},
    {"message status - undeliverable", MAIL_ACTION_FAILED},
    {"nondeliverable mail", MAIL_ACTION_FAILED},
    {"unzustellbar", MAIL_ACTION_FAILED},
    {"warning: could not send message", MAIL_ACTION_DELAYED},
    {"delayed mail (still being retried)", MAIL_ACTION_DELAYED},
    {"delivery delayed", MAIL_ACTION_DELAYED}};

static const char *const openings[] = {"hi. this is the ",
    "this message was created automatically by mail delivery software",
    "this is the mail system at host", "this is the postfix program at host",
    "the original message was received at ",
    "delivery to the following recipient",
    "your message did not reach some or all of the intended recipients",
    "delivery has failed to these recipients",
    "the message that you sent was undeliverable to the following",
    "was not delivered to:"};

static const char *const delays[] = {"this is a warning", "warning message only",
    "has not yet been delivered", "has been delayed", "will be retried",
    "still being retried", "will keep trying",
    "delivery attempts will continue"};

/* Where the copy of the mail begins. */
static const char *const copies[] = {"copy of", "original message",
    "unsent message", "below this line", "returned message",
    "message text follows", "message header"};

static enum mail_action
action_of_subject(const char *subject)
{
	g_autofree char *folded = quote_fold(subject, strlen(subject));

	for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++)
		if (g_str_has_prefix(folded, subjects[i].start))
			return subjects[i].action;
	/* Exim: "Warning: message 1jXYzz-0000Ab-Cd delayed 24 hours" */
	if (g_str_has_prefix(folded, "warning: message ") &&
	    strstr(folded, " delayed ") != NULL)
		return MAIL_ACTION_DELAYED;
	return MAIL_ACTION_NONE;
}

static gboolean
holds_one_of(const char *line, const char *const *list, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (strstr(line, list[i]) != NULL)
			return TRUE;
	return FALSE;
}

static gboolean
ends_head(const char *line)
{
	return *line == '>' ||
	    ((g_str_has_prefix(line, "--") ||
		g_str_has_prefix(line, "original message")) &&
		holds_one_of(line, copies, G_N_ELEMENTS(copies)));
}

/* What the words above the copy of the mail are. */
struct head {
	const char *end;
	gboolean is_shape;
	gboolean is_delay;
	gboolean is_refusal;
};

static void
line_read(struct head *head, const char *line)
{
	const char *said = strstr(line, "said: ");

	for (gsize i = 0; i < G_N_ELEMENTS(openings); i++)
		head->is_shape |= g_str_has_prefix(line, openings[i]);
	head->is_delay |= holds_one_of(line, delays, G_N_ELEMENTS(delays));
	head->is_refusal |= is_refusal(line) ||
	    (said != NULL && is_refusal(said + strlen("said: ")));
}

static void
head_read(struct head *head, const char *text)
{
	const char *p = text;
	guint lines = 0;

	while (*p != '\0' && lines < HEAD_LINES) {
		gsize len = strcspn(p, "\n");
		g_autofree char *line = quote_fold(p, len);

		if (ends_head(line))
			break;
		if (*line != '\0') {
			line_read(head, line);
			lines++;
		}
		p += len + (p[len] == '\n');
	}
	head->end = p;
}

/* A text without a part for machines is one of a shape that is known, or a
 * daemon's that quotes a refusal. */
static void
plain_read(const struct mail *mail, gboolean is_daemon,
    struct verdict *verdict)
{
	struct head head = {0};

	verdict->action = action_of_subject(mail->subject);
	head_read(&head, mail->text);
	if (verdict->action == MAIL_ACTION_NONE &&
	    (head.is_shape || (is_daemon && (head.is_refusal ||
		status_find(mail->text, head.end, '5') != NULL))))
		verdict->action = MAIL_ACTION_FAILED;
	if (verdict->action == MAIL_ACTION_FAILED && head.is_delay)
		verdict->action = MAIL_ACTION_DELAYED;
	if (verdict->action != MAIL_ACTION_NONE)
		status_search(verdict, mail->text, head.end);
}

/* The header that a plain text copies: the first block with a Message-ID. */
static void
plain_returned(const char *text, struct report_parts *parts)
{
	gsize len = MIN(strlen(text), REPORT_OCTETS);
	gsize at = 0;

	while (at < len) {
		g_autoptr(headers_auto) block = headers_scan(text + at,
		    len - at, VALUE_MAX);
		gsize start = at;

		at += block->body;
		if (headers_get(block, "message-id", 0) != NULL) {
			append(&parts->returned, text + start, at - start);
			return;
		}
	}
}

/* --- the whole ------------------------------------------------------------ */

/* A mail about a mail of a machine tells nobody anything: it ends the loop. */
static gboolean
is_about_report(const struct headers *returned)
{
	const char *type = headers_get(returned, "content-type", 0);
	const char *path = headers_get(returned, "return-path", 0);

	return (type != NULL && report_type(type)) ||
	    (path != NULL &&
		g_str_has_prefix(headers_skip_cfws(path), "<>"));
}

/* Of several the first counts, to its blank line. Returns whether it may be
 * acted upon. */
static gboolean
returned_read(struct mail *mail, const GString *text)
{
	g_autoptr(headers_auto) returned = NULL;

	if (text == NULL)
		return TRUE;
	returned = headers_scan(text->str, text->len, VALUE_MAX);
	ids_add(mail->references, returned, "message-id", IDS_MAX);
	return !is_about_report(returned);
}

gboolean
report_read(struct mail *mail, const struct report_parts *parts,
    gboolean is_daemon)
{
	struct verdict verdict = {0};
	g_auto(report_parts_auto) found = {0};
	const GString *returned = parts->returned;
	gboolean is_end;

	if (parts->fields != NULL)
		fields_read(mail, parts->fields, &verdict);
	if (parts->kind == MAIL_MDN || parts->kind == MAIL_ARF) {
		(void)returned_read(mail, returned);
		mail->machine = parts->kind;
		return TRUE;
	}
	if (verdict.action == MAIL_ACTION_NONE)
		plain_read(mail, is_daemon, &verdict);
	if (returned == NULL) {
		plain_returned(mail->text, &found);
		returned = found.returned;
	}
	is_end = !returned_read(mail, returned);
	if (verdict.action == MAIL_ACTION_NONE)
		return FALSE;
	if (is_end)
		verdict = (struct verdict){0};
	mail->machine = MAIL_DSN;
	mail->action = verdict.action;
	g_strlcpy(mail->status, verdict.status, sizeof(mail->status));
	return TRUE;
}
