/* Decodes any octets as every message; what decodes must encode to the same
 * frame again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "proto/codec.h"
#include "proto/tables.h"
#include "reach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree guint8 *framed = NULL;
	g_autoptr(GBytes) frame = NULL;
	enum proto_type type;
	gpointer message;

	REACH_INIT("proto");
	if (size < 1 || size > PROTO_FRAME_MAX - 8)
		return 0;
	/* The first octet picks a type, so that most inputs get past the
	 * header. */
	framed = g_malloc0(size + 7);
	memcpy(framed, "ND\1", 3);
	framed[3] = (guint8)(1 + data[0] % (PROTO_TYPE_END - 1));
	memcpy(framed + 8, data + 1, size - 1);
	frame = g_bytes_new(framed, size + 7);
	type = proto_frame_type(frame);
	message = g_malloc0(proto_table(type)->size + 1);
	if (proto_decode(frame, type, message, NULL)) {
		g_autoptr(GBytes) again = proto_encode(type, message, NULL);

		REACHED();
		if (proto_table(type)->size > 0)
			g_assert_true(g_bytes_equal(frame, again));
		proto_clear(type, message);
	}
	g_free(message);
	return 0;
}
