/*
 * The redaction alone: own name, own address and a text, parted by NUL. The
 * rules that are shipped are on. What comes out is UTF-8 if the text was, does
 * not show the address as it is written, and is not slow to make.
 */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include "reach.h"
#include "rules/rules.h"

#include "base/banned.h"

#define PART_MAX 256   /* octets of name and of address */
#define SECONDS_MAX 10 /* CPU; a text has some kilobytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rules *shipped;

/* Takes one part off the input. Caller frees. */
static char *
part_take(const uint8_t **data, size_t *size, size_t max)
{
	const uint8_t *end = *size > 0 ? memchr(*data, 0, *size) : NULL;
	size_t len = end != NULL ? (size_t)(end - *data) : *size;
	g_autofree char *raw = g_strndup((const char *)*data, MIN(len, max));

	len += end != NULL;
	*data += len;
	*size -= len;
	return g_utf8_make_valid(raw, -1);
}

/* An address that is one, with nothing in it that a search does not look
 * through. */
static gboolean
is_usual(const char *addr)
{
	const char *at = strchr(addr, '@');

	if (at == NULL || at - addr < 2 || strlen(at) < 4)
		return FALSE;
	for (const char *p = addr; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && (strchr("@.-_", *p) == NULL ||
		    p == addr || !g_ascii_isalnum(p[-1]) ||
		    !g_ascii_isalnum(p[1]) || (*p == '@' && p != at)))
			return FALSE;
	return TRUE;
}

static gboolean
shows(const char *text, const char *addr)
{
	g_autofree char *small = g_ascii_strdown(text, -1);
	g_autofree char *wanted = g_ascii_strdown(addr, -1);

	return strstr(small, wanted) != NULL;
}

static char *
redact(const struct rules_literals *own, const char *text)
{
	struct rules_tally tally = {0, 0};
	clock_t start = clock();
	char *out = rules_redact_noted(shipped, own, text, &tally);

	g_assert_true(clock() - start < SECONDS_MAX * CLOCKS_PER_SEC);
	g_assert_true(g_utf8_validate(out, -1, NULL));
	if (tally.masked > 0)
		REACHED();
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *name = part_take(&data, &size, PART_MAX);
	g_autofree char *addr = part_take(&data, &size, PART_MAX);
	g_autofree char *text = part_take(&data, &size, size);
	g_autofree char *planted = g_strconcat(text, " ", addr, " ", text, "\n",
	    addr, NULL);
	g_autofree char *out = NULL;
	struct rules_literals *own = rules_literals_new();

	REACH_INIT("redact");
	if (shipped == NULL)
		shipped = rules_load(ND_SRCDIR "/filters", NULL);
	g_assert_nonnull(shipped);
	rules_literals_add_name(own, name, "[name]");
	rules_literals_add_addr(own, addr, "[address]");
	rules_literals_add_domain(own, addr, "[domain]");
	out = redact(own, is_usual(addr) ? planted : text);
	g_assert_false(is_usual(addr) && shows(out, addr));
	rules_literals_free(own);
	return 0;
}
