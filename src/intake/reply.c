#include "intake/reply.h"

#include "base/banned.h"

static const struct smtp_reply replies[PROTO_MAIL_OUTCOME_END] = {
    [PROTO_MAIL_TAKEN] = {250, "2.0.0", "Accepted"},
    [PROTO_MAIL_DEFERRED] = {451, "4.3.0", "Temporary fault, try later"},
    [PROTO_MAIL_TOO_MANY] = {450, "4.7.1",
	"Too many mails from this address, send the next one in an hour"},
    [PROTO_MAIL_BAD_SHAPE] = {554, "5.6.0",
	"Too many headers or parts, send a plain text"},
    [PROTO_MAIL_FORGED] = {550, "5.7.1",
	"This sender has to log in, send through the submission service"},
};

const struct smtp_reply reply_idle = {421, "4.4.2", "Timeout, closing"};
const struct smtp_reply reply_stopping = {
    421, "4.3.2", "Shutting down, come again"};

struct smtp_reply
reply_of(enum proto_mail_outcome outcome)
{
	g_assert((guint)outcome < PROTO_MAIL_OUTCOME_END &&
	    replies[outcome].code != 0);
	return replies[outcome];
}
