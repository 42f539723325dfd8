#ifndef ND_IMAGE_CODECS_H
#define ND_IMAGE_CODECS_H

/*
 * The formats behind image.h, one file each; the contracts are those of
 * image_decode() and image_encode().
 */
#include "image/image.h"

/* Allocates the pixels if the size is within the limits. */
gboolean image_alloc(struct image *image, const struct image_limits *limits,
    GError **err);

gboolean jpeg_decode(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);
GByteArray *jpeg_encode(const struct image *image, GError **err);
gboolean png_decode(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);
/* Stops when it is longer than octets_max. */
GByteArray *png_encode(const struct image *image, gsize octets_max,
    GError **err);
gboolean gif_decode(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);
gboolean webp_decode(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);

/* How to turn a picture: 1 to 8, TIFF 6.0 tag 274. Reads that one tag of an
 * EXIF block (after "Exif\0\0"); 1 for anything that is not well-formed. */
guint exif_orientation(const guint8 *tiff, gsize len);
/* FALSE if there is no memory for a second picture. */
gboolean image_turn(struct image *image, guint orientation);

#endif
