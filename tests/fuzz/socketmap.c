/*
 * Requests to the socketmap: the input as it is, as a client's octets come, and
 * then as the key of a well-formed request. What is answered must be a whole
 * netstring with a word that Postfix knows, and no octet more may be taken than
 * came; a request that comes in pieces gets the same.
 */
#include <string.h>

#include <glib.h>

#include "reach.h"

#include "intake/socketmap.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static const struct config *
one_queue(void)
{
	static struct config_queue support = {.name = (char *)"support",
	    .local = (char *)"support",
	    .domain = (char *)"casino.example",
	    .control = (char *)"lists@casino.example"};
	static gpointer queues[] = {&support};
	static GPtrArray all = {.pdata = queues, .len = 1};
	static struct config config = {.queues = &all};

	return &config;
}

static void
check_answer(const char *answer)
{
	static const char *const words[] = {"OK ", "NOTFOUND ", "PERM "};
	char *end;
	guint64 len = g_ascii_strtoull(answer, &end, 10);
	gboolean is_known = FALSE;

	g_assert(*end == ':' && strlen(end + 1) == len + 1);
	g_assert(end[1 + len] == ',');
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		is_known |= g_str_has_prefix(end + 1, words[i]);
	g_assert(is_known);
}

/* Every prefix of a request that is answered waits for more. */
static void
check_pieces(const guint8 *data, gsize taken)
{
	gsize none;
	const char *answer;

	for (gsize len = 0; len < taken; len += 1 + taken / 64)
		g_assert(socketmap_answer(one_queue(), data, len, &none,
			     &answer) == SOCKETMAP_MORE);
}

static void
check_stream(const guint8 *data, gsize len)
{
	for (;;) {
		gsize have = MIN(len, (gsize)SOCKETMAP_REQUEST_MAX);
		gsize taken;
		const char *answer;
		enum socketmap_result result = socketmap_answer(
		    one_queue(), data, have, &taken, &answer);

		g_assert((answer == NULL) == (result == SOCKETMAP_MORE));
		if (answer != NULL)
			check_answer(answer);
		if (result == SOCKETMAP_MORE)
			g_assert(have < SOCKETMAP_REQUEST_MAX);
		if (result != SOCKETMAP_ANSWERED)
			return;
		g_assert(taken > 0 && taken <= have);
		check_pieces(data, taken);
		data += taken;
		len -= taken;
	}
}

static void
check_key(const unsigned char *data, size_t len)
{
	g_autoptr(GString) request = g_string_new(NULL);
	gsize taken;
	const char *answer;

	g_string_printf(request, "%zu:recipients ",
	    strlen("recipients ") + len);
	g_string_append_len(request, (const char *)data, (gssize)len);
	g_string_append_c(request, ',');
	if (request->len > SOCKETMAP_REQUEST_MAX)
		return;
	g_assert(socketmap_answer(one_queue(), (const guint8 *)request->str,
		     request->len, &taken, &answer) == SOCKETMAP_ANSWERED);
	g_assert(taken == request->len);
	check_answer(answer);
	if (strcmp(answer, "7:OK ours,") == 0)
		REACHED();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	REACH_INIT("socketmap");
	check_stream(data, len);
	check_key(data, len);
	return 0;
}
