/*
 * Runs tests/scenario/<name>.scn: the real desk on the memory store, with a
 * clock that only the scenario moves. One command a line, "#" to its end is
 * a comment. Words in capitals are names the scenario gives.
 *
 *   mail M from C [FACT...]   C's mail M arrives. Facts:
 *     queue Q         to another queue than support
 *     category K      about K and not about a withdrawal
 *     agent           to an agent's side address
 *     by T            to the capability address of the ticket that T opened
 *     return T        to an envelope sender of that ticket
 *     ref T           with a Message-ID of ours of that ticket
 *     subject T       with its number in the subject
 *     msgid X         its own Message-ID; M if that is not said
 *     nomsgid         it has none
 *     answers X       what it answers to: Message-ID X
 *     thread X        its Thread-Index
 *     words X         what its words come to
 *     machine, forged, noreturn, encrypted, forgetme   flags
 *     escalate, transcript   he asks for the next level, for the thread
 *     rate N          to the address for that rating
 *     report KIND [of T ack|answer|copy|byref|byaddress]   it says of a mail
 *                     of ours, named by its envelope sender, by a Message-ID,
 *                     or sent to the capability: failed, delayed, done
 *     online          its sender can be told to come again later
 *     twice           by two ways at one moment
 *   again             the last mail arrives once more, byte for byte
 *   is VERDICT [of T|of -] [other] [mentions T] [forgetting] [repeat] [burst]
 *      [undeliverable] [delayed] [vip] [escalating] [transcribing] [rated]
 *                     what became of the last mail: new, followup,
 *                     duplicate, bounce, reply, unknown, later; of the ticket
 *                     that T opened, or of none
 *   due DURATION      what the agents were told, counted from now
 *   nym same|differs T   its pseudonym beside that of T's ticket
 *   wait DURATION     time passes: 90, 59m, 2h, 7d; the desk ticks
 *   post S ack|encrypted of T OUTCOME   slot S claims the one job of these
 *                     kinds, which must be this one, and it ends: sent,
 *                     deferred, failed, lost
 *   post S escalated of T OUTCOME   the same of that kind
 *   post S settle T OUTCOME   slot S reports again on its job
 *   post S nothing [escalated]   slot S asks and gets no job
 *   post S gone       there is one, but nobody can be reached: it has failed
 *   resume S nothing|T   what slot S still holds
 *   answer A on T OUTCOME   an agent answers: sent, deferred, failed, lost,
 *                     or refused before anything is sent: already, busy
 *                     (another slot has it), gone (no way to the player)
 *   close T           the ticket is closed by a person
 *   hold T            its agents wait for the player
 *   taken T           one of them took it up
 *   favoured T        its player is a VIP from now on
 *   raise T REASON... [no]   it goes up for these reasons: agent, player; or
 *                     it does not
 *   said of T WHAT... what the agents are told, in whatever order: CLOCK:50,
 *                     CLOCK:80, CLOCK:100, handed:REASON[+REASON]; a reason is
 *                     also "breach"
 *   said nothing      they are told nothing
 *   clock T CLOCK WHAT   ack, first_reply, decision, escalate: it is open,
 *                     settled, paused, none; or "said N", "due DURATION" from
 *                     now, "late DURATION"
 *   down DURATION     time passes, and there is no desk
 *   ticket T KEY VALUE   state, messages, level, rating, queue, agent (- for
 *                     none); acknowledged, answered, forgotten, undeliverable,
 *                     delayed, burst, repeat, vip, waiting: yes or no
 *   steer M on T [by AGENT] COMMAND... FATE   an agent's mail M
 *                     with commands: close solved|refused|duplicate U, wait,
 *                     escalate, take, queue Q, category C, lang L, forget.
 *                     FATE: done, refused, busy, or judged (it could be done,
 *                     and is not)
 *   owner T AGENT N   T's player belongs to that agent (- to none), with N
 *                     open tickets; N is "unknown" if there is no such player
 *   promised T KIND N mails of that kind about T that wait for a post
 *   remember T        its ticket and envelope, for
 *   unchanged T       which are what they were then, in every value
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

#include "desk_scenario.h"

int desk_scenario_tests(void);

/* --- words --- */

void
play_stop(struct play *p, const char *why)
{
	fail_msg("%s:%u: %s", p->file, p->line, why);
	abort();
}

const char *
play_word(struct play *p)
{
	const char *out = p->words[p->at];

	if (out == NULL)
		play_stop(p, "a word is missing");
	p->at++;
	return out;
}

gboolean
play_next_is(struct play *p, const char *expected)
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

gint64
play_duration(struct play *p)
{
	static const struct {
		char unit;
		gint64 seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end = NULL;
	gint64 out = g_ascii_strtoll(play_word(p), &end, 10);

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (*end == units[i].unit)
			return out * units[i].seconds;
	play_stop(p, "no such duration");
}

struct told *
play_told(struct play *p)
{
	struct told *out = g_hash_table_lookup(p->told, play_word(p));

	if (out == NULL)
		play_stop(p, "no such mail");
	return out;
}

guint32
play_number(struct play *p)
{
	return (guint32)g_ascii_strtoull(play_word(p), NULL, 10);
}

void
play_expect(struct play *p, gboolean is_met, const char *why)
{
	if (!is_met)
		play_stop(p, why);
}

/* --- mail in --- */

static gboolean
read_claim(struct play *p, struct world_mail *mail)
{
	static const struct {
		const char *word;
		enum proto_via via;
	} ways[] = {
	    {"by", PROTO_VIA_CAPABILITY},
	    {"return", PROTO_VIA_BOUNCE},
	    {"ref", PROTO_VIA_MESSAGE_ID},
	    {"subject", PROTO_VIA_SUBJECT},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (play_next_is(p, ways[i].word)) {
			world_claim(
			    mail, ways[i].via, &play_told(p)->fate.number);
			return TRUE;
		}
	return FALSE;
}

static gboolean
read_clue(struct play *p, struct world_mail *mail)
{
	static const struct {
		const char *word;
		enum proto_clue_kind kind;
	} clues[] = {
	    {"msgid", PROTO_CLUE_ID},
	    {"answers", PROTO_CLUE_REFERENCE},
	    {"thread", PROTO_CLUE_THREAD},
	    {"words", PROTO_CLUE_WORDS},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(clues); i++)
		if (play_next_is(p, clues[i].word)) {
			world_clue(mail, clues[i].kind, keep(p, play_word(p)));
			return TRUE;
		}
	return FALSE;
}

static gboolean
read_report(struct play *p, struct world_mail *mail)
{
	static const struct {
		const char *word;
		enum proto_report report;
	} reports[] = {
	    {"failed", PROTO_REPORT_FAILED},
	    {"delayed", PROTO_REPORT_DELAYED},
	    {"done", PROTO_REPORT_OTHER},
	};
	static const struct {
		const char *word;
		enum proto_via via;
		guint32 job;
	} ways[] = {
	    {"ack", PROTO_VIA_BOUNCE, PROTO_JOB_ACK},
	    {"answer", PROTO_VIA_BOUNCE, PROTO_JOB_ANSWER},
	    {"copy", PROTO_VIA_BOUNCE, 0},
	    {"byref", PROTO_VIA_MESSAGE_ID, 0},
	    {"byaddress", PROTO_VIA_CAPABILITY, 0},
	};
	const struct told *about;

	if (!play_next_is(p, "report"))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(reports); i++)
		if (play_next_is(p, reports[i].word))
			mail->report = reports[i].report;
	play_expect(p, mail->report != PROTO_REPORT_NONE, "report KIND");
	if (!play_next_is(p, "of"))
		return TRUE;
	about = play_told(p);
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (play_next_is(p, ways[i].word)) {
			world_claim(mail, ways[i].via, &about->fate.number);
			mail->job = ways[i].job;
			return TRUE;
		}
	play_stop(p, "how does it name it?");
}

static gboolean
read_flag(struct play *p, struct world_mail *mail)
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
	    {"escalate", PROTO_FLAG_ESCALATE},
	    {"transcript", PROTO_FLAG_TRANSCRIPT},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (play_next_is(p, flags[i].word)) {
			mail->flags |= flags[i].flag;
			return TRUE;
		}
	return FALSE;
}

static gboolean
read_fact(struct play *p, struct world_mail *mail, gboolean *has_id)
{
	if (g_strcmp0(p->words[p->at], "msgid") == 0)
		*has_id = TRUE;
	if (read_claim(p, mail) || read_clue(p, mail) || read_report(p, mail) ||
	    read_flag(p, mail))
		return TRUE;
	if (play_next_is(p, "queue"))
		mail->queue = keep(p, play_word(p));
	else if (play_next_is(p, "category"))
		mail->category = keep(p, play_word(p));
	else if (play_next_is(p, "agent"))
		mail->side = PROTO_SIDE_AGENT;
	else if (play_next_is(p, "online"))
		mail->is_on_line = TRUE;
	else if (play_next_is(p, "nomsgid"))
		*has_id = TRUE;
	else if (play_next_is(p, "rate"))
		mail->rating = play_number(p);
	else
		return FALSE;
	return TRUE;
}

/* What the worker is told of the ticket is what the store has. */
static void
check_flags(struct play *p, const struct world_fate *fate)
{
	struct store_ticket row;

	if (number_is_set(&fate->number) &&
	    store_ticket_get(p->world.store, &fate->number, &row, NULL) ==
		STORE_FOUND)
		play_expect(p, row.t.flags == fate->ticket_flags,
		    "told other flags than it has");
}

static void
do_mail(struct play *p)
{
	const char *name = keep(p, play_word(p));
	struct told *out = g_new0(struct told, 1);
	gboolean has_id = FALSE, is_twice = FALSE;

	play_expect(p, play_next_is(p, "from"), "mail M from C");
	out->mail = world_mail(name, keep(p, play_word(p)));
	g_hash_table_insert(p->told, g_strdup(name), out);
	while (p->words[p->at] != NULL) {
		if (play_next_is(p, "twice"))
			is_twice = TRUE;
		else
			play_expect(p, read_fact(p, &out->mail, &has_id),
			    "no such fact about a mail");
	}
	if (!has_id)
		world_clue(&out->mail, PROTO_CLUE_ID, name);
	p->last = out;
	out->fate = is_twice ? world_receive_twice(&p->world, &out->mail)
			     : world_receive(&p->world, &out->mail);
	check_flags(p, &out->fate);
}

static void
do_again(struct play *p)
{
	p->last->fate = world_receive(&p->world, &p->last->mail);
	check_flags(p, &p->last->fate);
}

static void
check_verdict(struct play *p, enum proto_verdict verdict)
{
	static const struct {
		const char *word;
		enum proto_verdict verdict;
	} verdicts[] = {
	    {"new", PROTO_NEW},
	    {"followup", PROTO_FOLLOW_UP},
	    {"duplicate", PROTO_DUPLICATE},
	    {"bounce", PROTO_BOUNCE},
	    {"reply", PROTO_REPLY},
	    {"unknown", PROTO_UNKNOWN},
	    {"later", PROTO_LATER},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++)
		if (play_next_is(p, verdicts[i].word)) {
			play_expect(p, verdict == verdicts[i].verdict,
			    "another verdict");
			return;
		}
	play_stop(p, "no such verdict");
}

static void
check_number(struct play *p, const struct number *number)
{
	if (!play_next_is(p, "of"))
		return;
	if (play_next_is(p, "-"))
		play_expect(p, !number_is_set(number), "there is a ticket");
	else
		play_expect(p, number_equal(&play_told(p)->fate.number, number),
		    "another ticket");
}

static void
do_is(struct play *p)
{
	static const struct {
		const char *word;
		guint32 flag;
	} flags[] = {
	    /* in this order */
	    {"other", PROTO_FLAG_OTHER_ADDR},
	    {"mentions", PROTO_FLAG_MENTIONS},
	    {"forgetting", PROTO_FLAG_FORGET},
	    {"repeat", PROTO_FLAG_REPEAT},
	    {"burst", PROTO_FLAG_BURST},
	    {"undeliverable", PROTO_FLAG_UNDELIVERABLE},
	    {"delayed", PROTO_FLAG_DELAYED},
	    {"vip", PROTO_FLAG_VIP},
	    {"escalating", PROTO_FLAG_ESCALATE},
	    {"transcribing", PROTO_FLAG_TRANSCRIPT},
	    {"rated", PROTO_FLAG_RATED},
	};
	const struct world_fate *fate = &p->last->fate;

	check_verdict(p, fate->verdict);
	check_number(p, &fate->number);
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
		gboolean is_said = play_next_is(p, flags[i].word);

		play_expect(p, is_said == !!(fate->flags & flags[i].flag),
		    flags[i].word);
		if (flags[i].flag != PROTO_FLAG_MENTIONS)
			continue;
		play_expect(p, is_said == number_is_set(&fate->mentions),
		    "the number it mentions");
		if (is_said)
			play_expect(p,
			    number_equal(
				&play_told(p)->fate.number, &fate->mentions),
			    "it mentions another ticket");
	}
}

static void
do_due(struct play *p)
{
	play_expect(p, p->last->fate.due == p->world.now + play_duration(p),
	    "due at another time");
}

static void
do_nym(struct play *p)
{
	gboolean is_same = strcmp(play_word(p), "same") == 0;

	play_expect(p,
	    is_same == (strcmp(p->last->fate.pseudonym,
			    play_told(p)->fate.pseudonym) == 0),
	    "pseudonym");
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
	    {"hold", do_hold},
	    {"taken", do_taken},
	    {"favoured", do_favoured},
	    {"raise", do_raise},
	    {"said", do_said},
	    {"clock", do_clock},
	    {"down", do_down},
	    {"ticket", do_ticket},
	    {"remember", do_remember},
	    {"unchanged", do_unchanged},
	    {"to", do_to},
	    {"forget", do_forget},
	    {"count", do_count},
	    {"steer", do_steer},
	    {"owner", do_owner},
	    {"promised", do_promised},
	};
	const char *command = play_word(p);

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(command, commands[i].word) == 0) {
			commands[i].run(p);
			play_expect(
			    p, p->words[p->at] == NULL, "a word too many");
			return;
		}
	play_stop(p, "no such command");
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
free_told(gpointer data)
{
	struct told *told = data;

	g_clear_pointer(&told->sealed, g_bytes_unref);
	g_free(told);
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
	p.told =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_told);
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
test_scenario(void **state)
{
	g_autofree char *path =
	    g_build_filename(ND_SRCDIR, "tests", "scenario", NULL);

	play(path, *state);
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of files; own. */
static GPtrArray *
list_scenarios(void)
{
	g_autofree char *path =
	    g_build_filename(ND_SRCDIR, "tests", "scenario", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		if (g_str_has_suffix(name, ".scn"))
			g_ptr_array_add(out, g_strdup(name));
	g_ptr_array_sort(out, by_name);
	return out;
}

/* A test for each file, by its name. */
int
desk_scenario_tests(void)
{
	g_autoptr(GPtrArray) names = list_scenarios();
	g_autofree struct CMUnitTest *tests =
	    g_new0(struct CMUnitTest, names->len + 1);

	if (names->len == 0)
		return 1;
	for (guint i = 0; i < names->len; i++) {
		tests[i].name = names->pdata[i];
		tests[i].test_func = test_scenario;
		tests[i].initial_state = names->pdata[i];
	}
	return _cmocka_run_group_tests(
	    "scenarios", tests, names->len, NULL, NULL);
}
