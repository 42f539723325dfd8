/* The session machine with arbitrary input, cut at random. The first octet
 * chooses the protocol, how far a decent client got before, and whether the
 * caller runs out of memory; the second seeds the cuts. The same input, as text
 * that is not stuffed, for the reader of messages. */
#include "reach.h"

#include "intake/message.h"
#include "intake/session.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAIL "MAIL FROM:<p@x.test> SMTPUTF8\r\n"
#define RCPT MAIL "RCPT TO:<a@desk.example>\r\nRCPT TO:<b@desk.example>\r\n"
#define DATA RCPT "DATA\r\n"
static const char *const hellos[] = {
    [SESSION_LMTP] = "LHLO x\r\n",
    [SESSION_SMTP] = "EHLO x\r\n",
};
static const char *const preludes[] = {NULL, "", MAIL, DATA};

#define LIMITS(spoken)                                                         \
	{                                                                      \
		.size_max = 4096, .rcpt_max = 5, .line_max = 256,              \
		.text_line_max = 512, .header_max = 1024, .errors_max = 10,    \
		.hostname = "mx.example", .protocol = (spoken),                \
	}
static const struct session_limits limits[] = {
    [SESSION_LMTP] = LIMITS(SESSION_LMTP),
    [SESSION_SMTP] = LIMITS(SESSION_SMTP),
};

static enum place
check(const char *local, const char *domain, gpointer user_data)
{
	(void)user_data;
	g_assert(g_utf8_validate(local, -1, NULL));
	g_assert(g_utf8_validate(domain, -1, NULL));
	if (domain[0] == 'x')
		return PLACE_OTHERS;
	return local[0] == 'x' ? PLACE_UNKNOWN : PLACE_OURS;
}

static void
judge(struct session *session, enum session_protocol protocol)
{
	static const struct smtp_reply denied = {550, "5.7.1", "No"};
	const struct session_envelope *envelope = session_envelope(session);
	g_autoptr(GBytes) message = session_message(session);

	REACHED();
	g_assert(g_bytes_get_size(message) <= limits[protocol].size_max);
	g_assert((envelope->way == PROTO_WAY_SMTP) ==
		 (protocol == SESSION_SMTP));
	g_assert(envelope->rcpts->len > 0);
	g_assert(envelope->rcpts->len <= limits[protocol].rcpt_max);
	g_assert(envelope->sender_addr != NULL);
	g_assert(strpbrk(envelope->sender_addr, "<>\r\n") == NULL);
	for (guint i = 0; i < envelope->rcpts->len; i += 2)
		if (i == 0 || protocol == SESSION_LMTP)
			session_verdict(session, i, &denied);
	session_resume(session);
}

/* What the replies say must be what RFC 2033 4.2 asks for: after a 354 one
 * final reply for each recipient accepted since the transaction began; by SMTP
 * a single one. */
static void
check_replies(struct session *session, const GString *out,
    enum session_protocol protocol)
{
	static const char *const final[] = {"550 5.7.1 ", "451 4.3.0 ",
	    "550 5.6.0 ", "552 5.3.4 ", "554 5.6.0 ", "452 4.3.1 "};
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
			due = protocol == SESSION_LMTP ? accepted : 1;
			accepted = 0;
		}
	}
	g_assert(due == 0 || session_is_in_data(session));
}

static GString *
play(const GString *in, enum session_protocol protocol, gboolean is_poor,
    GRand *rand)
{
	g_autoptr(session_auto) session =
	    session_new(&limits[protocol], check, NULL);
	GString *out = g_string_new(NULL);
	gsize at = 0;

	while (at < in->len && session_want(session) != SESSION_CLOSE) {
		gsize len = in->len - at;

		if (rand != NULL)
			len = (gsize)g_rand_int_range(
			    rand, 1, (gint32)MIN(len, 40) + 1);
		at += session_feed(session, (const guint8 *)in->str + at, len);
		g_assert(at <= in->len);
		if (is_poor && session_is_in_data(session)) {
			session_drop_text(session);
			g_assert(session_text_len(session) == 0);
		}
		if (session_want(session) == SESSION_MESSAGE)
			judge(session, protocol);
		g_string_append_len(out, session_output(session)->str,
		    (gssize)session_output(session)->len);
		g_string_truncate(session_output(session), 0);
	}
	check_replies(session, out, protocol);
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
	enum session_protocol protocol;
	const char *prelude;

	REACH_INIT("session");
	if (size < 2)
		return 0;
	protocol = (data[0] & 4) != 0 ? SESSION_SMTP : SESSION_LMTP;
	prelude = preludes[data[0] % G_N_ELEMENTS(preludes)];
	in = g_string_new(prelude != NULL ? hellos[protocol] : "");
	g_string_append(in, prelude != NULL ? prelude : "");
	g_string_append_len(in, (const char *)data + 2, (gssize)size - 2);
	rand = g_rand_new_with_seed(data[1]);
	whole = play(in, protocol, FALSE, NULL);
	cut = play(in, protocol, FALSE, rand);
	g_assert(g_string_equal(whole, cut));
	/* Which messages are dropped depends on where the input was cut. */
	if ((data[0] & 8) != 0)
		g_string_free(play(in, protocol, TRUE, rand), TRUE);
	check_text(in, rand);
	return 0;
}
