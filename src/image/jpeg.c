#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/error.h"
#include "image/codecs.h"

#include "base/banned.h"

#define QUALITY 90
#define EXIF_HEAD_LEN 6 /* "Exif\0\0" */
#define MARKER_LEN_MAX 0xffff
/* A picture has about ten; each costs as much as decoding it once. */
#define SCANS_MAX 64

/* --- errors ---------------------------------------------------------- */

struct guard {
	struct jpeg_error_mgr manager; /* first: the library sees only this */
	jmp_buf env;
};

static void
on_error(j_common_ptr common)
{
	struct guard *guard = (struct guard *)common->err;

	longjmp(guard->env, 1);
}

/* Below 0 is a warning: the library goes on with pixels of its own making. */
static void
on_message(j_common_ptr common, int level)
{
	if (level < 0)
		on_error(common);
}

static void
on_output(j_common_ptr common)
{
	(void)common;
}

static struct jpeg_error_mgr *
guard_init(struct guard *guard)
{
	jpeg_std_error(&guard->manager);
	guard->manager.error_exit = on_error;
	guard->manager.emit_message = on_message;
	guard->manager.output_message = on_output;
	return &guard->manager;
}

/* --- decoding -------------------------------------------------------- */

struct reader {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_progress_mgr progress;
	struct guard guard;
	const struct image_limits *limits; /* borrowed, as the next */
	struct image *image;
	guint8 *row; /* own; CMYK only */
	guint orientation;
};

static void
on_progress(j_common_ptr common)
{
	if (((j_decompress_ptr)common)->input_scan_number > SCANS_MAX)
		on_error(common);
}

static void
orientation_read(struct reader *r)
{
	jpeg_saved_marker_ptr marker = r->jpeg.marker_list;

	r->orientation = 1;
	for (; marker != NULL; marker = marker->next)
		if (marker->data_length > EXIF_HEAD_LEN &&
		    memcmp(marker->data, "Exif\0\0", EXIF_HEAD_LEN) == 0) {
			r->orientation = exif_orientation(
			    marker->data + EXIF_HEAD_LEN,
			    marker->data_length - EXIF_HEAD_LEN);
			return;
		}
}

static void
colours_choose(struct reader *r)
{
	switch (r->jpeg.jpeg_color_space) {
	case JCS_GRAYSCALE:
		r->jpeg.out_color_space = JCS_GRAYSCALE;
		r->image->channels = 1;
		return;
	case JCS_CMYK:
	case JCS_YCCK:
		r->jpeg.out_color_space = JCS_CMYK;
		break;
	default:
		r->jpeg.out_color_space = JCS_RGB;
		break;
	}
	r->image->channels = 3;
}

/* Adobe writes ink as 255 less what others write. */
static void
row_from_cmyk(const guint8 *cmyk, gboolean is_adobe, guint8 *rgb, gsize width)
{
	for (; width > 0; width--, cmyk += 4, rgb += 3)
		for (int c = 0; c < 3; c++) {
			guint ink = is_adobe ? cmyk[c] : 255u - cmyk[c];
			guint black = is_adobe ? cmyk[3] : 255u - cmyk[3];

			rgb[c] = (guint8)((ink * black + 127) / 255);
		}
}

static void
rows_read(struct reader *r)
{
	struct image *image = r->image;
	gsize stride = (gsize)image->width * image->channels;

	while (r->jpeg.output_scanline < r->jpeg.output_height) {
		guint8 *to = image->pixels +
		    stride * r->jpeg.output_scanline;
		JSAMPROW row = r->row != NULL ? r->row : to;

		(void)jpeg_read_scanlines(&r->jpeg, &row, 1);
		if (r->row != NULL)
			row_from_cmyk(r->row, r->jpeg.saw_Adobe_marker, to,
			    image->width);
	}
}

/* FALSE: too large. Leaves by longjmp() if the image is damaged. */
static gboolean
picture_read(struct reader *r, const guint8 *data, gsize len, GError **err)
{
	jpeg_create_decompress(&r->jpeg);
	r->progress.progress_monitor = on_progress;
	r->jpeg.progress = &r->progress;
	jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, MARKER_LEN_MAX);
	jpeg_mem_src(&r->jpeg, data, len);
	(void)jpeg_read_header(&r->jpeg, TRUE);
	orientation_read(r);
	colours_choose(r);
	r->image->width = r->jpeg.image_width;
	r->image->height = r->jpeg.image_height;
	if (!image_alloc(r->image, r->limits, err))
		return FALSE;
	if (r->jpeg.out_color_space == JCS_CMYK)
		r->row = g_malloc_n(r->image->width, 4);
	(void)jpeg_start_decompress(&r->jpeg);
	rows_read(r);
	(void)jpeg_finish_decompress(&r->jpeg);
	return TRUE;
}

static gboolean
picture_try(struct reader *r, const guint8 *data, gsize len, GError **err)
{
	if (setjmp(r->guard.env) != 0)
		return error_fail(err, ERROR_PERM, "JPEG is damaged");
	return picture_read(r, data, len, err);
}

gboolean
jpeg_decode(const guint8 *data, gsize len, const struct image_limits *limits,
    struct image *image, GError **err)
{
	struct reader *r = g_new0(struct reader, 1);
	gboolean ok;

	r->limits = limits;
	r->image = image;
	r->jpeg.err = guard_init(&r->guard);
	ok = picture_try(r, data, len, err);
	jpeg_destroy_decompress(&r->jpeg);
	if (ok && !image_turn(image, r->orientation))
		ok = error_fail(err, ERROR_PERM, "image needs much memory");
	g_free(r->row);
	g_free(r);
	return ok;
}

/* --- encoding -------------------------------------------------------- */

struct writer {
	struct jpeg_compress_struct jpeg;
	struct guard guard;
	const struct image *image; /* borrowed */
	unsigned char *out;	   /* malloc() of the library */
	unsigned long len;
};

static void
picture_write(struct writer *w)
{
	const struct image *image = w->image;
	gsize stride = (gsize)image->width * image->channels;

	jpeg_create_compress(&w->jpeg);
	jpeg_mem_dest(&w->jpeg, &w->out, &w->len);
	w->jpeg.image_width = image->width;
	w->jpeg.image_height = image->height;
	w->jpeg.input_components = (int)image->channels;
	w->jpeg.in_color_space = image->channels == 1 ? JCS_GRAYSCALE
						      : JCS_RGB;
	jpeg_set_defaults(&w->jpeg);
	jpeg_set_quality(&w->jpeg, QUALITY, TRUE);
	jpeg_start_compress(&w->jpeg, TRUE);
	while (w->jpeg.next_scanline < w->jpeg.image_height) {
		JSAMPROW row = image->pixels + stride * w->jpeg.next_scanline;

		(void)jpeg_write_scanlines(&w->jpeg, &row, 1);
	}
	jpeg_finish_compress(&w->jpeg);
}

static gboolean
writer_try(struct writer *w, GError **err)
{
	if (setjmp(w->guard.env) != 0)
		return error_fail(err, ERROR_PERM, "cannot write a JPEG");
	picture_write(w);
	return TRUE;
}

GByteArray *
jpeg_encode(const struct image *image, GError **err)
{
	struct writer *w = g_new0(struct writer, 1);
	GByteArray *out = NULL;

	g_assert(image->channels % 2 == 1);
	w->image = image;
	w->jpeg.err = guard_init(&w->guard);
	/* After an error the library does not say where its buffer is: that
	 * one is lost. There is none but for want of memory. */
	if (writer_try(w, err)) {
		out = g_byte_array_new();
		g_byte_array_append(out, w->out, (guint)w->len);
		free(w->out);
	}
	jpeg_destroy_compress(&w->jpeg);
	g_free(w);
	return out;
}
