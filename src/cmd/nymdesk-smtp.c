#include "cmd/role_main.h"
#include "intake/front.h"
#include "intake/message.h"
#include "intake/place.h"
#include "intake/proxy.h"

#include "base/banned.h"

/* In threads: what they share does not change. */
static enum proto_mail_outcome
smtp_deliver(const struct session_envelope *envelope, GBytes *message,
    gpointer user_data)
{
	const struct config *config = user_data;
	struct front *front = front_new(config->run_dir, ROLE_SMTP);
	enum proto_mail_outcome outcome =
	    front_deliver(front, envelope, message);

	front_free(front);
	return outcome;
}

int
main(void)
{
	struct role_start start;
	struct proxy_options options = {
	    .limits = {.line_max = SESSION_LINE_MAX,
		.text_line_max = MESSAGE_LINE_MAX,
		.header_max = MESSAGE_HEADER_MAX,
		.errors_max = SESSION_ERRORS_MAX,
		.protocol = SESSION_SMTP},
	    .check = place_check,
	    .stop = &role_stop};
	gboolean ok;

	role_start(ROLE_SMTP, &start);
	options.listen_fd = role_fd("listen");
	options.sessions = (guint)start.config->smtp_sessions;
	options.memory_max = (gsize)start.config->smtp_memory_max;
	/* More would only wait for one another. */
	options.threads = (guint)start.config->lmtp_workers;
	options.idle_ms = start.config->lmtp_idle_s * 1000;
	/* What never fits must not come again and again. */
	options.limits.size_max =
	    MIN((gsize)start.config->lmtp_size_max, options.memory_max);
	options.limits.rcpt_max =
	    (guint)MIN(start.config->lmtp_rcpt_max, FRONT_RCPTS_MAX);
	options.limits.hostname = ((const struct config_queue *)
		g_ptr_array_index(start.config->queues, 0))->domain;
	ok = proxy_run(&options, smtp_deliver, start.config);
	config_free(start.config);
	return ok ? 0 : 1;
}
