/*
 * Decodes any octets as every message and as a return envelope; what decodes
 * must encode to the same octets again. The first octet picks which.
 *
 * One exception: GLib takes no octets at all for the normal form of a tuple
 * of empty members, though it writes their offsets. It writes more than it
 * read then, and what it wrote must be stable.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "proto/codec.h"
#include "proto/tables.h"
#include "reach.h"

#include "base/banned.h"

#define HEADER_LEN 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean
is_same(GBytes *read, GBytes *written)
{
	return g_bytes_equal(read, written) ||
	    g_bytes_get_size(written) > g_bytes_get_size(read);
}

static void
check_envelope(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) content = g_bytes_new(data, size);
	g_autoptr(GBytes) again = NULL;
	struct proto_envelope envelope = {0};

	if (!proto_envelope_decode(content, &envelope, NULL))
		return;
	REACHED();
	again = proto_envelope_encode(&envelope);
	g_assert_nonnull(again);
	g_assert_true(is_same(content, again));
	proto_envelope_clear(&envelope);
}

/* The frame that says the same, NULL if this one says nothing. */
static GBytes *
frame_again(GBytes *frame, enum proto_type type)
{
	g_autofree guint8 *message = g_malloc0(proto_table(type)->size + 1);
	GBytes *again;

	if (!proto_decode(frame, type, message, NULL))
		return NULL;
	again = proto_encode(type, message, NULL);
	g_assert_nonnull(again);
	proto_clear(type, message);
	return again;
}

/* A message of no members has no body, so its frame is not compared. */
static void
check_message(GBytes *frame, enum proto_type type)
{
	g_autoptr(GBytes) first = frame_again(frame, type);
	g_autoptr(GBytes) second = NULL;

	if (first == NULL)
		return;
	REACHED();
	g_assert_true(proto_table(type)->size == 0 || is_same(frame, first));
	second = frame_again(first, type);
	g_assert_true(second != NULL && g_bytes_equal(first, second));
}

static void
check_error(GBytes *frame)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(proto_decode_error(frame, &error));
	g_assert_nonnull(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree guint8 *framed = NULL;
	g_autoptr(GBytes) frame = NULL;
	guint pick;

	REACH_INIT("proto");
	if (size < 1 || size > PROTO_FRAME_MAX - HEADER_LEN)
		return 0;
	pick = data[0] % PROTO_TYPE_END;
	if (pick == 0) {
		check_envelope(data + 1, size - 1);
		return 0;
	}
	/* With the right header most inputs get past it. */
	framed = g_malloc0(size - 1 + HEADER_LEN);
	memcpy(framed, "ND\1", 3);
	framed[3] = (guint8)pick;
	memcpy(framed + HEADER_LEN, data + 1, size - 1);
	frame = g_bytes_new(framed, size - 1 + HEADER_LEN);
	g_assert_cmpuint(proto_frame_type(frame), ==, pick);
	check_message(frame, (enum proto_type)pick);
	check_error(frame);
	return 0;
}
