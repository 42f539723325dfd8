#include "intake/reply.h"

#include "intake/message.h"

#include "base/banned.h"

const struct smtp_reply reply_no_user = {550, "5.1.1", "No such address here"};
const struct smtp_reply reply_rcpt_max = {452, "4.5.3", "Too many recipients"};
const struct smtp_reply reply_size = {552, "5.3.4", "Message too big"};

static const struct smtp_reply reply_bare = {
    550, "5.6.0", "Bare CR or LF in message"};
static const struct smtp_reply reply_memory = {
    452, "4.3.1", "Too many mails at once, try later"};
static const struct smtp_reply reply_header = {
    554, "5.6.0", "Message header too long"};
static const struct smtp_reply reply_text_line = {
    554, "5.6.0", "Line too long in message"};

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

const struct smtp_reply *
reply_of_faults(guint faults)
{
	if (faults & MESSAGE_BARE)
		return &reply_bare;
	if (faults & MESSAGE_SIZE)
		return &reply_size;
	if (faults & MESSAGE_HEADER)
		return &reply_header;
	if (faults & MESSAGE_LINE)
		return &reply_text_line;
	/* The only one that may pass. */
	return faults & MESSAGE_MEMORY ? &reply_memory : NULL;
}
