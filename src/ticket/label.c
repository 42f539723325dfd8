#include "ticket/label.h"

#include <string.h>

#include "base/addr.h"

#include "base/banned.h"

#define BOUNCE_PREFIX "b-"
#define ROOT_WORD "root"

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

struct label_mac
label_mac_from_bytes(const guint8 *bytes)
{
	struct label_mac mac = {{0}};
	guint bits = 0;
	guint n = 0;

	for (guint i = 0; i < LABEL_MAC_LEN; i++) {
		if (n < 5) {
			bits = (bits << 8) | *bytes++;
			n += 8;
		}
		n -= 5;
		mac.s[i] = alphabet[(bits >> n) & 0x1f];
	}
	return mac;
}

/* What is left to read of a text. */
struct cursor {
	const char *at;
	gsize len;
};

static gboolean
take_word(struct cursor *c, const char *word)
{
	gsize len = strlen(word);

	if (c->len < len || g_ascii_strncasecmp(c->at, word, len) != 0)
		return FALSE;
	c->at += len;
	c->len -= len;
	return TRUE;
}

static gboolean
take_mac(struct cursor *c, struct label_mac *mac)
{
	if (c->len < LABEL_MAC_LEN)
		return FALSE;
	for (guint i = 0; i < LABEL_MAC_LEN; i++) {
		char lower = g_ascii_tolower(c->at[i]);

		if (lower == '\0' || strchr(alphabet, lower) == NULL)
			return FALSE;
		mac->s[i] = lower;
	}
	mac->s[LABEL_MAC_LEN] = '\0';
	c->at += LABEL_MAC_LEN;
	c->len -= LABEL_MAC_LEN;
	return TRUE;
}

static gboolean
take_number(struct cursor *c, struct number *number)
{
	/* Eight octets hold a number only if none of them is a filler. */
	if (c->len < NUMBER_LEN || !number_parse(c->at, NUMBER_LEN, number))
		return FALSE;
	c->at += NUMBER_LEN;
	c->len -= NUMBER_LEN;
	return TRUE;
}

struct label
label_parse_extension(const char *text, gsize len)
{
	static const struct label none;
	struct label label = {.kind = LABEL_BOUNCE};
	struct cursor c = {text, len};

	if (take_word(&c, BOUNCE_PREFIX) && take_mac(&c, &label.token) &&
	    take_word(&c, ".") && take_mac(&c, &label.mac) && c.len == 0)
		return label;
	label = (struct label){.kind = LABEL_CAPABILITY};
	c = (struct cursor){text, len};
	if (take_number(&c, &label.number) && take_word(&c, "-") &&
	    take_mac(&c, &label.mac) && c.len == 0)
		return label;
	return none;
}

static gboolean
domain_matches(const char *text, const char *domain)
{
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	if (g_ascii_strcasecmp(text, domain) == 0)
		return TRUE;
	if (strlen(text) > ADDR_MAX || !g_utf8_validate(text, -1, NULL))
		return FALSE;
	a = g_hostname_to_ascii(text);
	b = g_hostname_to_ascii(domain);
	return a != NULL && b != NULL && g_ascii_strcasecmp(a, b) == 0;
}

struct label
label_parse_message_id(const char *msgid, const char *domain)
{
	static const struct label none;
	struct label label = {.kind = LABEL_MESSAGE};
	const char *at = strrchr(msgid, '@');
	struct cursor c;

	if (at == NULL)
		return none;
	c = (struct cursor){msgid, (gsize)(at - msgid)};
	if (!take_number(&c, &label.number) || !take_word(&c, "."))
		return none;
	if (c.len == strlen(ROOT_WORD) && take_word(&c, ROOT_WORD))
		label.kind = LABEL_ROOT;
	else if (!take_mac(&c, &label.token) || !take_word(&c, ".") ||
		 !take_mac(&c, &label.mac) || c.len != 0)
		return none;
	return domain_matches(at + 1, domain) ? label : none;
}

static char *
capability_address(const struct number *number, const struct label_mac *mac,
    const char *base, const char *domain)
{
	g_autofree char *lower = g_ascii_strdown(number->s, -1);

	return g_strdup_printf("%s+%s-%s@%s", base, lower, mac->s, domain);
}

char *
label_agent_address(
    const struct label_set *set, const char *base, const char *domain)
{
	return capability_address(&set->number, &set->agent, base, domain);
}

char *
label_player_address(
    const struct label_set *set, const char *base, const char *domain)
{
	return capability_address(&set->number, &set->player, base, domain);
}

char *
label_envelope_sender(
    const struct label_set *set, const char *base, const char *domain)
{
	return g_strdup_printf("%s+" BOUNCE_PREFIX "%s.%s@%s", base,
	    set->bounce.s, set->bounce_mac.s, domain);
}

char *
label_message_id(const struct label_set *set, const char *domain)
{
	g_autofree char *lower = g_ascii_strdown(set->number.s, -1);

	return g_strdup_printf(
	    "%s.%s.%s@%s", lower, set->message.s, set->message_mac.s, domain);
}

char *
label_root_id(const struct number *number, const char *domain)
{
	g_autofree char *lower = g_ascii_strdown(number->s, -1);

	return g_strdup_printf("%s." ROOT_WORD "@%s", lower, domain);
}
