#include "intake/deliver.h"

#include "base/error.h"
#include "base/log.h"
#include "intake/case.h"
#include "intake/claims.h"
#include "intake/control.h"
#include "intake/image.h"
#include "intake/names.h"
#include "intake/place.h"
#include "intake/refuse.h"
#include "intake/report.h"
#include "mail/canonical.h"
#include "mail/parse.h"

#include "base/banned.h"

#define CALL_MS 30000

struct deliver {
	const struct config *config; /* borrowed */
	const struct rules *rules;   /* borrowed */
	const struct answers *answers; /* borrowed */
	struct names *names;	       /* own */
	struct hazard *hazard;	     /* borrowed */
	struct peers peers;
};

struct deliver *
deliver_new(const struct config *config, const struct rules *rules,
    const struct answers *answers, struct hazard *hazard)
{
	struct deliver *d = g_new0(struct deliver, 1);
	/* The post may need its own time with Postfix first. */
	guint post_ms = CALL_MS + 3 * 1000 * (guint)config->post_timeout_s;

	d->config = config;
	d->rules = rules;
	d->answers = answers;
	d->names = names_new(config, rules, answers);
	d->hazard = hazard;
	d->peers.vault =
	    ipc_client_new(config->run_dir, ROLE_VAULT, ROLE_LMTP, CALL_MS);
	d->peers.desk =
	    ipc_client_new(config->run_dir, ROLE_DESK, ROLE_LMTP, CALL_MS);
	d->peers.post =
	    ipc_client_new(config->run_dir, ROLE_POST, ROLE_LMTP, post_ms);
	d->peers.image = ipc_client_new(config->run_dir, ROLE_IMAGE,
	    ROLE_LMTP, IMAGE_CALL_MS);
	return d;
}

void
deliver_free(struct deliver *d)
{
	if (d == NULL)
		return;
	ipc_client_free(d->peers.vault);
	ipc_client_free(d->peers.desk);
	ipc_client_free(d->peers.post);
	ipc_client_free(d->peers.image);
	names_free(d->names);
	g_free(d);
}

enum place
deliver_knows(const char *local, const char *domain, gpointer user_data)
{
	const struct deliver *d = user_data;

	return place_judge(d->config, local, domain);
}

/* --- one recipient ------------------------------------------------------ */

/* A reply to all comes to the ticket's address and to its other recipients:
 * there it is the same mail of the same ticket, so the queue that its header
 * proves goes before the one it came to. */
static gboolean
case_open(struct mail_case *c, const struct label *rcpt, GError **err)
{
	const struct config_queue *came_to = c->queue;
	const struct config_queue *named = rcpt->kind == LABEL_NONE
	    ? claims_queue(c->config, c->mail)
	    : NULL;

	if (named != NULL && named != came_to) {
		c->queue = named;
		if (!case_identify(c, rcpt, err))
			return FALSE;
		if (case_side(c) != PROTO_SIDE_NONE)
			return TRUE;
		c->guesses = case_guesses(c);
		case_forget(c);
		c->queue = came_to;
	}
	return case_identify(c, rcpt, err);
}

/* A member's mail that is not to the address of a ticket. He must not become
 * a player with a ticket of his own. What a machine of his answers to the
 * queue's address may be an answer to a notice: told, it would answer again. */
static gboolean
member_deliver(struct mail_case *c, GError **err)
{
	if (!agent_is_machine(c))
		return agent_deliver_stray(c, err);
	log_info("agent.machine", LOG_QUEUE(c->queue));
	return TRUE;
}

static gboolean
case_deliver(struct mail_case *c, GError **err)
{
	if (case_proof(c, PROTO_VIA_SELF) != NULL) {
		log_info("mail.own", LOG_QUEUE(c->queue));
		return TRUE;
	}
	if (report_is(c->mail))
		return report_deliver(c, err);
	if (case_side(c) == PROTO_SIDE_AGENT)
		return agent_deliver(c, err);
	if (case_side(c) == PROTO_SIDE_NONE && agent_is_member(c))
		return member_deliver(c, err);
	return player_deliver(c, err);
}

static gboolean
rcpt_deliver(struct mail_case *c, const struct addr *rcpt_addr, GError **err)
{
	struct label label;
	gboolean is_asked = FALSE;
	gboolean ok;

	c->queue =
	    place_control(c->config, rcpt_addr->local, rcpt_addr->domain);
	if (c->queue != NULL) {
		label = (struct label){.kind = LABEL_NONE};
		is_asked = control_is(c);
	} else {
		c->queue = place_find(c->config, rcpt_addr->local,
		    rcpt_addr->domain, &label);
	}
	if (c->queue == NULL)
		return error_fail(err, ERROR_TEMP, "no such queue any more");
	if (is_asked)
		ok = case_identify(c, &label, err) && control_deliver(c, err);
	else
		ok = case_open(c, &label, err) && case_deliver(c, err);
	case_forget(c);
	return ok;
}

/* blank: a case without queue. */
static enum proto_mail_outcome
rcpt_outcome(const struct mail_case *blank, const struct addr *rcpt_addr)
{
	struct mail_case c = *blank;
	g_autoptr(GError) error = NULL;

	if (rcpt_deliver(&c, rcpt_addr, &error))
		return c.outcome;
	log_warn("intake.deferred", LOG_ERR(error));
	return PROTO_MAIL_DEFERRED;
}

void
deliver_mail(const struct session_envelope *envelope, GBytes *message,
    enum proto_mail_outcome *outcomes, gpointer user_data)
{
	const struct deliver *d = user_data;
	const struct mail_parse_options options = {
	    .authserv_id = d->config->authserv_id,
	    .sender_addr = envelope->sender_addr,
	    /* What Postfix's cleanup would have deleted is still there. */
	    .results = envelope->way == PROTO_WAY_SMTP
		? MAIL_RESULTS_ABOVE_RECEIVED
		: MAIL_RESULTS_ALL,
	    .is_unsafe = !hazard_enter(d->hazard, message)};
	g_autoptr(mail_auto) mail = mail_parse(message, &options);
	gboolean is_told = FALSE;
	enum proto_mail_outcome whole;
	struct mail_case blank = {.peers = &d->peers,
	    .hazard = d->hazard,
	    .message = message,
	    .config = d->config,
	    .rules = d->rules,
	    .answers = d->answers,
	    .names = d->names,
	    .mail = mail,
	    .is_told = &is_told,
	    .is_on_line = envelope->way != PROTO_WAY_LMTP,
	    .outcome = PROTO_MAIL_TAKEN,
	    .now = g_get_real_time() / G_USEC_PER_SEC};

	(void)canonical_digest(g_bytes_get_data(message, NULL),
	    g_bytes_get_size(message), blank.canonical.b);
	hazard_leave(d->hazard);
	whole = refuse_mail(&blank, envelope);
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt =
		    g_ptr_array_index(envelope->rcpts, i);

		outcomes[i] = whole == PROTO_MAIL_TAKEN
		    ? rcpt_outcome(&blank, rcpt->addr)
		    : whole;
	}
}
