/*
 * Addresses, labels, numbers and what is ours of them: whatever is read must be
 * written and read again as the same value. The first octet picks the parser;
 * odd values feed it the input as it is, even ones a well-formed text with the
 * rest of the input laid over it, so that the deep branches are met early.
 */
#include <string.h>

#include <glib.h>

#include "disturb.h"
#include "reach.h"

#include "base/addr.h"
#include "intake/place.h"
#include "ticket/label.h"
#include "ticket/number.h"

#include "base/banned.h"

#define DOMAIN "casino.example"
#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check_address(const char *text, gsize len)
{
	g_autoptr(addr_auto) addr = addr_parse(text, (gssize)len, NULL);
	g_autoptr(addr_auto) again = NULL;
	g_autofree char *wire = NULL;
	g_autofree char *normal = NULL;
	g_autofree char *normal_again = NULL;

	if (addr == NULL)
		return;
	REACHED();
	g_assert(strlen(addr->local) + strlen("@") + strlen(addr->domain) <=
	    ADDR_MAX);
	wire = addr_to_wire(addr);
	g_assert(strpbrk(wire, "\r\n<>") == NULL);
	again = addr_parse(wire, -1, NULL);
	if (again == NULL) {
		/* Quoting may have pushed it over the limit. */
		g_assert(strlen(wire) > len);
		return;
	}
	g_assert(strcmp(addr->local, again->local) == 0);
	g_assert(strcmp(addr->domain, again->domain) == 0);
	normal = addr_to_normal(addr);
	normal_again = addr_to_normal(again);
	g_assert(strcmp(normal, normal_again) == 0);
}

static char *
address_write(const struct label *label, const char *base)
{
	const struct label_set set = {.number = label->number,
	    .agent = label->mac,
	    .player = label->mac,
	    .bounce = label->token,
	    .bounce_mac = label->mac};

	if (label->kind == LABEL_BOUNCE)
		return label_envelope_sender(&set, base, DOMAIN);
	if (label->wish != LABEL_WISH_NONE)
		return label_wish_address(&set, label->wish, base, DOMAIN);
	return label_agent_address(&set, base, DOMAIN);
}

/* A wish is the one character before the label, and changes nothing else of
 * it: it is not keyed, so it must not lead to another ticket. */
static void
check_wish(struct label label, const char *text, gsize len)
{
	struct label plain;

	g_assert(label.kind == LABEL_CAPABILITY);
	g_assert(label.wish <= LABEL_WISH_ESCALATE);
	g_assert(len > 2 && text[1] == '-');
	plain = label_parse_extension(text + 2, len - 2);
	label.wish = LABEL_WISH_NONE;
	g_assert(memcmp(&label, &plain, sizeof label) == 0);
}

static void
check_extension(const char *text, gsize len)
{
	struct label label = label_parse_extension(text, len);
	g_autofree char *address = NULL;
	const char *ext;
	struct label again;

	if (label.kind == LABEL_NONE)
		return;
	REACHED();
	address = address_write(&label, "support");
	ext = address + strlen("support+");
	again = label_parse_extension(ext, (gsize)(strchr(ext, '@') - ext));
	g_assert(memcmp(&label, &again, sizeof label) == 0);
	if (label.wish != LABEL_WISH_NONE)
		check_wish(label, text, len);
}

static const struct config *
two_queues(void)
{
	static struct config_queue support = {.name = (char *)"support",
	    .local = (char *)"support",
	    .domain = (char *)DOMAIN};
	static struct config_queue vip = {.name = (char *)"vip",
	    .local = (char *)"support-vip",
	    .domain = (char *)DOMAIN};
	static gpointer list[] = {&support, &vip};
	static GPtrArray queues = {list, G_N_ELEMENTS(list)};
	static const struct config config = {.queues = &queues};

	return &config;
}

/* Written again, it is the same place by the same label. */
static void
check_place(const char *local)
{
	const struct config_queue *queue;
	struct label label;
	struct label again;
	g_autofree char *address = NULL;

	if (!g_utf8_validate(local, -1, NULL))
		return;
	queue = place_find(two_queues(), local, DOMAIN, &label);
	if (queue == NULL) {
		g_assert(label.kind == LABEL_NONE);
		return;
	}
	g_assert(g_ascii_strncasecmp(
		     local, queue->local, strlen(queue->local)) == 0);
	if (label.kind == LABEL_NONE)
		return;
	REACHED();
	address = address_write(&label, queue->local);
	*strchr(address, '@') = '\0';
	g_assert(place_find(two_queues(), address, DOMAIN, &again) == queue);
	g_assert(memcmp(&label, &again, sizeof label) == 0);
}

static void
check_message_id(const char *text)
{
	struct label label = label_parse_message_id(text, DOMAIN);
	struct label_set set = {.number = label.number,
	    .message = label.token,
	    .message_mac = label.mac};
	g_autofree char *id = NULL;
	struct label again;

	if (label.kind == LABEL_NONE)
		return;
	REACHED();
	id = label.kind == LABEL_ROOT ? label_root_id(&label.number, DOMAIN)
				      : label_message_id(&set, DOMAIN);
	again = label_parse_message_id(id, DOMAIN);
	g_assert(memcmp(&label, &again, sizeof label) == 0);
}

static void
check_subject(const char *text)
{
	struct number numbers[3];
	guint n = number_find_all(text, numbers, G_N_ELEMENTS(numbers));

	for (guint i = 0; i < n; i++) {
		struct number again = {{0}};
		char shown[NUMBER_TEXT_SIZE];

		REACHED();
		number_show(&numbers[i], shown);
		g_assert(number_find_all(shown, &again, 1) == 1);
		g_assert(number_equal(&numbers[i], &again));
		again = number_from_bits(number_to_bits(&numbers[i]));
		g_assert(number_equal(&numbers[i], &again));
		for (guint k = 0; k < i; k++)
			g_assert(!number_equal(&numbers[i], &numbers[k]));
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char *const good[] = {"a.b+c@" DOMAIN,
	    "4000000t-0123456789abc", "b-k7f39q2y.cba9876543210",
	    "4000000t.0123456789abc.cba9876543210@" DOMAIN,
	    "4000000t.root@" DOMAIN, "Re: [ 4000-000t ] or 4000-000t",
	    "support-vip+4000000t-0123456789abc",
	    "support-e-4000000t-0123456789abc",
	    "5-4000000t-0123456789abc"};
	g_autofree char *text = NULL;
	gsize n;
	guint pick;

	if (len == 0 || len > INPUT_MAX)
		return 0;
	REACH_INIT("address");
	pick = data[0] / 2 % G_N_ELEMENTS(good);
	if ((data[0] & 1) == 0)
		text = disturb(good[pick], data + 1, len - 1);
	else
		text = g_strndup((const char *)data + 1, len - 1);
	n = (data[0] & 1) == 0 ? strlen(good[pick]) : len - 1;
	if (pick == 0)
		check_address(text, n);
	else if (pick <= 2 || pick == G_N_ELEMENTS(good) - 1)
		check_extension(text, n);
	else if (pick <= 4)
		check_message_id(text);
	else if (pick == 5)
		check_subject(text);
	else
		check_place(text);
	return 0;
}
