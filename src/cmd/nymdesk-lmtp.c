#include <unistd.h>

#include "base/log.h"
#include "cmd/role_main.h"
#include "intake/deliver.h"
#include "intake/hazard.h"
#include "intake/message.h"
#include "intake/server.h"
#include "intake/worker.h"
#include "mail/language.h"
#include "mail/parse.h"
#include "rules/rules.h"
#include "template/answer.h"

#include "base/banned.h"

struct parts {
	struct rules *rules;	 /* own */
	struct answers *answers; /* own */
};

static gboolean
parts_load(const struct config *config, struct parts *parts, GError **err)
{
	g_autofree char *textcat = g_build_filename(config->template_dir,
	    "textcat.conf", NULL);

	mail_init();
	parts->rules = rules_load(config->filter_dir, err);
	if (parts->rules == NULL)
		return FALSE;
	parts->answers = answers_load(config->template_dir, err);
	return parts->answers != NULL &&
	    language_init(textcat, ND_TEXTCAT_DATA "/", err);
}

/* Fronts that are not configured have no listener. */
static void
front_add(struct server_options *options, const char *name,
    struct worker *worker)
{
	struct server_listener *other = &options->others[options->nothers];

	worker->wait_ms = WORKER_WAIT_MS;
	worker->size_max = options->limits.size_max;
	worker->check = options->check;
	worker->deliver = deliver_mail;
	*other = (struct server_listener){role_fd(name), worker_serve, worker};
	if (other->fd >= 0)
		options->nothers++;
}

int
main(void)
{
	struct role_start start;
	struct parts parts = {0};
	struct hazard *hazard;
	struct deliver *deliver;
	g_autoptr(GError) error = NULL;
	struct server_options options = {
	    .limits = {.line_max = SESSION_LINE_MAX,
		.text_line_max = MESSAGE_LINE_MAX,
		.header_max = MESSAGE_HEADER_MAX,
		.errors_max = SESSION_ERRORS_MAX,
		.protocol = SESSION_LMTP},
	    .check = deliver_knows,
	    .stop = &role_stop};
	struct worker milter = {.front = ROLE_MILTER};
	struct worker smtp = {.front = ROLE_SMTP};
	gboolean ok;

	role_start(ROLE_LMTP, &start);
	hazard = hazard_open(role_fd("hazard"), start.slot, &error);
	if (hazard == NULL || !parts_load(start.config, &parts, &error)) {
		log_error("lmtp.start", LOG_ERR(error));
		return 1;
	}
	deliver = deliver_new(
	    start.config, parts.rules, parts.answers, hazard);
	options.listen_fd = role_fd("listen");
	options.limits.size_max = (gsize)start.config->lmtp_size_max;
	options.limits.rcpt_max = (guint)start.config->lmtp_rcpt_max;
	options.limits.hostname = ((const struct config_queue *)
		g_ptr_array_index(start.config->queues, 0))->domain;
	options.idle_ms = start.config->lmtp_idle_s * 1000;
	options.recycle = (guint)start.config->lmtp_recycle;
	milter.uid = start.uids[ROLE_MILTER];
	smtp.uid = start.uids[ROLE_SMTP];
	milter.user_data = smtp.user_data = deliver;
	front_add(&options, "lmtp.milter", &milter);
	front_add(&options, "lmtp.smtp", &smtp);
	ok = server_run(&options, deliver_mail, deliver);
	deliver_free(deliver);
	hazard_close(hazard);
	rules_free(parts.rules);
	answers_free(parts.answers);
	config_free(start.config);
	return ok ? 0 : 1;
}
