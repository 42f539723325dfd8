#include "image_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "base/banned.h"

const struct image_limits forge_limits = {20 * 1024 * 1024, 40000000};

gboolean
octets_have(const GByteArray *octets, const char *token)
{
	return memmem(octets->data, octets->len, token, strlen(token)) != NULL;
}

void
forge_picture(struct image *image, guint32 width, guint32 height,
    guint32 channels)
{
	guint8 *p;

	image->width = width;
	image->height = height;
	image->channels = channels;
	image->pixels = p = g_malloc_n((gsize)width * height, channels);
	for (guint32 y = 0; y < height; y++)
		for (guint32 x = 0; x < width; x++, p += channels) {
			for (guint32 c = 0; c < channels; c++)
				p[c] = (guint8)((c == 0 ? 2 * x + y
							: c == 1 ? 2 * y
								 : x + y) *
				    255 / (2 * (width + height)));
			if (channels % 2 == 0)
				p[channels - 1] = (guint8)(x < width / 4 ? 0
					: x < width / 2			 ? 128
									 : 255);
			if (channels % 2 == 0 && p[channels - 1] == 0)
				memset(p, 0, channels);
		}
}

/* --- JPEG ------------------------------------------------------------- */

static void
marker_put(struct jpeg_compress_struct *jpeg, int marker, const char *head,
    gsize head_len, const char *tail)
{
	g_autoptr(GByteArray) data = g_byte_array_new();

	g_byte_array_append(data, (const guint8 *)head, (guint)head_len);
	g_byte_array_append(data, (const guint8 *)tail, (guint)strlen(tail));
	jpeg_write_marker(jpeg, marker, data->data, data->len);
}

/* Orientation, then body serial number, maker's note and a pointer to GPS;
 * after them their texts, and a thumbnail in a second directory. */
static void
exif_put(struct jpeg_compress_struct *jpeg, guint turn)
{
	guint8 head[] = "Exif\0\0MM\0*\0\0\0\10\0\4"
			"\1\x12\0\3\0\0\0\1\0\0\0\0"
			"\xa4\x31\0\2\0\0\0\x0b\0\0\0\x42"
			"\x92\x7c\0\7\0\0\0\x0b\0\0\0\x42"
			"\x88\x25\0\4\0\0\0\1\0\0\0\x42"
			"\0\0\0\x42";
	g_autoptr(GByteArray) data = g_byte_array_new();

	head[25] = (guint8)turn;
	g_byte_array_append(data, head, sizeof(head) - 1);
	for (int i = 0; i < 4; i++)
		g_byte_array_append(data, (const guint8 *)FORGE_TOKEN,
		    sizeof(FORGE_TOKEN));
	g_byte_array_append(data, (const guint8 *)"\xff\xd8" FORGE_TOKEN,
	    sizeof(FORGE_TOKEN) + 2);
	jpeg_write_marker(jpeg, JPEG_APP0 + 1, data->data, data->len);
}

static void
markers_put(struct jpeg_compress_struct *jpeg, guint turn)
{
	static const char xmp[] = "http://ns.adobe.com/xap/1.0/\0<x>";
	static const char iptc[] = "Photoshop 3.0\0008BIM\4\4\0\0\0\0\0\x10";
	static const char flashpix[] = "FPXR\0";

	exif_put(jpeg, turn);
	marker_put(jpeg, JPEG_APP0 + 1, xmp, sizeof(xmp) - 1, FORGE_TOKEN);
	marker_put(jpeg, JPEG_APP0 + 2, flashpix, sizeof(flashpix) - 1,
	    FORGE_TOKEN);
	marker_put(jpeg, JPEG_APP0 + 13, iptc, sizeof(iptc) - 1, FORGE_TOKEN);
	marker_put(jpeg, JPEG_APP0 + 11, "JP", 2, FORGE_TOKEN);
	marker_put(jpeg, JPEG_COM, "", 0, FORGE_TOKEN);
	jpeg_write_icc_profile(jpeg, (const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN));
}

static void
scans_set(struct jpeg_compress_struct *jpeg, int scans)
{
	jpeg_scan_info *info = (jpeg_scan_info *)jpeg->mem->alloc_small(
	    (j_common_ptr)jpeg, JPOOL_IMAGE,
	    sizeof(jpeg_scan_info) * (gsize)scans);

	/* The DC in full first, then one AC coefficient after the other. */
	memset(info, 0, sizeof(*info) * (gsize)scans);
	info[0].comps_in_scan = jpeg->num_components;
	for (int i = 0; i < jpeg->num_components; i++)
		info[0].component_index[i] = i;
	for (int i = 1; i < scans; i++) {
		info[i].comps_in_scan = 1;
		info[i].component_index[0] = (i - 1) / 63;
		info[i].Ss = info[i].Se = 1 + (i - 1) % 63;
	}
	jpeg->scan_info = info;
	jpeg->num_scans = scans;
}

struct kind {
	J_COLOR_SPACE space;
	int scans; /* 0: not progressive; 1: the usual ones */
	guint turn;
	gboolean is_bare; /* of Adobe's marker */
};

static GByteArray *
jpeg_make(const struct image *image, const struct kind *kind)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr manager;
	GByteArray *out = g_byte_array_new();
	unsigned char *data = NULL;
	unsigned long len = 0;

	jpeg.err = jpeg_std_error(&manager);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &data, &len);
	jpeg.image_width = image->width;
	jpeg.image_height = image->height;
	jpeg.input_components = (int)image->channels;
	jpeg.in_color_space = kind->space;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, 95, TRUE);
	if (kind->scans == 1)
		jpeg_simple_progression(&jpeg);
	else if (kind->scans > 1)
		scans_set(&jpeg, kind->scans);
	if (kind->is_bare)
		jpeg.write_Adobe_marker = FALSE;
	jpeg_start_compress(&jpeg, TRUE);
	markers_put(&jpeg, kind->turn);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = image->pixels + (gsize)jpeg.next_scanline *
			image->width * image->channels;

		(void)jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	g_byte_array_append(out, data, (guint)len);
	g_byte_array_append(out, (const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN));
	free(data);
	return out;
}

GByteArray *
forge_jpeg(const struct image *image, int scans, guint turn)
{
	return jpeg_make(image, &(struct kind){
	    .space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB,
	    .scans = scans,
	    .turn = turn});
}

GByteArray *
forge_cmyk(guint32 width, guint32 height, gboolean is_adobe)
{
	struct image image;
	GByteArray *out;
	gsize pixels = (gsize)width * height;

	/* Inks for the same picture, with a little black, as Adobe writes
	 * them: 255 is none. */
	forge_picture(&image, width, height, 3);
	image.pixels = g_realloc(image.pixels, pixels * 4);
	for (gsize i = pixels; i-- > 0;) {
		guint8 *ink = image.pixels + i * 4;

		memmove(ink, image.pixels + i * 3, 3);
		ink[3] = MAX(MAX(ink[0], ink[1]), MAX(ink[2], 1));
		for (guint c = 0; c < 3; c++)
			ink[c] = (guint8)(ink[c] * 255 / ink[3]);
		for (guint c = 0; c < 4 && !is_adobe; c++)
			ink[c] = (guint8)(255 - ink[c]);
	}
	image.channels = 4;
	out = jpeg_make(&image, &(struct kind){.space = JCS_CMYK,
	    .turn = 1,
	    .is_bare = !is_adobe});
	image_clear(&image);
	return out;
}

/* --- PNG -------------------------------------------------------------- */

static void
on_write(png_structp png, png_bytep from, size_t len)
{
	g_byte_array_append(png_get_io_ptr(png), from, (guint)len);
}

static void
on_flush(png_structp png)
{
	(void)png;
}

static void
chunks_set(png_structp png, png_infop info)
{
	static png_text texts[] = {
	    {.compression = PNG_TEXT_COMPRESSION_NONE,
		.key = (char *)"Author",
		.text = (char *)FORGE_TOKEN,
		.text_length = sizeof(FORGE_TOKEN) - 1},
	    {.compression = PNG_TEXT_COMPRESSION_zTXt,
		.key = (char *)FORGE_TOKEN,
		.text = (char *)"packed " FORGE_TOKEN,
		.text_length = sizeof(FORGE_TOKEN) + 6},
	    {.compression = PNG_ITXT_COMPRESSION_NONE,
		.key = (char *)"XML:com.adobe.xmp",
		.text = (char *)FORGE_TOKEN,
		.itxt_length = sizeof(FORGE_TOKEN) - 1,
		.lang = (char *)"",
		.lang_key = (char *)FORGE_TOKEN}};
	static png_byte exif[] = "MM\0*\0\0\0\10" FORGE_TOKEN;
	static png_unknown_chunk own = {.name = "prVt",
	    .data = (png_bytep)FORGE_TOKEN,
	    .size = sizeof(FORGE_TOKEN),
	    .location = PNG_AFTER_IDAT};
	const png_time time = {2026, 11, 22, 1, 2, 3};

	png_set_text(png, info, texts, G_N_ELEMENTS(texts));
	png_set_eXIf_1(png, info, sizeof(exif), exif);
	png_set_tIME(png, info, &time);
	png_set_pHYs(png, info, 2835, 2836, PNG_RESOLUTION_METER);
	png_set_gAMA(png, info, 0.5);
	png_set_sCAL(png, info, PNG_SCALE_METER, 1.5, 2.5);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, NULL, 0);
	png_set_unknown_chunks(png, info, &own, 1);
}

static GByteArray *
png_make(const struct image *image, int depth, int type,
    const png_color *palette, guint colours)
{
	GByteArray *out = g_byte_array_new();
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
	    NULL, NULL);
	png_infop info = png_create_info_struct(png);

	png_set_write_fn(png, out, on_write, on_flush);
	png_set_IHDR(png, info, image->width, image->height, depth, type,
	    PNG_INTERLACE_ADAM7, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	if (palette != NULL)
		png_set_PLTE(png, info, palette, (int)colours);
	chunks_set(png, info);
	png_write_info(png, info);
	for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
		for (guint32 y = 0; y < image->height; y++)
			png_write_row(png, image->pixels + (gsize)y *
				image->width * image->channels);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	g_byte_array_append(out, (const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN));
	return out;
}

GByteArray *
forge_png(const struct image *image)
{
	static const int types[] = {0, PNG_COLOR_TYPE_GRAY,
	    PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
	    PNG_COLOR_TYPE_RGB_ALPHA};

	return png_make(image, 8, types[image->channels], NULL, 0);
}

/* Each sample twice: 16 bits of the same brightness. */
GByteArray *
forge_png_16(guint32 width, guint32 height)
{
	struct image image;
	gsize samples = (gsize)width * height * 3;
	GByteArray *out;

	forge_picture(&image, width, height, 3);
	image.pixels = g_realloc(image.pixels, samples * 2);
	for (gsize i = samples; i-- > 0;)
		image.pixels[2 * i] = image.pixels[2 * i + 1] =
		    image.pixels[i];
	image.channels = 6;
	out = png_make(&image, 16, PNG_COLOR_TYPE_RGB, NULL, 0);
	image_clear(&image);
	return out;
}

/* The colours are gray of the same value as their index. */
GByteArray *
forge_png_palette(guint32 width, guint32 height)
{
	struct image image;
	png_color palette[256];
	GByteArray *out;

	forge_picture(&image, width, height, 1);
	for (guint i = 0; i < 256; i++)
		palette[i] = (png_color){(guint8)i, (guint8)i, (guint8)i};
	out = png_make(&image, 8, PNG_COLOR_TYPE_PALETTE, palette, 256);
	image_clear(&image);
	return out;
}

GByteArray *
forge_png_huge(guint32 width, guint32 height)
{
	GByteArray *out = g_byte_array_new();
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
	    NULL, NULL);
	png_infop info = png_create_info_struct(png);
	g_autofree guint8 *row = g_malloc0((gsize)width);

	png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
	png_set_write_fn(png, out, on_write, on_flush);
	png_set_compression_level(png, 1);
	png_set_filter(png, 0, PNG_FILTER_NONE);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_GRAY,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	/* The decoder must stop at the header: only a bit of the rest. */
	for (guint32 y = 0; y < MIN(height, 2000u); y++)
		png_write_row(png, row);
	png_write_flush(png);
	png_destroy_write_struct(&png, &info);
	return out;
}

/* --- GIF -------------------------------------------------------------- */

static int
on_gif(GifFileType *gif, const GifByteType *from, int len)
{
	g_byte_array_append(gif->UserData, from, (guint)len);
	return len;
}

static void
gif_lines(GifFileType *gif, guint32 width, guint32 height,
    gboolean is_interlaced)
{
	static const guint first[] = {0, 4, 2, 1};
	static const guint step[] = {8, 8, 4, 2};
	struct image image;

	forge_picture(&image, width, height, 1);
	for (guint pass = 0; pass < (is_interlaced ? 4 : 1); pass++)
		for (guint32 y = is_interlaced ? first[pass] : 0; y < height;
		     y += is_interlaced ? step[pass] : 1)
			EGifPutLine(gif, image.pixels + (gsize)y * width,
			    (int)width);
	image_clear(&image);
}

/* Two frames, of which the second is black; both with extensions. */
GByteArray *
forge_gif(guint32 width, guint32 height, gboolean is_interlaced)
{
	GByteArray *out = g_byte_array_new();
	GifFileType *gif = EGifOpen(out, on_gif, NULL);
	ColorMapObject *map = GifMakeMapObject(256, NULL);

	for (int i = 0; i < 256; i++)
		map->Colors[i] = (GifColorType){(guint8)i, (guint8)i,
		    (guint8)i};
	EGifSetGifVersion(gif, true);
	EGifPutScreenDesc(gif, (int)width, (int)height, 8, 0, map);
	EGifPutComment(gif, FORGE_TOKEN);
	EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE);
	EGifPutExtensionBlock(gif, 11, "XMP DataXMP");
	EGifPutExtensionBlock(gif, sizeof(FORGE_TOKEN), FORGE_TOKEN);
	EGifPutExtensionTrailer(gif);
	EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, "\0\0\0\0");
	EGifPutImageDesc(gif, 0, 0, (int)width, (int)height, is_interlaced,
	    NULL);
	gif_lines(gif, width, height, is_interlaced);
	EGifPutExtension(gif, PLAINTEXT_EXT_FUNC_CODE, sizeof(FORGE_TOKEN),
	    FORGE_TOKEN);
	EGifPutImageDesc(gif, 0, 0, 1, 1, false, NULL);
	EGifPutLine(gif, (GifPixelType[]){0}, 1);
	EGifPutComment(gif, FORGE_TOKEN);
	EGifCloseFile(gif, NULL);
	GifFreeMapObject(map);
	g_byte_array_append(out, (const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN));
	return out;
}

/* --- WebP ------------------------------------------------------------- */

static void
frame_push(WebPMux *mux, const WebPData *frame, guint frames)
{
	WebPMuxFrameInfo info = {.bitstream = *frame,
	    .duration = 100,
	    .id = WEBP_CHUNK_ANMF,
	    .dispose_method = WEBP_MUX_DISPOSE_NONE,
	    .blend_method = WEBP_MUX_NO_BLEND};

	if (frames == 1) {
		WebPMuxSetImage(mux, frame, 1);
		return;
	}
	assert_int_equal(WebPMuxSetAnimationParams(mux,
	    &(WebPMuxAnimParams){.loop_count = 1}), WEBP_MUX_OK);
	for (guint i = 0; i < frames; i++)
		assert_int_equal(WebPMuxPushFrame(mux, &info, 1), WEBP_MUX_OK);
}

GByteArray *
forge_webp(const struct image *image, gboolean is_lossless, guint frames)
{
	static const char *const kinds[] = {"EXIF", "XMP ", "ICCP"};
	const WebPData token = {(const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN)};
	GByteArray *out = g_byte_array_new();
	WebPMux *mux = WebPMuxNew();
	WebPData frame = {0};
	WebPData all = {0};
	int w = (int)image->width;
	int h = (int)image->height;
	int stride = w * (int)image->channels;
	guint8 *made = NULL;

	if (image->channels == 4)
		frame.size = is_lossless
		    ? WebPEncodeLosslessRGBA(image->pixels, w, h, stride, &made)
		    : WebPEncodeRGBA(image->pixels, w, h, stride, 95, &made);
	else
		frame.size = is_lossless
		    ? WebPEncodeLosslessRGB(image->pixels, w, h, stride, &made)
		    : WebPEncodeRGB(image->pixels, w, h, stride, 95, &made);
	frame.bytes = made;
	frame_push(mux, &frame, frames);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		WebPMuxSetChunk(mux, kinds[i], &token, 1);
	assert_int_equal(WebPMuxAssemble(mux, &all), WEBP_MUX_OK);
	g_byte_array_append(out, all.bytes, (guint)all.size);
	g_byte_array_append(out, (const guint8 *)FORGE_TOKEN,
	    sizeof(FORGE_TOKEN));
	WebPDataClear(&all);
	WebPMuxDelete(mux);
	WebPFree(made);
	return out;
}

/* --- all -------------------------------------------------------------- */

static void
forged_add(GArray *all, const char *name, GByteArray *octets,
    gboolean is_exact)
{
	const struct forged one = {name, octets, is_exact};

	assert_true(octets->len > 0 && octets_have(octets, FORGE_TOKEN));
	g_array_append_val(all, one);
}

GArray *
forge_all(guint32 width, guint32 height)
{
	static const char *const pngs[] = {"", "PNG gray", "PNG gray alpha",
	    "PNG RGB", "PNG RGBA"};
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct forged));
	struct image rgb;
	struct image rgba;

	forge_picture(&rgb, width, height, 3);
	forge_picture(&rgba, width, height, 4);
	for (guint32 n = 1; n <= 4; n++) {
		struct image image;

		forge_picture(&image, width, height, n);
		forged_add(all, pngs[n], forge_png(&image), TRUE);
		if (n == 1)
			forged_add(all, "JPEG gray", forge_jpeg(&image, 0, 1),
			    FALSE);
		image_clear(&image);
	}
	forged_add(all, "PNG 16", forge_png_16(width, height), TRUE);
	forged_add(all, "PNG palette", forge_png_palette(width, height), TRUE);
	forged_add(all, "JPEG", forge_jpeg(&rgb, 0, 1), FALSE);
	forged_add(all, "JPEG progressive", forge_jpeg(&rgb, 1, 1), FALSE);
	forged_add(all, "JPEG CMYK", forge_cmyk(width, height, TRUE), FALSE);
	forged_add(all, "JPEG ink", forge_cmyk(width, height, FALSE), FALSE);
	forged_add(all, "GIF", forge_gif(width, height, FALSE), TRUE);
	forged_add(all, "GIF rows", forge_gif(width, height, TRUE), TRUE);
	forged_add(all, "WebP", forge_webp(&rgb, FALSE, 1), FALSE);
	forged_add(all, "WebP lossless", forge_webp(&rgb, TRUE, 1), FALSE);
	forged_add(all, "WebP alpha", forge_webp(&rgba, TRUE, 1), TRUE);
	forged_add(all, "WebP moving", forge_webp(&rgba, TRUE, 3), TRUE);
	image_clear(&rgb);
	image_clear(&rgba);
	return all;
}

void
forge_free(GArray *forged)
{
	for (guint i = 0; i < forged->len; i++)
		g_byte_array_unref(g_array_index(forged, struct forged, i)
			.octets);
	g_array_unref(forged);
}
