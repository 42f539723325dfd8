/*
 * The commands of scenarios for what agents and operators do; desk_scenario.c
 * says what they mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk/internal.h"
#include "desk_acts.h"
#include "desk_scenario.h"

static char *
word_of(struct play *p)
{
	char *word = g_strdup(play_word(p));

	g_ptr_array_add(p->kept, word);
	return word;
}

static void
read_close(struct play *p, struct proto_desk_steer *out)
{
	out->verbs |= PROTO_VERB_CLOSE;
	if (play_next_is(p, "solved"))
		out->close = PROTO_CLOSE_SOLVED;
	else if (play_next_is(p, "refused"))
		out->close = PROTO_CLOSE_REFUSED;
	else if (play_next_is(p, "duplicate")) {
		out->close = PROTO_CLOSE_DUPLICATE;
		out->duplicate = play_told(p)->fate.number;
	} else
		play_stop(p, "close how?");
}

/* FALSE for a word that is no command. */
static gboolean
read_command(struct play *p, struct proto_desk_steer *out)
{
	static const struct {
		const char *word;
		enum proto_verb verb;
		gsize value; /* 0: it has none */
	} verbs[] = {
	    {"wait", PROTO_VERB_WAIT, 0},
	    {"escalate", PROTO_VERB_ESCALATE, 0},
	    {"take", PROTO_VERB_TAKE, 0},
	    {"forget", PROTO_VERB_FORGET, 0},
	    {"queue", PROTO_VERB_QUEUE,
		G_STRUCT_OFFSET(struct proto_desk_steer, queue)},
	    {"category", PROTO_VERB_CATEGORY,
		G_STRUCT_OFFSET(struct proto_desk_steer, category)},
	    {"lang", PROTO_VERB_LANG,
		G_STRUCT_OFFSET(struct proto_desk_steer, lang)},
	};

	if (play_next_is(p, "close")) {
		read_close(p, out);
		return TRUE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (!play_next_is(p, verbs[i].word))
			continue;
		out->verbs |= verbs[i].verb;
		if (verbs[i].value != 0)
			G_STRUCT_MEMBER(char *, out, verbs[i].value) =
			    word_of(p);
		return TRUE;
	}
	return FALSE;
}

void
do_steer(struct play *p)
{
	static char kim[] = "kim";
	struct proto_desk_steer steer = {.agent = kim};
	const char *mail = play_word(p), *fate;
	g_autoptr(GError) err = NULL;
	gboolean is_done;

	play_expect(p, play_next_is(p, "on"), "steer M on T");
	steer.number = play_told(p)->fate.number;
	if (play_next_is(p, "by"))
		steer.agent = word_of(p);
	while (read_command(p, &steer))
		continue;
	fate = play_word(p);
	steer.is_dry = strcmp(fate, "judged") == 0;
	is_done = acts_steer(&p->world, mail, &steer, NULL, &err);
	if (strcmp(fate, "done") == 0 || steer.is_dry)
		play_expect(p, is_done, err != NULL ? err->message : "failed");
	else if (strcmp(fate, "refused") == 0)
		play_expect(p, error_is(err, ERROR_PERM), "not refused");
	else if (strcmp(fate, "busy") == 0)
		play_expect(p, error_is(err, ERROR_TEMP), "not put off");
	else
		play_stop(p, "no such fate");
}

void
do_owner(struct play *p)
{
	const char *pseudonym = play_told(p)->fate.pseudonym;
	const char *agent = play_next_is(p, "-") ? "" : play_word(p);
	gboolean is_known = !play_next_is(p, "unknown");
	struct proto_ctl_vip_is is = {0};

	play_expect(p, acts_vip(&p->world, pseudonym, agent, &is, NULL),
	    "it failed");
	play_expect(p, !!is.is_found == is_known, "known, or unknown");
	play_expect(p, !is_known || is.tickets == play_number(p),
	    "another number of tickets");
}

void
do_promised(struct play *p)
{
	const struct told *about = play_told(p);
	const char *kind = play_word(p);
	guint expected = play_number(p);

	for (guint32 k = PROTO_JOB_ACK; k < PROTO_JOB_END; k++)
		if (strcmp(desk_kind_name(k), kind) == 0) {
			play_expect(p,
			    acts_promised(&p->world, &about->fate.number, k) ==
				expected,
			    "another number of mails");
			return;
		}
	play_stop(p, "no such kind of mail");
}
