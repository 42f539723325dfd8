/* Events of the milter protocol in any order. The input is a list of events,
 * divided by 0xff; the first octet of each says which. */
#include "reach.h"

#include "intake/milter_mail.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum place
check(const char *local, const char *domain, gpointer user_data)
{
	(void)user_data;
	g_assert(g_utf8_validate(local, -1, NULL));
	return domain[0] == 'd' ? PLACE_OURS : PLACE_OTHERS;
}

static const struct milter_limits limits = {
    .text = {.size_max = 4096, .header_max = 1024, .line_max = 512},
    .rcpt_max = 5,
    .transport = "nymdesk",
    .check = check,
};

/* What the MTA took for so many fields is as many fields, then one empty line:
 * nothing of a field's value became a field or a text. */
static void
check_text(GBytes *bytes, guint fields)
{
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len);
	const char *line = text;

	REACHED();
	g_assert(len >= 2 && len <= limits.text.size_max);
	g_assert(memcmp(text + len - 2, "\r\n", 2) == 0);
	for (gsize i = 0; i < len; i++) {
		g_assert(text[i] != '\r' || text[i + 1] == '\n');
		g_assert(text[i] != '\n' || (i > 0 && text[i - 1] == '\r'));
	}
	while (*line != '\r') {
		if (*line != ' ' && *line != '\t')
			fields--;
		line = (const char *)memchr(line, '\n',
			   len - (gsize)(line - text)) + 1;
		g_assert(line < text + len);
	}
	g_assert(fields == 0);
}

static void
play_mail(struct milter_mail *mail, const char *text)
{
	g_auto(GStrv) argv = g_strsplit(text, " ", 6);

	milter_mail_from(mail, (const char *const *)argv);
	g_assert(milter_mail_kind(mail) == MILTER_NOBODY);
	g_assert(milter_mail_fault(mail) == NULL);
}

static void
play_rcpt(struct milter_mail *mail, const char *text)
{
	const char *const argv[] = {text, NULL};
	const struct session_envelope *envelope = milter_mail_envelope(mail);
	const struct smtp_reply *refusal = milter_mail_rcpt(
	    mail, argv, text[0] == 'n' ? "nymdesk" : "smtp");

	g_assert(refusal == NULL || refusal->code >= 400);
	g_assert(refusal != NULL || milter_mail_kind(mail) != MILTER_NOBODY);
	g_assert((milter_mail_kind(mail) == MILTER_OURS) ==
	    (envelope->rcpts->len > 0));
	g_assert(envelope->rcpts->len <= limits.rcpt_max);
	g_assert(envelope->rcpts->len == 0 || envelope->sender_addr != NULL);
}

static void
play_end(struct milter_mail *mail, guint fields)
{
	g_autoptr(GBytes) bytes = milter_mail_end(mail);

	if (bytes == NULL)
		return;
	g_assert(milter_mail_kind(mail) == MILTER_OURS);
	g_assert(milter_mail_fault(mail) == NULL);
	check_text(bytes, fields);
}

/* Returns how many fields the mail has now. */
static guint
play_header(struct milter_mail *mail, char *text, guint fields)
{
	char *value = strchr(text, ':');

	if (value == NULL || text[0] == ' ' || text[0] == '\t')
		return fields;
	*value = '\0';
	milter_mail_header(mail, text, value + 1);
	return fields + 1;
}

static void
play(const uint8_t *data, size_t size)
{
	g_autoptr(milter_mail_auto) mail = milter_mail_new(&limits);
	gboolean in_header = FALSE;
	guint fields = 0;

	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, 0xff, size - at);
		size_t len = end != NULL ? (size_t)(end - data) - at
					 : size - at;
		g_autofree char *text =
		    g_strndup((const char *)data + at + 1, len > 0 ? len - 1
								   : 0);

		switch (len > 0 ? data[at] % 8 : 7) {
		case 0:
			play_mail(mail, text);
			in_header = TRUE;
			fields = 0;
			break;
		case 1:
			play_rcpt(mail, text);
			break;
		case 2:
			/* Before a recipient and below the header they are
			 * left out. */
			if (in_header && milter_mail_kind(mail) == MILTER_OURS)
				fields = play_header(mail, text, fields);
			break;
		case 3:
			milter_mail_end_header(mail);
			if (milter_mail_kind(mail) == MILTER_OURS)
				in_header = FALSE;
			break;
		case 4:
			milter_mail_body(mail, data + at + 1, len - 1);
			break;
		case 5:
			play_end(mail, fields);
			break;
		case 6:
			milter_mail_reset(mail);
			in_header = FALSE;
			break;
		default:
			break;
		}
		at += len + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	REACH_INIT("milter");
	play(data, size);
	return 0;
}
