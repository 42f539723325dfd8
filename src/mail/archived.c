#include "mail/archived.h"

#include <string.h>
#include <time.h>

#include "mail/headers.h"
#include "mail/writer.h"

#include "base/banned.h"

#define VALUE_MAX 8192 /* octets of one header field that we read */
#define TEXT_MAX (4 * 1024 * 1024)

/* --- writing an answer ------------------------------------------------ */

static void
append_word(GString *out, const char *name, const char *value)
{
	g_autofree char *word = g_strconcat(name, "=", value, NULL);

	writer_word(out, word);
}

static gboolean
answer_headers(GString *out, const struct archived_answer *answer)
{
	g_autofree char *subject =
	    g_strdup_printf("Re: [%s]", answer->number);
	g_autofree char *references = g_strconcat(answer->root_id, " ",
	    answer->copy_id, NULL);
	g_autofree char *queue = g_strconcat(answer->queue, ";", NULL);

	if (!writer_mailbox(out, "From", answer->role_name,
		answer->queue_address) ||
	    !writer_mailbox(out, "To", answer->pseudonym,
		answer->queue_address) ||
	    (answer->agent_address[0] != '\0' &&
		!writer_mailbox(out, "Reply-To", "", answer->agent_address)))
		return FALSE;
	writer_text(out, "Subject", subject);
	writer_date(out, answer->date);
	if (!writer_ids(out, "Message-ID", answer->message_id, 1) ||
	    (!writer_ids(out, "In-Reply-To", answer->copy_id, 1) &&
		!writer_ids(out, "In-Reply-To", answer->root_id, 1)) ||
	    !writer_ids(out, "References", references, WRITER_IDS_MAX))
		return FALSE;
	g_string_append(out, "X-Nymdesk:");
	append_word(out, "queue", queue);
	append_word(out, "kind",
	    answer->agent[0] != '\0' ? "answer;" : "answer");
	if (answer->agent[0] != '\0')
		append_word(out, "agent", answer->agent);
	g_string_append(out, "\r\nMIME-Version: 1.0\r\n");
	return TRUE;
}

GBytes *
archived_compose_answer(const struct archived_answer *answer)
{
	GString *out = g_string_new(NULL);
	g_autofree char *text = writer_canonical(answer->text);

	if (!answer_headers(out, answer)) {
		g_string_free(out, TRUE);
		return NULL;
	}
	writer_part(out, text, "");
	return g_string_free_to_bytes(out);
}

/* --- reading header fields -------------------------------------------- */

/* All that our mails have. */
static const char *const known[] = {"from", "to", "reply-to", "subject", "date",
    "message-id", "in-reply-to", "references", "auto-submitted", "x-nymdesk",
    "mime-version", "content-type", "content-transfer-encoding"};

static gboolean
is_known_once(const struct headers *headers)
{
	guint found = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
		if (headers_get(headers, known[i], 1) != NULL)
			return FALSE;
		found += headers_get(headers, known[i], 0) != NULL;
	}
	return found == headers->list->len;
}

static char *
id_of(const struct headers *headers, const char *name)
{
	const char *value = headers_get(headers, name, 0);
	gsize len = value != NULL ? strlen(value) : 0;

	if (len < 3 || value[0] != '<' || value[len - 1] != '>' ||
	    strcspn(value, " \t") != len)
		return g_strdup("");
	return g_strndup(value + 1, len - 2);
}

/* As writer_date() has it; -1 for anything else. */
static gint64
date_of(const struct headers *headers)
{
	const char *value = headers_get(headers, "date", 0);
	const char *end;
	struct tm tm = {0};

	if (value == NULL)
		return -1;
	end = strptime(value, "%a, %d %b %Y %H:%M:%S", &tm);
	return g_strcmp0(end, " +0000") == 0 ? timegm(&tm) : -1;
}

static gboolean
word_take(struct archived *a, const char *key, const char *value)
{
	guint64 level;

	if (strcmp(key, "queue") == 0) {
		g_free(a->queue);
		a->queue = g_strdup(value);
	} else if (strcmp(key, "level") == 0) {
		if (!g_ascii_string_to_unsigned(value, 10, 0, 9, &level, NULL))
			return FALSE;
		a->level = (guint)level;
	} else if (strcmp(key, "flags") == 0) {
		g_strfreev(a->flags);
		a->flags = g_strsplit(value, ",", 64);
	} else if (strcmp(key, "kind") == 0) {
		if (strcmp(value, "answer") == 0)
			a->kind = ARCHIVED_ANSWER;
		else if (strcmp(value, "note") == 0)
			a->kind = ARCHIVED_NOTE;
		else
			return FALSE;
	}
	return TRUE;
}

/* "queue=support; level=1; flags=vip" */
static gboolean
words_read(struct archived *a, const struct headers *headers)
{
	const char *value = headers_get(headers, "x-nymdesk", 0);
	g_auto(GStrv) words = g_strsplit(value != NULL ? value : "", ";", 32);

	for (guint i = 0; words[i] != NULL; i++) {
		char *word = g_strstrip(words[i]);
		char *equals = strchr(word, '=');

		if (equals == NULL)
			return FALSE;
		*equals = '\0';
		if (!word_take(a, word, equals + 1))
			return FALSE;
	}
	return a->queue[0] != '\0';
}

static gboolean
facts_read(struct archived *a, const struct headers *headers)
{
	a->kind = ARCHIVED_COPY;
	a->queue = g_strdup("");
	a->flags = g_new0(char *, 1);
	a->message_id = id_of(headers, "message-id");
	a->in_reply_to = id_of(headers, "in-reply-to");
	a->references = g_strdup(headers_get(headers, "references", 0));
	a->date = date_of(headers);
	return a->message_id[0] != '\0' && a->references != NULL &&
	    a->date >= 0 && words_read(a, headers);
}

/* --- reading the text -------------------------------------------------- */

static int
hex_of(char c)
{
	return g_ascii_isdigit(c)	  ? c - '0'
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10
				   : -1;
}

/* RFC 2045 6.7 as writer_part() writes it; FALSE for anything else. */
static gboolean
qp_read(GString *out, const char *p, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		int high;
		int low;

		if (p[i] != '=') {
			g_string_append_c(out, p[i]);
			continue;
		}
		if (len - i < 3)
			return FALSE;
		if (p[i + 1] != '\r' || p[i + 2] != '\n') {
			high = hex_of(p[i + 1]);
			low = hex_of(p[i + 2]);
			if (high < 0 || low < 0)
				return FALSE;
			g_string_append_c(out, (char)(high << 4 | low));
		}
		i += 2;
	}
	return TRUE;
}

/* A part's text, or NULL: with a line end that is not CRLF, too. */
static char *
part_read(const struct headers *headers, const char *p, gsize len)
{
	const char *type = headers_get(headers, "content-type", 0);
	const char *coding =
	    headers_get(headers, "content-transfer-encoding", 0);
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean ok = len <= TEXT_MAX &&
	    g_strcmp0(type, "text/plain; charset=utf-8") == 0;

	if (ok && g_strcmp0(coding, "7bit") == 0)
		g_string_append_len(out, p, (gssize)len);
	else
		ok = ok && g_strcmp0(coding, "quoted-printable") == 0 &&
		    qp_read(out, p, len);
	(void)g_string_replace(out, "\r\n", "\n", 0);
	if (!ok || strchr(out->str, '\r') != NULL ||
	    !g_utf8_validate(out->str, (gssize)out->len, NULL))
		return NULL;
	return g_strdup(out->str);
}

/* The first part of a multipart mail. */
static char *
first_part_read(const char *boundary, const char *body, gsize len)
{
	g_autofree char *line = g_strconcat("\r\n--", boundary, NULL);
	gsize head = strlen(line); /* and CRLF, without the first one */
	g_autoptr(headers_auto) headers = NULL;
	const char *end;

	if (len < head || memcmp(body, line + 2, head - 2) != 0 ||
	    memcmp(body + head - 2, "\r\n", 2) != 0)
		return NULL;
	body += head;
	len -= head;
	end = g_strstr_len(body, (gssize)len, line);
	if (end == NULL)
		return NULL;
	len = (gsize)(end - body);
	headers = headers_scan(body, len, VALUE_MAX);
	return part_read(headers, body + headers->body, len - headers->body);
}

static char *
text_read(const struct headers *headers, const char *body, gsize len)
{
	static const char mixed[] = "multipart/mixed; boundary=\"";
	const char *type = headers_get(headers, "content-type", 0);
	g_autofree char *boundary = NULL;
	gsize n;

	if (type == NULL || !g_str_has_prefix(type, mixed))
		return part_read(headers, body, len);
	type += strlen(mixed);
	n = strcspn(type, "\"");
	if (n == 0 || n > 70 || strcmp(type + n, "\"") != 0)
		return NULL;
	boundary = g_strndup(type, n);
	return first_part_read(boundary, body, len);
}

struct archived *
archived_read(GBytes *content)
{
	gsize len;
	const char *raw = g_bytes_get_data(content, &len);
	g_autoptr(archived_auto) a = g_new0(struct archived, 1);
	g_autoptr(headers_auto) headers = NULL;

	if (len == 0 || memchr(raw, '\0', len) != NULL)
		return NULL;
	headers = headers_scan(raw, len, VALUE_MAX);
	if (!is_known_once(headers) || !facts_read(a, headers))
		return NULL;
	a->text = text_read(headers, raw + headers->body, len - headers->body);
	return a->text != NULL ? g_steal_pointer(&a) : NULL;
}

void
archived_free(struct archived *archived)
{
	if (archived == NULL)
		return;
	g_free(archived->message_id);
	g_free(archived->in_reply_to);
	g_free(archived->references);
	g_free(archived->queue);
	g_strfreev(archived->flags);
	g_free(archived->text);
	g_free(archived);
}

gboolean
archived_has_flag(const struct archived *archived, const char *flag)
{
	return g_strv_contains((const char *const *)archived->flags, flag);
}

gboolean
archived_follows(const struct archived *archived, const char *id)
{
	g_autofree char *whole = g_strdup_printf("<%s>", id);
	g_auto(GStrv) ids = g_strsplit(archived->references, " ", -1);

	return g_strv_contains((const char *const *)ids, whole);
}
