/* What is released of attachments; the image role is a stand-in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "intake/files.h"
#include "intake/image.h"

#include "base/banned.h"

/* What the stand-in does with the next image, and how often it was asked. */
static struct {
	enum image_result result;
	gsize size; /* of what it makes */
	guint asked;
} role;

enum image_result
image_clean(struct ipc_client *image, GBytes *octets, GBytes **cleaned,
    char **type, GError **err)
{
	(void)image;
	assert_non_null(octets);
	role.asked++;
	*cleaned = NULL;
	*type = NULL;
	if (role.result == IMAGE_FAILED)
		error_fail(err, ERROR_TEMP, "no answer");
	if (role.result != IMAGE_CLEANED)
		return role.result;
	*cleaned = g_bytes_new_take(g_malloc0(role.size), role.size);
	*type = g_strdup("image/png");
	return IMAGE_CLEANED;
}

struct fixture {
	struct peers peers;
	struct config_queue queue;
	struct mail mail;
	struct mail_case c;
	struct scrubbed body;
};

static void
scrubbed_file_free(gpointer data)
{
	struct scrubbed_file *file = data;

	g_free(file->type);
	g_free(file->text);
	g_bytes_unref(file->octets);
	g_free(file);
}

static void
fixture_init(struct fixture *f, const char *policy)
{
	*f = (struct fixture){.queue = {.attachments = (char *)policy}};
	f->mail.files =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mail_file_free);
	f->body.files = g_ptr_array_new_with_free_func(scrubbed_file_free);
	f->c = (struct mail_case){.peers = &f->peers,
	    .queue = &f->queue,
	    .mail = &f->mail,
	    .message = g_bytes_new("x", 1)};
}

static void
fixture_done(struct fixture *f)
{
	g_ptr_array_unref(f->mail.files);
	g_ptr_array_unref(f->body.files);
	g_bytes_unref(f->c.message);
}

/* size 0: too long for its octets to be kept. */
static void
file_add(struct fixture *f, const char *type, gsize size)
{
	struct mail_file *file = g_new0(struct mail_file, 1);
	struct scrubbed_file *out = g_new0(struct scrubbed_file, 1);

	file->type = g_strdup(type);
	file->size = size;
	if (size > 0)
		file->octets = g_bytes_new_take(g_malloc0(size), size);
	out->type = g_strdup(type);
	g_ptr_array_add(f->mail.files, file);
	g_ptr_array_add(f->body.files, out);
}

static void
fates_follow_kind_and_policy(void **state)
{
	static const struct {
		const char *policy;
		const char *type;
		gsize size;
		enum image_result result;
		enum scrubbed_fate fate;
	} rows[] = {
	    {"withhold", "image/jpeg", 9, IMAGE_CLEANED, SCRUBBED_CLEANED},
	    {"pass", "image/jpeg", 9, IMAGE_CLEANED, SCRUBBED_CLEANED},
	    {"pass", "image/webp", 9, IMAGE_REFUSED, SCRUBBED_REFUSED},
	    {"pass", "image/gif", 0, IMAGE_CLEANED, SCRUBBED_TOO_LARGE},
	    {"withhold", "application/pdf", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "application/pdf", 9, 0, SCRUBBED_PASSED},
	    {"pass", "application/pdf", 0, 0, SCRUBBED_TOO_LARGE},
	    {"pass", "application/pdf", FILES_OCTETS_MIN, 0, SCRUBBED_PASSED},
	    {"pass", "application/pdf", FILES_OCTETS_MIN + 1, 0,
		SCRUBBED_TOO_LARGE},
	    {"pass", "application/x-msdownload", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "image/svg+xml", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "text/plain", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "application/octet-stream", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "application/pgp-encrypted", 9, 0, SCRUBBED_WITHHELD},
	    {"pass", "no/such", 9, 0, SCRUBBED_WITHHELD},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fixture f;
		const struct scrubbed_file *out;

		role.result = rows[i].result;
		role.size = 5;
		fixture_init(&f, rows[i].policy);
		file_add(&f, rows[i].type, rows[i].size);
		assert_true(files_release(&f.c, 0, &f.body, NULL));
		out = f.body.files->pdata[0];
		if (out->fate != rows[i].fate)
			fail_msg("row %zu: fate %d", i, out->fate);
		assert_int_equal(out->octets != NULL,
		    out->fate == SCRUBBED_PASSED ||
			out->fate == SCRUBBED_CLEANED);
		if (out->fate == SCRUBBED_CLEANED) {
			assert_string_equal(out->type, "image/png");
			assert_int_equal(g_bytes_get_size(out->octets), 5);
		}
		fixture_done(&f);
	}
}

static void
a_silent_role_defers_the_mail(void **state)
{
	struct fixture f;
	g_autoptr(GError) error = NULL;

	(void)state;
	role.result = IMAGE_FAILED;
	fixture_init(&f, "withhold");
	file_add(&f, "image/png", 9);
	assert_false(files_release(&f.c, 0, &f.body, &error));
	assert_true(error_is(error, ERROR_TEMP));
	assert_null(((struct scrubbed_file *)f.body.files->pdata[0])->octets);
	fixture_done(&f);
}

/* Too many, or too much in all: the first ones are attached. */
static void
limits_hold_for_all_together(void **state)
{
	static const struct {
		gsize size;
		guint attached;
		guint asked;
	} rows[] = {
	    {1, FILES_IMAGES_MAX, FILES_IMAGES_MAX},
	    {FILES_OCTETS_MIN / 4, 4, FILES_IMAGES_MAX},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fixture f;

		role.result = IMAGE_CLEANED;
		role.size = rows[i].size;
		role.asked = 0;
		fixture_init(&f, "withhold");
		for (guint n = 0; n < FILES_IMAGES_MAX + 3; n++)
			file_add(&f, "image/png", 9);
		assert_true(files_release(&f.c, 0, &f.body, NULL));
		assert_int_equal(role.asked, rows[i].asked);
		for (guint n = 0; n < f.body.files->len; n++) {
			const struct scrubbed_file *out =
			    f.body.files->pdata[n];

			assert_int_equal(out->fate, n < rows[i].attached
				? SCRUBBED_CLEANED
				: SCRUBBED_TOO_LARGE);
		}
		fixture_done(&f);
	}
}

/* Also of a text that was redacted, and without asking anybody. */
static void
a_suspect_mail_brings_no_file(void **state)
{
	static const struct {
		guint32 flags;
		enum scrubbed_fate image;
		enum scrubbed_fate text;
	} rows[] = {
	    {0, SCRUBBED_CLEANED, SCRUBBED_REDACTED},
	    {PROTO_FLAG_UNPROVEN, SCRUBBED_CLEANED, SCRUBBED_REDACTED},
	    {PROTO_FLAG_MENTIONS, SCRUBBED_CLEANED, SCRUBBED_REDACTED},
	    {PROTO_FLAG_UNPROVEN | PROTO_FLAG_MENTIONS | PROTO_FLAG_MACHINE,
		SCRUBBED_UNPROVEN, SCRUBBED_UNPROVEN},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct scrubbed_file *image;
		struct scrubbed_file *text;
		struct fixture f;

		role.result = IMAGE_CLEANED;
		role.size = 5;
		role.asked = 0;
		fixture_init(&f, "pass");
		file_add(&f, "image/png", 9);
		file_add(&f, "text/plain", 9);
		image = f.body.files->pdata[0];
		text = f.body.files->pdata[1];
		text->text = g_strdup("token");
		text->fate = SCRUBBED_REDACTED;
		assert_true(
		    files_release(&f.c, rows[i].flags, &f.body, NULL));
		assert_int_equal(image->fate, rows[i].image);
		assert_int_equal(text->fate, rows[i].text);
		assert_int_equal(image->octets != NULL,
		    rows[i].image == SCRUBBED_CLEANED);
		assert_int_equal(
		    text->text != NULL, rows[i].text == SCRUBBED_REDACTED);
		assert_int_equal(
		    role.asked, rows[i].image == SCRUBBED_CLEANED);
		fixture_done(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fates_follow_kind_and_policy),
	    cmocka_unit_test(a_silent_role_defers_the_mail),
	    cmocka_unit_test(limits_hold_for_all_together),
	    cmocka_unit_test(a_suspect_mail_brings_no_file),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
