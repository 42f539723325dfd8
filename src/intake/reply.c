#include "intake/reply.h"

#include "base/banned.h"

struct smtp_reply
reply_accepted(void)
{
	return (struct smtp_reply){250, "2.0.0", "Accepted"};
}

struct smtp_reply
reply_deferred(void)
{
	return (struct smtp_reply){451, "4.3.0", "Temporary fault, try later"};
}
