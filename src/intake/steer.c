#include "base/error.h"
#include "base/log.h"
#include "intake/agent.h"
#include "intake/names.h"

#include "base/banned.h"

/* --- reading --------------------------------------------------------------- */

static gboolean
words_read(struct agent_mail *m, struct agent_refusal *no)
{
	const struct mail_case *c = m->c;
	g_autofree char *words =
	    scrub_agent_words(c->mail, &m->self, &no->error);

	if (words == NULL ||
	    !steer_parse(words, names_for_steer(c->names), &m->steer,
		&no->error))
		return FALSE;
	if (steer_find(&m->steer, STEER_HELP) != NULL)
		return TRUE;
	note_make(m);
	return answer_make(m, no);
}

gboolean
agent_read(struct agent_mail *m, struct agent_refusal *no)
{
	gboolean ok;

	*no = (struct agent_refusal){.what_to_do = ""};
	(void)hazard_enter(m->c->hazard, m->c->message);
	ok = words_read(m, no);
	hazard_leave(m->c->hazard);
	if (no->error != NULL)
		no->why = no->error->message;
	return ok;
}

/* --- doing ------------------------------------------------------------------ */

static guint32
verbs_of(const struct steer *steer)
{
	static const guint32 bits[STEER_END] = {
	    [STEER_CLOSE] = PROTO_VERB_CLOSE,
	    [STEER_WAIT] = PROTO_VERB_WAIT,
	    [STEER_ESCALATE] = PROTO_VERB_ESCALATE,
	    [STEER_TAKE] = PROTO_VERB_TAKE,
	    [STEER_QUEUE] = PROTO_VERB_QUEUE,
	    [STEER_CATEGORY] = PROTO_VERB_CATEGORY,
	    [STEER_LANG] = PROTO_VERB_LANG,
	    [STEER_FORGET] = PROTO_VERB_FORGET,
	};
	guint32 verbs = 0;

	for (guint i = 0; i < steer->commands->len; i++)
		verbs |= bits[g_array_index(
		    steer->commands, struct steer_command, i).verb];
	return verbs;
}

gboolean
agent_has_more(const struct agent_mail *m)
{
	return m->note != NULL || verbs_of(&m->steer) != 0;
}

static guint32
close_of(const struct steer_command *command)
{
	if (command == NULL)
		return PROTO_CLOSE_NONE;
	switch (command->close) {
	case STEER_SOLVED:
		return PROTO_CLOSE_SOLVED;
	case STEER_REFUSED:
		return PROTO_CLOSE_REFUSED;
	case STEER_DUPLICATE:
		return PROTO_CLOSE_DUPLICATE;
	}
	g_assert_not_reached();
}

static char *
name_of(const struct steer *steer, enum steer_verb verb)
{
	const struct steer_command *command = steer_find(steer, verb);

	return (char *)(command != NULL ? command->name : "");
}

gboolean
agent_steer(const struct agent_mail *m, gboolean is_dry, GError **err)
{
	const struct steer_command *end = steer_find(&m->steer, STEER_CLOSE);
	struct proto_desk_steer request = {.epochs = m->c->id.epochs,
	    .number = m->admitted->number,
	    .is_dry = is_dry ? 1 : 0,
	    .verbs = verbs_of(&m->steer),
	    .close = close_of(end),
	    .queue = name_of(&m->steer, STEER_QUEUE),
	    .category = name_of(&m->steer, STEER_CATEGORY),
	    .lang = name_of(&m->steer, STEER_LANG),
	    .agent = (char *)m->name};
	struct proto_desk_steered steered = {0};

	if (is_dry && request.verbs == 0)
		return TRUE;
	if (end != NULL)
		request.duplicate = end->number;
	if (!ipc_call(m->c->peers->desk, PROTO_DESK_STEER, &request, -1,
		PROTO_DESK_STEERED, &steered, err))
		return FALSE;
	if (!is_dry)
		log_info("ticket.steer", LOG_TICKET(&m->admitted->number),
		    LOG_NUM("verbs", request.verbs),
		    LOG_NUM("level", steered.level), LOG_QUEUE(m->queue));
	proto_clear(PROTO_DESK_STEERED, &steered);
	return TRUE;
}
