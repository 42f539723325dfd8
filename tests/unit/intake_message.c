/* The reader of a message: stuffed and not, the same mail gives the same
 * octets and the same faults, however it is cut. */
#include "intake.h"

#include "intake/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

static const struct message_limits limits = {
    .size_max = 64,
    .header_max = 20,
    .line_max = 16,
};

struct text {
	const char *in; /* not stuffed */
	gsize len;
	guint faults;
	const char *out; /* NULL: the same */
};

#define TEXT(in, faults, out)                                                  \
	{                                                                      \
		(in), sizeof(in) - 1, (faults), (out)                          \
	}
#define LINE "0123456789abcde\r\n"

static const struct text texts[] = {
    TEXT("", 0, NULL),
    TEXT("a: b\r\n\r\ntext\r\n", 0, NULL),
    TEXT("a: b\r\n\r\ntext", 0, "a: b\r\n\r\ntext\r\n"),
    TEXT("a: b\r\n\r\n.\r\nmore\r\n", 0, NULL),
    TEXT("a: b\r\n\r\n..\r\n...\r\n.", 0, "a: b\r\n\r\n..\r\n...\r\n.\r\n"),
    TEXT(".a: b\r\n\r\n\r\n.\r\n", 0, NULL),
    TEXT("a: b\r\n\r\nx\0y\200\r\n", 0, NULL),
    TEXT("a: b\r\n\r\nx\ny\r\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\ry\r\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\r", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\r\r\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\r\n.\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\nx\r\n.\r", MESSAGE_BARE, NULL),
    TEXT("a: b\n\nx\r\n", MESSAGE_BARE, NULL),
    TEXT("a: b\r\n\r\n0123456789abcdefg\r\n", MESSAGE_LINE, NULL),
    TEXT("a: b\r\n\r\n.123456789abcdef\r\n", 0, NULL),
    TEXT("a: b\r\n\r\n.123456789abcdefg\r\n", MESSAGE_LINE, NULL),
    TEXT("a: b\r\n\r\n0123456789abcdefg\n", MESSAGE_LINE | MESSAGE_BARE, NULL),
    TEXT("a: b\r\nc: d\r\nc: d\r\nc: d\r\n\r\nx", MESSAGE_HEADER, NULL),
    TEXT("a: b\r\nc: d\r\nc: d\r\n", 0, NULL),
    TEXT("a: b\r\nc: d\r\nc: d\r\nc: d\r\n", MESSAGE_HEADER, NULL),
    TEXT("a: b\r\n\r\n" LINE LINE LINE "abc\r\n", 0, NULL),
    TEXT("a: b\r\n\r\n" LINE LINE LINE "abc", 0,
	"a: b\r\n\r\n" LINE LINE LINE "abc\r\n"),
    TEXT("a: b\r\n\r\n" LINE LINE LINE "abcd", MESSAGE_SIZE, NULL),
    TEXT("a: b\r\n\r\n" LINE LINE LINE LINE LINE "\r",
	MESSAGE_SIZE | MESSAGE_BARE, NULL),
};

static void
feed(struct message_reader *reader, const char *in, gsize len, gsize piece)
{
	for (gsize at = 0; at < len;) {
		gsize n = MIN(piece, len - at);

		assert_int_equal(
		    message_reader_feed(reader, (const guint8 *)in + at, n), n);
		at += n;
	}
}

static void
expect(struct message_reader *reader, const struct text *text)
{
	g_autoptr(GBytes) got = message_reader_take(reader);
	const char *out = text->out != NULL ? text->out : text->in;
	gsize len = text->out != NULL ? strlen(text->out) : text->len;

	assert_int_equal(reader->state, MESSAGE_DONE);
	assert_int_equal(reader->faults, text->faults);
	if (text->faults != 0) {
		assert_null(got);
	} else {
		assert_int_equal(g_bytes_get_size(got), len);
		if (len > 0)
			assert_memory_equal(
			    g_bytes_get_data(got, NULL), out, len);
	}
	message_reader_done(reader);
}

static void
test_told_end(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		for (gsize piece = 1; piece <= texts[i].len + 1; piece++) {
			struct message_reader reader = {0};

			message_reader_init(&reader, &limits, FALSE);
			feed(&reader, texts[i].in, texts[i].len, piece);
			message_reader_end(&reader);
			expect(&reader, &texts[i]);
		}
}

static gboolean
has_end(const char *text, gsize len)
{
	return len >= 2 && memcmp(text + len - 2, "\r\n", 2) == 0;
}

/* As a client sends it (RFC 5321 4.5.2), which ends its last line. */
static GString *
stuff(const struct text *text)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < text->len; i++) {
		if (text->in[i] == '.' &&
		    (out->len == 0 || out->str[out->len - 1] == '\n'))
			g_string_append_c(out, '.');
		g_string_append_c(out, text->in[i]);
	}
	if (text->len > 0 && !has_end(out->str, out->len))
		g_string_append(out, "\r\n");
	g_string_append(out, ".\r\n");
	return out;
}

/* A text that ends with a bare CR or LF is another one when its last line has
 * been given an end, and so are dots behind a bare LF. */
static gboolean
is_sent_as_it_is(const struct text *text)
{
	return (text->faults & MESSAGE_BARE) == 0 ||
	       (has_end(text->in, text->len) &&
		   strstr(text->in, "\n.") == NULL);
}

static void
test_stuffed(void **state)
{
	guint compared = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GString) in = stuff(&texts[i]);

		if (!is_sent_as_it_is(&texts[i]))
			continue;
		compared++;
		for (gsize piece = 1; piece <= in->len; piece++) {
			struct message_reader reader = {0};

			message_reader_init(&reader, &limits, TRUE);
			feed(&reader, in->str, in->len, piece);
			expect(&reader, &texts[i]);
		}
	}
	assert_int_equal(compared, 20);
}

int
test_intake_message(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_told_end),
	    cmocka_unit_test(test_stuffed),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
