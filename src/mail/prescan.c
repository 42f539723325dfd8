#include "mail/prescan.h"

#include <string.h>

#include "base/banned.h"

#define HEADER_NAME_MAX 128 /* a longer word before a colon is no header name */

enum header_class {
	HEADER_OTHER,
	HEADER_ADDRESS, /* GMime recurses into groups */
	HEADER_CONTENT, /* GMime compares each parameter with all others */
};

struct scan {
	guint boundaries;
	guint headers;
	gboolean in_top;
	gboolean in_area;	/* headers can stand here */
	gboolean has_message;	/* the area names a message/ type */
	gboolean has_digest;	/* parts may be messages without saying so */

	gboolean in_header;	/* the counters below belong to one header */
	enum header_class class;
	gsize bytes;
	guint colons;
	guint semicolons;
	gsize param;		/* octets of a parameter name so far, or -1 */
};

#define NO_PARAM G_MAXSIZE

/* Length of the name if the line begins with "name:", else 0. */
static gsize
header_name_len(const char *line, gsize len)
{
	gsize max = MIN(len, HEADER_NAME_MAX);

	for (gsize i = 0; i < max; i++) {
		if (line[i] == ':')
			return i;
		if ((guchar)line[i] <= ' ')
			break;
	}
	/* GMime also takes blanks between the name and its colon. */
	for (gsize i = 0; i < max; i++)
		if ((guchar)line[i] <= ' ') {
			gsize k = i;

			while (k < max && (line[k] == ' ' || line[k] == '\t'))
				k++;
			return k < max && line[k] == ':' ? i : 0;
		}
	return 0;
}

static enum header_class
header_classify(const char *name, gsize len)
{
	static const char *const address[] = {"from", "sender", "reply-to",
	    "to", "cc", "bcc", "resent-from", "resent-sender",
	    "resent-reply-to", "resent-to", "resent-cc", "resent-bcc",
	    "return-path", "mail-followup-to", "mail-reply-to",
	    "disposition-notification-to", "return-receipt-to"};

	if (len > 8 && g_ascii_strncasecmp(name, "content-", 8) == 0)
		return HEADER_CONTENT;
	for (gsize i = 0; i < G_N_ELEMENTS(address); i++)
		if (strlen(address[i]) == len &&
		    g_ascii_strncasecmp(name, address[i], len) == 0)
			return HEADER_ADDRESS;
	return HEADER_OTHER;
}

static gboolean
line_contains(const char *line, gsize len, const char *word)
{
	gsize n = strlen(word);

	for (gsize i = 0; i + n <= len; i++)
		if (g_ascii_strncasecmp(line + i, word, n) == 0)
			return TRUE;
	return FALSE;
}

/* A name is what stands between ";" and "=" without a blank. Quotes are not
 * looked at: GMime's idea of where they end must not matter. */
static gboolean
param_step(struct scan *scan, char c)
{
	gsize n = scan->param;

	if (c == ';')
		scan->param = 0;
	else if (c == '=')
		scan->param = NO_PARAM;
	else if (n == NO_PARAM)
		return TRUE;
	else if (c == ' ' || c == '\t' || c == '\r')
		scan->param = 0;
	else
		scan->param++;
	return c != '=' || n == NO_PARAM || n <= PRESCAN_PARAM_NAME;
}

static enum prescan_result
header_line(struct scan *scan, const char *line, gsize len)
{
	scan->bytes += len;
	if (scan->bytes > PRESCAN_HEADER_BYTES)
		return PRESCAN_HEADER_TOO_LONG;
	for (gsize i = 0; i < len; i++) {
		char c = line[i];

		scan->colons += c == ':';
		scan->semicolons += c == ';';
		if (scan->class == HEADER_CONTENT && !param_step(scan, c))
			return PRESCAN_PARAM_TOO_LONG;
	}
	if (scan->colons > PRESCAN_COLONS ||
	    (scan->class == HEADER_ADDRESS &&
		scan->colons > scan->semicolons + PRESCAN_GROUPS))
		return PRESCAN_TOO_MANY_COLONS;
	if (scan->semicolons > PRESCAN_SEMICOLONS &&
	    scan->class != HEADER_ADDRESS)
		return PRESCAN_TOO_MANY_SEMICOLONS;
	if (scan->class == HEADER_CONTENT) {
		if (line_contains(line, len, "message"))
			scan->has_message = TRUE;
		if (line_contains(line, len, "digest"))
			scan->has_digest = TRUE;
	}
	return PRESCAN_OK;
}

static void
blank_line(struct scan *scan)
{
	scan->in_area = scan->in_area &&
	    (scan->has_message || scan->has_digest);
	scan->has_message = FALSE;
	scan->in_top = FALSE;
	scan->in_header = FALSE;
}

static enum prescan_result
scan_line(struct scan *scan, const char *line, gsize len)
{
	gsize name;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0) {
		blank_line(scan);
		return PRESCAN_OK;
	}
	if (line[0] == ' ' || line[0] == '\t')
		return scan->in_header ? header_line(scan, line, len)
				       : PRESCAN_OK;
	scan->in_header = FALSE;
	if (len >= 2 && line[0] == '-' && line[1] == '-') {
		scan->in_area = TRUE;
		scan->has_message = FALSE;
		if (++scan->boundaries > PRESCAN_BOUNDARIES)
			return PRESCAN_TOO_MANY_BOUNDARIES;
		return PRESCAN_OK;
	}
	name = header_name_len(line, len);
	if (name == 0)
		return PRESCAN_OK;
	scan->class = header_classify(line, name);
	if (scan->class == HEADER_OTHER && !scan->in_area)
		return PRESCAN_OK;
	if (++scan->headers > PRESCAN_HEADERS)
		return PRESCAN_TOO_MANY_HEADERS;
	scan->in_header = TRUE;
	scan->bytes = scan->colons = scan->semicolons = 0;
	scan->param = NO_PARAM;
	return header_line(scan, line, len);
}

enum prescan_result
prescan_check(const char *raw, gsize len)
{
	struct scan scan = {.in_top = TRUE, .in_area = TRUE};
	const char *p = raw;
	const char *end = raw + len;

	if (len == 0)
		return PRESCAN_EMPTY;
	while (p < end) {
		const char *nl = memchr(p, '\n', (gsize)(end - p));
		gsize n = (gsize)((nl != NULL ? nl : end) - p);
		enum prescan_result result;

		if (memchr(p, '\0', n) != NULL)
			return PRESCAN_NUL;
		result = scan_line(&scan, p, n);
		if (result != PRESCAN_OK)
			return result;
		p += n + (nl != NULL);
		if (scan.in_top && p - raw > PRESCAN_TOP_BYTES)
			return PRESCAN_TOP_TOO_LONG;
	}
	return PRESCAN_OK;
}
