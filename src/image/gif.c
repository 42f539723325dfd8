#include <string.h>

#include <gif_lib.h>

#include "base/error.h"
#include "image/codecs.h"

#include "base/banned.h"

/* Records before the first picture; each is short. */
#define RECORDS_MAX 1024

struct reader {
	GifFileType *gif;
	const guint8 *data; /* borrowed */
	gsize left;
	struct image *image; /* borrowed */
	int transparent;     /* index, or NO_TRANSPARENT_COLOR */
	guint8 *line;	     /* own */
};

static int
on_read(GifFileType *gif, GifByteType *to, int len)
{
	struct reader *r = gif->UserData;
	gsize n = MIN((gsize)len, r->left);

	memcpy(to, r->data, n);
	r->data += n;
	r->left -= n;
	return (int)n;
}

/* The first block of a graphics control extension has the transparent index;
 * what else there is, comments and the like, is stepped over. */
static gboolean
extension_read(struct reader *r)
{
	GraphicsControlBlock control;
	GifByteType *block;
	int code;

	if (DGifGetExtension(r->gif, &code, &block) == GIF_ERROR)
		return FALSE;
	if (block != NULL && code == GRAPHICS_EXT_FUNC_CODE &&
	    DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
		r->transparent = control.TransparentColor;
	while (block != NULL)
		if (DGifGetExtensionNext(r->gif, &block) == GIF_ERROR)
			return FALSE;
	return TRUE;
}

/* Goes on to the first picture. */
static gboolean
picture_find(struct reader *r)
{
	for (int i = 0; i < RECORDS_MAX; i++) {
		GifRecordType type;

		if (DGifGetRecordType(r->gif, &type) == GIF_ERROR)
			return FALSE;
		if (type == IMAGE_DESC_RECORD_TYPE)
			return DGifGetImageDesc(r->gif) != GIF_ERROR;
		if (type != EXTENSION_RECORD_TYPE || !extension_read(r))
			return FALSE;
	}
	return FALSE;
}

/* What lies beside the canvas is not shown. */
static gboolean
line_put(struct reader *r, const ColorMapObject *map, guint32 y)
{
	const GifImageDesc *desc = &r->gif->Image;
	struct image *image = r->image;

	for (int i = 0; i < desc->Width; i++) {
		guint32 x = (guint32)(desc->Left + i);
		const GifColorType *colour;

		if (r->line[i] == r->transparent)
			continue;
		if (r->line[i] >= map->ColorCount)
			return FALSE;
		if (x >= image->width || y >= image->height)
			continue;
		colour = &map->Colors[r->line[i]];
		memcpy(image->pixels + ((gsize)y * image->width + x) * 4,
		    (const guint8[]){colour->Red, colour->Green,
			colour->Blue, 0xff},
		    4);
	}
	return TRUE;
}

static gboolean
lines_read(struct reader *r, const ColorMapObject *map)
{
	static const struct {
		int first;
		int step;
	} passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
	const GifImageDesc *desc = &r->gif->Image;
	gsize npasses = desc->Interlace ? G_N_ELEMENTS(passes) : 1;

	for (gsize pass = 0; pass < npasses; pass++) {
		int step = desc->Interlace ? passes[pass].step : 1;

		for (int y = passes[pass].first; y < desc->Height; y += step)
			if (DGifGetLine(r->gif, r->line, desc->Width) ==
				GIF_ERROR ||
			    !line_put(r, map, (guint32)(desc->Top + y)))
				return FALSE;
	}
	return TRUE;
}

static gboolean
picture_read(struct reader *r, const struct image_limits *limits, GError **err)
{
	const GifImageDesc *desc = &r->gif->Image;
	const ColorMapObject *map;

	r->image->width = (guint32)r->gif->SWidth;
	r->image->height = (guint32)r->gif->SHeight;
	r->image->channels = 4;
	if (!image_alloc(r->image, limits, err))
		return FALSE;
	if (!picture_find(r))
		return error_fail(err, ERROR_PERM, "GIF is damaged");
	map = desc->ColorMap != NULL ? desc->ColorMap : r->gif->SColorMap;
	if (map == NULL || desc->Width <= 0 || desc->Height <= 0 ||
	    (guint64)desc->Width * (guint64)desc->Height > limits->pixels_max)
		return error_fail(err, ERROR_PERM, "GIF has a bad size");
	r->line = g_malloc0((gsize)desc->Width);
	if (!lines_read(r, map))
		return error_fail(err, ERROR_PERM, "GIF is damaged");
	return TRUE;
}

gboolean
gif_decode(const guint8 *data, gsize len, const struct image_limits *limits,
    struct image *image, GError **err)
{
	struct reader r = {.data = data,
	    .left = len,
	    .image = image,
	    .transparent = NO_TRANSPARENT_COLOR};
	gboolean ok;

	r.gif = DGifOpen(&r, on_read, NULL);
	if (r.gif == NULL)
		return error_fail(err, ERROR_PERM, "GIF is damaged");
	ok = picture_read(&r, limits, err);
	(void)DGifCloseFile(r.gif, NULL);
	g_free(r.line);
	return ok;
}
