#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "base/error.h"
#include "image/codecs.h"

#include "base/banned.h"

/* Of pictures that move and of those that do not, the first frame. */
static gboolean
frame_read(const WebPData *webp, struct image *image)
{
	WebPAnimDecoderOptions options;
	WebPAnimDecoder *decoder;
	guint8 *frame;
	int time;
	gboolean ok;

	if (!WebPAnimDecoderOptionsInit(&options))
		return FALSE;
	options.color_mode = MODE_RGBA;
	options.use_threads = 0;
	decoder = WebPAnimDecoderNew(webp, &options);
	if (decoder == NULL)
		return FALSE;
	ok = WebPAnimDecoderGetNext(decoder, &frame, &time) != 0;
	if (ok)
		memcpy(image->pixels, frame,
		    (gsize)image->width * image->height * 4);
	WebPAnimDecoderDelete(decoder);
	return ok;
}

static gboolean
canvas_is(const WebPData *webp, const struct image *image)
{
	WebPDemuxer *demuxer = WebPDemux(webp);
	gboolean ok = demuxer != NULL &&
	    WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH) == image->width &&
	    WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT) == image->height;

	WebPDemuxDelete(demuxer);
	return ok;
}

gboolean
webp_decode(const guint8 *data, gsize len, const struct image_limits *limits,
    struct image *image, GError **err)
{
	const WebPData webp = {data, len};
	WebPBitstreamFeatures features;

	if (WebPGetFeatures(data, len, &features) != VP8_STATUS_OK ||
	    features.width <= 0 || features.height <= 0)
		return error_fail(err, ERROR_PERM, "WebP is damaged");
	image->width = (guint32)features.width;
	image->height = (guint32)features.height;
	image->channels = 4;
	if (!image_alloc(image, limits, err))
		return FALSE;
	/* The copy below trusts the demuxer to see the same size. */
	if (!canvas_is(&webp, image) || !frame_read(&webp, image))
		return error_fail(err, ERROR_PERM, "WebP is damaged");
	return TRUE;
}
