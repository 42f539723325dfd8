#include "desk_acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/banned.h"

#define SLOT 70

int desk_acts_tests(void);
int desk_again_tests(void);
int desk_control_tests(void);
int desk_numbers_tests(void);
int desk_steer_tests(void);
int desk_weekly_tests(void);

int
desk_acts_tests(void)
{
	return desk_steer_tests() + desk_again_tests() + desk_numbers_tests() +
	       desk_control_tests() + desk_weekly_tests();
}

static gboolean
end_turn(struct world *w, gboolean is_ok, GError **err)
{
	/* A failed request leaves nothing, so its turn may be committed. */
	return desk_commit_turn(w->desk, is_ok ? err : NULL) && is_ok;
}

static char *
text(char *given)
{
	static char none[] = "";

	return given != NULL ? given : none;
}

gboolean
acts_steer(struct world *w, const char *mail,
    const struct proto_desk_steer *steer, struct proto_desk_steered *answer,
    GError **err)
{
	struct world_mail from = world_mail(mail, "agent");
	struct proto_desk_admit admit = world_admit_make(w, &from);
	struct proto_desk_steer in = *steer;
	struct proto_desk_steered out = {0};
	gboolean is_ok;

	in.epochs = admit.epochs;
	in.queue = text(in.queue);
	in.category = text(in.category);
	in.lang = text(in.lang);
	in.agent = text(in.agent);
	is_ok = desk_begin(w->desk, w->now, err) &&
		end_turn(w, desk_steer(w->desk, &in, w->now, &out, err), err);
	world_admit_clear(&admit);
	if (answer != NULL)
		*answer = out;
	else
		g_free(out.queue);
	return is_ok;
}

gboolean
acts_answer(struct world *w, const char *mail, const struct number *number,
    enum proto_outcome outcome, GError **err)
{
	static char queue[] = "support", agent[] = "kim";
	struct proto_desk_take take = {
	    .slot = SLOT,
	    .job = {world_fingerprint(w, mail), PROTO_JOB_ANSWER},
	    .number = *number,
	    .queue = queue,
	    .agent = agent,
	    .has_more = TRUE,
	};
	struct proto_desk_jobs jobs = {0};
	gboolean is_ok, is_taken;

	is_ok = desk_begin(w->desk, w->now, err) &&
		end_turn(w, desk_take(w->desk, &take, w->now, &jobs, err), err);
	is_taken = is_ok && jobs.jobs->len == 1;
	world_jobs_clear(&jobs);
	if (!is_taken || outcome == 0)
		return is_ok;
	return world_settle(w, SLOT, &take.job, outcome);
}

gboolean
acts_vip(struct world *w, const char *pseudonym, const char *agent,
    struct proto_ctl_vip_is *answer, GError **err)
{
	g_autofree char *name = g_strdup(pseudonym);
	g_autofree char *whose = g_strdup(agent);
	struct proto_ctl_vip vip = {name, whose};

	return desk_begin(w->desk, w->now, err) &&
	       end_turn(w, desk_vip(w->desk, &vip, answer, err), err);
}

guint
acts_promised(const struct world *w, const struct number *number, guint32 kind)
{
	struct store_query query = {
	    STORE_PROMISES_TO_TRY, G_MAXINT64, 1000, 1u << kind};
	g_autoptr(GArray) list = NULL;
	guint n = 0;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	g_assert(store_promise_list(w->store, &query, list, NULL));
	for (guint i = 0; i < list->len; i++) {
		const struct store_promise *promise =
		    &g_array_index(list, struct store_promise, i);

		n += number_equal(&promise->ticket, number) ? 1 : 0;
	}
	return n;
}

struct number
acts_open(struct world *w, const char *mail)
{
	struct world_mail m = world_mail(mail, mail);

	return world_receive(w, &m).number;
}

void
acts_put(struct world *w, const struct store_ticket *row)
{
	assert_true(store_begin(w->store, NULL));
	assert_true(store_ticket_update(w->store, row, NULL));
	assert_true(store_commit(w->store, NULL));
}

void
acts_do(struct world *w, const char *mail, const struct proto_desk_steer *in)
{
	g_autoptr(GError) err = NULL;

	if (!acts_steer(w, mail, in, NULL, &err))
		fail_msg("%s: %s", mail, err->message);
}

struct sla_clock
acts_clock(struct world *w, const struct number *number, enum sla_kind kind)
{
	struct store_clock row = {0};

	if (store_clock_get(w->store, number, kind, &row, NULL) != STORE_FOUND)
		row.clock = (struct sla_clock){0};
	return row.clock;
}
