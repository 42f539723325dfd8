#ifndef ND_INTAKE_IMAGE_H
#define ND_INTAKE_IMAGE_H

/*
 * Images of a mail, encoded anew by nymdesk-image(8): nothing but pixels
 * comes back.
 *
 * A call takes up to the time an image may take in that role, and longer if
 * others wait there; it must not be made while a hazard is entered. No octet
 * of the old image may be used once it was refused.
 */
#include <glib.h>

#include "proto/ipc.h"

/* Octets of an image, before and after. */
#define IMAGE_OCTETS_MAX (20 * 1024 * 1024)
/* For ipc_client_new(): the time of four images, one after the other. */
#define IMAGE_CALL_MS 60000

enum image_result {
	IMAGE_CLEANED,
	IMAGE_REFUSED, /* no image, or beyond the limits: withhold it */
	IMAGE_FAILED,  /* the role did not answer: the mail has to wait */
};

/* Reads JPEG, PNG, GIF or WebP, whatever the mail calls it. IMAGE_CLEANED
 * fills *cleaned and *type ("image/jpeg", "image/png"), which the caller
 * frees; otherwise both are NULL. *err is set by IMAGE_FAILED only. Drops the
 * connection, so that nobody waits for a worker that has no image. */
enum image_result image_clean(struct ipc_client *image, GBytes *octets,
    GBytes **cleaned, char **type, GError **err);

#endif
