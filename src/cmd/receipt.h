#ifndef ND_CMD_RECEIPT_H
#define ND_CMD_RECEIPT_H

/*
 * "nymdesk receipt": shows the public key of receipts, and tells whether one
 * is good and whether a mail is the one it is about. Needs no running nymdesk
 * but for the key, and prints nothing of what it reads except a receipt's
 * number and time.
 */
#include <glib.h>

/* The file in run_dir in which the vault leaves the public key. */
#define RECEIPT_KEY_FILE "receipt-key"

struct receipt_options {
	const char *config_path;
	const char *const *keys; /* texts of --key, or NULL */
	const char *mail_path;	 /* of --mail, or NULL */
	gboolean as_json;
};

/* args: what stands behind "receipt", ending in NULL. Returns the status to
 * exit with; 64 is wrong use, 1 that the receipt is not good. */
int receipt_command(
    char **args, const struct receipt_options *options, GError **err);

#endif
