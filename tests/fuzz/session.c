/* The session machine with arbitrary input, cut at random. The first octet
 * chooses how far a decent client got before, the second seeds the cuts. The
 * same input, as text that is not stuffed, for the reader of messages. */
#include "reach.h"

#include "intake/message.h"
#include "intake/session.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LHLO "LHLO x\r\n"
#define MAIL LHLO "MAIL FROM:<p@x.test> SMTPUTF8\r\n"
#define RCPT MAIL "RCPT TO:<a@desk.example>\r\nRCPT TO:<b@desk.example>\r\n"
#define DATA RCPT "DATA\r\n"
static const char *const preludes[] = {"", LHLO, MAIL, DATA};

static const struct session_limits limits = {
    .size_max = 4096,
    .rcpt_max = 5,
    .line_max = 256,
    .text_line_max = 512,
    .header_max = 1024,
    .errors_max = 10,
    .hostname = "mx.example",
    .protocol = SESSION_LMTP,
};

static gboolean
check(const char *local, const char *domain, gpointer user_data)
{
	(void)user_data;
	g_assert(g_utf8_validate(local, -1, NULL));
	g_assert(g_utf8_validate(domain, -1, NULL));
	return domain[0] != 'x';
}

static void
judge(struct session *session)
{
	static const struct smtp_reply denied = {550, "5.7.1", "No"};
	const struct session_envelope *envelope = session_envelope(session);
	g_autoptr(GBytes) message = session_message(session);

	REACHED();
	g_assert(g_bytes_get_size(message) <= limits.size_max);
	g_assert(envelope->rcpts->len > 0);
	g_assert(envelope->rcpts->len <= limits.rcpt_max);
	g_assert(envelope->sender_addr != NULL);
	g_assert(strpbrk(envelope->sender_addr, "<>\r\n") == NULL);
	for (guint i = 0; i < envelope->rcpts->len; i += 2)
		session_verdict(session, i, &denied);
	session_resume(session);
}

/* What the replies say must be what RFC 2033 4.2 asks for: after a 354 one
 * final reply for each recipient accepted since the transaction began. */
static void
check_replies(struct session *session, const GString *out)
{
	static const char *const final[] = {"550 5.7.1 ", "451 4.3.0 ",
	    "550 5.6.0 ", "552 5.3.4 ", "554 5.6.0 "};
	guint accepted = 0;
	guint due = 0;
	const char *line = out->str;

	g_assert(strlen(out->str) == out->len);
	for (const char *end; *line != '\0'; line = end + 2) {
		gboolean is_final = FALSE;

		end = strstr(line, "\r\n");
		g_assert(end != NULL);
		g_assert(line[0] >= '2' && line[0] <= '5');
		g_assert(g_ascii_isdigit(line[1]) && g_ascii_isdigit(line[2]));
		g_assert(line[3] == ' ' || line[3] == '-');
		for (gsize i = 0; i < G_N_ELEMENTS(final); i++)
			if (g_str_has_prefix(line, final[i]))
				is_final = TRUE;
		if (due > 0) {
			g_assert(is_final || g_str_has_prefix(line, "421 "));
			due--;
		} else if (g_str_has_prefix(line, "250 2.1.5 ")) {
			accepted++;
		} else if (g_str_has_prefix(line, "250 2.1.0 ")) {
			accepted = 0;
		} else if (g_str_has_prefix(line, "354 ")) {
			g_assert(accepted > 0);
			due = accepted;
			accepted = 0;
		}
	}
	g_assert(due == 0 || session_is_in_data(session));
}

static GString *
play(const GString *in, GRand *rand)
{
	g_autoptr(session_auto) session = session_new(&limits, check, NULL);
	GString *out = g_string_new(NULL);
	gsize at = 0;

	while (at < in->len && session_want(session) != SESSION_CLOSE) {
		gsize len = in->len - at;

		if (rand != NULL)
			len = (gsize)g_rand_int_range(
			    rand, 1, (gint32)MIN(len, 40) + 1);
		at += session_feed(session, (const guint8 *)in->str + at, len);
		g_assert(at <= in->len);
		if (session_want(session) == SESSION_MESSAGE)
			judge(session);
		g_string_append_len(out, session_output(session)->str,
		    (gssize)session_output(session)->len);
		g_string_truncate(session_output(session), 0);
	}
	check_replies(session, out);
	return out;
}

/* Returns what it read, NULL if that has a fault. */
static GBytes *
read_text(const GString *in, GRand *rand, guint *faults)
{
	static const struct message_limits most = {
	    .size_max = 4096,
	    .header_max = 1024,
	    .line_max = 512,
	};
	struct message_reader reader = {0};
	GBytes *got;

	message_reader_init(&reader, &most, FALSE);
	for (gsize at = 0; at < in->len;) {
		gsize len = in->len - at;

		if (rand != NULL)
			len = (gsize)g_rand_int_range(
			    rand, 1, (gint32)MIN(len, 40) + 1);
		at += message_reader_feed(
		    &reader, (const guint8 *)in->str + at, len);
		g_assert(at <= in->len);
	}
	message_reader_end(&reader);
	got = message_reader_take(&reader);
	*faults = reader.faults;
	g_assert((got == NULL) == (reader.faults != 0));
	message_reader_done(&reader);
	return got;
}

/* What is kept of a text is the text, and the end of its last line. */
static void
check_text(const GString *in, GRand *rand)
{
	guint faults;
	guint cut_faults;
	g_autoptr(GBytes) whole = read_text(in, NULL, &faults);
	g_autoptr(GBytes) cut = read_text(in, rand, &cut_faults);
	gsize len;
	const char *data;

	g_assert(faults == cut_faults);
	if (whole == NULL)
		return;
	g_assert(g_bytes_equal(whole, cut));
	data = g_bytes_get_data(whole, &len);
	g_assert(len == in->len || len == in->len + 2);
	g_assert(in->len == 0 || memcmp(data, in->str, in->len) == 0);
	g_assert(len == in->len || memcmp(data + in->len, "\r\n", 2) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) in = NULL;
	g_autoptr(GString) whole = NULL;
	g_autoptr(GString) cut = NULL;
	g_autoptr(GRand) rand = NULL;

	REACH_INIT("session");
	if (size < 2)
		return 0;
	in = g_string_new(preludes[data[0] % G_N_ELEMENTS(preludes)]);
	g_string_append_len(in, (const char *)data + 2, (gssize)size - 2);
	rand = g_rand_new_with_seed(data[1]);
	whole = play(in, NULL);
	cut = play(in, rand);
	g_assert(g_string_equal(whole, cut));
	check_text(in, rand);
	return 0;
}
