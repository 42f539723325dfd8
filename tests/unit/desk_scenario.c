/*
 * Runs tests/scenario/<name>.scn: the real desk on the memory store, with a
 * clock that only the scenario moves. One command a line, "#" to its end is
 * a comment. Words in capitals are names the scenario gives.
 *
 *   mail M from C [queue Q] [by T] [ref T] [subject T] [machine] [forged]
 *        [noreturn] [encrypted] [bounce] [forgetme]
 *                     C's mail M arrives; it names the ticket that mail T
 *                     opened by capability address, reference or subject
 *   again             the last mail arrives once more, byte for byte
 *   is VERDICT [of T] [other] [mentions T] [forgetting]
 *                     what became of the last mail: new, followup,
 *                     duplicate, bounce; of the ticket that T opened
 *   due DURATION      what the agents were told, counted from now
 *   nym same|differs T   its pseudonym beside that of T's ticket
 *   wait DURATION     time passes: 90, 59m, 2h, 7d; the desk ticks
 *   post S ack|encrypted of T OUTCOME   slot S claims the one job there is,
 *                     which must be this one, and it ends: sent, deferred,
 *                     failed, lost
 *   post S settle T OUTCOME   slot S reports again on its job
 *   post S nothing    slot S asks and gets no job
 *   resume S nothing|T   what slot S still holds
 *   answer A on T OUTCOME   an agent answers: sent, deferred, failed, lost,
 *                     or refused before anything is sent: already, busy
 *                     (another slot has it), forgotten
 *   close T           the ticket is closed
 *   ticket T KEY VALUE   state, messages, level; acknowledged, answered,
 *                     forgotten: yes or no
 *   to T C            C is whom the ticket's envelope reaches; - nobody
 *   forget T N        the operator has its player forgotten, with N tickets
 *   count KEY N       tickets, open, late, soon, failed (promises)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk/control.h"
#include "desk_world.h"

int desk_scenario_tests(void);

#define SLOT_ANSWERS 90

struct told {
	struct world_mail mail;
	struct world_fate fate;
	struct proto_job_name job; /* its acknowledgement, once claimed */
};

struct play {
	struct world world;
	const char *file;
	guint line;
	char **words;	  /* of the line */
	guint at;	  /* next word */
	GHashTable *told; /* own name to own struct told */
	GPtrArray *kept;  /* own texts that mails borrow */
	struct told *last;
};

/* --- words --- */

static G_GNUC_NORETURN void
stop(struct play *p, const char *why)
{
	fail_msg("%s:%u: %s", p->file, p->line, why);
	abort();
}

static const char *
word(struct play *p)
{
	const char *out = p->words[p->at];

	if (out == NULL)
		stop(p, "a word is missing");
	p->at++;
	return out;
}

static gboolean
next_is(struct play *p, const char *expected)
{
	if (g_strcmp0(p->words[p->at], expected) != 0)
		return FALSE;
	p->at++;
	return TRUE;
}

static const char *
keep(struct play *p, const char *text)
{
	char *copy = g_strdup(text);

	g_ptr_array_add(p->kept, copy);
	return copy;
}

static gint64
duration(struct play *p)
{
	static const struct {
		char unit;
		gint64 seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end = NULL;
	gint64 out = g_ascii_strtoll(word(p), &end, 10);

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (*end == units[i].unit)
			return out * units[i].seconds;
	stop(p, "no such duration");
}

static struct told *
told(struct play *p)
{
	struct told *out = g_hash_table_lookup(p->told, word(p));

	if (out == NULL)
		stop(p, "no such mail");
	return out;
}

static guint32
number_word(struct play *p)
{
	return (guint32)g_ascii_strtoull(word(p), NULL, 10);
}

static void
expect(struct play *p, gboolean is_met, const char *why)
{
	if (!is_met)
		stop(p, why);
}

/* --- mail in --- */

static gboolean
read_name_of_ticket(struct play *p, struct world_mail *mail)
{
	static const struct {
		const char *word;
		enum proto_via via;
	} ways[] = {
	    {"by", PROTO_VIA_CAPABILITY},
	    {"ref", PROTO_VIA_MESSAGE_ID},
	    {"subject", PROTO_VIA_SUBJECT},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (next_is(p, ways[i].word)) {
			world_claim(mail, ways[i].via, &told(p)->fate.number);
			return TRUE;
		}
	if (next_is(p, "bounce")) {
		world_claim(mail, PROTO_VIA_BOUNCE, NULL);
		return TRUE;
	}
	return FALSE;
}

static void
do_mail(struct play *p)
{
	static const struct {
		const char *word;
		guint32 flag;
	} flags[] = {
	    {"machine", PROTO_FLAG_MACHINE},
	    {"forged", PROTO_FLAG_UNPROVEN},
	    {"noreturn", PROTO_FLAG_NO_RETURN},
	    {"encrypted", PROTO_FLAG_ENCRYPTED},
	    {"forgetme", PROTO_FLAG_FORGET},
	};
	const char *name = keep(p, word(p));
	struct told *out = g_new0(struct told, 1);

	expect(p, next_is(p, "from"), "mail M from C");
	out->mail = world_mail(name, keep(p, word(p)));
	g_hash_table_insert(p->told, g_strdup(name), out);
	while (p->words[p->at] != NULL) {
		gboolean is_known = read_name_of_ticket(p, &out->mail);

		if (!is_known && next_is(p, "queue")) {
			out->mail.queue = keep(p, word(p));
			is_known = TRUE;
		}
		for (gsize i = 0; i < G_N_ELEMENTS(flags) && !is_known; i++)
			if (next_is(p, flags[i].word)) {
				out->mail.flags |= flags[i].flag;
				is_known = TRUE;
			}
		expect(p, is_known, "no such fact about a mail");
	}
	p->last = out;
	out->fate = world_receive(&p->world, &out->mail);
}

static void
do_again(struct play *p)
{
	p->last->fate = world_receive(&p->world, &p->last->mail);
}

static void
do_is(struct play *p)
{
	static const struct {
		const char *word;
		enum proto_verdict verdict;
	} verdicts[] = {
	    {"new", PROTO_NEW},
	    {"followup", PROTO_FOLLOW_UP},
	    {"duplicate", PROTO_DUPLICATE},
	    {"bounce", PROTO_BOUNCE},
	};
	const struct world_fate *fate = &p->last->fate;
	const char *verdict = word(p);
	gboolean is_met = FALSE, mentions;

	for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++)
		is_met = is_met || (strcmp(verdict, verdicts[i].word) == 0 &&
				       fate->verdict == verdicts[i].verdict);
	expect(p, is_met, "another verdict");
	if (next_is(p, "of"))
		expect(p, number_equal(&told(p)->fate.number, &fate->number),
		    "another ticket");
	expect(p,
	    next_is(p, "other") == !!(fate->flags & PROTO_FLAG_OTHER_ADDR),
	    "flag: other address");
	mentions = next_is(p, "mentions");
	expect(p, mentions == !!(fate->flags & PROTO_FLAG_MENTIONS),
	    "flag: mentions");
	expect(p, mentions == number_is_set(&fate->mentions),
	    "the number it mentions");
	if (mentions)
		expect(p, number_equal(&told(p)->fate.number, &fate->mentions),
		    "it mentions another ticket");
	expect(p,
	    next_is(p, "forgetting") == !!(fate->flags & PROTO_FLAG_FORGET),
	    "flag: forget");
}

static void
do_due(struct play *p)
{
	expect(p, p->last->fate.due == p->world.now + duration(p),
	    "due at another time");
}

static void
do_nym(struct play *p)
{
	gboolean is_same = strcmp(word(p), "same") == 0;

	expect(p,
	    is_same ==
		(strcmp(p->last->fate.pseudonym, told(p)->fate.pseudonym) == 0),
	    "pseudonym");
}

/* --- time and posts --- */

static void
do_wait(struct play *p)
{
	p->world.now += duration(p);
	while (desk_tick(p->world.desk, p->world.now) == 0)
		;
}

/* FALSE for "lost": nobody reports. */
static gboolean
outcome(struct play *p, enum proto_outcome *out)
{
	const char *name = word(p);

	if (strcmp(name, "lost") == 0)
		return FALSE;
	if (strcmp(name, "sent") == 0)
		*out = PROTO_SENT;
	else if (strcmp(name, "deferred") == 0)
		*out = PROTO_DEFERRED;
	else if (strcmp(name, "failed") == 0)
		*out = PROTO_FAILED;
	else
		stop(p, "no such outcome");
	return TRUE;
}

static void
settle(struct play *p, guint32 slot, const struct proto_job_name *job)
{
	enum proto_outcome how;

	if (outcome(p, &how))
		expect(
		    p, world_settle(&p->world, slot, job, how), "not settled");
}

/* The one job of the answer to work, or NULL if there is none. */
static void
ask(struct play *p, struct proto_desk_work *work, struct told *about)
{
	struct proto_desk_work resume = {.slot = work->slot, .resume = TRUE};
	struct proto_desk_jobs jobs = {0};
	gboolean has_work = desk_has_work(p->world.desk, p->world.now);
	gboolean holds;
	const struct proto_job *job;

	expect(p, world_work(&p->world, &resume, &jobs, NULL), "no answer");
	holds = jobs.jobs->len > 0;
	world_jobs_clear(&jobs);
	expect(p, world_work(&p->world, work, &jobs, NULL), "no answer");
	expect(p, holds || has_work == (jobs.jobs->len > 0) || work->resume,
	    "desk_has_work() says otherwise");
	expect(p, jobs.jobs->len == (about != NULL ? 1 : 0),
	    "another number of jobs");
	if (about != NULL) {
		job = &g_array_index(jobs.jobs, struct proto_job, 0);
		expect(p, number_equal(&job->number, &about->fate.number),
		    "a job of another ticket");
		about->job = job->name;
	}
	world_jobs_clear(&jobs);
}

static void
do_post(struct play *p)
{
	struct proto_desk_work work = {.slot = number_word(p), .want = 2};
	enum proto_job_kind kind = PROTO_JOB_ACK;
	struct told *about = NULL;

	if (next_is(p, "settle")) {
		about = told(p);
		settle(p, work.slot, &about->job);
		return;
	}
	if (next_is(p, "nothing")) {
		ask(p, &work, NULL);
		return;
	}
	if (next_is(p, "encrypted"))
		kind = PROTO_JOB_ENCRYPTED;
	else
		expect(p, next_is(p, "ack"), "post S ack of T");
	expect(p, next_is(p, "of"), "post S ack of T");
	about = told(p);
	ask(p, &work, about);
	expect(p, about->job.kind == kind, "another kind of job");
	settle(p, work.slot, &about->job);
}

static void
do_resume(struct play *p)
{
	struct proto_desk_work work = {.slot = number_word(p), .resume = TRUE};

	ask(p, &work, next_is(p, "nothing") ? NULL : told(p));
}

static void
do_answer(struct play *p)
{
	const char *name = word(p);
	struct proto_desk_jobs jobs = {0};
	g_autoptr(GError) err = NULL;
	struct proto_job_name job;
	const struct told *about;
	gboolean is_busy, is_taken, is_forgotten;
	guint count;

	expect(p, next_is(p, "on"), "answer A on T");
	about = told(p);
	is_busy = next_is(p, "busy");
	is_taken = world_take(&p->world, SLOT_ANSWERS + (is_busy ? 1 : 0),
	    name, &about->fate.number, &jobs, &err);
	if (is_busy) {
		expect(
		    p, !is_taken && error_is(err, ERROR_TEMP), "not refused");
		return;
	}
	is_forgotten = next_is(p, "forgotten");
	expect(p, is_taken == !is_forgotten, "not taken, or taken");
	if (is_forgotten) {
		expect(p, error_is(err, ERROR_PERM), "another refusal");
		return;
	}
	count = jobs.jobs->len;
	job = (struct proto_job_name){
	    world_fingerprint(&p->world, name), PROTO_JOB_ANSWER};
	world_jobs_clear(&jobs);
	if (next_is(p, "already"))
		expect(p, count == 0, "it would be sent again");
	else {
		expect(p, count == 1, "it would not be sent");
		settle(p, SLOT_ANSWERS, &job);
	}
}

/* --- looking --- */

static void
do_close(struct play *p)
{
	struct store_ticket row =
	    world_ticket(&p->world, &told(p)->fate.number);

	row.t.state = TICKET_CLOSED;
	row.t.closed = p->world.now;
	expect(p,
	    store_begin(p->world.store, NULL) &&
		store_ticket_update(p->world.store, &row, NULL) &&
		store_commit(p->world.store, NULL),
	    "cannot close");
}

static void
do_ticket(struct play *p)
{
	struct proto_ctl_show show = {told(p)->fate.number};
	struct proto_ctl_show_is is = {0};
	const char *key = word(p), *expected = word(p);
	g_autofree char *got = NULL;

	expect(p, control_show(p->world.store, &show, &is, NULL) && is.is_found,
	    "no such ticket");
	if (strcmp(key, "state") == 0)
		got = g_strdup(is.ticket.state);
	else if (strcmp(key, "messages") == 0)
		got = g_strdup_printf("%u", is.ticket.messages);
	else if (strcmp(key, "level") == 0)
		got = g_strdup_printf("%u", is.ticket.level);
	else if (strcmp(key, "acknowledged") == 0)
		got = g_strdup(is.ticket.acknowledged != 0 ? "yes" : "no");
	else if (strcmp(key, "forgotten") == 0)
		got = g_strdup(is.ticket.pseudonym[0] == '\0' ? "yes" : "no");
	else if (strcmp(key, "answered") == 0)
		got = g_strdup(is.ticket.answered != 0 ? "yes" : "no");
	g_free(is.ticket.queue);
	g_free(is.ticket.state);
	g_free(is.ticket.lang);
	g_free(is.ticket.category);
	g_free(is.ticket.pseudonym);
	expect(p, g_strcmp0(got, expected) == 0, "the ticket differs");
}

static void
do_to(struct play *p)
{
	struct store_envelope envelope;
	const struct told *about = told(p);
	gboolean is_nobody = next_is(p, "-");
	g_autofree char *expected =
	    is_nobody ? NULL : g_strdup_printf("to %s", word(p));
	g_autoptr(GBytes) content = NULL;

	if (is_nobody) {
		expect(p,
		    store_envelope_get(p->world.store, &about->fate.number,
			&envelope, NULL) == STORE_MISSING,
		    "there is an envelope");
		return;
	}
	content = g_bytes_new(expected, strlen(expected));
	expect(p,
	    store_envelope_get(p->world.store, &about->fate.number, &envelope,
		NULL) == STORE_FOUND,
	    "no envelope");
	if (!g_bytes_equal(content, envelope.sealed))
		stop(p, "the envelope reaches somebody else");
	g_bytes_unref(envelope.sealed);
}

static void
do_forget(struct play *p)
{
	struct proto_ctl_forget forget = {told(p)->fate.number};
	struct proto_ctl_forget_is is = {0};
	guint expected = number_word(p);

	expect(p,
	    desk_begin(p->world.desk, NULL) &&
		desk_forget(p->world.desk, &forget, &is, NULL) &&
		desk_commit_turn(p->world.desk, NULL) && is.is_found,
	    "cannot forget");
	expect(p, is.tickets == expected && is.is_known == (expected > 0),
	    "another number of tickets");
}

static void
do_count(struct play *p)
{
	struct proto_ctl_status_is is = {0};
	const char *key = word(p);
	gint64 expected = number_word(p), got = -1;

	expect(p, control_status(p->world.store, p->world.now, &is, NULL),
	    "no status");
	if (strcmp(key, "tickets") == 0)
		got = is.tickets_open + is.tickets_closed;
	else if (strcmp(key, "open") == 0)
		got = is.promises_open;
	else if (strcmp(key, "late") == 0)
		got = is.promises_late;
	else if (strcmp(key, "soon") == 0)
		got = is.promises_soon;
	else if (strcmp(key, "failed") == 0)
		got = is.promises_failed;
	expect(p, got == expected, "another count");
}

/* --- the runner --- */

static void
run_line(struct play *p)
{
	static const struct {
		const char *word;
		void (*run)(struct play *);
	} commands[] = {
	    {"mail", do_mail},
	    {"again", do_again},
	    {"is", do_is},
	    {"due", do_due},
	    {"nym", do_nym},
	    {"wait", do_wait},
	    {"post", do_post},
	    {"resume", do_resume},
	    {"answer", do_answer},
	    {"close", do_close},
	    {"ticket", do_ticket},
	    {"to", do_to},
	    {"forget", do_forget},
	    {"count", do_count},
	};
	const char *command = word(p);

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(command, commands[i].word) == 0) {
			commands[i].run(p);
			expect(p, p->words[p->at] == NULL, "a word too many");
			return;
		}
	stop(p, "no such command");
}

/* Splits at blanks, drops the comment. */
static char **
split(char *line)
{
	GPtrArray *out = g_ptr_array_new();
	char *comment = strchr(line, '#');
	g_auto(GStrv) all = NULL;

	if (comment != NULL)
		*comment = '\0';
	all = g_strsplit_set(line, " \t", -1);
	for (char **w = all; *w != NULL; w++)
		if (**w != '\0')
			g_ptr_array_add(out, g_strdup(*w));
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

static void
play(const char *dir, const char *file)
{
	g_autofree char *path = g_build_filename(dir, file, NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct play p = {.file = file};

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	world_init(&p.world, store_open_memory());
	p.told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	p.kept = g_ptr_array_new_with_free_func(g_free);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		p.line = i + 1;
		p.words = split(lines[i]);
		p.at = 0;
		if (p.words[0] != NULL)
			run_line(&p);
		g_strfreev(p.words);
	}
	g_hash_table_unref(p.told);
	g_ptr_array_unref(p.kept);
	world_done(&p.world);
}

static void
test_scenarios(void **state)
{
	g_autofree char *path =
	    g_build_filename(ND_SRCDIR, "tests", "scenario", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	guint count = 0;

	(void)state;
	assert_non_null(dir);
	while ((name = g_dir_read_name(dir)) != NULL)
		if (g_str_has_suffix(name, ".scn")) {
			print_message("scenario: %s\n", name);
			play(path, name);
			count++;
		}
	assert_true(count > 0);
}

int
desk_scenario_tests(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_scenarios)};

	return cmocka_run_group_tests_name("scenarios", tests, NULL, NULL);
}
