#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "archivist_tests.h"
#include "mail/archived.h"
#include "mail/compose.h"
#include "outbound/transcript.h"

#include "base/banned.h"

/*
 * Mails as an archive has them: written by us, read back, and what of them a
 * player gets.
 */
#define ROOT_ID "k7f39q2y.root@desk.test"
#define ID(n) "k7f39q2y.0123456789ab" n ".0123456789abc@desk.test"
#define CAPABILITY "support+k7f39q2y-0123456789abc@desk.test"
#define DATE 1795321800 /* 2026-11-22 04:30:00 */

/* --- what an archive has ---------------------------------------------- */

static GBytes *
copy_make(const char *text, const char *flags, gboolean has_file)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	struct scrubbed_file file = {.type = (char *)"text/plain",
	    .what = "text",
	    .text = (char *)"of a file\n",
	    .fate = SCRUBBED_REDACTED};
	struct scrubbed body = {.subject = (char *)"Where is it?",
	    .text = (char *)text,
	    .tail = (char *)"> older words",
	    .files = files};
	const struct compose_copy copy = {
	    .queue_address = "support@desk.test",
	    .agent_address = CAPABILITY,
	    .pseudonym = "amber-otter-41",
	    .number = "K7F3-9Q2Y",
	    .message_id = ID("1"),
	    .root_id = ROOT_ID,
	    .previous_id = "",
	    .date = DATE,
	    .queue = "support",
	    .category = "withdrawal",
	    .lang = "en",
	    .level = 2,
	    .due = DATE + 7200,
	    .flags = flags,
	    .body = &body};

	if (has_file)
		g_ptr_array_add(files, &file);
	return compose_agent_copy(&copy);
}

static GBytes *
answer_make(const char *text, const char *copy_id)
{
	const struct archived_answer answer = {.role_name = "Casino Support",
	    .queue_address = "support@desk.test",
	    .agent_address = copy_id[0] != '\0' ? CAPABILITY : "",
	    .pseudonym = "amber-otter-41",
	    .number = "K7F3-9Q2Y",
	    .message_id = ID("2"),
	    .root_id = ROOT_ID,
	    .copy_id = copy_id,
	    .date = DATE + 3600,
	    .queue = "support",
	    .agent = "anna",
	    .text = text};

	return archived_compose_answer(&answer);
}

static GBytes *
replace(GBytes *content, const char *old, const char *new)
{
	gsize len;
	const char *data = g_bytes_get_data(content, &len);
	GString *text = g_string_new_len(data, (gssize)len);

	assert_int_equal(g_string_replace(text, old, new, 1), 1);
	g_bytes_unref(content);
	return g_string_free_to_bytes(text);
}

static guint
count(GBytes *content, const char *part)
{
	gsize len;
	const char *data = g_bytes_get_data(content, &len);
	const char *end = data + len;
	guint n = 0;

	while ((data = g_strstr_len(data, end - data, part)) != NULL) {
		data += strlen(part);
		n++;
	}
	return n;
}

/* --- reading back ------------------------------------------------------ */

void
test_archived_answer(void **state)
{
	static const char *const texts[] = {"Hello.\n", "\n",
	    "gr\xc3\xbc\xc3\x9f" "e = \xe2\x82\xac\n\nFrom here\n.\n-- \n",
	    "a very long line, so that it has to be written in "
	    "quoted-printable, as it goes on and on and on and on\n"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GBytes) content = answer_make(texts[i], ID("1"));
		g_autoptr(archived_auto) a = archived_read(content);

		assert_non_null(a);
		assert_int_equal(a->kind, ARCHIVED_ANSWER);
		assert_string_equal(a->message_id, ID("2"));
		assert_string_equal(a->in_reply_to, ID("1"));
		assert_true(archived_follows(a, ROOT_ID));
		assert_true(archived_follows(a, ID("1")));
		assert_false(archived_follows(a, ID("2")));
		assert_string_equal(a->queue, "support");
		assert_true(a->date == DATE + 3600);
		assert_string_equal(a->text, texts[i]);
		/* The capability is where a reply goes, and nowhere else. */
		assert_int_equal(count(content, CAPABILITY), 1);
		assert_int_equal(
		    count(content, "\r\nReply-To: " CAPABILITY "\r\n"), 1);
	}
	{
		g_autoptr(GBytes) content = answer_make("x", "");
		g_autoptr(archived_auto) a = archived_read(content);

		assert_non_null(a);
		assert_string_equal(a->in_reply_to, ROOT_ID);
		assert_int_equal(count(content, "Reply-To: "), 1);
		assert_int_equal(count(content, "In-Reply-To: "), 1);
	}
}

void
test_archived_copy(void **state)
{
	(void)state;
	for (int has_file = 0; has_file < 2; has_file++) {
		g_autoptr(GBytes) content =
		    copy_make("Where is it?\n", "vip,repeat", has_file);
		g_autoptr(archived_auto) a = archived_read(content);

		assert_non_null(a);
		assert_int_equal(a->kind, ARCHIVED_COPY);
		assert_int_equal(a->level, 2);
		assert_true(archived_has_flag(a, "vip"));
		assert_true(archived_has_flag(a, "repeat"));
		assert_false(archived_has_flag(a, "machine"));
		assert_true(g_str_has_prefix(a->text, "Where is it?\n\n"));
		assert_non_null(strstr(a->text, "\n[end of mail "));
		assert_null(strstr(a->text, "of a file"));
	}
}

/* What is damaged, or somebody else's. */
void
test_archived_strangers(void **state)
{
	static const struct {
		const char *old;
		const char *new;
	} rows[] = {
	    {"MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nX-Other: 1\r\n"},
	    {"MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nFrom: a@b.test\r\n"},
	    {"X-Nymdesk: ", "X-Other: "},
	    {"kind=answer", "kind=other"},
	    {"kind=answer", "answer"},
	    {"queue=support", "queue="},
	    {"Message-ID: <", "Message-ID: "},
	    {"References: ", "Subject: "},
	    {" +0000", " +0100"},
	    {"Date: ", "Date: x"},
	    {"text/plain; charset=utf-8", "text/html; charset=utf-8"},
	    {"text/plain; charset=utf-8", "text/plain"},
	    {"quoted-printable", "base64"},
	    {"=C3=BC", "=C3"},
	    {"=C3=BC", "=C3=B"},
	    {"=C3=BC", "=c3=bc"},
	    {"=C3=BC", "\xff"},
	    {"=C3=BC", "\r"},
	    {"=C3=BC", "\r\r\n"},
	    {"=C3=BC", "=0D"},
	    {"=C3=BC", "=00"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) content = replace(
		    answer_make("gr\xc3\xbcn\n", ""), rows[i].old,
		    rows[i].new);
		g_autoptr(archived_auto) a = archived_read(content);

		if (a != NULL)
			fail_msg("%s -> %s", rows[i].old, rows[i].new);
	}
	{
		g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

		assert_null(archived_read(empty));
	}
}

/* --- when to leave an archive alone ------------------------------------ */

#define S G_USEC_PER_SEC

void
test_archives_rest(void **state)
{
	static const struct {
		gint64 begin_s;	  /* behind the last end */
		gint64 took_s;
		gboolean ok;
		gboolean may;	  /* begin at all */
	} rows[] = {
	    {0, 0, TRUE, TRUE},
	    {0, 0, TRUE, TRUE},	      /* quick work lets nobody wait */
	    {0, 7, TRUE, TRUE},
	    {6, 0, TRUE, FALSE},      /* slow work does: as long as it took */
	    {7, 1, FALSE, TRUE},
	    {1, 0, TRUE, FALSE},
	    {2, 9, FALSE, TRUE},
	    {3, 0, TRUE, FALSE},
	    {4, 0, FALSE, TRUE},
	    {7, 0, TRUE, FALSE},
	    {8, 0, TRUE, TRUE},
	    {0, 0, FALSE, TRUE},      /* begins anew after a success */
	    {1, 0, TRUE, FALSE},
	    {2, 0, FALSE, TRUE},
	};
	struct config_queue with = {.name = (char *)"with",
	    .archive = (char *)"imap://u@127.0.0.1:1/A",
	    .archive_tls = (char *)"none",
	    .archive_password_file = (char *)"/nonexistent"};
	struct config_queue without = {.name = (char *)"without",
	    .archive = (char *)""};
	struct config config = {.queues = g_ptr_array_new()};
	struct archives *archives;
	gint64 end_us = 1000 * S;

	(void)state;
	g_ptr_array_add(config.queues, &without);
	assert_false(config_has_archive(&config));
	g_ptr_array_add(config.queues, &with);
	assert_true(config_has_archive(&config));
	archives = archives_new(&config, 100);
	assert_true(archives_has(archives, "with"));
	assert_false(archives_has(archives, "without"));
	assert_null(archives_begin(archives, "without", 0));
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 begin_us = end_us + rows[i].begin_s * S;
		gboolean may =
		    archives_begin(archives, "with", begin_us) != NULL;

		if (may != rows[i].may)
			fail_msg("row %zu", i);
		if (!may)
			continue;
		end_us = begin_us + rows[i].took_s * S;
		archives_done(archives, "with", rows[i].ok, end_us);
	}
	/* Never longer than ten minutes. */
	for (guint i = 0; i < 20; i++) {
		end_us += ARCHIVES_REST_MAX_S * S;
		assert_non_null(archives_begin(archives, "with", end_us));
		archives_done(archives, "with", FALSE, end_us);
	}
	assert_null(archives_begin(archives, "with", end_us + 599 * S));
	archives_free(archives);
	g_ptr_array_unref(config.queues);
}

/* --- a transcript ------------------------------------------------------- */

static struct config_queue queue = {.name = (char *)"support",
    .role = (char *)"Casino Support",
    .domain = (char *)"desk.test"};

static void
mail_drop(gpointer data)
{
	struct thread_mail *mail = data;

	archived_free(mail->facts);
	g_bytes_unref(mail->content);
	g_free(mail);
}

static void
mail_add(GPtrArray *mails, GBytes *content)
{
	struct thread_mail *mail = g_new0(struct thread_mail, 1);

	mail->content = content;
	mail->facts = archived_read(content);
	assert_non_null(mail->facts);
	g_ptr_array_add(mails, mail);
}

void
test_transcript(void **state)
{
	struct config config = {.queues = g_ptr_array_new()};
	g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(mail_drop);
	g_autofree char *text = NULL;

	(void)state;
	g_ptr_array_add(config.queues, &queue);
	mail_add(mails, copy_make("[the player asks for the next level]\n\n"
	    "Where is it?\n\n[address] or " CAPABILITY "\n", "", TRUE));
	mail_add(mails, copy_make("not his", "unproven", FALSE));
	mail_add(mails, copy_make("of another", "repeat,other-address", FALSE));
	mail_add(mails, copy_make("of a machine", "machine", FALSE));
	mail_add(mails, replace(answer_make("for us", ""), "kind=answer",
	    "kind=note"));
	mail_add(mails, answer_make("It is on its way.\n\nAnna\n", ID("1")));
	text = transcript_write(&config, mails);
	assert_string_equal(text,
	    "2026-11-22 04:30 UTC:\n\n"
	    "> Where is it?\n>\n> [address] or \n>\n>\n"
	    "> [attachment-1: text, at most 1 KiB:\n"
	    ">  attached as text with personal data masked]\n\n"
	    "2026-11-22 05:30 UTC, Casino Support:\n\n"
	    "It is on its way.\n\nAnna");
	g_ptr_array_unref(config.queues);
}

void
test_transcript_cut(void **state)
{
	struct config config = {.queues = g_ptr_array_new()};
	g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(mail_drop);
	g_autofree char *large = g_strnfill(100000, 'x');
	g_autofree char *text = NULL;

	(void)state;
	g_ptr_array_add(config.queues, &queue);
	text = transcript_write(&config, mails);
	assert_string_equal(text, "");
	for (guint i = 0; i < 4; i++)
		mail_add(mails, answer_make(large, ""));
	g_free(text);
	text = transcript_write(&config, mails);
	assert_true(g_str_has_prefix(text, "[...]\n\n2026-"));
	assert_in_range(strlen(text), 200000, 201000);
	g_ptr_array_unref(config.queues);
}
