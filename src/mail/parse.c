#include "mail/parse.h"

#include <string.h>

#include "mail/authres.h"
#include "mail/charset.h"
#include "mail/cipher.h"
#include "mail/decode.h"
#include "mail/headers.h"
#include "mail/html.h"
#include "mail/ids.h"
#include "mail/machine.h"
#include "mail/parts.h"
#include "mail/people.h"
#include "mail/prescan.h"
#include "mail/report.h"
#include "mail/scrub.h"
#include "mail/text.h"

#include <gmime/gmime.h>

#include "base/banned.h"

#define SUBJECT_MAX 1024
#define NAME_MAX_BYTES 256

void
mail_init(void)
{
	g_mime_init();
	decode_init();
	charset_init();
	html_init();
}

static void
addr_free_item(gpointer data)
{
	addr_free(data);
}

static struct mail *
mail_new(void)
{
	struct mail *mail = g_new0(struct mail, 1);

	mail->other_addrs = g_ptr_array_new_with_free_func(addr_free_item);
	mail->other_names = g_ptr_array_new_with_free_func(g_free);
	mail->rcpt_addrs = g_ptr_array_new_with_free_func(addr_free_item);
	mail->references = g_ptr_array_new_with_free_func(g_free);
	return mail;
}

/* --- people --------------------------------------------------------- */

/* All mailboxes of all headers of a name. */
static GPtrArray *
header_mailboxes(const struct headers *headers, const char *name)
{
	const char *value = headers_get(headers, name, 0);
	GPtrArray *all = decode_mailboxes(value != NULL ? value : "");

	for (guint n = 1; (value = headers_get(headers, name, n)) != NULL;
	     n++) {
		GPtrArray *more = decode_mailboxes(value);

		g_ptr_array_extend_and_steal(all, more);
	}
	return all;
}

/* A From: that is no mailbox still shows a name. */
static char *
unusable_name(const struct headers *headers)
{
	const char *value = headers_get(headers, "from", 0);
	g_autofree char *text = decode_text(value != NULL ? value : "",
	    NAME_MAX_BYTES);

	text[strcspn(text, "<")] = '\0';
	return g_strdup(g_strstrip(text));
}

static struct addr *
sender_addr(const struct mail_parse_options *options)
{
	if (options->sender_addr == NULL)
		return NULL;
	return addr_parse(options->sender_addr, -1, NULL);
}

/* Returns how many authors From: names. */
static guint
read_author(struct mail *mail, const struct headers *headers,
    const struct mail_parse_options *options)
{
	g_autoptr(GPtrArray) from = header_mailboxes(headers, "from");
	g_autoptr(addr_auto) envelope = sender_addr(options);

	if (from->len > 0) {
		struct mailbox *first = from->pdata[0];

		mail->from_addr = g_steal_pointer(&first->addr);
		mail->from_name = g_steal_pointer(&first->name);
		first->name = g_strdup("");
	} else {
		mail->from_name = unusable_name(headers);
	}
	if (mail->from_addr == NULL)
		mail->from_addr = g_steal_pointer(&envelope);
	people_add_addr(mail, envelope);
	return from->len;
}

/* Some clients leave Bcc in; what was sent anew names others again. */
static void
read_recipients(struct mail *mail, const struct headers *headers)
{
	static const char *const names[] = {"to", "cc", "bcc", "resent-to",
	    "resent-cc", "resent-bcc"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GPtrArray) found = header_mailboxes(headers,
		    names[i]);

		mail->recipients += found->len;
		for (guint k = 0; k < found->len &&
		     mail->rcpt_addrs->len < MAIL_RCPTS_MAX; k++) {
			struct mailbox *box = found->pdata[k];

			if (box->addr != NULL)
				g_ptr_array_add(mail->rcpt_addrs,
				    g_steal_pointer(&box->addr));
		}
	}
}

/* --- digest --------------------------------------------------------- */

static void
sum_field(GChecksum *sum, const char *value)
{
	guint64 len = strlen(value);

	g_checksum_update(sum, (const guchar *)&len, sizeof(len));
	g_checksum_update(sum, (const guchar *)value, (gssize)len);
}

/* A header as its author wrote it, whatever relays did to its folding. */
static void
sum_header(GChecksum *sum, const struct headers *headers, const char *name)
{
	const char *value = headers_get(headers, name, 0);
	g_autoptr(GString) folded = g_string_new(NULL);

	for (const char *p = value != NULL ? value : ""; *p != '\0'; p++)
		if (*p != ' ')
			g_string_append_c(folded, *p);
		else if (p[1] != ' ')
			g_string_append_c(folded, ' ');
	sum_field(sum, folded->str);
}

static void
sum_from(GChecksum *sum, const struct mail *mail)
{
	g_autofree char *from = mail->from_addr != NULL
	    ? addr_to_normal(mail->from_addr)
	    : g_strdup("");

	sum_field(sum, from);
}

static void
sum_facts(GChecksum *sum, const struct mail *mail,
    const struct headers *headers)
{
	sum_from(sum, mail);
	sum_header(sum, headers, "message-id");
	sum_header(sum, headers, "date");
	sum_header(sum, headers, "subject");
}

static void
sum_take(GChecksum *sum, guint8 digest[MAIL_DIGEST_LEN])
{
	gsize len = MAIL_DIGEST_LEN;

	g_checksum_get_digest(sum, digest, &len);
	g_assert(len == MAIL_DIGEST_LEN);
}

/* Who sends the same words again sends them with another Message-ID and
 * Date, perhaps behind "Re:", and wrapped anew. */
static void
sum_words(struct mail *mail)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *subject = scrub_subject_base(mail->subject);
	g_autofree char *text = text_line(mail->text, TEXT_MAX);

	if (*text == '\0')
		return;
	sum_from(sum, mail);
	sum_field(sum, subject);
	sum_field(sum, text);
	sum_take(sum, mail->words);
}

/* --- the whole ------------------------------------------------------ */

static void
read_facts(struct mail *mail, const struct headers *headers,
    const struct mail_parse_options *options)
{
	const char *subject = headers_get(headers, "subject", 0);
	guint authors = read_author(mail, headers, options);

	people_read(mail, headers);
	read_recipients(mail, headers);
	mail->subject = decode_text(subject != NULL ? subject : "",
	    SUBJECT_MAX);
	mail->message_id = ids_first(headers, "message-id");
	ids_read_references(mail->references, headers);
	mail->thread = ids_thread(headers);
	mail->auth = authres_evaluate(
	    headers, options, mail->from_addr, authors == 1);
}

/* A NUL cuts a header value in GMime and takes the line end with it. */
static char *
strip_nul(const char *raw, gsize len, gsize *out_len)
{
	char *copy = g_malloc(len + 1);
	gsize n = 0;

	for (gsize i = 0; i < len; i++)
		if (raw[i] != '\0')
			copy[n++] = raw[i];
	copy[n] = '\0';
	*out_len = n;
	return copy;
}

static void
become_placeholder(struct mail *mail, const char *body, gsize len,
    GChecksum *sum)
{
	mail->is_placeholder = TRUE;
	mail->text = g_strdup("");
	mail->files = g_ptr_array_new();
	if (len > 0)
		g_checksum_update(sum, (const guchar *)body, (gssize)len);
}

static void
fill(struct mail *mail, const char *raw, gsize len,
    const struct mail_parse_options *options)
{
	enum prescan_result shape =
	    options->is_unsafe ? PRESCAN_OK : prescan_check(raw, len);
	gboolean is_ok = !options->is_unsafe && shape == PRESCAN_OK;
	g_autoptr(headers_auto) headers = headers_scan(raw, len,
	    is_ok ? PRESCAN_HEADER_BYTES : DECODE_SHORT);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_auto(report_parts_auto) report = {0};

	mail->has_bad_shape =
	    shape != PRESCAN_OK && shape != PRESCAN_EMPTY;
	read_facts(mail, headers, options);
	sum_facts(sum, mail, headers);
	if (is_ok && parts_collect(raw, len, mail, sum, &report))
		sum_field(sum, mail->text);
	else
		become_placeholder(mail, raw + headers->body,
		    len - headers->body, sum);
	sum_take(sum, mail->digest);
	sum_words(mail);
	machine_read(mail, headers, options->sender_addr, &report);
	if (!mail->is_placeholder)
		cipher_hold(mail);
}

struct mail *
mail_parse(GBytes *raw, const struct mail_parse_options *options)
{
	struct mail *mail = mail_new();
	g_autofree char *copy = NULL;
	gsize len;
	const char *bytes = g_bytes_get_data(raw, &len);

	if (bytes == NULL)
		bytes = "";
	if (memchr(bytes, '\0', len) != NULL)
		bytes = copy = strip_nul(bytes, len, &len);
	fill(mail, bytes, len, options);
	return mail;
}
