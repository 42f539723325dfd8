#include "cmd/receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "base/config.h"
#include "base/error.h"
#include "mail/canonical.h"
#include "vault/receipt.h"

#include "base/banned.h"

#define FILE_MAX (64 * 1024 * 1024)
#define READ_STEP 65536
#define EXIT_GOOD 0
#define EXIT_TROUBLE 1
#define EXIT_USAGE 64

G_STATIC_ASSERT(CANONICAL_DIGEST_LEN == RECEIPT_DIGEST_LEN);

/* What was found out about a receipt. */
struct finding {
	struct receipt receipt;
	gboolean is_signed;
	gboolean has_mail; /* one was given */
	gboolean has_id;   /* and it has a Message-ID */
	gboolean is_mail;  /* and it is the one of the receipt */
};

static void
fd_close(const int *fd)
{
	if (*fd > STDIN_FILENO)
		(void)close(*fd);
}

/* --- files ------------------------------------------------------------ */

static gboolean
read_on(int fd, GByteArray *out, GError **err)
{
	g_autofree guint8 *step = g_malloc(READ_STEP);
	ssize_t n;

	while ((n = read(fd, step, READ_STEP)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_fail_errno(
			    err, ERROR_TEMP, "cannot read a file");
		if (out->len + (gsize)n > FILE_MAX)
			return error_fail_num(err, ERROR_PERM,
			    "a file is too long for a mail; octets at most",
			    FILE_MAX);
		g_byte_array_append(out, step, (guint)n);
	}
	return TRUE;
}

/* "-" is the standard input. NULL on failure. */
static GByteArray *
file_read(const char *path, GError **err)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	__attribute__((cleanup(fd_close))) int fd = strcmp(path, "-") == 0
	    ? STDIN_FILENO
	    : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		error_fail_errno(err, ERROR_PERM,
		    "cannot open the file of the receipt or of the mail");
		return NULL;
	}
	return read_on(fd, out, err) ? g_steal_pointer(&out) : NULL;
}

/* The line that the vault has left in run_dir. Caller frees. */
static char *
published_key(const struct receipt_options *options, GError **err)
{
	g_autoptr(config_auto) config =
	    config_load_file(options->config_path, err);
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;

	if (config == NULL)
		return NULL;
	path = g_build_filename(config->run_dir, RECEIPT_KEY_FILE, NULL);
	if (!g_file_get_contents(path, &text, NULL, NULL) || *text == '\0') {
		error_fail(err, ERROR_TEMP,
		    "no key of receipts in run_dir: it is there while "
		    "nymdeskd runs; otherwise give --key");
		return NULL;
	}
	return g_strdup(g_strchomp(text));
}

/* --- verify ----------------------------------------------------------- */

static gboolean
key_tries(const char *text, struct finding *f, GError **err)
{
	guint8 key[RECEIPT_KEY_LEN];

	if (!receipt_key_parse(text, key, err))
		return FALSE;
	if (receipt_verify(&f->receipt, key))
		f->is_signed = TRUE;
	return TRUE;
}

static gboolean
keys_try(
    const struct receipt_options *options, struct finding *f, GError **err)
{
	g_autofree char *published = NULL;

	for (guint i = 0; options->keys != NULL && options->keys[i] != NULL;
	     i++)
		if (!key_tries(options->keys[i], f, err))
			return FALSE;
	if (options->keys != NULL)
		return TRUE;
	published = published_key(options, err);
	return published != NULL && key_tries(published, f, err);
}

static gboolean
mail_compare(
    const struct receipt_options *options, struct finding *f, GError **err)
{
	g_autoptr(GByteArray) mail = NULL;
	guint8 digest[RECEIPT_DIGEST_LEN];

	if (options->mail_path == NULL)
		return TRUE;
	mail = file_read(options->mail_path, err);
	if (mail == NULL)
		return FALSE;
	f->has_mail = TRUE;
	f->has_id =
	    canonical_digest((const char *)mail->data, mail->len, digest);
	f->is_mail = f->has_id &&
	    memcmp(digest, f->receipt.digest, sizeof digest) == 0;
	return TRUE;
}

static const char *
signature_tell(const struct finding *f)
{
	return f->is_signed
	    ? "good: signed with the key"
	    : "NOT GOOD: no key fits; the line was changed, or signed with "
	      "another key";
}

static const char *
mail_tell(const struct finding *f)
{
	if (!f->has_mail)
		return "not compared: give the sent mail with --mail";
	if (f->is_mail && f->is_signed)
		return "fits: this is the mail that came";
	if (f->is_mail)
		return "fits the digest, which nothing vouches for";
	if (!f->has_id)
		return "DIFFERS: this file is no mail with a Message-ID; save "
		       "the sent mail with all headers";
	return "DIFFERS: subject, text, attachments or their coding are not "
	       "those of the mail that came";
}

static void
member_add(JsonBuilder *b, const char *name, const char *value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, value);
}

static void
finding_json(const struct finding *f, const char *number, const char *time)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_object(b);
	json_builder_set_member_name(b, "signed");
	json_builder_add_boolean_value(b, f->is_signed);
	member_add(b, "number", number);
	member_add(b, "received", time);
	json_builder_set_member_name(b, "mail_fits");
	if (f->has_mail)
		json_builder_add_boolean_value(b, f->is_mail);
	else
		json_builder_add_null_value(b);
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	puts(text);
}

static void
finding_print(const struct finding *f, gboolean as_json)
{
	g_autoptr(GDateTime) at =
	    g_date_time_new_from_unix_utc(f->receipt.received);
	g_autofree char *time = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
	char number[NUMBER_TEXT_SIZE];

	(void)number_show(&f->receipt.number, number);
	if (as_json) {
		finding_json(f, number, time);
		return;
	}
	printf("%-9s %s\n", "receipt", signature_tell(f));
	printf("%-9s %s\n", "ticket", number);
	printf("%-9s %s\n", "received", time);
	printf("%-9s %s\n", "mail", mail_tell(f));
}

static int
command_verify(
    const char *path, const struct receipt_options *options, GError **err)
{
	g_autoptr(GByteArray) text = file_read(path, err);
	struct finding f = {0};

	if (text == NULL ||
	    !receipt_find(
		(const char *)text->data, text->len, &f.receipt, err) ||
	    !keys_try(options, &f, err) || !mail_compare(options, &f, err))
		return EXIT_TROUBLE;
	finding_print(&f, options->as_json);
	return f.is_signed && (f.is_mail || !f.has_mail) ? EXIT_GOOD
							 : EXIT_TROUBLE;
}

/* --- key -------------------------------------------------------------- */

static int
command_key(const struct receipt_options *options, GError **err)
{
	g_autofree char *text = published_key(options, err);
	guint8 key[RECEIPT_KEY_LEN];
	char line[RECEIPT_KEY_TEXT_SIZE];

	if (text == NULL || !receipt_key_parse(text, key, err))
		return EXIT_TROUBLE;
	puts(receipt_key_show(key, line));
	return EXIT_GOOD;
}

int
receipt_command(
    char **args, const struct receipt_options *options, GError **err)
{
	guint len = g_strv_length(args);

	if (len == 1 && strcmp(args[0], "key") == 0)
		return command_key(options, err);
	if (len == 2 && strcmp(args[0], "verify") == 0 &&
	    !(strcmp(args[1], "-") == 0 && options->mail_path != NULL &&
		strcmp(options->mail_path, "-") == 0))
		return command_verify(args[1], options, err);
	error_fail(err, ERROR_PERM,
	    "usage: nymdesk [-c FILE] [--json] receipt key | verify FILE|- "
	    "[--key KEY]... [--mail FILE|-]");
	return EXIT_USAGE;
}
