#ifndef ND_UNIT_VAULT_FIXTURE_H
#define ND_UNIT_VAULT_FIXTURE_H

/*
 * What the tests of the vault share: a private key directory, whose path is
 * the test's state, a vault in it, and a request that owns what it needs. A
 * helper that cannot do its work fails the test.
 */
#include <glib.h>

#include "vault/vault.h"

#define DAY G_GINT64_CONSTANT(86400)
#define WEEK (7 * DAY)
#define FIRST G_GINT64_CONSTANT(2900) /* epoch, of a week */
#define START (FIRST * WEEK + 5)
#define ADDR "player.one@mail.example"

int dir_setup(void **state);
int dir_teardown(void **state);
guint dir_count(const char *dir);
void dir_empty(const char *dir);
/* Content of a file, NULL if there is none. Caller frees. */
char *dir_read(const char *dir, const char *name);

struct vault *vault_at(const char *dir, gint64 now);

/* A request and what it owns. */
struct ask {
	struct proto_vault_identify request;
	struct proto_vault_identity answer;
};

void ask_init(struct ask *ask);
/* Clears the answer only. */
void ask_forget(struct ask *ask);
void ask_clear(struct ask *ask);

void identify(struct vault *vault, struct ask *ask, gint64 now);
const struct proto_epoch_ids *ids_at(const struct ask *ask, guint i);
const struct label_set *labels_at(const struct ask *ask, guint i);
gboolean key_equal(const struct proto_key *a, const struct proto_key *b);
/* What the vault says about one claim. */
struct proto_proof prove(struct vault *vault, const char *queue,
    const struct proto_claim *claim, gint64 now);

/* The groups; each returns the number of failed tests. */
int vault_chance_tests(void);
int vault_fault_tests(void);
int vault_guess_tests(void);
int vault_key_tests(void);
int vault_label_tests(void);
int vault_receipt_tests(void);
int vault_seal_tests(void);

#endif
