#include "vault_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/banned.h"

int
dir_setup(void **state)
{
	*state = g_dir_make_tmp("nymdesk-vault-XXXXXX", NULL);
	return *state == NULL ? -1 : 0;
}

static GPtrArray *
dir_names(const char *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
	const char *name;

	while (listing != NULL && (name = g_dir_read_name(listing)) != NULL)
		g_ptr_array_add(names, g_build_filename(dir, name, NULL));
	return names;
}

guint
dir_count(const char *dir)
{
	g_autoptr(GPtrArray) names = dir_names(dir);

	return names->len;
}

void
dir_empty(const char *dir)
{
	g_autoptr(GPtrArray) names = dir_names(dir);

	for (guint i = 0; i < names->len; i++)
		(void)g_unlink(g_ptr_array_index(names, i));
}

char *
dir_read(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *text = NULL;

	(void)g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

int
dir_teardown(void **state)
{
	dir_empty(*state);
	(void)g_rmdir(*state);
	g_free(*state);
	return 0;
}

struct vault *
vault_at(const char *dir, gint64 now)
{
	const struct keys_policy times = {WEEK, 35 * DAY};
	const struct vault_policy policy = {1000, 100000};
	g_autoptr(GError) err = NULL;
	struct keys *keys = keys_open(dir, &times, now, &err);

	if (keys == NULL)
		fail_msg("keys_open: %s", err->message);
	return vault_new(keys, &policy);
}

void
ask_init(struct ask *ask)
{
	*ask = (struct ask){.request = {.queue = (char *)"support",
				.sender_addr = (char *)ADDR,
				.digest = {{1, 2, 3}}}};
	ask->request.claims =
	    g_array_new(FALSE, FALSE, sizeof(struct proto_claim));
	ask->request.clues =
	    g_array_new(FALSE, FALSE, sizeof(struct proto_clue_text));
	ask->request.envelope = g_bytes_new_static("envelope", 8);
}

void
ask_forget(struct ask *ask)
{
	if (ask->answer.epochs != NULL) {
		g_array_unref(ask->answer.epochs);
		g_array_unref(ask->answer.proofs);
		g_array_unref(ask->answer.labels);
		g_array_unref(ask->answer.clues);
		g_bytes_unref(ask->answer.sealed);
	}
	memset(&ask->answer, 0, sizeof ask->answer);
}

void
ask_clear(struct ask *ask)
{
	ask_forget(ask);
	g_array_unref(ask->request.claims);
	g_array_unref(ask->request.clues);
	g_bytes_unref(ask->request.envelope);
}

void
identify(struct vault *vault, struct ask *ask, gint64 now)
{
	g_autoptr(GError) err = NULL;

	ask_forget(ask);
	if (!vault_identify(vault, &ask->request, now, &ask->answer, &err))
		fail_msg("vault_identify: %s", err->message);
}

const struct proto_epoch_ids *
ids_at(const struct ask *ask, guint i)
{
	assert_true(i < ask->answer.epochs->len);
	return &g_array_index(ask->answer.epochs, struct proto_epoch_ids, i);
}

const struct label_set *
labels_at(const struct ask *ask, guint i)
{
	assert_true(i < ask->answer.labels->len);
	return &g_array_index(ask->answer.labels, struct label_set, i);
}

gboolean
key_equal(const struct proto_key *a, const struct proto_key *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

struct proto_proof
prove(struct vault *vault, const char *queue, const struct proto_claim *claim,
    gint64 now)
{
	struct ask ask;
	struct proto_proof proof;

	ask_init(&ask);
	ask.request.queue = (char *)queue;
	g_array_append_val(ask.request.claims, *claim);
	identify(vault, &ask, now);
	assert_int_equal(ask.answer.proofs->len, 1);
	proof = g_array_index(ask.answer.proofs, struct proto_proof, 0);
	ask_clear(&ask);
	return proof;
}
