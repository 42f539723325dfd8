#include "deliver_roles.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "proto/ipc.h"

#include "base/banned.h"

struct roles roles;

struct ipc_client {
	enum role server;
};

void
roles_clear(void)
{
	g_clear_pointer(&roles.clue_kinds, g_array_unref);
	g_clear_pointer(&roles.claims, g_array_unref);
	g_clear_pointer(&roles.mails, g_ptr_array_unref);
	g_clear_pointer(&roles.rcpts, g_ptr_array_unref);
	g_clear_pointer(&roles.answer, g_free);
}

void
roles_reset(void)
{
	roles_clear();
	roles = (struct roles){.verdict = PROTO_NEW,
	    .number = {.s = "00000001"},
	    .post_code = 250,
	    .level = 1,
	    .agent = "",
	    .clue_kinds = g_array_new(FALSE, FALSE, sizeof(guint32)),
	    .claims = g_array_new(FALSE, FALSE, sizeof(struct proto_claim)),
	    .mails = g_ptr_array_new_with_free_func(g_free),
	    .rcpts = g_ptr_array_new_with_free_func(g_free)};
}

/* --- vault -------------------------------------------------------------- */

static struct proto_proof
prove(const struct proto_claim *claim)
{
	struct proto_proof proof = {0};
	char c = claim->mac.s[0];

	switch ((enum proto_via)claim->via) {
	case PROTO_VIA_CAPABILITY:
		proof.side = c == 'p' ? PROTO_SIDE_PLAYER
		    : c == 'a'	      ? PROTO_SIDE_AGENT
				      : PROTO_SIDE_NONE;
		proof.is_valid = proof.side != PROTO_SIDE_NONE;
		break;
	case PROTO_VIA_BOUNCE:
		proof.is_valid = c == 'p' || c == 'k' || c == 'a';
		if (!proof.is_valid)
			break;
		proof.side =
		    c == 'a' ? PROTO_SIDE_AGENT : PROTO_SIDE_PLAYER;
		proof.job = c == 'p' ? PROTO_JOB_ANSWER
		    : c == 'k'	     ? PROTO_JOB_ACK
				     : 0;
		proof.number = (struct number){BOUNCED};
		break;
	case PROTO_VIA_MESSAGE_ID:
	case PROTO_VIA_SELF:
		proof.is_valid = c == 'v';
		break;
	case PROTO_VIA_SUBJECT:
		break;
	}
	return proof;
}

static void
label_add(GArray *labels, const char *queue, const struct number *number)
{
	struct label_set set = {.number = *number,
	    .agent = {"agent00000000"},
	    .player = {"player0000000"},
	    .message = {"token00000000"},
	    .message_mac = {"v000000000000"},
	    .bounce = {"00000000"},
	    .bounce_mac = {"a000000000000"}};

	memcpy(set.agent.s + 5, queue, MIN(strlen(queue), 7));
	memcpy(set.bounce_mac.s + 1, queue, MIN(strlen(queue), 7));
	g_array_append_val(labels, set);
}

static void
envelope_note(GBytes *bytes)
{
	struct proto_envelope envelope = {0};

	if (bytes == NULL || !proto_envelope_decode(bytes, &envelope, NULL))
		return;
	roles.envelope.received = envelope.received;
	roles.envelope.digest = envelope.digest;
	proto_envelope_clear(&envelope);
}

static void
identify(const struct proto_vault_identify *ask,
    struct proto_vault_identity *id)
{
	const struct proto_epoch_ids epoch = {.epoch = 7};

	id->epochs = g_array_new(FALSE, TRUE, sizeof(struct proto_epoch_ids));
	g_array_append_val(id->epochs, epoch);
	id->proofs = g_array_new(FALSE, TRUE, sizeof(struct proto_proof));
	id->labels = g_array_new(FALSE, TRUE, sizeof(struct label_set));
	id->clues = g_array_new(FALSE, TRUE, sizeof(struct proto_clue));
	id->sealed = g_bytes_new("sealed", 6);
	envelope_note(ask->envelope);
	label_add(id->labels, ask->queue, &(struct number){"00000001"});
	label_add(id->labels, ask->queue, &(struct number){"00000002"});
	for (guint i = 0; i < ask->claims->len; i++) {
		const struct proto_claim *claim =
		    &g_array_index(ask->claims, struct proto_claim, i);
		struct proto_proof proof = prove(claim);

		g_array_append_val(id->proofs, proof);
		if (number_is_set(&claim->number))
			label_add(id->labels, ask->queue, &claim->number);
		else if (number_is_set(&proof.number))
			label_add(id->labels, ask->queue, &proof.number);
	}
	roles.identified++;
	(void)g_strlcpy(roles.queue, ask->queue, sizeof(roles.queue));
	g_array_set_size(roles.clue_kinds, 0);
	for (guint i = 0; ask->clues != NULL && i < ask->clues->len; i++)
		g_array_append_val(roles.clue_kinds,
		    g_array_index(ask->clues, struct proto_clue_text, i).kind);
}

/* --- desk --------------------------------------------------------------- */

static void
admit(const struct proto_desk_admit *ask, struct proto_desk_admitted *answer)
{
	roles.admitted++;
	roles.admit = *ask;
	g_array_set_size(roles.claims, 0);
	g_array_append_vals(
	    roles.claims, ask->claims->data, ask->claims->len);
	*answer = (struct proto_desk_admitted){.verdict = roles.verdict,
	    .number = roles.number,
	    .flags = ask->flags | roles.flags,
	    .ticket_flags = roles.ticket_flags,
	    .pseudonym = g_strdup("amber-otter-41"),
	    .category = g_strdup(""),
	    .copy_id = g_strdup(""),
	    .level = roles.level,
	    .queue = g_strdup(roles.ticket_queue != NULL ? roles.ticket_queue
							 : ask->queue),
	    .agent = g_strdup(roles.agent)};
}

static gboolean
commit(const struct proto_desk_commit *ask, GError **err)
{
	if (roles.desk_is_down)
		return error_fail(err, ERROR_TEMP, "no answer");
	roles.committed++;
	roles.had_envelope = ask->sealed != NULL;
	roles.verdict = PROTO_DUPLICATE;
	return TRUE;
}

static gboolean
steer(const struct proto_desk_steer *ask, struct proto_desk_steered *answer,
    GError **err)
{
	const char *why = ask->is_dry ? roles.steer_dry : roles.steer_late;

	*(ask->is_dry ? &roles.dry_steers : &roles.steers) += 1;
	roles.steer = *ask;
	roles.steer.epochs = NULL;
	roles.steer.queue = roles.steer.category = NULL;
	roles.steer.lang = roles.steer.agent = NULL;
	(void)g_snprintf(roles.steer_words, sizeof(roles.steer_words),
	    "%s,%s,%s,%s", ask->queue, ask->category, ask->lang, ask->agent);
	if (!ask->is_dry && roles.desk_is_down)
		return error_fail(err, ERROR_TEMP, "no answer");
	if (why != NULL)
		return error_fail_literal(err, ERROR_PERM, why);
	if (!ask->is_dry)
		roles.verdict = PROTO_DUPLICATE;
	answer->queue = g_strdup("");
	return TRUE;
}

/* Tickets 00000001, 00000002, ... */
static struct proto_ctl_ticket
ticket_make(guint n, const char *queue)
{
	struct proto_ctl_ticket t = {.queue = g_strdup(queue),
	    .state = g_strdup("open"),
	    .lang = g_strdup("en"),
	    .category = g_strdup("bonus"),
	    .pseudonym = g_strdup_printf("amber-otter-%u", n),
	    .level = 1,
	    .agent = g_strdup("")};

	(void)g_snprintf(t.number.s, sizeof(t.number.s), "%08u", n);
	return t;
}

static void
list(const struct proto_ctl_list *ask, struct proto_ctl_list_is *answer)
{
	guint from = (guint)g_ascii_strtoull(ask->after.s, NULL, 10);

	answer->tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_ticket));
	for (guint n = from + 1; n <= roles.tickets && n <= from + ask->limit;
	     n++) {
		struct proto_ctl_ticket t = ticket_make(n, ask->queue);

		g_array_append_val(answer->tickets, t);
	}
	roles.lists++;
}

/* A page of one, and the end. */
static void
numbers(const struct proto_ctl_numbers *ask,
    struct proto_ctl_numbers_are *answer)
{
	struct proto_ctl_kpi row = {.number = {"00000001"},
	    .level = 1,
	    .opened = g_get_real_time() / G_USEC_PER_SEC - 60};

	answer->tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_kpi));
	if (number_is_set(&ask->after))
		return;
	row.queue = g_strdup("support");
	row.category = g_strdup("bonus");
	row.lang = g_strdup("en");
	row.agent = g_strdup("anna");
	g_array_append_val(answer->tickets, row);
}

static void
show(const struct proto_ctl_show *ask, struct proto_ctl_show_is *answer)
{
	answer->is_found = strcmp(ask->number.s, TICKET) == 0;
	answer->ticket = ticket_make(
	    41, roles.ticket_queue != NULL ? roles.ticket_queue : "support");
	answer->ticket.number = ask->number;
}

/* --- post --------------------------------------------------------------- */

static char *
body_read(int fd)
{
	struct stat stat;
	char *text;

	assert_int_equal(fstat(fd, &stat), 0);
	text = g_malloc0((gsize)stat.st_size + 1);
	assert_int_equal(pread(fd, text, (gsize)stat.st_size, 0),
	    stat.st_size);
	return text;
}

static char *
rcpts_show(const GPtrArray *addrs)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < addrs->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? " " : "",
		    (const char *)g_ptr_array_index(addrs, i));
	return g_string_free(out, FALSE);
}

/* One that was sent before is not sent again. */
static void
answer_take(const struct proto_post_hand_over *ask, int fd)
{
	if (roles.answer == NULL)
		roles.answers++;
	g_free(roles.answer);
	roles.answer = body_read(fd);
	(void)g_strlcpy(roles.answer_agent, ask->agent,
	    sizeof(roles.answer_agent));
	roles.answer_has_more = ask->has_more != 0;
	if (!ask->has_more)
		roles.verdict = PROTO_DUPLICATE;
}

static gboolean
hand_over(const struct proto_post_hand_over *ask, int fd,
    struct proto_post_result *answer, GError **err)
{
	struct proto_result result = {.code = roles.post_code};

	if (roles.post_is_down)
		return error_fail(err, ERROR_TEMP, "no answer");
	if (ask->kind == PROTO_MAIL_ANSWER) {
		if (roles.is_forgotten)
			return error_fail(err, ERROR_PERM, "no envelope");
		answer_take(ask, fd);
	} else {
		g_ptr_array_add(roles.mails, body_read(fd));
		g_ptr_array_add(roles.rcpts, rcpts_show(ask->rcpt_addrs));
		(void)g_strlcpy(
		    roles.sender, ask->sender_addr, sizeof(roles.sender));
		(void)g_strlcpy(roles.archive,
		    ask->queue != NULL ? ask->queue : "",
		    sizeof(roles.archive));
	}
	result.status = g_strdup("");
	answer->results = g_array_new(FALSE, TRUE, sizeof(result));
	g_array_append_val(answer->results, result);
	return TRUE;
}

/* --- proto/ipc.h -------------------------------------------------------- */

struct ipc_client *
ipc_client_new(const char *run_dir, enum role server, enum role self,
    guint timeout_ms)
{
	struct ipc_client *client = g_new0(struct ipc_client, 1);

	(void)run_dir;
	(void)self;
	(void)timeout_ms;
	client->server = server;
	return client;
}

void
ipc_client_free(struct ipc_client *client)
{
	g_free(client);
}

void
ipc_client_drop(struct ipc_client *client)
{
	if (client->server == ROLE_DESK)
		roles.let_go++;
}

gboolean
ipc_call(struct ipc_client *client, enum proto_type request_type,
    gconstpointer request, int fd, enum proto_type answer_type,
    gpointer answer, GError **err)
{
	(void)client;
	(void)answer_type;
	switch (request_type) {
	case PROTO_VAULT_IDENTIFY:
		identify(request, answer);
		return TRUE;
	case PROTO_DESK_ADMIT:
		admit(request, answer);
		return TRUE;
	case PROTO_DESK_COMMIT:
		return commit(request, err);
	case PROTO_DESK_TELL:
		roles.tells++;
		return !roles.told_too_often ||
		    error_fail(err, ERROR_TEMP, "too often");
	case PROTO_DESK_STEER:
		return steer(request, answer, err);
	case PROTO_CTL_LIST:
		list(request, answer);
		return TRUE;
	case PROTO_CTL_SHOW:
		show(request, answer);
		return TRUE;
	case PROTO_CTL_NUMBERS:
		numbers(request, answer);
		return TRUE;
	case PROTO_POST_HAND_OVER:
		return hand_over(request, fd, answer, err);
	default:
		fail();
	}
	return FALSE;
}

gboolean
ipc_call_body(struct ipc_client *client, const struct ipc_call *call,
    int *body, GError **err)
{
	(void)client;
	(void)call;
	*body = -1;
	return error_fail(err, ERROR_TEMP, "no image role here");
}

int
ipc_body_new(const void *data, gsize len, GError **err)
{
	int fd = memfd_create("body", MFD_CLOEXEC);

	(void)err;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (gssize)len);
	return fd;
}

GBytes *
ipc_body_map(int fd, GError **err)
{
	(void)fd;
	(void)error_fail(err, ERROR_TEMP, "no image role here");
	return NULL;
}
