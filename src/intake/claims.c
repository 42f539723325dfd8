#include "intake/claims.h"

#include <string.h>

#include "intake/place.h"
#include "proto/messages.h"

#include "base/banned.h"

/* Together with the address it came to: PROTO_CLAIMS_MAX. */
#define HEADER_LABELS_MAX 3
#define REFERENCES_MAX 4
#define SUBJECT_NUMBERS_MAX 3
#define SELF_MAX 1

G_STATIC_ASSERT(1 + HEADER_LABELS_MAX + SELF_MAX + REFERENCES_MAX +
	SUBJECT_NUMBERS_MAX <= PROTO_CLAIMS_MAX);

#define REFERENCE_CLUES_MAX (PROTO_CLUES_MAX - 3) /* id, thread, words */

/* TRUE if it is new. */
static gboolean
claim_add(GArray *claims, enum proto_via via, const struct label *label)
{
	struct proto_claim claim = {.via = via,
	    .number = label->number,
	    .token = label->token,
	    .mac = label->mac};

	for (guint i = 0; i < claims->len; i++) {
		const struct proto_claim *had =
		    &g_array_index(claims, struct proto_claim, i);

		if (had->via == claim.via &&
		    strcmp(had->number.s, claim.number.s) == 0 &&
		    strcmp(had->token.s, claim.token.s) == 0 &&
		    strcmp(had->mac.s, claim.mac.s) == 0)
			return FALSE;
	}
	g_array_append_val(claims, claim);
	return TRUE;
}

static gboolean
claim_add_address(GArray *claims, const struct label *label)
{
	switch (label->kind) {
	case LABEL_CAPABILITY:
		return claim_add(claims, PROTO_VIA_CAPABILITY, label);
	case LABEL_BOUNCE:
		return claim_add(claims, PROTO_VIA_BOUNCE, label);
	case LABEL_NONE:
	case LABEL_MESSAGE:
	case LABEL_ROOT:
		break;
	}
	return FALSE;
}

static void
claim_header(GArray *claims, const struct config *config,
    const struct mail *mail, const struct config_queue *queue)
{
	guint n = 0;

	for (guint i = 0;
	     i < mail->rcpt_addrs->len && n < HEADER_LABELS_MAX; i++) {
		const struct addr *addr =
		    g_ptr_array_index(mail->rcpt_addrs, i);
		struct label label;

		if (place_find(config, addr->local, addr->domain, &label) ==
			queue &&
		    claim_add_address(claims, &label))
			n++;
	}
}

/* A queue's mails keep their Message-IDs wherever they are answered to. */
static struct label
id_label(const struct config *config, const char *id)
{
	struct label label = {.kind = LABEL_NONE};

	for (guint i = 0;
	     i < config->queues->len && label.kind == LABEL_NONE; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		label = label_parse_message_id(id, queue->domain);
	}
	return label;
}

static void
claim_ids(GArray *claims, const struct config *config,
    const struct mail *mail)
{
	struct label label = id_label(config, mail->message_id);
	guint n = 0;

	if (label.kind == LABEL_MESSAGE)
		(void)claim_add(claims, PROTO_VIA_SELF, &label);
	for (guint i = 0; i < mail->references->len && n < REFERENCES_MAX;
	     i++) {
		label = id_label(config,
		    g_ptr_array_index(mail->references, i));
		if (label.kind == LABEL_MESSAGE &&
		    claim_add(claims, PROTO_VIA_MESSAGE_ID, &label))
			n++;
	}
}

GArray *
claims_collect(const struct config *config, const struct mail *mail,
    const struct config_queue *queue, const struct label *rcpt)
{
	GArray *claims = g_array_new(FALSE, TRUE, sizeof(struct proto_claim));
	struct number numbers[SUBJECT_NUMBERS_MAX];
	guint n = number_find_all(
	    mail->subject, numbers, SUBJECT_NUMBERS_MAX);

	(void)claim_add_address(claims, rcpt);
	claim_header(claims, config, mail, queue);
	claim_ids(claims, config, mail);
	for (guint i = 0; i < n; i++)
		(void)claim_add(claims, PROTO_VIA_SUBJECT,
		    &(struct label){.number = numbers[i]});
	return claims;
}

struct label
claims_wish(const struct config *config, const struct mail *mail,
    const struct config_queue *queue, const struct label *rcpt)
{
	if (rcpt->wish != LABEL_WISH_NONE)
		return *rcpt;
	for (guint i = 0; i < mail->rcpt_addrs->len; i++) {
		const struct addr *addr =
		    g_ptr_array_index(mail->rcpt_addrs, i);
		struct label label;

		if (place_find(config, addr->local, addr->domain, &label) ==
			queue &&
		    label.wish != LABEL_WISH_NONE)
			return label;
	}
	return (struct label){.kind = LABEL_NONE};
}

/* --- clues ------------------------------------------------------------- */

static void
clue_clear(gpointer data)
{
	struct proto_clue_text *clue = data;

	g_free(clue->text);
}

static void
clue_add(GArray *clues, enum proto_clue_kind kind, const char *text)
{
	struct proto_clue_text clue = {.kind = kind, .text = g_strdup(text)};

	g_array_append_val(clues, clue);
}

static char *
digest_show(const guint8 digest[MAIL_DIGEST_LEN])
{
	GString *hex = g_string_new(NULL);

	for (guint i = 0; i < MAIL_DIGEST_LEN; i++)
		g_string_append_printf(hex, "%02x", digest[i]);
	return g_string_free(hex, FALSE);
}

/* A trait that the mail lacks is made up for this mail alone: else the rows of
 * a ticket would tell what client its player has. */
static void
clue_add_own(GArray *clues, enum proto_clue_kind kind, const char *text,
    const struct mail *mail)
{
	g_autofree char *unique = NULL;

	if (text[0] == '\0')
		text = unique = digest_show(mail->digest);
	clue_add(clues, kind, text);
}

static char *
words_show(const struct mail *mail)
{
	static const guint8 none[MAIL_DIGEST_LEN];

	return memcmp(mail->words, none, sizeof(none)) == 0
	    ? g_strdup("")
	    : digest_show(mail->words);
}

/* The nearest ones, and the root: a mail far down a thread of the player's
 * own names them all, of which we may have seen the first only. */
static void
clue_add_references(GArray *clues, const struct config *config,
    const struct mail *mail)
{
	g_autoptr(GPtrArray) foreign = g_ptr_array_new();

	for (guint i = 0; i < mail->references->len; i++) {
		char *id = g_ptr_array_index(mail->references, i);

		if (id_label(config, id).kind == LABEL_NONE)
			g_ptr_array_add(foreign, id);
	}
	if (foreign->len > REFERENCE_CLUES_MAX)
		foreign->pdata[REFERENCE_CLUES_MAX - 1] =
		    foreign->pdata[foreign->len - 1];
	for (guint i = 0; i < MIN(foreign->len, REFERENCE_CLUES_MAX); i++)
		clue_add(clues, PROTO_CLUE_REFERENCE, foreign->pdata[i]);
}

GArray *
clues_collect(const struct config *config, const struct mail *mail)
{
	GArray *clues =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_clue_text));
	g_autofree char *words = words_show(mail);

	g_array_set_clear_func(clues, clue_clear);
	clue_add_own(clues, PROTO_CLUE_ID, mail->message_id, mail);
	clue_add_own(clues, PROTO_CLUE_THREAD, mail->thread, mail);
	clue_add_own(clues, PROTO_CLUE_WORDS, words, mail);
	clue_add_references(clues, config, mail);
	return clues;
}

/* --- recipients -------------------------------------------------------- */

const struct config_queue *
claims_queue(const struct config *config, const struct mail *mail)
{
	for (guint i = 0; i < mail->rcpt_addrs->len; i++) {
		const struct addr *addr =
		    g_ptr_array_index(mail->rcpt_addrs, i);
		const struct config_queue *queue;
		struct label label;

		queue = place_find(config, addr->local, addr->domain, &label);
		if (queue != NULL && label.kind == LABEL_CAPABILITY)
			return queue;
	}
	return NULL;
}

struct claims_rcpts
claims_rcpts(const struct config *config, const struct mail *mail,
    const struct number *number)
{
	struct claims_rcpts out = {.people = mail->recipients};

	for (guint i = 0; i < mail->rcpt_addrs->len; i++) {
		const struct addr *addr =
		    g_ptr_array_index(mail->rcpt_addrs, i);
		struct label label;

		if (place_find(config, addr->local, addr->domain, &label) ==
		    NULL)
			continue;
		out.people--;
		if (label.kind != LABEL_CAPABILITY)
			continue;
		if (number_equal(&label.number, number))
			out.ticket++;
		else
			out.others++;
	}
	return out;
}
