#ifndef ND_IMAGE_IMAGE_H
#define ND_IMAGE_IMAGE_H

/*
 * Images as pixels: what is read as JPEG, PNG, GIF or WebP is written as JPEG
 * or PNG, and nothing lies between but width, height and samples. So no tag,
 * comment, profile, thumbnail or octet after the end can get across, and the
 * colour under a transparent pixel is black.
 *
 * Pure functions. The decoders read hostile input: call them in a child only
 * (image/child.h). What is damaged or cut off is refused, never repaired.
 * Equal pixels give equal octets.
 */
#include <glib.h>

#define IMAGE_SIDE_MAX 16384

enum image_format {
	IMAGE_UNKNOWN,
	IMAGE_JPEG,
	IMAGE_PNG,
	IMAGE_GIF,
	IMAGE_WEBP,
};

struct image {
	guint32 width;
	guint32 height;
	guint32 channels; /* 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA */
	guint8 *pixels;	  /* own; rows from the top, 8 bits a sample */
};

struct image_limits {
	gsize octets_max;   /* of the input, and of the output */
	guint64 pixels_max; /* width by height */
};

/* By the first octets: a name or a declared type counts for nothing. */
enum image_format image_sniff(const guint8 *data, gsize len);

/* The first frame of what moves; a photograph is turned as its EXIF
 * orientation says. FALSE and ERROR_PERM: not an image, damaged or beyond a
 * limit; *image is cleared then. */
gboolean image_decode(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);

/* As IMAGE_JPEG (1 or 3 channels) or IMAGE_PNG. NULL and ERROR_PERM if it
 * would be longer than the limit. The caller frees it. */
GByteArray *image_encode(const struct image *image, enum image_format format,
    const struct image_limits *limits, GError **err);

/* The whole way; *format is that of the result. A photograph stays JPEG, what
 * may be transparent becomes PNG. *image has the pixels, for the caller to
 * clear whatever comes of it. */
GByteArray *image_clean_octets(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image,
    enum image_format *format, GError **err);

void image_clear(struct image *image);

#endif
