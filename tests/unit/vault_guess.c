/*
 * A hundred thousand addresses and numbers that are wrong, put to a real vault
 * as they come in: as texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/addr.h"
#include "intake/place.h"
#include "ticket/label.h"

#include "vault_fixture.h"

#include "base/banned.h"

#define DOMAIN "casino.example"
#define BASE32 "0123456789abcdefghjkmnpqrstvwxyz"
#define TRIES 100000   /* wrong, but with the form of ours */
#define TICKETS 8      /* whose addresses are changed */

/* --- the world -------------------------------------------------------- */

enum form { FORM_ADDRESS, FORM_MESSAGE_ID };

struct world {
	struct vault *vault;   /* own */
	struct config *config; /* own */
	gint64 now;
	GRand *rand;	       /* own */
	struct ask *asks;      /* own; one for each queue */
	guint tries;	       /* wrong texts */
	guint asked; /* of them with a label's form: the vault judged */
};

static const char *const queues[] = {"support", "vip"};

static struct config_queue *
queue_new(const char *name)
{
	struct config_queue *queue = g_new0(struct config_queue, 1);

	queue->name = g_strdup(name);
	queue->local = g_strdup(name);
	queue->domain = g_strdup(DOMAIN);
	return queue;
}

static void
queue_clear(gpointer data)
{
	struct config_queue *queue = data;

	g_free(queue->name);
	g_free(queue->local);
	g_free(queue->domain);
	g_free(queue);
}

static void
world_init(struct world *w, const char *dir)
{
	*w = (struct world){.vault = vault_at(dir, START),
	    .config = g_new0(struct config, 1),
	    .now = START,
	    .rand = g_rand_new_with_seed(20),
	    .asks = g_new0(struct ask, G_N_ELEMENTS(queues))};
	w->config->queues = g_ptr_array_new_with_free_func(queue_clear);
	for (guint i = 0; i < G_N_ELEMENTS(queues); i++) {
		g_ptr_array_add(w->config->queues, queue_new(queues[i]));
		ask_init(&w->asks[i]);
		w->asks[i].request.queue = (char *)queues[i];
	}
}

static void
world_clear(struct world *w)
{
	for (guint i = 0; i < G_N_ELEMENTS(queues); i++)
		ask_clear(&w->asks[i]);
	g_free(w->asks);
	g_ptr_array_unref(w->config->queues);
	g_free(w->config);
	g_rand_free(w->rand);
	vault_free(w->vault);
}

static struct proto_claim
random_claim(struct world *w)
{
	struct proto_claim claim = {.via = PROTO_VIA_SUBJECT};
	guint64 bits = (guint64)g_rand_int(w->rand) << 32;

	claim.number = number_from_bits(bits | g_rand_int(w->rand));
	return claim;
}

/* --- asking the vault ------------------------------------------------- */

static void
ask_judge(struct world *w, struct ask *ask)
{
	identify(w->vault, ask, w->now);
	for (guint i = 0; i < ask->request.claims->len; i++) {
		const struct proto_proof *proof =
		    &g_array_index(ask->answer.proofs, struct proto_proof, i);

		if (proof->is_valid != 0 || proof->side != PROTO_SIDE_NONE ||
		    number_is_set(&proof->number) || proof->job != 0)
			fail_msg("taken for right: %s %s %s",
			    g_array_index(ask->request.claims,
				struct proto_claim, i)
				.number.s,
			    g_array_index(ask->request.claims,
				struct proto_claim, i)
				.token.s,
			    g_array_index(ask->request.claims,
				struct proto_claim, i)
				.mac.s);
	}
	g_array_set_size(ask->request.claims, 0);
}

static void
ask_wrong(struct world *w, guint queue, const struct proto_claim *claim)
{
	struct ask *ask = &w->asks[queue];

	w->asked++;
	g_array_append_val(ask->request.claims, *claim);
	if (ask->request.claims->len == PROTO_CLAIMS_MAX)
		ask_judge(w, ask);
}

static void
ask_rest(struct world *w)
{
	for (guint i = 0; i < G_N_ELEMENTS(queues); i++)
		ask_judge(w, &w->asks[i]);
}

/* What a text claims, and to which queue; FALSE if it is no label at all. */
static gboolean
read_text(const struct world *w, enum form form, const char *text,
    struct proto_claim *claim, guint *queue)
{
	struct label label = {.kind = LABEL_NONE};

	*queue = 0;
	if (form == FORM_MESSAGE_ID) {
		label = label_parse_message_id(text, DOMAIN);
	} else {
		g_autoptr(addr_auto) addr = addr_parse(text, -1, NULL);
		const struct config_queue *at =
		    addr == NULL ? NULL
				 : place_find(w->config, addr->local,
				       addr->domain, &label);

		if (at != NULL && strcmp(at->name, queues[1]) == 0)
			*queue = 1;
	}
	*claim = (struct proto_claim){label.kind == LABEL_CAPABILITY
		? PROTO_VIA_CAPABILITY
		: label.kind == LABEL_BOUNCE ? PROTO_VIA_BOUNCE
					     : PROTO_VIA_MESSAGE_ID,
	    label.number, label.token, label.mac};
	return label.kind == LABEL_CAPABILITY || label.kind == LABEL_BOUNCE ||
	       label.kind == LABEL_MESSAGE;
}

static gboolean
claim_equal(const struct proto_claim *a, const struct proto_claim *b)
{
	return a->via == b->via && number_equal(&a->number, &b->number) &&
	       strcmp(a->token.s, b->token.s) == 0 &&
	       strcmp(a->mac.s, b->mac.s) == 0;
}

/* A text that was right before it was changed; one in which nothing has
 * changed for who reads it is passed over. */
static void
try_changed(struct world *w, enum form form, const char *right,
    const char *changed)
{
	struct proto_claim was;
	struct proto_claim is;
	guint was_queue;
	guint is_queue;

	assert_true(read_text(w, form, right, &was, &was_queue));
	if (!read_text(w, form, changed, &is, &is_queue)) {
		w->tries++;
	} else if (is_queue != was_queue || !claim_equal(&is, &was)) {
		w->tries++;
		ask_wrong(w, is_queue, &is);
	}
}

static void
try_wrong(struct world *w, enum form form, const char *text)
{
	struct proto_claim claim;
	guint queue;

	w->tries++;
	if (read_text(w, form, text, &claim, &queue))
		ask_wrong(w, queue, &claim);
}

static void
check_right(struct world *w, enum form form, const char *text)
{
	g_autofree char *upper = g_ascii_strup(text, -1);
	const char *const texts[] = {text, upper};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct proto_claim claim;
		guint queue;

		if (!read_text(w, form, texts[i], &claim, &queue) ||
		    prove(w->vault, queues[queue], &claim, w->now).is_valid ==
			0)
			fail_msg("not taken: %s", texts[i]);
	}
}

/* --- changing what is right ------------------------------------------- */

static void
change_characters(struct world *w, enum form form, const char *right)
{
	static const char others[] = BASE32 "iloU.-+=_ ";
	gsize len = (gsize)(strchr(right, '@') - right);

	for (gsize i = 0; i < len; i++) {
		g_autofree char *changed = g_strdup(right);

		for (const char *c = others; *c != '\0'; c++) {
			changed[i] = *c;
			try_changed(w, form, right, changed);
		}
	}
}

static void
change_order(struct world *w, enum form form, const char *right)
{
	gsize len = (gsize)(strchr(right, '@') - right);

	for (gsize i = 0; i < len; i++) {
		for (gsize k = i + 1; k < len; k++) {
			g_autofree char *changed = g_strdup(right);

			changed[i] = right[k];
			changed[k] = right[i];
			try_changed(w, form, right, changed);
		}
	}
}

static void
change_length(struct world *w, enum form form, const char *right)
{
	gsize len = (gsize)(strchr(right, '@') - right);

	for (gsize i = 0; i < len; i++) {
		g_autofree char *cut =
		    g_strdup_printf("%.*s%s", (int)i, right, right + len);
		g_autofree char *out =
		    g_strdup_printf("%.*s%s", (int)i, right, right + i + 1);
		g_autofree char *twice =
		    g_strdup_printf("%.*s%s", (int)i + 1, right, right + i);

		try_changed(w, form, right, cut);
		try_changed(w, form, right, out);
		try_changed(w, form, right, twice);
	}
	for (const char *c = BASE32; *c != '\0'; c++) {
		g_autofree char *longer = g_strdup_printf(
		    "%.*s%c%s", (int)len, right, *c, right + len);

		try_changed(w, form, right, longer);
	}
}

static void
change_all(struct world *w, enum form form, const char *right)
{
	check_right(w, form, right);
	change_characters(w, form, right);
	change_order(w, form, right);
	change_length(w, form, right);
}

/* The labels of a ticket of this queue, by a mail that opens it. */
static struct label_set
ticket_labels(struct world *w, guint queue, guint ticket)
{
	struct ask *ask = &w->asks[queue];
	struct label_set set;

	ask->request.digest.b[7] = (guint8)(ticket + 1);
	identify(w->vault, ask, w->now);
	set = *labels_at(ask, 0);
	return set;
}

static void
try_changes_of(struct world *w, const struct label_set *set)
{
	g_autofree char *agent = label_agent_address(set, queues[0], DOMAIN);
	g_autofree char *player = label_player_address(set, queues[0], DOMAIN);
	g_autofree char *sender = label_envelope_sender(set, queues[0], DOMAIN);
	g_autofree char *id = label_message_id(set, DOMAIN);

	change_all(w, FORM_ADDRESS, agent);
	change_all(w, FORM_ADDRESS, player);
	change_all(w, FORM_ADDRESS, sender);
	change_all(w, FORM_MESSAGE_ID, id);
}

/* Every keyed part of one in the place of the same part of the other. */
static void
try_mixed(struct world *w, const struct label_set *a,
    const struct label_set *b, const char *queue)
{
	struct label_set sets[] = {*a, *a, *a, *a, *a, *a};

	sets[0].agent = b->agent;
	sets[0].player = b->player;
	sets[1].agent = a->bounce_mac;
	sets[1].player = a->message_mac;
	sets[2].bounce_mac = b->bounce_mac;
	sets[3].bounce = b->bounce;
	sets[4].message = b->message;
	sets[5].message_mac = b->message_mac;
	for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
		g_autofree char *agent =
		    label_agent_address(&sets[i], queue, DOMAIN);
		g_autofree char *player =
		    label_player_address(&sets[i], queue, DOMAIN);
		g_autofree char *sender =
		    label_envelope_sender(&sets[i], queue, DOMAIN);
		g_autofree char *id = label_message_id(&sets[i], DOMAIN);

		if (i < 2) {
			try_wrong(w, FORM_ADDRESS, agent);
			try_wrong(w, FORM_ADDRESS, player);
		} else if (i < 4) {
			try_wrong(w, FORM_ADDRESS, sender);
		} else {
			try_wrong(w, FORM_MESSAGE_ID, id);
		}
	}
}

/* All addresses of a set, which are not right here or not any more. */
static void
try_set(struct world *w, const struct label_set *set, const char *queue)
{
	g_autofree char *agent = label_agent_address(set, queue, DOMAIN);
	g_autofree char *player = label_player_address(set, queue, DOMAIN);
	g_autofree char *sender = label_envelope_sender(set, queue, DOMAIN);

	try_wrong(w, FORM_ADDRESS, agent);
	try_wrong(w, FORM_ADDRESS, player);
	try_wrong(w, FORM_ADDRESS, sender);
}

static struct label_mac
random_text(struct world *w, guint len)
{
	struct label_mac mac = {{0}};

	for (guint i = 0; i < len; i++)
		mac.s[i] = BASE32[g_rand_int_range(w->rand, 0, 32)];
	return mac;
}

/* Made up, with the number of a ticket that there is, or with any. */
static void
try_random(struct world *w, const struct label_set *known)
{
	struct label_set set = {.agent = random_text(w, LABEL_MAC_LEN),
	    .player = random_text(w, LABEL_MAC_LEN),
	    .message = random_text(w, LABEL_MAC_LEN),
	    .message_mac = random_text(w, LABEL_MAC_LEN),
	    .bounce = random_text(w, LABEL_MASKED_LEN),
	    .bounce_mac = random_text(w, LABEL_MAC_LEN)};
	struct proto_claim number = random_claim(w);
	guint pick = (guint)g_rand_int_range(w->rand, 0, 2);
	g_autofree char *id = NULL;

	set.number = g_rand_boolean(w->rand) ? known->number : number.number;
	id = label_message_id(&set, DOMAIN);
	try_set(w, &set, queues[pick]);
	try_wrong(w, FORM_MESSAGE_ID, id);
	/* A number alone, right or not, proves nothing. */
	w->tries++;
	number.number = set.number;
	ask_wrong(w, pick, &number);
}

static void
no_guess_is_right(void **state)
{
	struct world w;
	struct label_set sets[TICKETS];
	struct label_set dead;

	world_init(&w, *state);
	dead = ticket_labels(&w, 0, 99);
	/* Two live epochs; sets are from the older one, which is alive. */
	w.now = START + 8 * WEEK;
	for (guint i = 0; i < TICKETS; i++)
		sets[i] = ticket_labels(&w, 0, i);
	w.now += WEEK;
	for (guint i = 0; i < TICKETS; i++) {
		try_changes_of(&w, &sets[i]);
		try_mixed(&w, &sets[i], &sets[(i + 1) % TICKETS], queues[0]);
		try_set(&w, &sets[i], queues[1]);
	}
	try_set(&w, &dead, queues[0]);
	while (w.asked < TRIES)
		try_random(&w, &sets[w.tries % TICKETS]);
	ask_rest(&w);
	print_message("%u wrong texts, %u of them judged by the vault\n",
	    w.tries, w.asked);
	world_clear(&w);
}

int
vault_guess_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(no_guess_is_right),
	};

	return cmocka_run_group_tests_name("guess", tests, NULL, NULL);
}
