#include "vault/receipt.h"

#include <string.h>

#include <sodium.h>

#include "base/error.h"

#include "base/banned.h"

#define MARK "nymdesk-receipt:"
#define KEY_MARK "nymdesk-receipt-key: v1 "
#define VERSION_LEN 2
#define NUMBER_TEXT_LEN (NUMBER_TEXT_SIZE - 1)
#define TIME_LEN 20 /* "2026-11-22T10:00:00Z" */
#define BASE64_32_LEN 43
#define BASE64_64_LEN 86
#define PAYLOAD_SIZE 96
#define YEAR_10000 G_GINT64_CONSTANT(253402300800)
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

G_STATIC_ASSERT(RECEIPT_SEED_LEN == crypto_sign_SEEDBYTES);
G_STATIC_ASSERT(RECEIPT_KEY_LEN == crypto_sign_PUBLICKEYBYTES);
G_STATIC_ASSERT(RECEIPT_SECRET_LEN == crypto_sign_SECRETKEYBYTES);
G_STATIC_ASSERT(RECEIPT_SIGNATURE_LEN == crypto_sign_BYTES);
G_STATIC_ASSERT(RECEIPT_TEXT_SIZE == sizeof MARK + VERSION_LEN +
	NUMBER_TEXT_LEN + TIME_LEN + BASE64_32_LEN + BASE64_64_LEN + 5);
G_STATIC_ASSERT(RECEIPT_KEY_TEXT_SIZE == sizeof KEY_MARK + BASE64_32_LEN);

/* --- writing ---------------------------------------------------------- */

/* What is signed. */
static gboolean
payload_make(const struct receipt *receipt, char out[PAYLOAD_SIZE])
{
	g_autoptr(GDateTime) time = NULL;
	g_autofree char *when = NULL;
	char shown[NUMBER_TEXT_SIZE];
	char digest[BASE64_32_LEN + 1];

	if (!number_is_set(&receipt->number) || receipt->received < 0 ||
	    receipt->received >= YEAR_10000)
		return FALSE;
	time = g_date_time_new_from_unix_utc(receipt->received);
	when = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
	sodium_bin2base64(digest, sizeof digest, receipt->digest,
	    RECEIPT_DIGEST_LEN, BASE64);
	g_snprintf(out, PAYLOAD_SIZE, MARK " v1 %s %s %s",
	    number_show(&receipt->number, shown), when, digest);
	return TRUE;
}

gboolean
receipt_sign(struct receipt *receipt, const guint8 secret[RECEIPT_SECRET_LEN])
{
	char payload[PAYLOAD_SIZE];

	if (!payload_make(receipt, payload))
		return FALSE;
	(void)crypto_sign_detached(receipt->signature, NULL,
	    (const guint8 *)payload, strlen(payload), secret);
	return TRUE;
}

gboolean
receipt_verify(
    const struct receipt *receipt, const guint8 key[RECEIPT_KEY_LEN])
{
	char payload[PAYLOAD_SIZE];

	return sodium_init() >= 0 && payload_make(receipt, payload) &&
	    crypto_sign_verify_detached(receipt->signature,
		(const guint8 *)payload, strlen(payload), key) == 0;
}

const char *
receipt_show(const struct receipt *receipt, char out[RECEIPT_TEXT_SIZE])
{
	char payload[PAYLOAD_SIZE];
	char signature[BASE64_64_LEN + 1];
	gboolean ok = payload_make(receipt, payload);

	g_assert(ok);
	sodium_bin2base64(signature, sizeof signature, receipt->signature,
	    RECEIPT_SIGNATURE_LEN, BASE64);
	g_snprintf(out, RECEIPT_TEXT_SIZE, "%s %s", payload, signature);
	return out;
}

/* --- reading ---------------------------------------------------------- */

/* Text that a mail client has broken into lines. */
struct reader {
	const char *at;
	const char *end;
};

/* Octets of what may stand between any two letters: blanks, line ends, marks
 * of quotes, the soft line break of quoted-printable, a no-break space. */
static gsize
skip_len(const struct reader *r)
{
	gsize left = (gsize)(r->end - r->at);

	if (left >= 3 && memcmp(r->at, "=\r\n", 3) == 0)
		return 3;
	if (left >= 2 && (memcmp(r->at, "=\n", 2) == 0 ||
		memcmp(r->at, "\xc2\xa0", 2) == 0))
		return 2;
	return left > 0 && strchr(" \t\r\n>|", *r->at) != NULL && *r->at != '\0'
	    ? 1
	    : 0;
}

/* The next len letters. */
static gboolean
letters_read(struct reader *r, char *out, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		for (gsize n; (n = skip_len(r)) > 0;)
			r->at += n;
		if (r->at == r->end || !g_ascii_isgraph(*r->at))
			return FALSE;
		out[i] = *r->at++;
	}
	out[len] = '\0';
	return TRUE;
}

/* The letters that stand for so many octets; others are not forgiven, also not
 * those that only fill up the last octet. */
static gboolean
base64_read(const char *text, gsize text_len, guint8 *out, gsize len)
{
	gsize got;

	return sodium_base642bin(out, len, text, text_len, NULL, &got, NULL,
		   BASE64) == 0 && got == len;
}

static gboolean
octets_read(struct reader *r, guint8 *out, gsize len)
{
	char text[BASE64_64_LEN + 1];
	gsize text_len =
	    len == RECEIPT_SIGNATURE_LEN ? BASE64_64_LEN : BASE64_32_LEN;

	return letters_read(r, text, text_len) &&
	    base64_read(text, text_len, out, len);
}

static gboolean
time_read(struct reader *r, gint64 *received)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	g_autoptr(GDateTime) time = NULL;
	char text[TIME_LEN + 1];

	if (!letters_read(r, text, TIME_LEN))
		return FALSE;
	for (guint i = 0; i < TIME_LEN; i++)
		if (form[i] == '0' ? !g_ascii_isdigit(text[i])
				   : text[i] != form[i])
			return FALSE;
	time = g_date_time_new_from_iso8601(text, NULL);
	*received = time == NULL ? -1 : g_date_time_to_unix(time);
	return *received >= 0;
}

/* The mark, after which r goes on. A client may have broken it, too. */
static gboolean
mark_find(struct reader *r)
{
	for (; r->at < r->end; r->at++) {
		struct reader ahead = *r;
		char mark[sizeof MARK];

		if ((*r->at == 'n' || *r->at == 'N') &&
		    letters_read(&ahead, mark, sizeof MARK - 1) &&
		    g_ascii_strcasecmp(mark, MARK) == 0) {
			*r = ahead;
			return TRUE;
		}
	}
	return FALSE;
}

gboolean
receipt_find(const char *text, gsize len, struct receipt *out, GError **err)
{
	struct reader r = {len > 0 ? text : "", NULL};
	char version[VERSION_LEN + 1];
	char number[NUMBER_TEXT_SIZE];

	memset(out, 0, sizeof *out);
	r.end = r.at + len;
	if (!mark_find(&r))
		return error_fail(err, ERROR_PERM,
		    "there is no line with \"nymdesk-receipt:\" in it; save "
		    "the mail as text");
	if (!letters_read(&r, version, VERSION_LEN) ||
	    g_ascii_strcasecmp(version, "v1") != 0)
		return error_fail(err, ERROR_PERM,
		    "the receipt is not of version v1; a newer nymdesk may "
		    "read it");
	if (!letters_read(&r, number, NUMBER_TEXT_LEN) ||
	    !number_parse(number, NUMBER_TEXT_LEN, &out->number))
		return error_fail(err, ERROR_PERM,
		    "the ticket number of the receipt is damaged: its check "
		    "character does not fit");
	if (!time_read(&r, &out->received))
		return error_fail(err, ERROR_PERM,
		    "the time of the receipt is damaged");
	if (!octets_read(&r, out->digest, RECEIPT_DIGEST_LEN))
		return error_fail(err, ERROR_PERM,
		    "the digest of the receipt is damaged: it has 43 letters");
	if (!octets_read(&r, out->signature, RECEIPT_SIGNATURE_LEN))
		return error_fail(err, ERROR_PERM,
		    "the signature of the receipt is damaged: it has 86 "
		    "letters");
	return TRUE;
}

/* --- keys ------------------------------------------------------------- */

const char *
receipt_key_show(
    const guint8 key[RECEIPT_KEY_LEN], char out[RECEIPT_KEY_TEXT_SIZE])
{
	char text[BASE64_32_LEN + 1];

	sodium_bin2base64(
	    text, sizeof text, key, RECEIPT_KEY_LEN, BASE64);
	g_snprintf(out, RECEIPT_KEY_TEXT_SIZE, KEY_MARK "%s", text);
	return out;
}

gboolean
receipt_key_parse(const char *text, guint8 key[RECEIPT_KEY_LEN], GError **err)
{
	if (g_str_has_prefix(text, KEY_MARK))
		text += strlen(KEY_MARK);
	if (strlen(text) != BASE64_32_LEN ||
	    !base64_read(text, BASE64_32_LEN, key, RECEIPT_KEY_LEN))
		return error_fail(err, ERROR_PERM,
		    "not a key of receipts: 43 letters, as \"nymdesk receipt "
		    "key\" prints them");
	return TRUE;
}
