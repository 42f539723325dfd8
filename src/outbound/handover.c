#include "outbound/handover.h"

#include "base/error.h"
#include "base/log.h"
#include "outbound/filing.h"

#include "base/banned.h"

static void
result_add(struct proto_post_result *answer, guint code, const char *status)
{
	struct proto_result result = {code, g_strdup(status)};

	if (answer->results == NULL)
		answer->results =
		    g_array_new(FALSE, TRUE, sizeof(struct proto_result));
	g_array_append_val(answer->results, result);
}

static gboolean
whole_send(struct post *post, const struct proto_post_hand_over *request,
    GBytes *content, struct proto_post_result *answer, GError **err)
{
	g_autoptr(GArray) results = g_array_new(FALSE, TRUE,
	    sizeof(struct smtp_result));
	const struct smtp_mail mail = {.sender_addr = request->sender_addr,
	    .rcpt_addrs = request->rcpt_addrs,
	    .content = content};
	gboolean is_sent = FALSE;

	if (request->rcpt_addrs->len == 0)
		return error_fail(err, ERROR_DENIED, "no recipients");
	if (!smtp_send(post->smtp, &mail, results, err))
		return FALSE;
	for (guint i = 0; i < results->len; i++) {
		const struct smtp_result *r =
		    &g_array_index(results, struct smtp_result, i);

		result_add(answer, r->code, r->status);
		is_sent = is_sent || r->code / 100 == 2;
	}
	if (is_sent)
		filing_put(post, request->queue, content);
	return TRUE;
}

static gboolean
answer_settle(struct post *post, const struct proto_job *job,
    enum proto_outcome outcome, const char *status)
{
	struct proto_settle settle = {.job = job->name,
	    .outcome = outcome,
	    .status = (char *)status};
	g_autoptr(GArray) settled = g_array_new(FALSE, TRUE,
	    sizeof(struct proto_settle));
	struct proto_desk_jobs none = {0};
	gboolean ok;

	g_array_append_val(settled, settle);
	ok = post_work(post, settled, 0, 0, &none);
	proto_clear(PROTO_DESK_JOBS, &none);
	return ok;
}

struct labelled {
	struct post *post;
	const struct filing_answer *answer;
};

static void
on_labelled(const struct label_set *label, gpointer data)
{
	const struct labelled *labelled = data;

	filing_hold(labelled->post, labelled->answer, label);
}

static gboolean
answer_do(struct post *post, const struct filing_answer *filed,
    struct proto_post_result *answer, GError **err)
{
	const struct proto_job *job = filed->job;
	struct smtp_result result;
	struct labelled labelled = {post, filed};
	const struct post_mail mail = {.job = job,
	    .text = filed->text,
	    .on_labelled = on_labelled,
	    .user_data = &labelled};
	enum proto_outcome outcome;

	slot_hold(post->slot, &job->name, 1);
	outcome = post_send_to_player(post, &mail, &result);
	filing_release(post, &job->name, outcome);
	log_info("post.answer", LOG_TICKET(&job->number),
	    LOG_NUM("outcome", outcome), LOG_NUM("code", result.code));
	if (!answer_settle(post, job, outcome, result.status))
		return error_fail(err, ERROR_TEMP, "the desk is away");
	/* Without a reply of the MTA it was the vault that could not. */
	if (outcome == PROTO_FAILED && result.code == 0)
		return error_fail(err, ERROR_PERM, "the key is gone");
	if (outcome == PROTO_DEFERRED)
		return error_fail(err, ERROR_TEMP,
		    "the answer could not be handed over yet");
	result_add(answer, outcome == PROTO_SENT ? 250 : 550, result.status);
	return TRUE;
}

static gboolean
answer_send(struct post *post, const struct proto_post_hand_over *request,
    GBytes *content, struct proto_post_result *answer, GError **err)
{
	struct proto_desk_take take = {.slot = post->slot_number,
	    .job = request->job,
	    .number = request->number,
	    .queue = request->queue,
	    .agent = request->agent,
	    .has_more = request->has_more};
	gsize len;
	const char *data = g_bytes_get_data(content, &len);
	g_autofree char *text = g_strndup(data, len);
	struct filing_answer filed = {.agent = request->agent, .text = text};
	struct proto_desk_jobs jobs = {0};
	gboolean ok;

	if (!ipc_call(post->desk, PROTO_DESK_TAKE, &take, -1,
		PROTO_DESK_JOBS, &jobs, err))
		return FALSE;
	if (jobs.jobs->len == 0) { /* sent before: a repeated mail */
		result_add(answer, 250, "2.0.0");
		ok = TRUE;
	} else {
		filed.job = &g_array_index(jobs.jobs, struct proto_job, 0);
		ok = answer_do(post, &filed, answer, err);
	}
	proto_clear(PROTO_DESK_JOBS, &jobs);
	return ok;
}

gboolean
handover_serve(struct post *post, const struct proto_post_hand_over *request,
    GBytes *content, struct proto_post_result *answer, GError **err)
{
	if (request->kind == PROTO_MAIL_WHOLE)
		return whole_send(post, request, content, answer, err);
	if (request->kind == PROTO_MAIL_ANSWER &&
	    request->job.kind == PROTO_JOB_ANSWER)
		return answer_send(post, request, content, answer, err);
	return error_fail(err, ERROR_DENIED, "unknown kind of hand-over");
}
