#ifndef ND_TESTS_IMAGE_FORGE_H
#define ND_TESTS_IMAGE_FORGE_H

/*
 * Images for the tests of image/, made by the libraries themselves, with a
 * token in every place that is no pixel.
 */
#include <glib.h>

#include "image/image.h"

#define FORGE_TOKEN "tok7cW1nGps"

struct forged {
	const char *name;
	GByteArray *octets; /* own */
	gboolean is_exact;  /* the pixels are not lossy on either way */
};

/* The picture all of them show: colours in both directions; alpha (which is 0
 * in places) with an even number of channels. */
void forge_picture(struct image *image, guint32 width, guint32 height,
    guint32 channels);
/* Each format in each kind we make, with tokens; own struct forged. */
GArray *forge_all(guint32 width, guint32 height);
void forge_free(GArray *forged);

GByteArray *forge_jpeg(const struct image *image, int scans, guint turn);
GByteArray *forge_cmyk(guint32 width, guint32 height, gboolean is_adobe);
GByteArray *forge_png(const struct image *image);
GByteArray *forge_png_16(guint32 width, guint32 height);
GByteArray *forge_png_palette(guint32 width, guint32 height);
/* A header that lies about the size, and a row or so. */
GByteArray *forge_png_huge(guint32 width, guint32 height);
GByteArray *forge_gif(guint32 width, guint32 height, gboolean is_interlaced);
GByteArray *forge_webp(const struct image *image, gboolean is_lossless,
    guint frames);

gboolean octets_have(const GByteArray *octets, const char *token);

extern const struct image_limits forge_limits;

int test_image_child(void);
int test_image_damage(void);

#endif
