#include "intake/socketmap.h"

#include <string.h>

#include "base/addr.h"
#include "intake/place.h"

#include "base/banned.h"

#define DIGITS_MAX 4
#define MAP "recipients "

/* As netstrings: the protocol wants a blank behind the first word. */
#define FOUND "7:OK ours,"
#define NOT_FOUND "9:NOTFOUND ,"
#define NO_SUCH_MAP "16:PERM no such map,"
#define NO_REQUEST "15:PERM no request,"

/* Postfix asks for local parts without their quotes too. */
static gboolean
bare_is_ours(const struct config *config, const char *key)
{
	const char *at = strrchr(key, '@');
	g_autofree char *local = NULL;

	if (at == NULL || at == key || at - key > ADDR_LOCAL_MAX)
		return FALSE;
	local = g_strndup(key, (gsize)(at - key));
	return place_judge(config, local, at + 1) == PLACE_OURS;
}

static gboolean
key_is_ours(const struct config *config, const char *data, gsize len)
{
	g_autofree char *key = NULL;
	g_autoptr(addr_auto) addr = NULL;

	/* Nor is anything with a NUL in it. */
	if (len > ADDR_MAX || !g_utf8_validate(data, (gssize)len, NULL))
		return FALSE;
	key = g_strndup(data, len);
	addr = addr_parse(key, -1, NULL);
	if (addr == NULL)
		return bare_is_ours(config, key);
	return place_judge(config, addr->local, addr->domain) == PLACE_OURS;
}

static const char *
request_answer(const struct config *config, const char *data, gsize len)
{
	gsize map = strlen(MAP);

	if (memchr(data, ' ', len) == NULL)
		return NO_REQUEST;
	if (len < map || memcmp(data, MAP, map) != 0)
		return NO_SUCH_MAP;
	return key_is_ours(config, data + map, len - map) ? FOUND : NOT_FOUND;
}

/* Reads "123:". FALSE if it cannot become that any more; *used is 0 while it
 * still can. */
static gboolean
length_read(const guint8 *data, gsize have, gsize *used, gsize *value)
{
	gsize n = 0;

	*used = *value = 0;
	while (n < have && n < DIGITS_MAX && g_ascii_isdigit(data[n]))
		*value = *value * 10 + (gsize)(data[n++] - '0');
	if (n == have)
		return TRUE;
	if (n == 0 || data[n] != ':' || (n > 1 && data[0] == '0'))
		return FALSE;
	*used = n + 1;
	return TRUE;
}

enum socketmap_result
socketmap_answer(const struct config *config, const guint8 *data, gsize len,
    gsize *taken, const char **answer)
{
	gsize start;
	gsize value;

	*taken = 0;
	*answer = NO_REQUEST;
	if (!length_read(data, len, &start, &value) ||
	    start + value + 1 > SOCKETMAP_REQUEST_MAX)
		return SOCKETMAP_BROKEN;
	if (start > 0 && len > start + value && data[start + value] != ',')
		return SOCKETMAP_BROKEN;
	if (start == 0 || len < start + value + 1) {
		*answer = NULL;
		return SOCKETMAP_MORE;
	}
	*answer = request_answer(config, (const char *)data + start, value);
	*taken = start + value + 1;
	return SOCKETMAP_ANSWERED;
}
