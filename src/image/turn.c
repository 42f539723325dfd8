#include <string.h>

#include "image/codecs.h"

#include "base/banned.h"

#define TAG_ORIENTATION 274
#define TYPE_SHORT 3
#define ENTRY_LEN 12

struct tiff {
	const guint8 *data; /* borrowed */
	gsize len;
	gboolean is_big; /* endian */
};

/* 0 for what lies outside. */
static guint32
tiff_get(const struct tiff *tiff, gsize at, guint octets)
{
	guint32 n = 0;

	if (at > tiff->len || tiff->len - at < octets)
		return 0;
	for (guint i = 0; i < octets; i++)
		n = n << 8 |
		    tiff->data[at + (tiff->is_big ? i : octets - 1 - i)];
	return n;
}

guint
exif_orientation(const guint8 *data, gsize len)
{
	struct tiff tiff = {data, len, FALSE};
	gsize at;
	guint32 count;

	if (len < 8 || (memcmp(data, "II", 2) != 0 &&
			   memcmp(data, "MM", 2) != 0))
		return 1;
	tiff.is_big = data[0] == 'M';
	at = tiff_get(&tiff, 4, 4);
	count = tiff_get(&tiff, at, 2);
	at += 2;
	for (; count > 0; count--, at += ENTRY_LEN) {
		guint32 value = tiff_get(&tiff, at + 8, 2);

		if (tiff_get(&tiff, at, 2) != TAG_ORIENTATION)
			continue;
		return tiff_get(&tiff, at + 2, 2) == TYPE_SHORT &&
			value >= 1 && value <= 8
		    ? value
		    : 1;
	}
	return 1;
}

gboolean
image_turn(struct image *image, guint orientation)
{
	gboolean is_across = orientation >= 5; /* rows become columns */
	gboolean flips_x = orientation == 2 || orientation == 3 ||
	    orientation == 7 || orientation == 8;
	gboolean flips_y = orientation == 3 || orientation == 4 ||
	    orientation == 6 || orientation == 7;
	guint32 w = is_across ? image->height : image->width;
	guint32 h = is_across ? image->width : image->height;
	gsize n = image->channels;
	guint8 *to;
	guint8 *out;

	if (orientation <= 1)
		return TRUE;
	out = to = g_try_malloc_n((gsize)w * h, n);
	if (out == NULL)
		return FALSE;
	for (guint32 y = 0; y < h; y++)
		for (guint32 x = 0; x < w; x++, to += n) {
			guint32 a = is_across ? y : x;
			guint32 b = is_across ? x : y;

			if (flips_x)
				a = image->width - 1 - a;
			if (flips_y)
				b = image->height - 1 - b;
			memcpy(to, image->pixels +
				((gsize)b * image->width + a) * n, n);
		}
	g_free(image->pixels);
	image->pixels = out;
	image->width = w;
	image->height = h;
	return TRUE;
}
