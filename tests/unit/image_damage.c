/* Images that are damaged, too large, or something else besides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "image_forge.h"

#include "base/banned.h"

#define TRAILER_LEN sizeof(FORGE_TOKEN)
#define FLIPS 400 /* for each image */

static gboolean
is_cleaned(const guint8 *data, gsize len, GByteArray **out)
{
	g_autofree guint8 *copy = g_memdup2(data, MAX(len, 1));
	struct image image;
	enum image_format format;
	g_autoptr(GError) error = NULL;

	*out = image_clean_octets(copy, len, &forge_limits, &image, &format,
	    &error);
	if (*out == NULL)
		assert_true(error_is(error, ERROR_PERM));
	else
		assert_true(image_sniff((*out)->data, (*out)->len) == format);
	image_clear(&image);
	return *out != NULL;
}

/* Only a GIF may end where its first frame does. */
static void
what_is_cut_off_is_refused(void **state)
{
	GArray *all = forge_all(24, 16);
	guint refused = 0;

	(void)state;
	for (guint i = 0; i < all->len; i++) {
		struct forged *f = &g_array_index(all, struct forged, i);
		gsize whole = f->octets->len - TRAILER_LEN;
		gboolean is_gif = strstr(f->name, "GIF") != NULL;

		for (gsize len = 0; len < whole; len += 1 + whole / 700) {
			g_autoptr(GByteArray) out = NULL;

			if (is_cleaned(f->octets->data, len, &out) && !is_gif)
				fail_msg("%s cut at %zu", f->name, len);
			refused += out == NULL;
		}
	}
	assert_true(refused > 3000);
	forge_free(all);
}

static void
flipped_bits_do_no_harm(void **state)
{
	GArray *all = forge_all(24, 16);
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
	guint cleaned = 0;
	guint refused = 0;

	(void)state;
	for (guint i = 0; i < all->len * FLIPS; i++) {
		struct forged *f = &g_array_index(all, struct forged,
		    i / FLIPS);
		g_autofree guint8 *copy =
		    g_memdup2(f->octets->data, f->octets->len);
		g_autoptr(GByteArray) out = NULL;

		for (guint n = 1 + i % 3; n > 0; n--)
			copy[g_rand_int_range(rand, 0,
			    (gint32)f->octets->len)] ^=
			    (guint8)(1 << (g_rand_int(rand) & 7));
		if (is_cleaned(copy, f->octets->len, &out)) {
			cleaned++;
			assert_false(octets_have(out, FORGE_TOKEN));
		} else {
			refused++;
		}
	}
	assert_true(cleaned > 100 && refused > 100);
	forge_free(all);
}

/* --- bombs -------------------------------------------------------------- */

static GByteArray *
webp_huge(void)
{
	/* VP8L: 14 bits of width less 1, 14 of height less 1. */
	static const guint8 head[] = "RIFF\x2a\0\0\0WEBPVP8L\x1e\0\0\0"
				     "\x2f\xfe\xbf\xff\x0f";
	GByteArray *out = g_byte_array_new();

	g_byte_array_append(out, head, sizeof(head) - 1);
	g_byte_array_set_size(out, 50);
	memset(out->data + sizeof(head) - 1, 0, 50 - sizeof(head) + 1);
	return out;
}

static GByteArray *
gif_huge(void)
{
	GByteArray *out = forge_gif(16, 16, FALSE);

	memset(out->data + 6, 0xff, 4);
	return out;
}

/* The canvas is small; the frame on it is not. */
static GByteArray *
gif_huge_frame(void)
{
	GByteArray *out = forge_gif(16, 16, FALSE);
	guint8 *frame = memmem(out->data, out->len, ",\0\0\0\0\x10\0\x10\0", 9);

	assert_non_null(frame);
	memset(frame + 5, 0xff, 4);
	return out;
}

static GByteArray *
jpeg_of_scans(int scans, guint repeat)
{
	struct image image;
	GByteArray *out;
	guint8 *last = NULL;
	gsize len;

	forge_picture(&image, 64, 64, 3);
	out = forge_jpeg(&image, scans, 1);
	image_clear(&image);
	for (gsize i = 0; i + 1 < out->len; i++)
		if (out->data[i] == 0xff && out->data[i + 1] == 0xda)
			last = out->data + i;
	assert_non_null(last);
	len = (gsize)(out->data + out->len - TRAILER_LEN - 2 - last);
	if (repeat > 0) {
		g_autofree guint8 *scan = g_memdup2(last, len);

		g_byte_array_set_size(out,
		    out->len - (guint)(TRAILER_LEN + 2));
		for (guint i = 0; i < repeat; i++)
			g_byte_array_append(out, scan, (guint)len);
		g_byte_array_append(out, (const guint8 *)"\xff\xd9", 2);
	}
	return out;
}

static gint64
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
bombs_are_refused_at_once(void **state)
{
	const struct {
		const char *name;
		GByteArray *octets;
	} bombs[] = {
	    {"PNG sides", forge_png_huge(50000, 50000)},
	    {"PNG area", forge_png_huge(16000, 16000)},
	    {"PNG wide", forge_png_huge(16385, 1)},
	    {"GIF canvas", gif_huge()},
	    {"GIF frame", gif_huge_frame()},
	    {"WebP", webp_huge()},
	    {"JPEG 120 scans", jpeg_of_scans(120, 0)},
	    {"JPEG 9000 scans", jpeg_of_scans(20, 9000)},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(bombs); i++) {
		gint64 begin = cpu_ms();
		g_autoptr(GByteArray) out = NULL;

		if (is_cleaned(bombs[i].octets->data, bombs[i].octets->len,
			&out))
			fail_msg("%s was cleaned", bombs[i].name);
		if (cpu_ms() - begin > 500)
			fail_msg("%s took long", bombs[i].name);
		g_byte_array_unref(bombs[i].octets);
	}
}

static void
limits_are_the_callers(void **state)
{
	struct image image;
	struct image seen;
	g_autoptr(GByteArray) png = NULL;
	const struct image_limits exact = {1 << 20, 100 * 100};
	const struct image_limits pixels = {1 << 20, 100 * 100 - 1};
	const struct image_limits octets = {100, 100 * 100};

	(void)state;
	forge_picture(&image, 100, 100, 3);
	png = forge_png(&image);
	assert_true(image_decode(png->data, png->len, &exact, &seen, NULL));
	assert_null(image_encode(&seen, IMAGE_PNG, &octets, NULL));
	assert_null(image_encode(&seen, IMAGE_JPEG, &octets, NULL));
	image_clear(&seen);
	assert_false(image_decode(png->data, png->len, &pixels, &seen, NULL));
	assert_null(seen.pixels);
	assert_false(image_decode(png->data, png->len, &octets, &seen, NULL));
	image_clear(&image);
}

/* --- polyglots ---------------------------------------------------------- */

static const struct {
	const char *name;
	const char *octets;
	gsize len;
} others[] = {
#define OTHER(n, s) {n, s, sizeof(s) - 1}
    OTHER("ZIP", "PK\3\4\24\0\0\0\0\0tokzip.txtPK\1\2\24\0PK\5\6\0\0\0\0"),
    OTHER("JAR", "PK\3\4META-INF/MANIFEST.MF tokjar PK\5\6"),
    OTHER("HTML", "<!doctype html><script>tokhtml()</script>"),
    OTHER("SVG", "<svg xmlns=\"http://www.w3.org/2000/svg\">"
		 "<script>toksvg</script></svg>"),
    OTHER("PDF", "%PDF-1.7\n1 0 obj<</JS(tokpdf)>>endobj\n%%EOF"),
    OTHER("PHP", "<?php tokphp(); ?>"),
    OTHER("ELF", "\177ELF\2\1\1\0tokelf"),
    OTHER("RAR", "Rar!\32\7\1\0tokrar"),
};

static void
check_polyglot(GByteArray *base, GByteArray *cleaned, gsize other)
{
	g_autoptr(GByteArray) before = g_byte_array_new();
	g_autoptr(GByteArray) after = g_byte_array_new();
	g_autoptr(GByteArray) none = NULL;
	g_autoptr(GByteArray) same = NULL;
	const guint8 *octets = (const guint8 *)others[other].octets;
	guint len = (guint)others[other].len;

	g_byte_array_append(after, base->data, base->len);
	g_byte_array_append(after, octets, len);
	assert_true(is_cleaned(after->data, after->len, &same));
	assert_int_equal(same->len, cleaned->len);
	assert_memory_equal(same->data, cleaned->data, same->len);
	g_byte_array_append(before, octets, len);
	g_byte_array_append(before, base->data, base->len);
	assert_false(is_cleaned(before->data, before->len, &none));
}

/* With the other file after it, an image comes out as without; with the
 * other file first, and alone, it is none. */
static void
polyglots_lose_their_other_half(void **state)
{
	GArray *all = forge_all(24, 16);
	guint checked = 0;

	(void)state;
	for (guint i = 0; i < all->len; i++) {
		GByteArray *base = g_array_index(all, struct forged, i).octets;
		g_autoptr(GByteArray) cleaned = NULL;

		assert_true(is_cleaned(base->data, base->len, &cleaned));
		for (gsize k = 0; k < G_N_ELEMENTS(others); k++, checked++)
			check_polyglot(base, cleaned, k);
	}
	for (gsize k = 0; k < G_N_ELEMENTS(others); k++) {
		g_autoptr(GByteArray) none = NULL;

		assert_false(is_cleaned((const guint8 *)others[k].octets,
		    others[k].len, &none));
	}
	assert_true(checked >= 30);
	forge_free(all);
}

/* A frame costs its own area, whatever the canvas shows of it. */
static void
frames_count_as_well(void **state)
{
	g_autoptr(GByteArray) gif = forge_gif(200, 200, FALSE);
	const struct image_limits enough = {1 << 20, 200 * 200};
	const struct image_limits less = {1 << 20, 200 * 200 - 1};
	struct image seen;

	(void)state;
	memcpy(gif->data + 6, "\x0a\0\x0a\0", 4);
	assert_true(image_decode(gif->data, gif->len, &enough, &seen, NULL));
	assert_int_equal(seen.width, 10);
	image_clear(&seen);
	assert_false(image_decode(gif->data, gif->len, &less, &seen, NULL));
}

int
test_image_damage(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_cut_off_is_refused),
	    cmocka_unit_test(flipped_bits_do_no_harm),
	    cmocka_unit_test(bombs_are_refused_at_once),
	    cmocka_unit_test(limits_are_the_callers),
	    cmocka_unit_test(frames_count_as_well),
	    cmocka_unit_test(polyglots_lose_their_other_half),
	};

	return cmocka_run_group_tests_name("image damage", tests, NULL, NULL);
}
