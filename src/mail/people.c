#include "mail/people.h"

#include <string.h>

#include "mail/charset.h"
#include "mail/decode.h"

#include "base/banned.h"

#define OTHERS_MAX 100	   /* addresses, and names, besides the author's */
#define NAME_BYTES 256	   /* of one name */
#define FIELD_BYTES 4096   /* of one field that is read loosely */
#define FIELDS_MAX 20	   /* of one name */
#define WORD_PARTS 3	   /* of an encoded word, before its end */

/* Fields with display names, and those that hold addresses only. */
static const char *const with_names[] = {"from", "sender", "reply-to",
    "resent-from", "resent-sender", "resent-reply-to", "errors-to",
    "return-receipt-to", "disposition-notification-to",
    "x-confirm-reading-to", "x-original-from", "x-original-sender",
    "x-google-original-from", "x-sender", "x-from", "x-authenticated-sender",
    "x-authenticated-user", NULL};
static const char *const bare[] = {"return-path", "autocrypt",
    "x-original-return-path", "x-envelope-from", NULL};

/* What raw octets in a field may be, if they are no UTF-8. */
static const char *const raw_charsets[] = {"windows-1252", "windows-1251",
    "koi8-r", "windows-1253", "windows-1250", "windows-1254"};

static gboolean
is_same_addr(const struct addr *a, const struct addr *b)
{
	return g_ascii_strcasecmp(a->local, b->local) == 0 &&
	    g_ascii_strcasecmp(a->domain, b->domain) == 0;
}

void
people_add_addr(struct mail *mail, const struct addr *addr)
{
	GPtrArray *others = mail->other_addrs;

	if (addr == NULL || others->len >= OTHERS_MAX ||
	    (mail->from_addr != NULL && is_same_addr(addr, mail->from_addr)))
		return;
	for (guint i = 0; i < others->len; i++)
		if (is_same_addr(addr, others->pdata[i]))
			return;
	g_ptr_array_add(others, addr_copy(addr));
}

void
people_add_name(struct mail *mail, const char *name)
{
	GPtrArray *others = mail->other_names;

	if (*name == '\0' || others->len >= OTHERS_MAX ||
	    strcmp(name, mail->from_name) == 0 ||
	    g_ptr_array_find_with_equal_func(others, name, g_str_equal, NULL))
		return;
	g_ptr_array_add(others, g_strdup(name));
}

static void
read_list(struct mail *mail, const char *value)
{
	g_autoptr(GPtrArray) mailboxes = decode_mailboxes(value);

	for (guint i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		people_add_addr(mail, mailbox->addr);
		people_add_name(mail, mailbox->name);
	}
}

/* --- the loose reading ------------------------------------------------ */

/* Octets of the encoded word at p, or 0. */
static gsize
encoded_word_len(const char *p)
{
	const char *at = p;

	if (p[0] != '=' || p[1] != '?')
		return 0;
	for (guint i = 0; i < WORD_PARTS; i++) {
		at = strchr(at + 1, '?');
		if (at == NULL)
			return 0;
	}
	at = strstr(at + 1, "?=");
	return at != NULL ? (gsize)(at + 2 - p) : 0;
}

/* Blanks around every encoded word, without which it is read as plain text:
 * "(=?utf-8?Q?Max?=)", or two in a row. */
static char *
words_apart(const char *value)
{
	GString *out = g_string_new(NULL);
	gsize n = strlen(value);
	const char *end = value + MIN(n, FIELD_BYTES);

	for (const char *p = value; p < end;) {
		gsize len = encoded_word_len(p);

		if (len == 0 || len > (gsize)(end - p)) {
			g_string_append_c(out, *p++);
			continue;
		}
		g_string_append_c(out, ' ');
		g_string_append_len(out, p, (gssize)len);
		g_string_append_c(out, ' ');
		p += len;
	}
	return g_string_free(out, FALSE);
}

static gboolean
has_letters(const char *text)
{
	guint n = 0;

	for (; *text != '\0'; text = g_utf8_next_char(text))
		n += g_unichar_isalpha(g_utf8_get_char(text)) ? 1 : 0;
	return n >= 2;
}

/* What is left of a piece when its addresses are taken out is a name. */
static void
piece_add(struct mail *mail, const char *piece, gboolean has_names)
{
	g_auto(GStrv) words = g_strsplit_set(piece, " \t", -1);
	g_autoptr(GString) name = g_string_new(NULL);

	for (gsize i = 0; words[i] != NULL; i++) {
		const char *word = words[i];
		g_autoptr(addr_auto) addr = NULL;

		if (g_ascii_strncasecmp(word, "addr=", 5) == 0)
			word += 5;
		if (strchr(word, '@') != NULL)
			addr = addr_parse(word, -1, NULL);
		people_add_addr(mail, addr);
		if (addr == NULL && *word != '\0' && name->len < NAME_BYTES)
			g_string_append_printf(name, "%s%s",
			    name->len > 0 ? " " : "", word);
	}
	if (has_names && name->len < NAME_BYTES && has_letters(name->str))
		people_add_name(mail, name->str);
}

static void
read_pieces(struct mail *mail, const char *text, gboolean has_names)
{
	g_auto(GStrv) pieces = g_strsplit_set(text, "<>()[]\",;:\\", -1);

	for (gsize i = 0; pieces[i] != NULL; i++)
		if (pieces[i][0] != '\0')
			piece_add(mail, pieces[i], has_names);
}

static void
read_loosely(struct mail *mail, const char *value, gboolean has_names)
{
	g_autofree char *apart = words_apart(value);
	g_autofree char *text = decode_text(apart, FIELD_BYTES);

	read_pieces(mail, text, has_names);
	if (!has_names || g_utf8_validate(apart, -1, NULL))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(raw_charsets); i++) {
		g_autofree char *utf8 = charset_to_utf8(raw_charsets[i],
		    apart, strlen(apart));
		g_autofree char *as_text = decode_text(utf8, FIELD_BYTES);

		read_pieces(mail, as_text, TRUE);
	}
}

static void
read_fields(struct mail *mail, const struct headers *headers,
    const char *const *names, gboolean has_names)
{
	for (; *names != NULL; names++) {
		for (guint n = 0; n < FIELDS_MAX; n++) {
			const char *value = headers_get(headers, *names, n);

			if (value == NULL)
				break;
			if (has_names)
				read_list(mail, value);
			read_loosely(mail, value, has_names);
		}
	}
}

void
people_read(struct mail *mail, const struct headers *headers)
{
	read_fields(mail, headers, with_names, TRUE);
	read_fields(mail, headers, bare, FALSE);
}
