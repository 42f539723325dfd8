#include "base/error.h"

#include <errno.h>

#include "base/banned.h"

G_DEFINE_QUARK(nymdesk-error, nd_error)

gboolean
error_fail_literal(GError **err, enum error_kind kind, const char *text)
{
	g_set_error_literal(err, ND_ERROR, (gint)kind, text);
	return FALSE;
}

gboolean
error_fail_literal_num(GError **err, enum error_kind kind, const char *text,
    gint64 num)
{
	g_set_error(err, ND_ERROR, (gint)kind, "%s: %" G_GINT64_FORMAT, text,
	    num);
	return FALSE;
}

gboolean
error_fail_literal_errno(GError **err, enum error_kind kind, const char *text)
{
	int saved = errno;

	g_set_error(err, ND_ERROR, (gint)kind, "%s: %s", text,
	    g_strerror(saved));
	return FALSE;
}

void
error_prefix_literal(GError **err, const char *text)
{
	g_prefix_error(err, "%s", text);
}

gboolean
error_is(const GError *err, enum error_kind kind)
{
	return err != NULL && g_error_matches(err, ND_ERROR, (gint)kind);
}
