#include "intake/reply.h"

#include "base/error.h"

#include "base/banned.h"

struct smtp_reply
reply_accepted(void)
{
	return (struct smtp_reply){250, "2.0.0", "Accepted"};
}

struct smtp_reply
reply_from_error(const GError *err)
{
	if (error_is(err, ERROR_DENIED))
		return (struct smtp_reply){550, "5.7.1", "Not permitted"};
	if (error_is(err, ERROR_PERM))
		return (struct smtp_reply){
		    554, "5.6.0", "Message not acceptable"};
	return (struct smtp_reply){451, "4.3.0", "Temporary fault, try later"};
}
