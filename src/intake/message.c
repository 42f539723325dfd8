#include "intake/message.h"

#include <string.h>

#include "base/banned.h"

#define BYTES_FIRST 8192

/* A line end is looked for in windows, so that a flood of CRs costs at most
 * one window of searching each. */
#define SCAN_WINDOW 256

void
message_reader_init(struct message_reader *reader,
    const struct message_limits *limits, gboolean is_stuffed)
{
	message_reader_done(reader);
	*reader = (struct message_reader){
	    .limits = *limits,
	    .bytes = g_byte_array_sized_new(BYTES_FIRST),
	    .is_stuffed = is_stuffed,
	    .in_header = TRUE,
	};
}

void
message_reader_done(struct message_reader *reader)
{
	g_clear_pointer(&reader->bytes, g_byte_array_unref);
}

void
message_reader_fault(struct message_reader *reader, enum message_fault fault)
{
	reader->faults |= (guint)fault;
	g_clear_pointer(&reader->bytes, g_byte_array_unref);
}

/* Counts also after a fault: the set of faults must not depend on where the
 * input was cut. */
static void
reader_store(struct message_reader *reader, const guint8 *data, gsize len)
{
	reader->size += len;
	if (reader->size > reader->limits.size_max)
		message_reader_fault(reader, MESSAGE_SIZE);
	if (reader->in_header && reader->size > reader->limits.header_max)
		message_reader_fault(reader, MESSAGE_HEADER);
	if (reader->bytes != NULL)
		g_byte_array_append(reader->bytes, data, (guint)len);
}

static void
reader_end_line(struct message_reader *reader)
{
	if (reader->line_len == 0)
		reader->in_header = FALSE;
	reader->line_len = 0;
	reader_store(reader, (const guint8 *)"\r\n", 2);
	reader->state = MESSAGE_LINE_START;
}

/* Takes the text of a line up to its CR, to a bare LF or to the end. */
static gsize
reader_scan_text(struct message_reader *reader, const guint8 *data, gsize len)
{
	gsize window = MIN(len, SCAN_WINDOW);
	const guint8 *lf = memchr(data, '\n', window);
	const guint8 *cr;
	gsize text = lf != NULL ? (gsize)(lf - data) : window;

	cr = memchr(data, '\r', text);
	if (cr != NULL)
		text = (gsize)(cr - data);
	reader->line_len += text;
	if (reader->line_len > reader->limits.line_max)
		message_reader_fault(reader, MESSAGE_LINE);
	reader_store(reader, data, text);
	if (cr != NULL) {
		reader->state = MESSAGE_CR;
		return text + 1;
	}
	if (lf != NULL) {
		message_reader_fault(reader, MESSAGE_BARE);
		return text + 1;
	}
	return text;
}

/* Every state but MESSAGE_TEXT looks at one octet. Returns 1 if that octet
 * is dealt with, 0 if it is to be seen again as text. */
static gsize
reader_octet(struct message_reader *reader, guint8 octet)
{
	switch (reader->state) {
	case MESSAGE_LINE_START:
		if (octet == '\r') {
			reader->state = MESSAGE_CR;
			return 1;
		}
		if (octet == '.' && reader->is_stuffed) {
			reader->state = MESSAGE_DOT;
			return 1;
		}
		break;
	case MESSAGE_CR:
		if (octet == '\n') {
			reader_end_line(reader);
			return 1;
		}
		message_reader_fault(reader, MESSAGE_BARE);
		break;
	case MESSAGE_DOT: /* RFC 5321 4.5.2: more text, so the dot goes */
		if (octet == '\r') {
			reader->state = MESSAGE_DOT_CR;
			return 1;
		}
		break;
	case MESSAGE_DOT_CR:
		if (octet == '\n') {
			reader->state = MESSAGE_DONE;
			return 1;
		}
		message_reader_fault(reader, MESSAGE_BARE);
		break;
	case MESSAGE_TEXT:
	case MESSAGE_DONE:
		g_assert_not_reached();
	}
	reader->state = MESSAGE_TEXT;
	return 0;
}

gsize
message_reader_feed(
    struct message_reader *reader, const guint8 *data, gsize len)
{
	gsize used = 0;

	while (used < len && reader->state != MESSAGE_DONE) {
		if (reader->state == MESSAGE_TEXT)
			used +=
			    reader_scan_text(reader, data + used, len - used);
		else
			used += reader_octet(reader, data[used]);
	}
	return used;
}

void
message_reader_end(struct message_reader *reader)
{
	g_assert(!reader->is_stuffed && reader->state != MESSAGE_DONE);
	if (reader->state == MESSAGE_CR)
		message_reader_fault(reader, MESSAGE_BARE);
	else if (reader->state == MESSAGE_TEXT)
		reader_end_line(reader);
	reader->state = MESSAGE_DONE;
}

gsize
message_reader_kept(const struct message_reader *reader)
{
	return reader->bytes != NULL ? reader->bytes->len : 0;
}

GBytes *
message_reader_take(struct message_reader *reader)
{
	if (reader->bytes == NULL)
		return NULL;
	return g_byte_array_free_to_bytes(g_steal_pointer(&reader->bytes));
}
