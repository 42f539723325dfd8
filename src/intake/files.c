#include "intake/files.h"

#include <string.h>

#include "base/error.h"
#include "intake/image.h"
#include "mail/kind.h"

#include "base/banned.h"

struct release {
	const struct mail_case *c; /* borrowed */
	guint images;
	gsize octets; /* that may still be attached */
};

/* Takes octets. */
static void
attach(struct release *r, struct scrubbed_file *out, GBytes *octets,
    enum scrubbed_fate fate)
{
	if (g_bytes_get_size(octets) > r->octets) {
		out->fate = SCRUBBED_TOO_LARGE;
		g_bytes_unref(octets);
		return;
	}
	r->octets -= g_bytes_get_size(octets);
	out->octets = octets;
	out->fate = fate;
}

static gboolean
release_image(struct release *r, const struct mail_file *file,
    struct scrubbed_file *out, GError **err)
{
	GBytes *cleaned = NULL;
	char *type = NULL;

	if (file->octets == NULL || ++r->images > FILES_IMAGES_MAX) {
		out->fate = SCRUBBED_TOO_LARGE;
		return TRUE;
	}
	switch (image_clean(r->c->peers->image, file->octets, &cleaned, &type,
	    err)) {
	case IMAGE_CLEANED:
		g_free(out->type);
		out->type = type;
		attach(r, out, cleaned, SCRUBBED_CLEANED);
		return TRUE;
	case IMAGE_REFUSED:
		out->fate = SCRUBBED_REFUSED;
		return TRUE;
	case IMAGE_FAILED:
		break;
	}
	return FALSE;
}

static gboolean
release_file(struct release *r, const struct mail_file *file,
    struct scrubbed_file *out, GError **err)
{
	gboolean passes = strcmp(r->c->queue->attachments, "pass") == 0;

	switch (kind_of(file->type)->use) {
	case KIND_IMAGE:
		return release_image(r, file, out, err);
	case KIND_FILE:
		if (!passes)
			break;
		if (file->octets != NULL)
			attach(r, out, g_bytes_ref(file->octets),
			    SCRUBBED_PASSED);
		else
			out->fate = SCRUBBED_TOO_LARGE;
		break;
	case KIND_TEXT:
	case KIND_SEAL:
	case KIND_CIPHER:
	case KIND_WITHHELD:
		break;
	}
	return TRUE;
}

/* What pretends to belong to a ticket must not bring anything to open. */
static void
withhold_all(struct scrubbed *body)
{
	for (guint i = 0; i < body->files->len; i++) {
		struct scrubbed_file *out = body->files->pdata[i];

		g_clear_pointer(&out->text, g_free);
		g_clear_pointer(&out->octets, g_bytes_unref);
		out->fate = SCRUBBED_UNPROVEN;
	}
}

gboolean
files_release(const struct mail_case *c, guint32 flags,
    struct scrubbed *body, GError **err)
{
	static const guint32 suspect =
	    PROTO_FLAG_UNPROVEN | PROTO_FLAG_MENTIONS;
	/* As base64 octets become a third more, and so they came. */
	struct release r = {.c = c,
	    .octets = MAX(FILES_OCTETS_MIN,
		g_bytes_get_size(c->message) / 4 * 3)};

	if ((flags & suspect) == suspect) {
		withhold_all(body);
		return TRUE;
	}
	for (guint i = 0; i < body->files->len; i++)
		if (!release_file(&r, c->mail->files->pdata[i],
			body->files->pdata[i], err))
			return FALSE;
	return TRUE;
}
