/*
 * What a post makes of each kind of job: what is sent, to whom and from whom.
 * Desk, vault, MTA and slot are the test's own, in the place of proto/ipc.c,
 * outbound/smtp.c and outbound/slot.c.
 */
#include "post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "outbound/promise.h"
#include "outbound/word.h"
#include "proto/ipc.h"
#include "template/answer.h"
#include "ticket/sla.h"

#include "base/banned.h"

#define NUMBER "K7F39Q2Y"
#define AGENT_ADDR "support+k7f39q2y-agent00000000@casino.example"
#define OPENED G_GINT64_CONSTANT(1795312800) /* 2026-11-22 02:00 UTC */

/* --- the others --------------------------------------------------------- */

static struct {
	gboolean vault_is_down;
	gboolean desk_is_down;
	const char *receipt;
	guint codes[3]; /* of the recipients, in order; 0: no reply at all */

	guint32 kinds;	  /* that the desk was asked for */
	guint works;	  /* times it was asked */
	struct proto_job job; /* borrowed; it gives this one, once */
	struct proto_settle settled; /* the last; status is NULL */
	guint mails;
	char *sender;	   /* own; of the last mail, as the next two */
	char *rcpts;	   /* own; parted by blanks */
	char *mail;	   /* own; LF line ends, not encoded */
	guint slots_sent;
} seen;

static int stop;

struct ipc_client {
	enum role server;
};

struct ipc_client *
ipc_client_new(const char *run_dir, enum role server, enum role self,
    guint timeout_ms)
{
	struct ipc_client *client = g_new0(struct ipc_client, 1);

	(void)run_dir;
	(void)self;
	(void)timeout_ms;
	client->server = server;
	return client;
}

void
ipc_client_free(struct ipc_client *client)
{
	g_free(client);
}

static const struct label_set all_labels = {.number = {NUMBER},
    .agent = {"agent00000000"},
    .player = {"player0000000"},
    .message = {"token00000000"},
    .message_mac = {"mac0000000000"},
    .bounce = {"00000000"},
    .bounce_mac = {"bounce0000000"}};

static void
vault_opens(struct proto_vault_opened *opened)
{
	struct proto_envelope envelope = {
	    .player_addr = (char *)"max@player.example",
	    .subject = (char *)"Where is my money",
	    .message_id = (char *)"m1@player.example",
	    .references = (char *)"",
	};

	opened->envelope = proto_envelope_encode(&envelope);
	opened->label = all_labels;
	opened->label.agent = (struct label_mac){{0}};
	opened->receipt = g_strdup(seen.receipt);
}

static struct proto_job
job_copy(const struct proto_job *job)
{
	struct proto_job copy = *job;

	copy.queue = g_strdup(job->queue);
	copy.lang = g_strdup(job->lang);
	copy.category = g_strdup(job->category);
	copy.pseudonym = g_strdup(job->pseudonym);
	copy.agent = g_strdup(job->agent);
	copy.sealed = g_bytes_new(NULL, 0);
	return copy;
}

static void
desk_works(const struct proto_desk_work *work, struct proto_desk_jobs *jobs)
{
	jobs->jobs = g_array_new(FALSE, TRUE, sizeof(struct proto_job));
	seen.works++;
	if (work->want > 0)
		seen.kinds = work->kinds;
	if (work->settled != NULL && work->settled->len > 0) {
		seen.settled =
		    g_array_index(work->settled, struct proto_settle, 0);
		seen.settled.status = NULL;
	}
	if (work->want > 0 && seen.job.name.kind != 0) {
		struct proto_job job = job_copy(&seen.job);

		g_array_append_val(jobs->jobs, job);
		stop = 1;
	}
}

/* One ticket of the queue that came in within the week, one of another. */
static void
desk_counts(const struct proto_ctl_numbers *request,
    struct proto_ctl_numbers_are *page)
{
	static const char *const queues[] = {"support", "other"};

	page->tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_kpi));
	for (guint i = 0; request->after.s[0] == '\0' && i < 2; i++) {
		struct proto_ctl_kpi t = {.number = number_from_bits(i + 1),
		    .queue = g_strdup(queues[i]),
		    .category = g_strdup(i == 0 ? "bonus" : "technical"),
		    .lang = g_strdup("de"),
		    .agent = g_strdup(""),
		    .level = 1,
		    .opened = OPENED + 60};

		g_array_append_val(page->tickets, t);
	}
}

gboolean
ipc_call(struct ipc_client *client, enum proto_type request_type,
    gconstpointer request, int fd, enum proto_type answer_type,
    gpointer answer, GError **err)
{
	(void)fd;
	if (client->server == ROLE_VAULT ? seen.vault_is_down
					 : seen.desk_is_down)
		return error_fail(err, ERROR_TEMP, "no answer");
	if (answer_type == PROTO_VAULT_OPENED) {
		vault_opens(answer);
	} else if (answer_type == PROTO_VAULT_LABELLED) {
		struct proto_vault_labelled *labelled = answer;

		labelled->label = all_labels;
		labelled->label.player = (struct label_mac){{0}};
	} else if (request_type == PROTO_DESK_WORK) {
		desk_works(request, answer);
	} else {
		assert_int_equal(request_type, PROTO_CTL_NUMBERS);
		desk_counts(request, answer);
	}
	return TRUE;
}

struct smtp {
	int unused;
};

struct smtp *
smtp_new(const struct smtp_options *options)
{
	(void)options;
	return g_new0(struct smtp, 1);
}

void
smtp_free(struct smtp *smtp)
{
	g_free(smtp);
}

int
smtp_fd(const struct smtp *smtp)
{
	(void)smtp;
	return -1;
}

gboolean
smtp_is_tls(const struct smtp *smtp)
{
	(void)smtp;
	return FALSE;
}

static void
unfold(GString *text)
{
	gsize end = (gsize)(strstr(text->str, "\n\n") - text->str);

	for (gsize i = 0; i < end; i++)
		if (text->str[i] == '\n' && text->str[i + 1] == ' ') {
			g_string_erase(text, (gssize)i, 1);
			end--;
		}
}

/* Header and text as a reader would see them: unfolded, decoded. */
static char *
mail_read(GBytes *content)
{
	gsize len;
	const char *data = g_bytes_get_data(content, &len);
	GString *text = g_string_new_len(data, (gssize)len);
	gboolean is_qp = strstr(text->str, "quoted-printable") != NULL;

	(void)g_string_replace(text, "\r\n", "\n", 0);
	unfold(text);
	if (!is_qp)
		return g_string_free(text, FALSE);
	(void)g_string_replace(text, "=\n", "", 0);
	for (char *p = strchr(text->str, '='); p != NULL;
	     p = strchr(p + 1, '='))
		if (g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2]) &&
		    !g_ascii_islower(p[1]) && !g_ascii_islower(p[2])) {
			*p = (char)(g_ascii_xdigit_value(p[1]) * 16 +
			    g_ascii_xdigit_value(p[2]));
			g_string_erase(text, p + 1 - text->str, 2);
		}
	return g_string_free(text, FALSE);
}

gboolean
smtp_send(struct smtp *smtp, const struct smtp_mail *mail, GArray *results,
    GError **err)
{
	GString *rcpts = g_string_new(NULL);
	gboolean has_reply = seen.codes[0] != 0;

	(void)smtp;
	g_array_set_size(results, 0);
	for (guint i = 0; i < mail->rcpt_addrs->len; i++) {
		struct smtp_result result = {.code = seen.codes[MIN(i, 2)]};

		g_string_append_printf(rcpts, "%s%s", i > 0 ? " " : "",
		    (const char *)mail->rcpt_addrs->pdata[i]);
		g_array_append_val(results, result);
	}
	seen.mails++;
	g_free(seen.sender);
	g_free(seen.rcpts);
	g_free(seen.mail);
	seen.sender = g_strdup(mail->sender_addr);
	seen.rcpts = g_string_free(rcpts, FALSE);
	seen.mail = mail_read(mail->content);
	return has_reply || error_fail(err, ERROR_TEMP, "no reply");
}

void
slot_close(struct slot *slot)
{
	(void)slot;
}

GArray *
slot_recover(struct slot *slot, const GArray *held, guint timeout_ms)
{
	(void)slot;
	(void)held;
	(void)timeout_ms;
	return g_array_new(FALSE, TRUE, sizeof(struct proto_settle));
}

void
slot_hold(struct slot *slot, const struct proto_job_name *jobs, guint len)
{
	(void)slot;
	(void)jobs;
	(void)len;
}

void
slot_sending(struct slot *slot, guint index, int smtp_fd_given)
{
	(void)slot;
	(void)index;
	(void)smtp_fd_given;
}

void
slot_sent(struct slot *slot, guint index, enum proto_outcome outcome)
{
	(void)slot;
	(void)index;
	(void)outcome;
	seen.slots_sent++;
}

void
slot_release(struct slot *slot)
{
	(void)slot;
}

/* --- a post ----------------------------------------------------------------- */

static const char config_text[] =
    "[queue support]\naddress=support@casino.example\nrole=Casino Support\n"
    "agents=ada@agents.example;ben@agents.example\n"
    "senior=sue@agents.example\nhead=hal@agents.example\nreopen=14d\n"
    "faq=https://casino.example/faq\n"
    "[queue bare]\naddress=bare@casino.example\nrole=Bare\n"
    "agents=ada@agents.example\n";

static struct config *config;

static int
group_setup(void **state)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) err = NULL;
	int fd = g_file_open_tmp("nd-post-XXXXXX", &path, NULL);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_true(g_file_set_contents(path, config_text, -1, NULL));
	config = config_load_file(path, &err);
	(void)g_unlink(path);
	if (config == NULL)
		fail_msg("%s", err->message);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

static int
setup(void **state)
{
	struct post *post;

	memset(&seen, 0, sizeof(seen));
	seen.codes[0] = seen.codes[1] = seen.codes[2] = 250;
	stop = 0;
	post = post_new(config, NULL, 3, &stop);
	post->notices = notices_load(ND_SRCDIR "/templates", NULL);
	post->answers = answers_load(ND_SRCDIR "/templates", NULL);
	assert_non_null(post->notices);
	assert_non_null(post->answers);
	*state = post;
	return 0;
}

static int
teardown(void **state)
{
	post_free(*state);
	g_free(seen.sender);
	g_free(seen.rcpts);
	g_free(seen.mail);
	return 0;
}

static struct proto_job
job_make(enum proto_job_kind kind)
{
	return (struct proto_job){.name.kind = kind,
	    .number = {NUMBER},
	    .queue = (char *)"support",
	    .lang = (char *)"de",
	    .category = (char *)"withdrawal",
	    .opened = OPENED,
	    .first_reply_due = OPENED + 7200,
	    .decision_due = G_GINT64_CONSTANT(4102444800), /* 2100 */
	    .clock_due = OPENED + 7200,
	    .clock = SLA_FIRST_REPLY,
	    .stage = 80,
	    .level = 1,
	    .pseudonym = (char *)"amber-otter-41",
	    .agent = (char *)"ben"};
}

static void
check_has(const char *text)
{
	assert_non_null(seen.mail);
	if (strstr(seen.mail, text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, seen.mail);
}

static void
check_lacks(const char *text)
{
	if (strstr(seen.mail, text) != NULL)
		fail_msg("\"%s\" in:\n%s", text, seen.mail);
}

/* --- mails to agents ---------------------------------------------------------- */

struct word_case {
	enum proto_job_kind kind;
	guint32 level, clock, stage, reasons, flags;
	gboolean has_thread;
	const char *rcpts;
	const char *subject;
	const char *wants[5];
	const char *never[3];
};

#define AGENTS "ada@agents.example ben@agents.example"
#define SENIOR "sue@agents.example"
#define HEAD "hal@agents.example"
#define DUE "2026-11-22 04:00 UTC"

static const struct word_case word_cases[] = {
    {PROTO_JOB_STAGE, 1, SLA_FIRST_REPLY, 50, 0, 0, FALSE, AGENTS,
	"First reply due " DUE ", 50 % of the time is over",
	{"First reply is due at " DUE ";\n50 % of", "goes to the next",
	    "\nAgent:           ben\n", "/escalate"},
	{"VIP"}},
    {PROTO_JOB_STAGE, 2, SLA_DECISION, 80, 0, PROTO_FLAG_VIP, FALSE, SENIOR,
	"Decision due " DUE ", 80 % of the time is over",
	{"2 (senior)", "\nVIP:             yes\n", "/escalate"}, {NULL}},
    {PROTO_JOB_STAGE, 3, SLA_DECISION, 100, 0, 0, FALSE, HEAD,
	"Decision was due " DUE, {"was due at " DUE "\nand is late", "3 (head)"},
	{"/escalate", "next level"}},
    {PROTO_JOB_STAGE, 1, SLA_ESCALATE, 80, 0, 0, FALSE, AGENTS,
	"Taking it up due " DUE ", 80 % of the time is over", {"/take "},
	{NULL}},
    {PROTO_JOB_HANDED, 2, 0, 0, SLA_BY_BREACH, 0, FALSE, SENIOR,
	"This ticket comes to level 2 (senior)",
	{"\nWhy:             a promise to the player was not kept\n",
	    "mailboxes of the agents of queue support", "[K7F3-9Q2Y]"},
	{"were sent to those", "asked for it"}},
    {PROTO_JOB_HANDED, 3, 0, 0, SLA_BY_AGENT | SLA_BY_PLAYER, 0, TRUE, HEAD,
	"This ticket comes to level 3 (head)",
	{"\nWhy:             an agent asked for it\n"
	 "                 the player asked for it\n",
	    "were sent to those of you"},
	{"mailboxes", "/escalate"}},
    {PROTO_JOB_HANDED, 1, 0, 0, 0, 0, FALSE, AGENTS,
	"This ticket comes to queue support",
	{"an agent moved it to this queue", "agents who had it"},
	{"of the agents of queue"}},
};

static enum proto_outcome
word_send(struct post *post, const struct word_case *c)
{
	struct proto_job job = job_make(c->kind);
	struct smtp_result result;

	job.level = c->level;
	job.clock = c->clock;
	job.stage = c->stage;
	job.reasons = c->reasons;
	job.flags = c->flags;
	return c->kind == PROTO_JOB_STAGE
	    ? word_send_stage(post, &job, &result)
	    : word_send_handed(post, &job, c->has_thread, &result);
}

static void
check_word_shape(void)
{
	g_auto(GStrv) lines = g_strsplit(seen.mail, "\n", -1);
	gboolean is_text = FALSE;

	for (char **l = lines; *l != NULL; l++) {
		is_text |= **l == '\0';
		if (is_text && strlen(*l) > 76)
			fail_msg("too long: %s", *l);
	}
	check_has("From: Casino Support <support@casino.example>\n"
		  "To: support@casino.example\n"
		  "Reply-To: " AGENT_ADDR "\n");
	check_has("\nMessage-ID: <k7f39q2y.token00000000.mac0000000000@");
	check_has("\nReferences: <k7f39q2y.root@casino.example>\n");
	check_has("\nAuto-Submitted: auto-generated\n");
	check_has("\n[end of mail ");
	check_lacks("player0000000");
	check_lacks("player.example");
}

static void
agents_are_told(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(word_cases); i++) {
		const struct word_case *c = &word_cases[i];
		g_autofree char *subject = g_strdup_printf(
		    "\nSubject: [K7F3-9Q2Y] %s\n", c->subject);

		assert_int_equal(word_send(*state, c), PROTO_SENT);
		assert_string_equal(seen.rcpts, c->rcpts);
		assert_string_equal(seen.sender, "");
		check_word_shape();
		check_has(subject);
		check_has("amber-otter-41");
		for (gsize k = 0; c->wants[k] != NULL; k++)
			check_has(c->wants[k]);
		for (gsize k = 0; c->never[k] != NULL; k++)
			check_lacks(c->never[k]);
	}
	assert_int_equal(seen.mails, G_N_ELEMENTS(word_cases));
	assert_int_equal(seen.slots_sent, 0);
}

static void
a_list_hears_a_word_once(void **state)
{
	static const struct {
		guint codes[2];
		enum proto_outcome outcome;
	} table[] = {
	    {{250, 250}, PROTO_SENT},
	    {{550, 250}, PROTO_SENT},
	    {{250, 450}, PROTO_SENT},
	    {{450, 550}, PROTO_DEFERRED},
	    {{550, 450}, PROTO_DEFERRED},
	    {{550, 550}, PROTO_FAILED},
	    {{0, 0}, PROTO_DEFERRED},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		seen.codes[0] = table[i].codes[0];
		seen.codes[1] = table[i].codes[1];
		assert_int_equal(word_send(*state, &word_cases[0]),
		    table[i].outcome);
	}
	seen.mails = 0;
	seen.vault_is_down = TRUE;
	assert_int_equal(
	    word_send(*state, &word_cases[0]), PROTO_DEFERRED);
	assert_int_equal(seen.mails, 0);
}

static void
the_head_gets_the_week(void **state)
{
	struct proto_job job = job_make(PROTO_JOB_WEEKLY);
	struct smtp_result result;

	job.number = (struct number){{0}};
	assert_int_equal(
	    word_send_weekly(*state, &job, &result), PROTO_SENT);
	assert_string_equal(seen.rcpts, HEAD);
	assert_string_equal(seen.sender, "");
	check_has("\nSubject: Support report of queue support, week from "
		  "2026-11-22\n");
	check_has("\nMessage-ID: <weekly.0000000000000@casino.example>\n");
	check_has("\nbonus ");
	check_lacks("technical");
	check_lacks("Reply-To:");
	check_lacks("References:");
	seen.desk_is_down = TRUE;
	assert_int_equal(
	    word_send_weekly(*state, &job, &result), PROTO_DEFERRED);
	seen.desk_is_down = FALSE;
	assert_int_equal(seen.mails, 1);
	job.queue = (char *)"bare";
	assert_int_equal(
	    word_send_weekly(*state, &job, &result), PROTO_SENT);
	assert_int_equal(seen.mails, 1);
	job.queue = (char *)"gone";
	assert_int_equal(
	    word_send_weekly(*state, &job, &result), PROTO_DEFERRED);
}

/* --- mails to players ------------------------------------------------------------ */

#define WISH(mark) "support+" mark "k7f39q2y-player0000000@casino.example"

static enum proto_outcome
run_one(struct post *post, const struct proto_job *job)
{
	seen.job = *job;
	stop = 0;
	promise_run(post, 0x155);
	assert_int_equal(seen.kinds, 0x155);
	assert_int_equal(seen.settled.job.kind, job->name.kind);
	return seen.settled.outcome;
}

/* Each kind of job becomes its own mail. */
static void
jobs_become_mails(void **state)
{
	static const struct {
		enum proto_job_kind kind;
		const char *has;
		gboolean is_to_player;
	} table[] = {
	    {PROTO_JOB_ACK, "Auszahlung", TRUE},
	    {PROTO_JOB_ENCRYPTED, "S/MIME", TRUE},
	    {PROTO_JOB_ESCALATED, "Stufe 2 von 3", TRUE},
	    {PROTO_JOB_CLOSED,
		"\n5 sehr gut: " WISH("5-") "\n4 gut: " WISH("4-") "\n3 ",
		TRUE},
	    {PROTO_JOB_TRANSCRIPT, "keine Kopien", TRUE},
	    {PROTO_JOB_STAGE, "of the time is over", FALSE},
	    {PROTO_JOB_HANDED, "This ticket comes to you", FALSE},
	    {PROTO_JOB_WEEKLY, "Support report", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct proto_job job = job_make(table[i].kind);

		job.level = 2;
		assert_int_equal(run_one(*state, &job), PROTO_SENT);
		assert_int_equal(seen.mails, i + 1);
		check_has(table[i].has);
		if (!table[i].is_to_player) {
			check_lacks("player.example");
			continue;
		}
		assert_string_equal(seen.rcpts, "max@player.example");
		assert_string_equal(seen.sender,
		    "support+b-00000000.bounce0000000@casino.example");
		check_has("\nAuto-Submitted: auto-replied\n");
		assert_true(g_str_has_suffix(seen.mail,
		    "\n" WISH("e-") "\n"));
		check_lacks("agent");
	}
}

static void
an_acknowledgement_says_all(void **state)
{
	struct proto_job job = job_make(PROTO_JOB_ACK);

	seen.receipt = "nymdesk-receipt: v1 some octets";
	assert_int_equal(run_one(*state, &job), PROTO_SENT);
	check_has("\nnymdesk-receipt: v1 some octets\n");
	check_has(": 2026-11-22 04:00 UTC\n");
	check_has(": 2100-01-01 00:00 UTC\n");
	check_has("\nhttps://casino.example/faq\n");
	job.first_reply_due = 0;
	assert_int_equal(run_one(*state, &job), PROTO_SENT);
	check_lacks("2026-11-22 04:00");
}

/* A time that is over is no new promise. */
static void
a_new_level_promises_what_comes(void **state)
{
	struct proto_job job = job_make(PROTO_JOB_ESCALATED);

	job.level = 3;
	job.first_reply_due = g_get_real_time() / G_USEC_PER_SEC - 1;
	assert_int_equal(run_one(*state, &job), PROTO_SENT);
	check_lacks("Persönliche Antwort");
	check_has("Entscheidung spätestens: 2100-01-01 00:00 UTC\n");
	check_has("Stufe 3\nvon 3");
	job.decision_due = job.first_reply_due;
	assert_int_equal(run_one(*state, &job), PROTO_SENT);
	check_has("das tut uns leid");
	check_lacks(" UTC\n");
}

static const char canned[] = "Title: x\nNeeds: link\n"
			     "Default-link: https://mirror.example/\n"
			     "Expires: %s\n\n{{link}}\n";

static struct answers *
answers_until(const char *day)
{
	g_autofree char *dir = g_dir_make_tmp("nd-post-XXXXXX", NULL);
	g_autofree char *en = g_build_filename(dir, "en", NULL);
	g_autofree char *sub = g_build_filename(en, "answers", NULL);
	g_autofree char *path = g_build_filename(sub, "mirror.txt", NULL);
	GString *text = g_string_new(canned);
	struct answers *answers;

	(void)g_string_replace(text, "%s", day, 0);
	assert_int_equal(g_mkdir_with_parents(sub, 0700), 0);
	assert_true(g_file_set_contents(path, text->str, -1, NULL));
	answers = answers_load(dir, NULL);
	assert_non_null(answers);
	(void)g_unlink(path);
	(void)g_rmdir(sub);
	(void)g_rmdir(en);
	(void)g_rmdir(dir);
	g_string_free(text, TRUE);
	return answers;
}

static void
a_mirror_is_told_while_it_is_good(void **state)
{
	static const struct {
		const char *day;
		const char *category;
		gboolean is_told;
	} table[] = {
	    {"2999-12-31", "mirror", TRUE},
	    {"2000-01-01", "mirror", FALSE},
	    {"2999-12-31", "technical", FALSE},
	};
	struct post *post = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct proto_job job = job_make(PROTO_JOB_ACK);

		job.category = (char *)table[i].category;
		answers_free(post->answers);
		post->answers = answers_until(table[i].day);
		assert_int_equal(run_one(post, &job), PROTO_SENT);
		if (!table[i].is_told) {
			check_lacks("mirror.example");
			continue;
		}
		check_has("\nhttps://mirror.example/\n");
		check_has("bestätigt Ihnen noch einer unserer Mitarbeiter");
	}
}

static void
an_answer_ends_in_the_footer(void **state)
{
	struct proto_job job = job_make(PROTO_JOB_ANSWER);
	const struct post_mail mail = {.job = &job, .text = "Here it is."};
	struct smtp_result result;

	assert_int_equal(
	    post_send_to_player(*state, &mail, &result), PROTO_SENT);
	check_has("\nSubject: Re: [K7F3-9Q2Y] Where is my money\n");
	check_has("\n\nHere it is.\n\nTicket K7F3-9Q2Y: Soll ");
	assert_true(g_str_has_suffix(seen.mail, "\n" WISH("e-") "\n"));
	check_lacks("Auto-Submitted");
	check_lacks("agent");
	assert_int_equal(seen.slots_sent, 1);
	job.lang = (char *)"";
	assert_int_equal(
	    post_send_to_player(*state, &mail, &result), PROTO_SENT);
	check_has("\n\nHere it is.\n\nTicket K7F3-9Q2Y: if you would like ");
	seen.vault_is_down = TRUE;
	assert_int_equal(
	    post_send_to_player(*state, &mail, &result), PROTO_DEFERRED);
}

int
main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    ONE(agents_are_told),
	    ONE(a_list_hears_a_word_once),
	    ONE(the_head_gets_the_week),
	    ONE(jobs_become_mails),
	    ONE(an_acknowledgement_says_all),
	    ONE(a_new_level_promises_what_comes),
	    ONE(a_mirror_is_told_while_it_is_good),
	    ONE(an_answer_ends_in_the_footer),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) +
	    post_quoted_tests();
}
