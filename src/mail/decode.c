#include "mail/decode.h"

#include "mail/text.h"

#include <string.h>

#include <gmime/gmime.h>

#include "base/banned.h"

#define NAME_BYTES 256
#define GROUP_DEPTH 20

static GMimeParserOptions *options; /* read-only after decode_init() */

void
decode_init(void)
{
	static const char *fallback[] = {"utf-8", "iso-8859-1", NULL};

	if (options != NULL)
		return;
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, fallback);
}

/* What GMime decoded may hold anything, CR LF and bad UTF-8 included. */
char *
decode_plain(const char *text, gsize max)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return text_line(valid, max);
}

/* Octets of the encoded word at p (RFC 2047 2), or 0; *encoding is where its
 * third part begins. */
static gsize
encoded_word_len(const char *p, gsize *encoding)
{
	gsize charset = strcspn(p + 2, "? ");
	gsize at = 2 + charset + 1;
	const char *end;

	if (charset == 0 || p[2 + charset] != '?' || p[at] == '\0' ||
	    p[at + 1] != '?')
		return 0;
	*encoding = at;
	end = p + at + 2 + strcspn(p + at + 2, "? ");
	return end[0] == '?' && end[1] == '=' ? (gsize)(end + 2 - p) : 0;
}

/* The word in hexadecimal digits: GMime 3.2 ends several base64 words in a
 * row at the padding of the first. */
static void
append_as_q(GString *out, const char *word, gsize len, gsize encoding)
{
	gsize octets;
	g_autofree char *base64 = g_strndup(word + encoding + 2,
	    len - encoding - 4);
	g_autofree guchar *bytes = g_base64_decode(base64, &octets);

	g_string_append_len(out, word, (gssize)encoding);
	g_string_append(out, "Q?");
	for (gsize i = 0; i < octets; i++)
		g_string_append_printf(out, "=%02X", bytes[i]);
	g_string_append(out, "?=");
}

/* Encoded words as GMime reads them. */
static char *
with_plain_words(const char *value)
{
	GString *out = g_string_new(NULL);

	while (*value != '\0') {
		gsize plain = strcspn(value + 1, "=") + 1;
		gsize encoding = 0;
		gsize len = value[0] == '=' && value[1] == '?'
		    ? encoded_word_len(value, &encoding)
		    : 0;

		if (len > 0 && g_ascii_tolower(value[encoding]) == 'b')
			append_as_q(out, value, len, encoding);
		else
			g_string_append_len(out, value,
			    (gssize)(len > 0 ? len : plain));
		value += len > 0 ? len : plain;
	}
	return g_string_free(out, FALSE);
}

char *
decode_text(const char *value, gsize max)
{
	g_autofree char *plain = with_plain_words(value);
	g_autofree char *text = g_mime_utils_header_decode_text(options,
	    plain);

	return decode_plain(text != NULL ? text : "", max);
}

static void
mailbox_free(gpointer data)
{
	struct mailbox *mailbox = data;

	addr_free(mailbox->addr);
	g_free(mailbox->name);
	g_free(mailbox);
}

static void
add_mailbox(GPtrArray *out, InternetAddress *address)
{
	struct mailbox *mailbox = g_new0(struct mailbox, 1);
	const char *name = internet_address_get_name(address);
	const char *addr = internet_address_mailbox_get_addr(
	    INTERNET_ADDRESS_MAILBOX(address));

	mailbox->addr = addr != NULL ? addr_parse(addr, -1, NULL) : NULL;
	mailbox->name = decode_plain(name != NULL ? name : "", NAME_BYTES);
	g_ptr_array_add(out, mailbox);
}

static void
add_list(GPtrArray *out, InternetAddressList *list, guint depth)
{
	int n = list != NULL ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n && out->len < DECODE_MAILBOXES; i++) {
		InternetAddress *address =
		    internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(address))
			add_mailbox(out, address);
		else if (INTERNET_ADDRESS_IS_GROUP(address) &&
		    depth < GROUP_DEPTH)
			add_list(out,
			    internet_address_group_get_members(
				INTERNET_ADDRESS_GROUP(address)),
			    depth + 1);
	}
}

GPtrArray *
decode_mailboxes(const char *value)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(mailbox_free);
	g_autofree char *plain = with_plain_words(value);
	InternetAddressList *list = internet_address_list_parse(options,
	    plain);

	add_list(out, list, 0);
	if (list != NULL)
		g_object_unref(list);
	return out;
}
