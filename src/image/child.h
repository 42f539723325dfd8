#ifndef ND_IMAGE_CHILD_H
#define ND_IMAGE_CHILD_H

/*
 * One image, in one child.
 *
 * The child has the octets, a shared area for the result, memory and time;
 * no descriptor and no system call to reach anything else
 * (sandbox_enter_step()). What it leaves in the area is believed no more than
 * the image itself. Whatever kills it is one refused image: no state goes
 * from one image to the next, and nothing is ever on disk.
 */
#include <glib.h>

#include "image/image.h"

struct image_child {
	struct image_limits limits;
	guint wall_ms; /* then it is killed */
	guint cpu_s;
};

struct image_cleaned {
	GBytes *octets; /* own */
	const char *type; /* literal, "image/jpeg" or "image/png" */
	guint32 width;
	guint32 height;
};

/* FALSE and ERROR_PERM: the image is refused; why is not told apart.
 * ERROR_TEMP: the child could not be made. *cleaned is empty then. */
gboolean image_child_run(const struct image_child *options, GBytes *octets,
    struct image_cleaned *cleaned, GError **err);
void image_cleaned_clear(struct image_cleaned *cleaned);

/* Address space that an image of so many pixels may take. */
gsize image_child_memory(const struct image_limits *limits);

#endif
