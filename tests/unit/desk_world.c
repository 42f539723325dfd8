#include "desk_world.h"

#include <string.h>

static void
init_categories(struct world *w)
{
	static char complaint[] = "complaint", login[] = "login", vip[] = "vip";

	w->categories[0] =
	    (struct config_category){.name = complaint, .complex = TRUE};
	w->categories[1] = (struct config_category){
	    .name = login, .first_reply_s = 1800, .decision_s = 6 * 3600};
	w->categories[2] = (struct config_category){
	    .name = vip, .first_reply_s = 900, .decision_s = 2 * 3600};
	w->config.categories = g_ptr_array_new();
	for (gsize i = 0; i < G_N_ELEMENTS(w->categories); i++)
		g_ptr_array_add(w->config.categories, &w->categories[i]);
}

void
world_init(struct world *w, struct store *take_store)
{
	static char support[] = "support", vip[] = "vip";

	*w = (struct world){.now = WORLD_START};
	w->queues[0] = (struct config_queue){
	    .name = support,
	    .ack_s = 3600,
	    .first_reply_s = 7200,
	    .decision_s = 86400,
	    .reopen_s = 14 * 86400,
	    .escalate_s = 3600,
	};
	w->queues[1] = w->queues[0];
	w->queues[1].name = vip;
	w->queues[1].per_ticket_pseudonym = TRUE;
	w->config.epoch_s = WORLD_EPOCH_S;
	w->config.retention_s = WORLD_RETENTION_S;
	w->config.post_rate = 1000000;
	w->config.guess_rate = 1000000;
	w->config.ack_burst = 5;
	w->config.mail_burst = 4;
	w->config.ack_window_s = 3600;
	w->config.repeat_s = 86400;
	w->config.queues = g_ptr_array_new();
	g_ptr_array_add(w->config.queues, &w->queues[0]);
	g_ptr_array_add(w->config.queues, &w->queues[1]);
	init_categories(w);
	w->store = take_store;
	w->desk = desk_new(w->store, &w->config);
}

void
world_done(struct world *w)
{
	desk_free(w->desk);
	store_close(w->store);
	g_ptr_array_unref(w->config.queues);
	g_ptr_array_unref(w->config.categories);
}

void
world_slow_clocks(struct world *w)
{
	for (gsize i = 0; i < G_N_ELEMENTS(w->queues); i++) {
		w->queues[i].first_reply_s = 1000 * 86400;
		w->queues[i].decision_s = 1000 * 86400;
	}
}

void
world_restart(struct world *w, struct store *take_store)
{
	desk_free(w->desk);
	w->store = take_store;
	w->desk = desk_new(w->store, &w->config);
}

int
world_open(void **state)
{
	struct world *w = g_new0(struct world, 1);

	world_init(w, store_open_memory());
	*state = w;
	return 0;
}

int
world_close(void **state)
{
	struct world *w = *state;

	world_done(w);
	g_free(w);
	return 0;
}

/* --- the vault --- */

static struct proto_key
keyed(gint64 epoch, const char *purpose, const char *name)
{
	g_autofree char *text =
	    g_strdup_printf("%" G_GINT64_FORMAT " %s %s", epoch, purpose, name);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct proto_key out;
	gsize len = sizeof(out.b);

	g_checksum_update(sum, (const guchar *)text, -1);
	g_checksum_get_digest(sum, out.b, &len);
	return out;
}

struct proto_key
world_fingerprint(const struct world *w, const char *name)
{
	return keyed(w->now / WORLD_EPOCH_S, "message", name);
}

static GArray *
live_epochs(const struct world *w, const struct world_mail *mail)
{
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct proto_epoch_ids));
	gint64 newest = w->now / WORLD_EPOCH_S;

	for (gint64 e = newest;
	     (e + 1) * WORLD_EPOCH_S + WORLD_RETENTION_S > w->now; e--) {
		struct proto_epoch_ids ids = {e,
		    keyed(e, "contact", mail->from),
		    keyed(e, "message", mail->name)};

		g_array_append_val(out, ids);
	}
	return out;
}

static GArray *
keyed_clues(const GArray *epochs, const struct world_mail *mail)
{
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct proto_clue));

	for (guint i = 0; i < epochs->len; i++)
		for (guint k = 0; k < mail->clues; k++) {
			const struct world_clue *from = &mail->clue[k];
			struct proto_clue clue = {.kind = from->kind};
			g_autofree char *purpose = NULL;

			clue.epoch =
			    g_array_index(epochs, struct proto_epoch_ids, i)
				.epoch;
			purpose = g_strdup_printf(
			    "clue %d", from->kind == PROTO_CLUE_REFERENCE
					   ? (int)PROTO_CLUE_ID
					   : (int)from->kind);
			clue.key = keyed(clue.epoch, purpose, from->text);
			g_array_append_val(out, clue);
		}
	return out;
}

static GArray *
derived_numbers(const struct world *w, const struct world_mail *mail)
{
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct number));
	struct proto_key key = world_fingerprint(w, mail->name);

	for (guint i = 0; i < PROTO_NUMBERS; i++) {
		struct number number;
		guint64 bits;

		memcpy(&bits, key.b + 8 * i, sizeof(bits));
		number = number_from_bits(bits);
		g_array_append_val(out, number);
	}
	return out;
}

/* --- requests --- */

struct world_mail
world_mail(const char *name, const char *from)
{
	return (struct world_mail){.name = name,
	    .from = from,
	    .queue = "support",
	    .category = "withdrawal",
	    .side = PROTO_SIDE_PLAYER};
}

void
world_claim(
    struct world_mail *mail, enum proto_via via, const struct number *number)
{
	struct proto_claim *claim = &mail->claim[mail->claims++];

	g_assert(mail->claims <= PROTO_CLAIMS_MAX);
	*claim = (struct proto_claim){.via = via};
	if (number != NULL)
		claim->number = *number;
}

void
world_clue(struct world_mail *mail, enum proto_clue_kind kind, const char *text)
{
	struct world_clue *clue = &mail->clue[mail->clues++];

	g_assert(mail->clues <= PROTO_CLUES_MAX);
	*clue = (struct world_clue){kind, text};
}

struct proto_desk_admit
world_admit_make(const struct world *w, const struct world_mail *mail)
{
	struct proto_desk_admit out = {
	    .queue = g_strdup(mail->queue),
	    .lang = g_strdup("de"),
	    .category = g_strdup(mail->category),
	    .side = mail->side,
	    .flags = mail->flags,
	    .received = w->now,
	    .epochs = live_epochs(w, mail),
	    .claims = g_array_new(FALSE, TRUE, sizeof(struct proto_claim)),
	    .numbers = derived_numbers(w, mail),
	    .report = mail->report,
	    .job = mail->job,
	    .rating = mail->rating,
	    .is_on_line = (guint32)mail->is_on_line,
	};

	out.clues = keyed_clues(out.epochs, mail);
	g_array_append_vals(out.claims, mail->claim, mail->claims);
	return out;
}

void
world_admit_clear(struct proto_desk_admit *admit)
{
	g_free(admit->queue);
	g_free(admit->lang);
	g_free(admit->category);
	g_array_unref(admit->epochs);
	g_array_unref(admit->claims);
	g_array_unref(admit->numbers);
	g_array_unref(admit->clues);
}

void
world_admitted_clear(struct proto_desk_admitted *answer)
{
	g_free(answer->pseudonym);
	g_free(answer->category);
	g_free(answer->copy_id);
	g_free(answer->queue);
	g_free(answer->lang);
	g_free(answer->agent);
	*answer = (struct proto_desk_admitted){0};
}

void
world_jobs_clear(struct proto_desk_jobs *jobs)
{
	for (guint i = 0; jobs->jobs != NULL && i < jobs->jobs->len; i++) {
		struct proto_job *job =
		    &g_array_index(jobs->jobs, struct proto_job, i);

		g_free(job->queue);
		g_free(job->lang);
		g_free(job->category);
		g_free(job->pseudonym);
		g_free(job->agent);
		g_free(job->copy_id);
		g_bytes_unref(job->sealed);
	}
	g_clear_pointer(&jobs->jobs, g_array_unref);
}

/* --- calls --- */

static gboolean
end_turn(struct world *w, gboolean is_ok, GError **err)
{
	/* A failed request leaves nothing, so its turn may be committed. */
	return desk_commit_turn(w->desk, is_ok ? err : NULL) && is_ok;
}

gboolean
world_admit(struct world *w, const struct world_mail *mail,
    struct proto_desk_admitted *answer, GError **err)
{
	struct proto_desk_admit admit = world_admit_make(w, mail);
	gboolean is_ok = desk_admit(w->desk, &admit, w->now, answer, err);

	world_admit_clear(&admit);
	return is_ok;
}

gboolean
world_commit_in_turn(struct world *w, const struct world_mail *mail,
    const struct proto_desk_admitted *answer, GError **err)
{
	g_autofree char *copy =
	    g_strdup_printf("%s@casino.example", mail->name);
	g_autofree char *content = g_strdup_printf("to %s", mail->from);
	gboolean has_return = (mail->flags & PROTO_FLAG_NO_RETURN) == 0;
	struct proto_desk_commit commit = {
	    .admit = world_admit_make(w, mail),
	    .verdict = answer->verdict,
	    .number = answer->number,
	    .pseudonym = answer->pseudonym,
	    .copy_id = copy,
	    .sealed = g_bytes_new(content, has_return ? strlen(content) : 0),
	};
	gboolean is_ok = desk_commit(w->desk, &commit, w->now, err);

	world_admit_clear(&commit.admit);
	g_bytes_unref(commit.sealed);
	return is_ok;
}

gboolean
world_commit(struct world *w, const struct world_mail *mail,
    const struct proto_desk_admitted *answer, GError **err)
{
	return desk_begin(w->desk, w->now, err) &&
	       end_turn(w, world_commit_in_turn(w, mail, answer, err), err);
}

gboolean
world_take(struct world *w, guint32 slot, const char *name,
    const struct number *number, struct proto_desk_jobs *jobs, GError **err)
{
	static char queue[] = "support";
	struct proto_desk_take take = {
	    .slot = slot,
	    .job = {world_fingerprint(w, name), PROTO_JOB_ANSWER},
	    .number = *number,
	    .queue = queue,
	};

	return desk_begin(w->desk, w->now, err) &&
	       end_turn(w, desk_take(w->desk, &take, w->now, jobs, err), err);
}

gboolean
world_work(struct world *w, const struct proto_desk_work *work,
    struct proto_desk_jobs *jobs, GError **err)
{
	return desk_begin(w->desk, w->now, err) &&
	       end_turn(w, desk_work(w->desk, work, w->now, jobs, err), err);
}

gboolean
world_settle(struct world *w, guint32 slot, const struct proto_job_name *job,
    enum proto_outcome outcome)
{
	static char status[] = "2.0.0";
	struct proto_settle settle = {*job, outcome, status};
	struct proto_desk_work work = {.slot = slot};
	struct proto_desk_jobs jobs = {0};
	gboolean is_ok;

	work.settled = g_array_new(FALSE, TRUE, sizeof(settle));
	g_array_append_val(work.settled, settle);
	is_ok = world_work(w, &work, &jobs, NULL);
	world_jobs_clear(&jobs);
	g_array_unref(work.settled);
	return is_ok;
}

static struct world_fate
fate_of(struct proto_desk_admitted *take_answer)
{
	struct world_fate out = {
	    .verdict = (enum proto_verdict)take_answer->verdict,
	    .number = take_answer->number,
	    .mentions = take_answer->mentions,
	    .flags = take_answer->flags,
	    .ticket_flags = take_answer->ticket_flags,
	    .due = take_answer->due,
	};

	(void)g_strlcpy(
	    out.pseudonym, take_answer->pseudonym, sizeof(out.pseudonym));
	world_admitted_clear(take_answer);
	return out;
}

static void
must_commit(struct world *w, const struct world_mail *mail,
    const struct proto_desk_admitted *answer)
{
	g_autoptr(GError) err = NULL;

	if (answer->verdict != PROTO_REPLY &&
	    answer->verdict != PROTO_UNKNOWN &&
	    answer->verdict != PROTO_LATER &&
	    !world_commit(w, mail, answer, &err))
		g_error("commit failed: %s", err->message);
}

struct world_fate
world_receive(struct world *w, const struct world_mail *mail)
{
	struct proto_desk_admitted answer = {0};

	if (!world_admit(w, mail, &answer, NULL))
		g_error("admit failed");
	must_commit(w, mail, &answer);
	return fate_of(&answer);
}

struct world_fate
world_receive_twice(struct world *w, const struct world_mail *mail)
{
	struct proto_desk_admitted first = {0}, second = {0};

	if (!world_admit(w, mail, &first, NULL) ||
	    !world_admit(w, mail, &second, NULL))
		g_error("admit failed");
	must_commit(w, mail, &first);
	must_commit(w, mail, &second);
	world_admitted_clear(&second);
	return fate_of(&first);
}

struct store_ticket
world_ticket(const struct world *w, const struct number *number)
{
	struct store_ticket out = {0};

	if (store_ticket_get(w->store, number, &out, NULL) != STORE_FOUND)
		g_error("no such ticket");
	return out;
}
