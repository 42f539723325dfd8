#include "ticket/label.h"

#include <string.h>

#include "base/addr.h"
#include "base/config.h"

#include "base/banned.h"

#define BOUNCE_PREFIX "b-"
#define ROOT_WORD "root"
#define WISH_LEN 2 /* "e-" */

/* "+", and the longest of the extensions. */
G_STATIC_ASSERT(1 + sizeof BOUNCE_PREFIX - 1 + LABEL_MASKED_LEN + 1 +
		    LABEL_MAC_LEN ==
		CONFIG_EXTENSION_MAX);
G_STATIC_ASSERT(
    1 + WISH_LEN + NUMBER_LEN + 1 + LABEL_MAC_LEN <= CONFIG_EXTENSION_MAX);

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The letters that people take for digits are none of it. */
static int
value_of_char(char c)
{
	const char *at =
	    c == '\0' ? NULL : strchr(alphabet, g_ascii_tolower(c));

	return at == NULL ? -1 : (int)(at - alphabet);
}

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

struct label_mac
label_masked_from_bits(guint64 bits)
{
	struct label_mac masked = {{0}};

	for (guint i = LABEL_MASKED_LEN; i > 0; i--) {
		masked.s[i - 1] = alphabet[bits & 0x1f];
		bits >>= 5;
	}
	return masked;
}

gboolean
label_masked_to_bits(const struct label_mac *masked, guint64 *bits)
{
	*bits = 0;
	for (guint i = 0; i < LABEL_MASKED_LEN; i++) {
		int value = value_of_char(masked->s[i]);

		if (value < 0)
			return FALSE;
		*bits = *bits << 5 | (guint64)value;
	}
	return masked->s[LABEL_MASKED_LEN] == '\0';
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

/* Takes so many base32 characters as a keyed part. */
static gboolean
take_keyed(struct cursor *c, guint len, struct label_mac *mac)
{
	if (c->len < len)
		return FALSE;
	for (guint i = 0; i < len; i++) {
		if (value_of_char(c->at[i]) < 0)
			return FALSE;
		mac->s[i] = g_ascii_tolower(c->at[i]);
	}
	mac->s[len] = '\0';
	c->at += len;
	c->len -= len;
	return TRUE;
}

static gboolean
take_mac(struct cursor *c, struct label_mac *mac)
{
	return take_keyed(c, LABEL_MAC_LEN, mac);
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

static const char wish_marks[] = "12345e"; /* from LABEL_WISH_RATE_1 on */

static enum label_wish
take_wish(struct cursor *c)
{
	const char *mark;

	if (c->len < WISH_LEN || c->at[1] != '-')
		return LABEL_WISH_NONE;
	mark = memchr(wish_marks, g_ascii_tolower(c->at[0]),
	    sizeof(wish_marks) - 1);
	if (mark == NULL)
		return LABEL_WISH_NONE;
	c->at += WISH_LEN;
	c->len -= WISH_LEN;
	return (enum label_wish)(LABEL_WISH_RATE_1 + (mark - wish_marks));
}

struct label
label_parse_extension(const char *text, gsize len)
{
	static const struct label none;
	struct label label = {.kind = LABEL_BOUNCE};
	struct cursor c = {text, len};

	if (take_word(&c, BOUNCE_PREFIX) &&
	    take_keyed(&c, LABEL_MASKED_LEN, &label.token) &&
	    take_word(&c, ".") && take_mac(&c, &label.mac) && c.len == 0)
		return label;
	label = (struct label){.kind = LABEL_CAPABILITY};
	c = (struct cursor){text, len};
	label.wish = take_wish(&c);
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
label_wish_address(const struct label_set *set, enum label_wish wish,
    const char *base, const char *domain)
{
	g_autofree char *lower = g_ascii_strdown(set->number.s, -1);

	if (wish == LABEL_WISH_NONE)
		return label_player_address(set, base, domain);
	return g_strdup_printf("%s+%c-%s-%s@%s", base,
	    wish_marks[wish - LABEL_WISH_RATE_1], lower, set->player.s,
	    domain);
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
