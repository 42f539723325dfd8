#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "base/error.h"
#include "image/codecs.h"

#include "base/banned.h"

#define ZLIB_LEVEL 6

static void
on_error(png_structp png, png_const_charp text)
{
	(void)text;
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

/* --- decoding -------------------------------------------------------- */

struct reader {
	png_structp png;
	png_infop info;
	const guint8 *data; /* borrowed, as the next two */
	const struct image_limits *limits;
	struct image *image;
	gsize left;
	png_bytepp rows; /* own; into image->pixels */
};

static void
on_read(png_structp png, png_bytep to, size_t len)
{
	struct reader *r = png_get_io_ptr(png);

	if (len > r->left)
		png_error(png, "end of data");
	memcpy(to, r->data, len);
	r->data += len;
	r->left -= len;
}

/* Every type becomes 8 bits of gray or RGB, with alpha if it can have any.
 * Of all other chunks only tRNS is read, the rest not even unpacked. */
static void
transforms_set(struct reader *r)
{
	png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
	png_set_user_limits(r->png, IMAGE_SIDE_MAX, IMAGE_SIDE_MAX);
	png_read_info(r->png, r->info);
	png_set_expand(r->png);
	png_set_scale_16(r->png);
	(void)png_set_interlace_handling(r->png);
	png_read_update_info(r->png, r->info);
}

/* FALSE: too large. Leaves by longjmp() if the image is damaged. */
static gboolean
picture_read(struct reader *r, GError **err)
{
	struct image *image = r->image;
	gsize stride;

	transforms_set(r);
	image->width = png_get_image_width(r->png, r->info);
	image->height = png_get_image_height(r->png, r->info);
	image->channels = png_get_channels(r->png, r->info);
	if (!image_alloc(image, r->limits, err))
		return FALSE;
	stride = (gsize)image->width * image->channels;
	g_assert(png_get_rowbytes(r->png, r->info) == stride);
	r->rows = g_new(png_bytep, image->height);
	for (guint32 y = 0; y < image->height; y++)
		r->rows[y] = image->pixels + y * stride;
	png_read_image(r->png, r->rows);
	png_read_end(r->png, NULL);
	return TRUE;
}

static gboolean
picture_try(struct reader *r, GError **err)
{
	if (setjmp(png_jmpbuf(r->png)) != 0)
		return error_fail(err, ERROR_PERM, "PNG is damaged");
	return picture_read(r, err);
}

gboolean
png_decode(const guint8 *data, gsize len, const struct image_limits *limits,
    struct image *image, GError **err)
{
	struct reader *r = g_new0(struct reader, 1);
	gboolean ok = FALSE;

	r->data = data;
	r->left = len;
	r->limits = limits;
	r->image = image;
	r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error,
	    on_warning);
	r->info = r->png != NULL ? png_create_info_struct(r->png) : NULL;
	if (r->info == NULL) {
		error_fail(err, ERROR_PERM, "image needs much memory");
	} else {
		png_set_read_fn(r->png, r, on_read);
		ok = picture_try(r, err);
	}
	png_destroy_read_struct(&r->png, &r->info, NULL);
	g_free(r->rows);
	g_free(r);
	return ok;
}

/* --- encoding -------------------------------------------------------- */

struct writer {
	png_structp png;
	png_infop info;
	const struct image *image; /* borrowed */
	GByteArray *out;	   /* own */
	gsize octets_max;
};

static void
on_write(png_structp png, png_bytep from, size_t len)
{
	struct writer *w = png_get_io_ptr(png);

	if (len > w->octets_max - w->out->len)
		png_error(png, "too long");
	g_byte_array_append(w->out, from, (guint)len);
}

static void
on_flush(png_structp png)
{
	(void)png;
}

static void
picture_write(struct writer *w)
{
	static const int types[] = {0, PNG_COLOR_TYPE_GRAY,
	    PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
	    PNG_COLOR_TYPE_RGB_ALPHA};
	const struct image *image = w->image;
	gsize stride = (gsize)image->width * image->channels;

	png_set_compression_level(w->png, ZLIB_LEVEL);
	png_set_user_limits(w->png, IMAGE_SIDE_MAX, IMAGE_SIDE_MAX);
	png_set_IHDR(w->png, w->info, image->width, image->height, 8,
	    types[image->channels], PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(w->png, w->info);
	for (guint32 y = 0; y < image->height; y++)
		png_write_row(w->png, image->pixels + y * stride);
	png_write_end(w->png, NULL);
}

static gboolean
writer_try(struct writer *w, GError **err)
{
	if (setjmp(png_jmpbuf(w->png)) != 0)
		return error_fail(err, ERROR_PERM, "image became too long");
	picture_write(w);
	return TRUE;
}

GByteArray *
png_encode(const struct image *image, gsize octets_max, GError **err)
{
	struct writer *w = g_new0(struct writer, 1);
	GByteArray *out = NULL;

	w->image = image;
	w->octets_max = octets_max;
	w->out = g_byte_array_new();
	w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error,
	    on_warning);
	w->info = w->png != NULL ? png_create_info_struct(w->png) : NULL;
	if (w->info == NULL) {
		error_fail(err, ERROR_PERM, "image needs much memory");
	} else {
		png_set_write_fn(w->png, w, on_write, on_flush);
		if (writer_try(w, err))
			out = g_byte_array_ref(w->out);
	}
	png_destroy_write_struct(&w->png, &w->info);
	g_byte_array_unref(w->out);
	g_free(w);
	return out;
}
