/*
 * The digest that a receipt names: what the way of a mail may change, and
 * what it may not.
 */
#include "mail/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

int mail_canonical_tests(void);

#define HEAD                                                                   \
	"From: Player <player@mail.test>\r\n"                                  \
	"Message-ID: <a1b2c3@mail.test>\r\n"                                   \
	"Subject: Withdrawal 500 USDT\r\n"                                     \
	"Content-Type: text/plain; charset=utf-8\r\n"                          \
	"Content-Transfer-Encoding: 8bit\r\n"
#define BODY "Hello,\r\n\r\nnothing has come.\r\n"
#define MAIL HEAD "\r\n" BODY

static gboolean
same(const char *mail)
{
	guint8 one[CANONICAL_DIGEST_LEN];
	guint8 other[CANONICAL_DIGEST_LEN];

	assert_true(canonical_digest(MAIL, strlen(MAIL), one));
	assert_true(canonical_digest(mail, strlen(mail), other));
	return memcmp(one, other, sizeof one) == 0;
}

static void
the_way_changes_nothing(void **state)
{
	static const char *const rows[] = {
	    MAIL,
	    /* Traces, and other fields that nobody counts. */
	    "Return-Path: <player@mail.test>\r\n"
	    "Received: from a.test by b.test;\r\n\tSun, 22 Nov 2026\r\n"
	    "DKIM-Signature: v=1; h=subject:from\r\n" HEAD
	    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nTo: x@y.test\r\n\r\n" BODY,
	    /* Without who wrote it; other line ends; mbox's first line. */
	    "From player@mail.test Sun Nov 22 10:00:00 2026\n"
	    "Message-ID: <a1b2c3@mail.test>\nSubject: Withdrawal 500 USDT\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "Hello,\n\nnothing has come.\n",
	    /* Other order, case of names, folding, blanks. */
	    "Content-Transfer-Encoding : 8bit\r\nSUBJECT:\r\n Withdrawal\r\n"
	    "\t500  USDT \r\nContent-Type:text/plain;\r\n\tcharset=utf-8\r\n"
	    "message-id:<a1b2c3@mail.test>\r\n\r\n" BODY,
	    /* Blanks in and behind lines, empty lines at the end, none. */
	    HEAD "\r\nHello, \t\r\n \r\nnothing  has\tcome.\r\n\r\n \r\n",
	    HEAD "\r\nHello,\r\n\r\nnothing has come.",
	    HEAD "\r\nHello,\r\r\n\r\nnothing\rhas come.\r\n",
	    HEAD "\r\r\n\r\n" BODY,
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!same(rows[i]))
			fail_msg("row %u", i);
}

static void
what_is_written_counts(void **state)
{
	static const char *const rows[] = {
	    "X: 1\r\n" HEAD "\r\nHello,\r\n\r\nnothing has come!\r\n",
	    HEAD "\r\nHello,\r\nnothing has come.\r\n",
	    HEAD "\r\n\r\nHello,\r\n\r\nnothing has come.\r\n",
	    HEAD "\r\n Hello,\r\n\r\nnothing has come.\r\n",
	    HEAD "\r\nHello,\r\n\r\nnothing hascome.\r\n",
	    HEAD "\r\nhello,\r\n\r\nnothing has come.\r\n",
	    HEAD "\r\n",
	    HEAD,
	    "Subject: one more\r\n" MAIL,
	    "Content-Type: text/html\r\n" MAIL,
	    HEAD " and more\r\n\r\n" BODY,
	    "Message-ID: <a1b2c4@mail.test>\r\n"
	    "Subject: Withdrawal 500 USDT\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n" BODY,
	    "Message-ID: <a1b2c3@mail.test>\r\n"
	    "Subject: Withdrawal 900 USDT\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n" BODY,
	    "Message-ID: <a1b2c3@mail.test>\r\n"
	    "Subject: Withdrawal 500 USDT\r\n"
	    "Content-Type: text/plain; charset=utf-7\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n" BODY,
	    "Message-ID: <a1b2c3@mail.test>\r\n"
	    "Subject: Withdrawal 500 USDT\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n" BODY,
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (same(rows[i]))
			fail_msg("row %u", i);
}

static void
no_message_id_no_digest(void **state)
{
	static const char *const rows[] = {"", "\r\n", "text", "\r\n" MAIL,
	    "Subject: a\r\n\r\nb\r\n", "Message-ID:\r\n\r\nb\r\n",
	    "Message-ID: \r\n \r\n\r\nb\r\n", "Message-ID\r\n\r\nb\r\n",
	    "Message-IDs: <a@b>\r\n\r\nb\r\n",
	    "Message-ID", " Message-ID: <a@b>\r\n\r\n"};
	static const guint8 zeros[CANONICAL_DIGEST_LEN];
	guint8 digest[CANONICAL_DIGEST_LEN];

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		memset(digest, 7, sizeof digest);
		if (canonical_digest(rows[i], strlen(rows[i]), digest))
			fail_msg("row %u", i);
		assert_memory_equal(digest, zeros, sizeof zeros);
	}
}

/* Every cut of a mail is read within its octets, and no two are one mail but
 * where only its end is missing. */
static void
cuts_are_other_mails(void **state)
{
	guint8 digest[CANONICAL_DIGEST_LEN];
	gsize len = strlen(MAIL);

	(void)state;
	for (gsize cut = 0; cut < len; cut++) {
		g_autofree char *mail = g_memdup2(MAIL, cut);
		guint8 whole[CANONICAL_DIGEST_LEN];

		(void)canonical_digest(mail, cut, digest);
		(void)canonical_digest(MAIL, len, whole);
		assert_true((memcmp(digest, whole, sizeof whole) == 0) ==
		    (cut >= len - 2));
	}
}

/* More than one chunk, and NULs. */
static void
long_ones_are_summed_whole(void **state)
{
	const gsize head = strlen(HEAD "\r\n");
	const gsize len = head + 20000;
	g_autofree char *mail = g_malloc(len);
	guint8 one[CANONICAL_DIGEST_LEN];
	guint8 other[CANONICAL_DIGEST_LEN];

	(void)state;
	memset(mail, 0, len);
	memcpy(mail, HEAD "\r\n", head);
	assert_true(canonical_digest(mail, len, one));
	assert_true(canonical_digest(mail, len - 1, other));
	assert_memory_not_equal(one, other, sizeof one);
	for (gsize at = head; at < len; at += 1999) {
		mail[at] = 'x';
		assert_true(canonical_digest(mail, len, other));
		assert_memory_not_equal(one, other, sizeof one);
		mail[at] = '\0';
	}
	assert_true(canonical_digest(mail, len, other));
	assert_memory_equal(one, other, sizeof one);
}

int
mail_canonical_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_way_changes_nothing),
	    cmocka_unit_test(what_is_written_counts),
	    cmocka_unit_test(no_message_id_no_digest),
	    cmocka_unit_test(cuts_are_other_mails),
	    cmocka_unit_test(long_ones_are_summed_whole),
	};

	return cmocka_run_group_tests_name("mail canonical", tests, NULL, NULL);
}
