/*
 * What an archive's server gives: mails of the ticket, or what somebody put
 * into the mailbox. The first octet picks; an even one lays the rest of the
 * input over a mail of ours, so that the deep branches are met early. What is
 * read is checked for what the callers rely on, written again, and made into
 * a transcript.
 */
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "reach.h"

#include "base/config.h"
#include "mail/archived.h"
#include "mail/keyed.h"
#include "mail/writer.h"
#include "outbound/transcript.h"

#include "base/banned.h"

#define DOMAIN "casino.example"
#define QUEUE "support@" DOMAIN
#define NUMBER "4000-000T"
#define ROOT_ID "4000000t.root@" DOMAIN
#define COPY_ID "4000000t.0123456789abc.cba9876543210@" DOMAIN
#define ANSWER_ID "4000000t.cba9876543210.0123456789abc@" DOMAIN
#define MAILS 3 /* of a transcript */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD                                                                   \
	"From: \"amber-otter-41\" <" QUEUE ">\r\nTo: <" QUEUE ">\r\n"          \
	"Reply-To: <support+4000000t-0123456789abc@" DOMAIN ">\r\n"            \
	"Subject: [" NUMBER "] Where is it?\r\n"                               \
	"Date: Sun, 22 Nov 2026 04:30:00 +0000\r\n"                            \
	"Message-ID: <" COPY_ID ">\r\nIn-Reply-To: <" ROOT_ID ">\r\n"          \
	"References: <" ROOT_ID "> <" ANSWER_ID ">\r\n"                        \
	"X-Nymdesk: queue=support; level=2; flags=vip,repeat; category=x\r\n"  \
	"MIME-Version: 1.0\r\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define SEVEN PLAIN "Content-Transfer-Encoding: 7bit\r\n\r\n"
#define QP PLAIN "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define TEXT                                                                   \
	"[rated 4 of 5]\r\n\r\nWhere is it?\r\n[quoted text]\r\n> older\r\n"   \
	"[end of mail 7k3f9]\r\n"

static const char *const good[] = {HEAD SEVEN TEXT,
    HEAD QP "gr=C3=BC=C3=9Fe =3D a long=\r\n line\r\n" TEXT,
    HEAD "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
	 "--b\r\n" SEVEN TEXT "--b\r\n" SEVEN "of a file\r\n--b--\r\n"};

/* A good mail, with the input's octets xored over it. */
static GBytes *
disturb(const char *mail, const uint8_t *data, gsize len)
{
	gsize n = strlen(mail);
	char *text = g_strndup(mail, n);

	for (gsize i = 0; i < len && i < n; i++)
		text[i] = (char)(text[i] ^ (char)data[i]);
	return g_bytes_new_take(text, n);
}

static void
check_facts(const struct archived *a)
{
	g_assert(a->kind <= ARCHIVED_NOTE);
	g_assert(a->message_id[0] != '\0' && a->in_reply_to != NULL &&
	    a->references != NULL);
	g_assert(strpbrk(a->message_id, " \t\r\n") == NULL);
	g_assert(strpbrk(a->in_reply_to, " \t\r\n") == NULL);
	g_assert(a->queue[0] != '\0');
	g_assert(a->level <= 9);
	g_assert(g_strv_length(a->flags) <= 64);
	g_assert(a->date >= 0);
	g_assert(g_utf8_validate(a->text, -1, NULL));
	g_assert(strchr(a->text, '\r') == NULL);
	/* Asked of every mail. */
	(void)archived_has_flag(a, "unproven");
	(void)archived_follows(a, ROOT_ID);
}

/* The text, written into the archive as an answer and read back, is what
 * writer.h makes of it. */
static void
check_again(const struct archived *a)
{
	const struct archived_answer answer = {.role_name = "Casino Support",
	    .queue_address = QUEUE,
	    .agent_address = "",
	    .pseudonym = "amber-otter-41",
	    .number = NUMBER,
	    .message_id = ANSWER_ID,
	    .root_id = ROOT_ID,
	    .copy_id = COPY_ID,
	    .date = a->date % (100 * 365 * 86400L),
	    .queue = "support",
	    .agent = "anna",
	    .text = a->text};
	g_autoptr(GBytes) content = archived_compose_answer(&answer);
	g_autofree char *text = writer_canonical(a->text);
	g_autoptr(archived_auto) again = NULL;

	g_assert(content != NULL);
	again = archived_read(content);
	g_assert(again != NULL);
	check_facts(again);
	g_assert(again->kind == ARCHIVED_ANSWER);
	g_assert(again->date == answer.date);
	g_assert(strcmp(again->message_id, ANSWER_ID) == 0);
	g_assert(strcmp(again->in_reply_to, COPY_ID) == 0);
	g_assert(archived_follows(again, ROOT_ID));
	g_assert(strcmp(again->text, text) == 0);
}

static const struct config *
one_queue(void)
{
	static struct config_queue support = {.name = (char *)"support",
	    .local = (char *)"support",
	    .domain = (char *)DOMAIN,
	    .role = (char *)"Casino Support"};
	static gpointer list[] = {&support};
	static GPtrArray queues = {list, G_N_ELEMENTS(list)};
	static const struct config config = {.queues = &queues};

	return &config;
}

/* Of a queue of ours, as thread_find() sees to. */
static void
check_transcript(struct archived *a)
{
	struct thread_mail mail = {.facts = a};
	gpointer list[MAILS] = {&mail, &mail, &mail};
	const GPtrArray mails = {list, MAILS};
	g_autofree char *text = NULL;
	g_autofree char *clean = NULL;

	g_free(a->queue);
	a->queue = g_strdup("support");
	text = transcript_write(one_queue(), &mails);
	g_assert(g_utf8_validate(text, -1, NULL));
	g_assert(strlen(text) <= TRANSCRIPT_OCTETS_MAX + strlen("[...]\n\n"));
	g_assert(a->kind != ARCHIVED_NOTE || text[0] == '\0');
	clean = keyed_drop(text, DOMAIN, NULL);
	g_assert(strcmp(text, clean) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) content = NULL;
	g_autoptr(archived_auto) a = NULL;

	REACH_INIT("archived");
	if (size == 0)
		return 0;
	content = (data[0] & 1) == 0
	    ? disturb(good[data[0] / 2 % G_N_ELEMENTS(good)], data + 1,
		  size - 1)
	    : g_bytes_new(data + 1, size - 1);
	a = archived_read(content);
	if (a == NULL)
		return 0;
	REACHED();
	check_facts(a);
	check_again(a);
	check_transcript(a);
	return 0;
}
