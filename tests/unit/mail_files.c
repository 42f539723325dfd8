/* Attachments, signatures and encrypted mails, from octets to the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/cipher.h"
#include "mail/kind.h"
#include "mail/parts.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_files_tests(void);

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define SIGNED "Content-Type: multipart/signed; boundary=b\r\n\r\n"
#define PLAIN "--b\r\nContent-Type: text/plain\r\n\r\n"
#define PART "\r\n--b\r\nContent-Type: "
#define END "\r\n--b--\r\n"
#define ARMOR "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMAztoken\r\n=abcd\r\n"  \
	      "-----END PGP MESSAGE-----\r\n"
#define KEY "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nmQtoken\r\n"         \
	    "-----END PGP PUBLIC KEY BLOCK-----\r\n"
#define LONG "A long text about a deposit that has not arrived yet, which "   \
	     "holds more letters than a greeting and a signature together "   \
	     "could have, so that there is something to read in this mail "   \
	     "even if what stands below it is not for us to read at all. "    \
	     "It goes on for one more line.\r\n"
/* base64 of a CMS ContentInfo: signed, enveloped, authEnveloped */
#define CMS_SIGNED "MIAGCSqGSIb3DQEHAgAA"
#define CMS_ENVELOPED "MIAGCSqGSIb3DQEHAwAA"
#define CMS_AUTH "MIAGCyqGSIb3DQEJEAEXAAA="
#define BASE64 "\r\nContent-Transfer-Encoding: base64\r\n\r\n"

static void
encrypted_mails_are_held(void **state)
{
	static const struct {
		const char *raw;
		gboolean is_encrypted;
		guint files;
		const char *text;
	} rows[] = {
		{"\r\n" ARMOR, TRUE, 0, ""},
		{"\r\nHello,\r\n" ARMOR "\r\nBye\r\n", TRUE, 0,
		    "Hello,\n\nBye\n"},
		{"\r\n-----BEGIN PGP MESSAGE-----\r\nhQEtoken never ends\r\n",
		    TRUE, 0, ""},
		{"Content-Type: text/html\r\n\r\n<pre>" ARMOR "</pre>", TRUE,
		    0, ""},
		{"\r\nHello\r\n> " "-----BEGIN PGP MESSAGE-----\r\n> x\r\n",
		    FALSE, 0, NULL},
		{"\r\n" LONG ARMOR, FALSE, 0, NULL},
		{"Content-Type: text/plain; format=flowed\r\n\r\n" ARMOR
		 "> a \r\n> " LONG, TRUE, 0, NULL},
		{"Content-Type: multipart/encrypted; boundary=b\r\n"
		 PART "application/pgp-encrypted\r\n\r\nVersion: 1"
		 PART "application/octet-stream\r\n\r\n" ARMOR END, TRUE, 0,
		    ""},
		{MIXED PLAIN "sent by X\r\n" PART
		 "multipart/encrypted; boundary=c\r\n\r\n--c\r\n\r\n" ARMOR
		 "--c--" END, TRUE, 0, "sent by X\n"},
		{MIXED PLAIN LONG PART "multipart/encrypted; boundary=c\r\n"
		 "\r\n--c\r\n\r\n" ARMOR "--c--" END, FALSE, 1, NULL},
		{MIXED PLAIN PART "application/pgp-encrypted\r\n\r\nVersion: 1"
		 PART "application/octet-stream\r\n\r\n" ARMOR END, TRUE, 0,
		    ""},
		{"Content-Type: application/pkcs7-mime;"
		 " smime-type=enveloped-data" BASE64 CMS_ENVELOPED "\r\n",
		    TRUE, 0, ""},
		{"Content-Type: application/x-pkcs7-mime" BASE64 CMS_AUTH
		 "\r\n", TRUE, 0, ""},
		{"Content-Type: application/octet-stream; name=smime.p7m"
		 BASE64 CMS_ENVELOPED "\r\n", TRUE, 0, ""},
		{"Content-Type: application/pkcs7-mime" BASE64 "AAECAwQF\r\n",
		    TRUE, 0, ""},
		/* signed only, but not to be opened here */
		{"Content-Type: application/pkcs7-mime;"
		 " smime-type=signed-data" BASE64 CMS_SIGNED "\r\n", FALSE, 1,
		    ""},
		/* an encrypted file beside a text */
		{MIXED PLAIN LONG PART "application/octet-stream; "
		 "name=x.pgp\r\n\r\n" ARMOR END, FALSE, 1, NULL},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(mail_auto) mail = mail_case(rows[i].raw, "a@b.example");

		if (mail->is_encrypted != rows[i].is_encrypted ||
		    mail->files->len != rows[i].files ||
		    (rows[i].text != NULL &&
			strcmp(mail->text, rows[i].text) != 0))
			fail_msg("row %zu: %d, %u files, \"%s\"", i,
			    mail->is_encrypted, mail->files->len, mail->text);
		assert_true(!mail->is_encrypted ||
		    strstr(mail->text, "token") == NULL);
		for (guint k = 0; k < mail->files->len; k++)
			assert_null(((struct mail_file *)
				mail->files->pdata[k])->text);
	}
}

/* What was encrypted tells two mails apart. */
static void
encrypted_mails_differ(void **state)
{
	static const char *const raws[] = {"\r\n" ARMOR,
	    "\r\n-----BEGIN PGP MESSAGE-----\r\nhQEMAother\r\n",
	    "Content-Type: multipart/encrypted; boundary=b\r\n\r\n"
	    "--b\r\n\r\nx\r\n--b--\r\n",
	    "Content-Type: multipart/encrypted; boundary=b\r\n\r\n"
	    "--b\r\n\r\ny\r\n--b--\r\n"};
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash,
	    g_str_equal, g_free, NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(raws); i++) {
		g_autoptr(mail_auto) mail = mail_case(raws[i], "a@b.example");

		assert_true(mail->is_encrypted);
		assert_true(g_hash_table_add(seen,
		    g_base64_encode(mail->digest, MAIL_DIGEST_LEN)));
	}
}

static void
signatures_and_keys_are_dropped(void **state)
{
	static const struct {
		const char *raw;
		guint files;
	} rows[] = {
		{SIGNED PLAIN "a" PART "application/pkcs7-signature" BASE64
		 CMS_SIGNED END, 0},
		{SIGNED PLAIN "a" PART "application/x-anything; name=x.doc"
		 BASE64 CMS_SIGNED END, 0},
		/* not a signature, whatever it calls itself */
		{SIGNED PLAIN "a" PART "application/pgp-signature\r\n\r\n"
		 "hidden words" END, 1},
		/* outside of multipart/signed it may be a whole mail */
		{MIXED PLAIN "a" PART "application/pkcs7-signature" BASE64
		 CMS_SIGNED END, 1},
		{MIXED PLAIN "a" PART "application/pgp-keys\r\n\r\n" KEY END,
		    0},
		{MIXED PLAIN "a" PART "image/jpeg; name=me.jpg\r\n\r\n" KEY
		 END, 0},
		{MIXED PLAIN "a" PART "text/plain; name=a.txt\r\n\r\n" KEY END,
		    0},
		/* a key as packets, under a wrong name */
		{MIXED PLAIN "a" PART "image/png; name=a.png" BASE64
		 "mAYEAAAAABa0AXg=" END, 0},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(mail_auto) mail = mail_case(rows[i].raw, "a@b.example");

		if (mail->files->len != rows[i].files)
			fail_msg("row %zu: %u files", i, mail->files->len);
		assert_false(mail->is_encrypted);
		assert_string_equal(mail->text, "a\n");
	}
}

static void
octets_are_kept_for_some(void **state)
{
	static const struct {
		const char *part;
		gboolean is_kept;
	} rows[] = {
		{"text/plain; name=x" BASE64 "iVBORw0KGgoA", TRUE}, /* PNG */
		{"text/plain; name=x" BASE64 "/9j/4AAQSkZJRgA=", TRUE},
		{"text/plain; name=x" BASE64 "JVBERi0xLjQK", TRUE},
		{"image/jpeg; name=x" BASE64 "UEsDBBQAAAA=", TRUE}, /* zip */
		{"image/jpeg; name=x" BASE64 "TVqQAAMA", FALSE},    /* exe */
		{"image/jpeg; name=x" BASE64 "0M8R4KGxGuEA", FALSE}, /* OLE */
		{"image/jpeg; name=x\r\n\r\nword", FALSE},
		{"image/jpeg; name=x\r\n\r\n<svg/>", FALSE},
		{"image/jpeg; name=x" BASE64 "AAECAwQF", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw = g_strconcat(MIXED PLAIN "a" PART,
		    rows[i].part, END, NULL);
		g_autoptr(mail_auto) mail = mail_case(raw, "a@b.example");
		const struct mail_file *file;

		assert_int_equal(mail->files->len, 1);
		file = mail->files->pdata[0];
		if ((file->octets != NULL) != rows[i].is_kept)
			fail_msg("row %zu: %s", i, file->type);
		if (file->octets != NULL)
			assert_int_equal(g_bytes_get_size(file->octets),
			    file->size);
	}
}

static void
octets_have_a_limit(void **state)
{
	g_autoptr(GString) raw = g_string_new(MIXED PLAIN "a");
	const gsize len = PARTS_OCTETS / 4 - 4;
	g_autofree char *half = g_strnfill(len, 'x');
	g_autoptr(mail_auto) mail = NULL;
	guint kept = 0;

	(void)state;
	for (guint i = 0; i < 5; i++) {
		g_string_append(raw, PART "image/png\r\n"
		    "Content-Disposition: attachment\r\n\r\n\x89PNG\r\n\x1a\n");
		for (gsize at = 0; at + 76 < len; at += 76) {
			g_string_append_len(raw, half, 74);
			g_string_append(raw, "\r\n");
		}
	}
	g_string_append(raw, END);
	mail = mail_case(raw->str, "a@b.example");
	assert_int_equal(mail->files->len, 5);
	for (guint i = 0; i < mail->files->len; i++)
		kept += ((struct mail_file *)mail->files->pdata[i])->octets !=
		    NULL;
	assert_int_equal(kept, 4);
}

/* Headers and names of parts, and what stands between them. */
static void
nothing_around_parts_is_kept(void **state)
{
	g_autoptr(mail_auto) mail = mail_case(
	    "Content-Type: multipart/mixed; boundary=tokboundary\r\n\r\n"
	    "tokpreamble\r\n--tokboundary\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "X-Tok: tokheader\r\nContent-Description: tokdescription\r\n\r\n"
	    "words\r\n--tokboundary\r\n"
	    "Content-Type: text/csv;\r\n"
	    " name*0*=utf-8'tok'%74oka; name*1*=tokb\r\n"
	    "Content-Disposition: attachment;\r\n"
	    " filename=\"=?utf-8?B?dG9rbmFtZQ==?=\"; "
	    "creation-date=\"tokdate\"\r\n"
	    "Content-ID: <tok@tok.example>\r\nContent-Location: "
	    "file:///tok\r\n\r\n1;2\r\n--tokboundary\r\n"
	    "Content-Type: message/rfc822\r\n\r\n"
	    "From: tok@tok.example\r\nSubject: inner\r\nX-Tok: tokx\r\n"
	    "Content-Type: message/rfc822\r\n\r\n"
	    "From: tok2@tok.example\r\nContent-Type: message/rfc822\r\n\r\n"
	    "To: tok3@tok.example\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Cc: tok4@tok.example\r\nSubject: deep\r\nContent-Type: "
	    "multipart/mixed; boundary=tokc\r\n\r\n--tokc\r\n\r\nwords inside"
	    "\r\n--tokc\r\nContent-Type: image/png; name=tok.png\r\n\r\n"
	    "\x89PNG\r\n\x1a\n\r\n--tokc--\r\n--tokboundary--\r\n"
	    "tokepilogue\r\n", "a@b.example");
	const struct mail_file *csv;

	(void)state;
	assert_null(strstr(mail->text, "tok"));
	assert_non_null(strstr(mail->text, "words\n"));
	assert_non_null(strstr(mail->text, "> inner\n"));
	assert_non_null(strstr(mail->text, "words inside\n"));
	assert_non_null(strstr(mail->text, "deep\n"));
	assert_int_equal(mail->files->len, 2);
	csv = mail->files->pdata[0];
	assert_string_equal(csv->type, "text/csv");
	assert_string_equal(csv->text, "1;2\n");
	assert_string_equal(((struct mail_file *)mail->files->pdata[1])->type,
	    "image/png");
}

static void
kinds_are_known(void **state)
{
	(void)state;
	assert_int_equal(kind_of("image/png")->use, KIND_IMAGE);
	assert_int_equal(kind_of("image/svg+xml")->use, KIND_WITHHELD);
	assert_int_equal(kind_of("no/such")->use, KIND_WITHHELD);
	assert_string_equal(kind_of(NULL)->type, "application/octet-stream");
}

int
mail_files_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypted_mails_are_held),
		cmocka_unit_test(encrypted_mails_differ),
		cmocka_unit_test(signatures_and_keys_are_dropped),
		cmocka_unit_test(octets_are_kept_for_some),
		cmocka_unit_test(octets_have_a_limit),
		cmocka_unit_test(nothing_around_parts_is_kept),
		cmocka_unit_test(kinds_are_known),
	};

	return cmocka_run_group_tests_name("mail files", tests, NULL, NULL);
}
