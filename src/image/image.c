#include "image/image.h"

#include <string.h>

#include "base/error.h"
#include "image/codecs.h"

#include "base/banned.h"

enum image_format
image_sniff(const guint8 *data, gsize len)
{
	if (len >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
		return IMAGE_JPEG;
	if (len >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
		return IMAGE_PNG;
	if (len >= 6 && (memcmp(data, "GIF87a", 6) == 0 ||
			    memcmp(data, "GIF89a", 6) == 0))
		return IMAGE_GIF;
	if (len >= 12 && memcmp(data, "RIFF", 4) == 0 &&
	    memcmp(data + 8, "WEBP", 4) == 0)
		return IMAGE_WEBP;
	return IMAGE_UNKNOWN;
}

gboolean
image_alloc(struct image *image, const struct image_limits *limits,
    GError **err)
{
	guint64 pixels = (guint64)image->width * image->height;

	if (pixels == 0 || image->width > IMAGE_SIDE_MAX ||
	    image->height > IMAGE_SIDE_MAX || pixels > limits->pixels_max)
		return error_fail(err, ERROR_PERM, "image has a bad size");
	image->pixels = g_try_malloc0_n(pixels, image->channels);
	if (image->pixels == NULL)
		return error_fail(err, ERROR_PERM, "image needs much memory");
	return TRUE;
}

void
image_clear(struct image *image)
{
	g_free(image->pixels);
	memset(image, 0, sizeof(*image));
}

static gsize
image_count(const struct image *image)
{
	return (gsize)image->width * image->height;
}

/* What lies under a transparent pixel is not seen by who sends it, nor by
 * who checks it. Returns whether any pixel is less than opaque. */
static gboolean
colours_hide(struct image *image)
{
	guint32 n = image->channels;
	gboolean is_seen_through = FALSE;
	guint8 *p = image->pixels;

	for (gsize i = image_count(image); i > 0; i--, p += n) {
		if (p[n - 1] == 0)
			memset(p, 0, n);
		is_seen_through |= p[n - 1] != 0xff;
	}
	return is_seen_through;
}

static void
alpha_drop(struct image *image)
{
	guint32 n = image->channels;
	const guint8 *from = image->pixels;
	guint8 *to = image->pixels;

	for (gsize i = image_count(image); i > 0; i--, from += n, to += n - 1)
		memmove(to, from, n - 1);
	image->channels--;
}

typedef gboolean (*decode_function)(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image, GError **err);

gboolean
image_decode(const guint8 *data, gsize len, const struct image_limits *limits,
    struct image *image, GError **err)
{
	static const decode_function decoders[] = {
	    [IMAGE_JPEG] = jpeg_decode,
	    [IMAGE_PNG] = png_decode,
	    [IMAGE_GIF] = gif_decode,
	    [IMAGE_WEBP] = webp_decode,
	};
	enum image_format format = image_sniff(data, len);

	memset(image, 0, sizeof(*image));
	if (format == IMAGE_UNKNOWN)
		return error_fail(err, ERROR_PERM, "not an image we know");
	if (len > limits->octets_max)
		return error_fail(err, ERROR_PERM, "image is too long");
	if (!decoders[format](data, len, limits, image, err)) {
		image_clear(image);
		return FALSE;
	}
	if (image->channels % 2 == 0 && !colours_hide(image))
		alpha_drop(image);
	return TRUE;
}

GByteArray *
image_encode(const struct image *image, enum image_format format,
    const struct image_limits *limits, GError **err)
{
	g_autoptr(GByteArray) out = format == IMAGE_JPEG
	    ? jpeg_encode(image, err)
	    : png_encode(image, limits->octets_max, err);

	if (out != NULL && out->len > limits->octets_max) {
		error_fail(err, ERROR_PERM, "image became too long");
		return NULL;
	}
	return g_steal_pointer(&out);
}

static enum image_format
format_choose(enum image_format was, const struct image *image)
{
	return was == IMAGE_JPEG ||
		(was == IMAGE_WEBP && image->channels % 2 == 1)
	    ? IMAGE_JPEG
	    : IMAGE_PNG;
}

GByteArray *
image_clean_octets(const guint8 *data, gsize len,
    const struct image_limits *limits, struct image *image,
    enum image_format *format, GError **err)
{
	if (!image_decode(data, len, limits, image, err))
		return NULL;
	*format = format_choose(image_sniff(data, len), image);
	return image_encode(image, *format, limits, err);
}
