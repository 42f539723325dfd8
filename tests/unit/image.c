/* The entry of test-image, and what comes across: pixels, nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/codecs.h"
#include "image/image.h"
#include "image_forge.h"

#include "base/banned.h"

#define WIDTH 97
#define HEIGHT 61
#define LOSS_MAX 24 /* of 255, in any sample of a soft picture */

/* --- what a result may be made of -------------------------------------- */

static gboolean
png_is_bare(const guint8 *p, gsize len)
{
	gsize at = 8;

	while (at + 12 <= len) {
		gsize size = (gsize)p[at] << 24 | (gsize)p[at + 1] << 16 |
		    (gsize)p[at + 2] << 8 | p[at + 3];
		const guint8 *type = p + at + 4;

		at += 12 + size;
		if (memcmp(type, "IEND", 4) == 0)
			return at == len;
		if (memcmp(type, "IHDR", 4) != 0 &&
		    memcmp(type, "IDAT", 4) != 0)
			return FALSE;
	}
	return FALSE;
}

static gboolean
jpeg_is_bare(const guint8 *p, gsize len)
{
	static const guint8 may[] = {0xe0, 0xdb, 0xc0, 0xc4, 0xda};
	gsize at = 2;

	while (at + 4 < len && p[at] == 0xff) {
		gsize size = (gsize)p[at + 2] << 8 | p[at + 3];

		if (memchr(may, p[at + 1], sizeof(may)) == NULL ||
		    (p[at + 1] == 0xe0 && size != 16))
			return FALSE;
		if (p[at + 1] == 0xda)
			break;
		at += 2 + size;
	}
	for (at += 2; at + 1 < len; at++)
		if (p[at] == 0xff && p[at + 1] != 0)
			return p[at + 1] == 0xd9 && at + 2 == len;
	return FALSE;
}

static void
check_bare(const GByteArray *out, enum image_format format)
{
	assert_int_equal(image_sniff(out->data, out->len), format);
	assert_true(format == IMAGE_PNG ? png_is_bare(out->data, out->len)
					: jpeg_is_bare(out->data, out->len));
	assert_false(octets_have(out, FORGE_TOKEN));
	assert_false(octets_have(out, "tok"));
}

/* --- pixels ------------------------------------------------------------- */

/* Sample c (of red, green, blue, alpha) whatever the channels are. */
static guint8
sample(const struct image *image, gsize pixel, guint c)
{
	guint32 n = image->channels;
	const guint8 *p = image->pixels + pixel * n;

	if (c == 3)
		return n % 2 == 0 ? p[n - 1] : 0xff;
	return n <= 2 ? p[0] : p[c];
}

static void
check_same(const struct image *a, const struct image *b, int loss,
    const char *name)
{
	assert_int_equal(a->width, b->width);
	assert_int_equal(a->height, b->height);
	for (gsize i = 0; i < (gsize)a->width * a->height; i++)
		for (guint c = 0; c < 4; c++)
			if (abs(sample(a, i, c) - sample(b, i, c)) > loss)
				fail_msg("%s: pixel %zu sample %u: %d, %d",
				    name, i, c, sample(a, i, c),
				    sample(b, i, c));
}

static guint32
channels_of(const char *name)
{
	if (strstr(name, "gray alpha") != NULL)
		return 2;
	if (strstr(name, "gray") != NULL || strstr(name, "GIF") != NULL ||
	    strstr(name, "palette") != NULL)
		return 1;
	return strstr(name, "RGBA") != NULL ||
		strstr(name, "WebP alpha") != NULL ||
		strstr(name, "moving") != NULL
	    ? 4
	    : 3;
}

static void
check_forged(const struct forged *forged)
{
	struct image seen;
	struct image again;
	struct image wanted;
	enum image_format format;
	g_autoptr(GByteArray) out = image_clean_octets(forged->octets->data,
	    forged->octets->len, &forge_limits, &seen, &format, NULL);

	if (out == NULL)
		fail_msg("%s was refused", forged->name);
	check_bare(out, format);
	assert_true(image_decode(out->data, out->len, &forge_limits, &again,
	    NULL));
	forge_picture(&wanted, WIDTH, HEIGHT, channels_of(forged->name));
	check_same(&wanted, &again, forged->is_exact ? 0 : LOSS_MAX,
	    forged->name);
	image_clear(&wanted);
	image_clear(&seen);
	image_clear(&again);
}

static void
only_pixels_come_across(void **state)
{
	GArray *all = forge_all(WIDTH, HEIGHT);

	(void)state;
	assert_true(all->len >= 16);
	for (guint i = 0; i < all->len; i++)
		check_forged(&g_array_index(all, struct forged, i));
	forge_free(all);
}

static void
equal_pixels_give_equal_octets(void **state)
{
	static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG};
	struct image image;

	(void)state;
	forge_picture(&image, WIDTH, HEIGHT, 3);
	for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
		g_autoptr(GByteArray) a = image_encode(&image, formats[i],
		    &forge_limits, NULL);
		g_autoptr(GByteArray) b = image_encode(&image, formats[i],
		    &forge_limits, NULL);

		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->data, b->data, a->len);
	}
	image_clear(&image);
}

static void
nothing_hides_under_transparency(void **state)
{
	struct image image;
	struct image seen;
	g_autoptr(GByteArray) png = NULL;

	(void)state;
	forge_picture(&image, WIDTH, HEIGHT, 4);
	for (gsize i = 0; i < (gsize)WIDTH * HEIGHT; i++)
		memcpy(image.pixels + i * 4, "\1\2\3\0", 4);
	image.pixels[3] = 1;
	png = forge_png(&image);
	assert_true(image_decode(png->data, png->len, &forge_limits, &seen,
	    NULL));
	assert_int_equal(seen.channels, 4);
	assert_memory_equal(seen.pixels, "\1\2\3\1\0\0\0\0", 8);
	image_clear(&image);
	image_clear(&seen);
}

/* Where the upper left and the upper right corner of a photograph get. */
static void
photographs_are_turned(void **state)
{
	static const struct {
		guint turn;
		gboolean is_across;
		guint first; /* corner: 0 upper left, 1 right, 2 lower, 3 */
		guint second;
	} cases[] = {{1, FALSE, 0, 1}, {2, FALSE, 1, 0}, {3, FALSE, 3, 2},
	    {4, FALSE, 2, 3}, {5, TRUE, 0, 2}, {6, TRUE, 1, 3},
	    {7, TRUE, 3, 1}, {8, TRUE, 2, 0}, {9, FALSE, 0, 1},
	    {0, FALSE, 0, 1}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct image image;
		struct image seen;
		g_autoptr(GByteArray) jpeg = NULL;
		gsize corners[4];

		forge_picture(&image, 64, 32, 1);
		memset(image.pixels, 128, 64 * 32);
		for (guint y = 0; y < 8; y++) {
			memset(image.pixels + y * 64, 0, 8);
			memset(image.pixels + y * 64 + 56, 255, 8);
		}
		jpeg = forge_jpeg(&image, 0, cases[i].turn);
		assert_true(image_decode(jpeg->data, jpeg->len, &forge_limits,
		    &seen, NULL));
		assert_int_equal(seen.width, cases[i].is_across ? 32 : 64);
		assert_int_equal(seen.height, cases[i].is_across ? 64 : 32);
		corners[0] = 0;
		corners[1] = seen.width - 1;
		corners[2] = 64 * 32 - seen.width;
		corners[3] = 64 * 32 - 1;
		assert_true(seen.pixels[corners[cases[i].first]] < 16);
		assert_true(seen.pixels[corners[cases[i].second]] > 239);
		image_clear(&image);
		image_clear(&seen);
	}
}

/* Every length of a block, and every octet of it changed: 1 to 8, no read
 * beyond (the sanitizers see it). */
static void
orientation_reads_no_further(void **state)
{
	static const guint8 block[] = "II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0"
				      "\6\0\0\0\0\0\0\0";
	gsize len = sizeof(block) - 1;

	(void)state;
	assert_int_equal(exif_orientation(block, len), 6);
	for (gsize n = 0; n <= len; n++) {
		g_autofree guint8 *copy = g_memdup2(block, MAX(n, 1));
		guint turn = exif_orientation(copy, n);

		assert_true(turn >= 1 && turn <= 8);
	}
	for (gsize i = 0; i < len * 256; i++) {
		g_autofree guint8 *copy = g_memdup2(block, len);
		guint turn;

		copy[i / 256] = (guint8)(i % 256);
		turn = exif_orientation(copy, len);
		assert_true(turn >= 1 && turn <= 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_pixels_come_across),
	    cmocka_unit_test(equal_pixels_give_equal_octets),
	    cmocka_unit_test(nothing_hides_under_transparency),
	    cmocka_unit_test(photographs_are_turned),
	    cmocka_unit_test(orientation_reads_no_further),
	};
	int failed = cmocka_run_group_tests_name("image", tests, NULL, NULL);

	failed += test_image_damage();
	failed += test_image_child();
	return failed;
}
