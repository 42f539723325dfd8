/*
 * Octets to pixels to octets: any image, limits small enough to be quick.
 * What comes out must decode to the size that went in, and for PNG to the
 * same pixels.
 */
#include <stdint.h>
#include <string.h>

#include "image/image.h"
#include "reach.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct image_limits limits = {1 << 20, 1 << 16};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	struct image again = {0};
	enum image_format format;
	g_autoptr(GByteArray) out = NULL;

	REACH_INIT("image");
	out = image_clean_octets(data, size, &limits, &image, &format, NULL);
	if (out != NULL) {
		REACHED();
		g_assert_true(image_decode(out->data, out->len, &limits,
		    &again, NULL));
		g_assert_cmpuint(again.width, ==, image.width);
		g_assert_cmpuint(again.height, ==, image.height);
		g_assert_cmpuint(again.channels, ==, image.channels);
		g_assert_true(format == IMAGE_JPEG ||
		    memcmp(again.pixels, image.pixels, (gsize)image.width *
			image.height * image.channels) == 0);
	}
	image_clear(&image);
	image_clear(&again);
	return 0;
}
