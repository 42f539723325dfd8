#include "intake/report.h"

#include "base/error.h"
#include "base/log.h"
#include "intake/tell.h"

#include "base/banned.h"

gboolean
report_is(const struct mail *mail)
{
	return mail->machine == MAIL_DSN || mail->machine == MAIL_MDN ||
	    mail->machine == MAIL_ARF;
}

/* A bounce of a bounce says nothing of a mail of ours, and ends here as any
 * other report that is only noted. */
static enum proto_report
report_kind(const struct mail *mail)
{
	if (mail->machine != MAIL_DSN)
		return PROTO_REPORT_OTHER;
	switch (mail->action) {
	case MAIL_ACTION_FAILED:
		return PROTO_REPORT_FAILED;
	case MAIL_ACTION_DELAYED:
		return PROTO_REPORT_DELAYED;
	case MAIL_ACTION_NONE:
	case MAIL_ACTION_DONE:
		break;
	}
	return PROTO_REPORT_OTHER;
}

/* One to three digits; NULL if there are none. */
static const char *
number_read(const char *p, guint *out)
{
	guint n = 0;

	for (*out = 0; n < 3 && g_ascii_isdigit(*p); n++)
		*out = *out * 10 + (guint)(*p++ - '0');
	return n > 0 ? p : NULL;
}

const char *
report_status(const char *status, char out[REPORT_STATUS_SIZE])
{
	guint n[3] = {0};
	const char *p = status;

	out[0] = '\0';
	for (gsize i = 0; i < G_N_ELEMENTS(n) && p != NULL; i++) {
		if (i > 0 && *p++ != '.')
			return out;
		p = number_read(p, &n[i]);
	}
	if (p == NULL || *p != '\0' || (n[0] != 2 && n[0] != 4 && n[0] != 5))
		return out;
	g_snprintf(out, REPORT_STATUS_SIZE, " (%u.%u.%u)", n[0], n[1], n[2]);
	return out;
}

/* Of which mail of ours the report is, by the address it came to. */
static const struct proto_proof *
bounce_proof(const struct mail_case *c)
{
	for (guint i = 0; i < c->id.proofs->len; i++) {
		const struct proto_proof *proof =
		    &g_array_index(c->id.proofs, struct proto_proof, i);

		if (proof->is_valid &&
		    g_array_index(c->claims, struct proto_claim, i).via ==
			PROTO_VIA_BOUNCE)
			return proof;
	}
	return NULL;
}

static const char *
job_name(guint32 job)
{
	switch ((enum proto_job_kind)job) {
	case PROTO_JOB_ACK:
		return "The acknowledgement";
	case PROTO_JOB_ANSWER:
		return "The answer";
	case PROTO_JOB_ENCRYPTED:
		return "The notice that his mail is encrypted";
	case PROTO_JOB_ESCALATED:
		return "The notice of the ticket's new level";
	case PROTO_JOB_CLOSED:
		return "The notice that the ticket is closed";
	case PROTO_JOB_TRANSCRIPT:
		return "The transcript";
	case PROTO_JOB_STAGE:
	case PROTO_JOB_HANDED:
	case PROTO_JOB_WEEKLY:
	case PROTO_JOB_END:
		break;
	}
	return "A mail to the player";
}

static gboolean
agents_tell(const struct mail_case *c, const struct proto_desk_admit *admit,
    const struct proto_desk_admitted *admitted, GError **err)
{
	char shown[REPORT_STATUS_SIZE];
	g_autofree char *why = g_strconcat(
	    "the player's mail system refused our mail",
	    report_status(c->mail->status, shown), NULL);

	return tell_send(c,
	    &(struct tell_word){.number = &admitted->number,
		.rcpts = config_queue_level(c->queue, admitted->level),
		.reply_to = "",
		.what = job_name(admit->job),
		.why = why,
		.what_to_do = "nothing more is sent to him in this ticket "
			      "until he writes again."},
	    err);
}

static gboolean
admitted_note(struct mail_case *c, const struct proto_desk_admit *admit,
    const struct proto_desk_admitted *admitted, GError **err)
{
	if (admitted->verdict == PROTO_DUPLICATE) {
		log_info("mail.again", LOG_QUEUE(c->queue));
		return TRUE;
	}
	if (admitted->verdict != PROTO_BOUNCE)
		return error_fail_num(err, ERROR_TEMP, "unexpected verdict",
		    admitted->verdict);
	if (c->mail->machine == MAIL_ARF)
		log_warn("report.complaint", LOG_QUEUE(c->queue));
	if ((admitted->flags & PROTO_FLAG_UNDELIVERABLE) != 0 &&
	    (!case_move(c, admitted->queue, err) ||
		!agents_tell(c, admit, admitted, err)))
		return FALSE;
	if (!case_commit(c, admit, admitted, NULL, err))
		return FALSE;
	log_info("mail.bounce", LOG_QUEUE(c->queue),
	    LOG_NUM("report", admit->report));
	return TRUE;
}

gboolean
report_deliver(struct mail_case *c, GError **err)
{
	const struct proto_proof *proof = bounce_proof(c);
	struct proto_desk_admit admit;
	struct proto_desk_admitted admitted = {0};
	gboolean ok;

	case_admit_fill(c, case_side(c), &admit);
	admit.report = report_kind(c->mail);
	admit.job = proof != NULL ? proof->job : 0;
	ok = case_admit(c, &admit, &admitted, err);
	if (ok && !admitted_note(c, &admit, &admitted, err)) {
		case_let_go(c);
		ok = FALSE;
	}
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	return ok;
}
