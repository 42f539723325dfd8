/*
 * One mail by three ways is one mail: what a Postfix writes above it, or moves,
 * when it comes by LMTP, by a milter or by the proxy is no part of what it is
 * known by.
 */
#include "mail/canonical.h"
#include "mail/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

int mail_ways_tests(void);

#define RESULT                                                                 \
	"Authentication-Results: mx.us; spf=pass smtp.mailfrom=m.test\r\n"
#define PROOF "X-Nymdesk-Proof-1: mx.us; auth=pass smtp.auth=p@m.test\r\n"
#define OWN_HOP                                                                \
	"Received: from out.m.test (out.m.test [192.0.2.1])\r\n"               \
	"\tby mx.us (Postfix) with ESMTPS id 4a for <help@us.test>;\r\n"       \
	"\tSun, 22 Nov 2026 10:00:00 +0000 (UTC)\r\n"
#define LATER_HOP                                                              \
	"Received: from mx2.us (localhost [127.0.0.1])\r\n"                    \
	"\tby mx.us (Postfix) with SMTP id 4b;\r\n"                            \
	"\tSun, 22 Nov 2026 10:00:09 +0000 (UTC)\r\n"

/* What stands above the mail. */
static const struct {
	const char *above;
	enum mail_results results;
} ways[] = {
    {"", MAIL_RESULTS_ALL},	/* milter: Postfix hides its Received from it */
    {RESULT, MAIL_RESULTS_ALL}, /* and another one before it added this */
    {"X-Spam-Flag: NO\r\n" RESULT RESULT, MAIL_RESULTS_ALL},
    {"Return-Path: <p@m.test>\r\nX-Original-To: help@us.test\r\n"
     "Delivered-To: help@us.test\r\n" RESULT OWN_HOP,
	MAIL_RESULTS_ALL},
    {OWN_HOP RESULT, MAIL_RESULTS_ALL},
    {LATER_HOP RESULT OWN_HOP, MAIL_RESULTS_ALL},
    {PROOF RESULT OWN_HOP, MAIL_RESULTS_ABOVE_RECEIVED},
    {OWN_HOP, MAIL_RESULTS_ABOVE_RECEIVED},
    {LATER_HOP OWN_HOP, MAIL_RESULTS_ABOVE_RECEIVED},
};

#define HOP                                                                    \
	"Received: from pc by out.m.test; Sun, 22 Nov 2026 09:59:59 +0000\r\n"
#define FROM "From: P <p@m.test>\r\n"
#define IDS                                                                    \
	"Message-ID: <1.a@m.test>\r\nDate: Sun, 22 Nov 2026 09:59:58 "         \
	"+0000\r\n"                                                            \
	"References: <0.a@m.test>\r\n <0.b@m.test>\r\n"                        \
	"Thread-Index: AQHZabcdefghijklmnopqrstuvwxyz==\r\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n\r\nWhere is it?\r\n"
#define MIXED                                                                  \
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n"              \
	"\tboundary=\"b\"\r\n\r\n--b\r\n\r\nSee this.\r\n--b\r\n"              \
	"Content-Type: image/gif\r\nContent-Disposition: attachment\r\n\r\n"   \
	"GIF89a\r\n--b--\r\n"

static const char *const mails[] = {
    HOP FROM IDS "Subject: Bonus\r\n" PLAIN,
    FROM "Subject: Bonus\r\n" PLAIN,	/* no Message-ID, no Date */
    HOP IDS "Subject: Bonus\r\n" PLAIN, /* known by its envelope alone */
    HOP FROM IDS "Subject: a long\r\n\tsubject\r\n" MIXED,
    HOP FROM IDS "Auto-Submitted: auto-replied\r\nSubject: Away\r\n" PLAIN,
    /* Refused by the pre-scan: its facts and octets. */
    HOP FROM IDS
    "Content-Type: a/b;"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b\r\n"
    "\r\nWhere is it?\r\n",
};

static void
expect_same(const struct mail *one, const struct mail *other)
{
	g_autofree char *from = addr_to_normal(one->from_addr);
	g_autofree char *other_from = addr_to_normal(other->from_addr);

	assert_memory_equal(one->digest, other->digest, MAIL_DIGEST_LEN);
	assert_memory_equal(one->words, other->words, MAIL_DIGEST_LEN);
	assert_string_equal(one->message_id, other->message_id);
	assert_string_equal(one->thread, other->thread);
	assert_int_equal(one->references->len, other->references->len);
	for (guint i = 0; i < one->references->len; i++)
		assert_string_equal(
		    one->references->pdata[i], other->references->pdata[i]);
	assert_string_equal(one->subject, other->subject);
	assert_string_equal(one->text, other->text);
	assert_int_equal(one->files->len, other->files->len);
	assert_int_equal(one->machine, other->machine);
	assert_int_equal(one->has_bad_shape, other->has_bad_shape);
	assert_int_equal(one->other_addrs->len, other->other_addrs->len);
	assert_string_equal(from, other_from);
}

static struct mail *
read_mail(const char *raw, enum mail_results results, guint8 *digest)
{
	const struct mail_parse_options options = {
	    .authserv_id = "mx.us",
	    .sender_addr = "p@m.test",
	    .results = results,
	};
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));

	(void)canonical_digest(raw, strlen(raw), digest);
	return mail_parse(bytes, &options);
}

static void
by_any_way_it_is_the_same(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(mails); i++) {
		guint8 digest[CANONICAL_DIGEST_LEN];
		g_autoptr(mail_auto) mail =
		    read_mail(mails[i], MAIL_RESULTS_ALL, digest);

		for (gsize w = 0; w < G_N_ELEMENTS(ways); w++) {
			guint8 again[CANONICAL_DIGEST_LEN];
			g_autofree char *raw =
			    g_strconcat(ways[w].above, mails[i], NULL);
			g_autoptr(mail_auto) other =
			    read_mail(raw, ways[w].results, again);

			expect_same(mail, other);
			assert_memory_equal(digest, again, sizeof(digest));
		}
	}
}

/* A milter is given names and values, without the blank between them. */
static void
blanks_behind_a_colon_do_not_matter(void **state)
{
	static const char given[] =
	    "From:P <p@m.test>\r\nMessage-ID:<1.a@m.test>\r\n"
	    "Subject:a long\r\n\tsubject\r\n" PLAIN;
	static const char sent[] =
	    "From:  P <p@m.test>\r\nMessage-ID:  <1.a@m.test>\r\n"
	    "Subject:\ta long\r\n subject \r\n" PLAIN;
	guint8 digest[CANONICAL_DIGEST_LEN];
	guint8 again[CANONICAL_DIGEST_LEN];
	g_autoptr(mail_auto) one = read_mail(given, MAIL_RESULTS_ALL, digest);
	g_autoptr(mail_auto) other = read_mail(sent, MAIL_RESULTS_ALL, again);

	(void)state;
	expect_same(one, other);
	assert_memory_equal(digest, again, sizeof(digest));
}

int
mail_ways_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_any_way_it_is_the_same),
	    cmocka_unit_test(blanks_behind_a_colon_do_not_matter),
	};

	return cmocka_run_group_tests_name("mail ways", tests, NULL, NULL);
}
