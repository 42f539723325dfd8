/*
 * The whole way of a mail: from the network to the model, and from there as
 * a player's mail to the agent copy and as an agent's mail to the answer.
 *
 * The first octet chooses what the envelope says (two bits), where the
 * sender's own address is planted before the scrubbing (two bits), what
 * stands around it (three bits), and whether the rules that are shipped help
 * to find it or the mail's own literals must do (one bit). The rest is the
 * mail. Checks what model.h, scrub.h and compose.h promise.
 */
#include <stdint.h>
#include <string.h>

#include "mail/compose.h"
#include "mail/ids.h"
#include "mail/language.h"
#include "mail/parse.h"
#include "mail/scrub.h"
#include "mail/text.h"
#include "reach.h"
#include "rules/rules.h"

#include "base/banned.h"

#define DOMAIN "casino.example"
#define QUEUE "support@" DOMAIN
#define EXTENSION "4000000t-0123456789abc"
#define CAPABILITY "support+" EXTENSION "@" DOMAIN
#define NUMBER "4000-000T"
#define COPY_ID "4000000t.0123456789abc.cba9876543210@" DOMAIN
#define ROOT_ID "4000000t.root@" DOMAIN
#define ROLE "Casino Support"
#define LINE_MAX_OCTETS 998 /* RFC 5322 2.1.1 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rules *shipped;
static struct rules *nothing;
static const struct rules *rules; /* one of the two */

static const char copy_headers[] =
    "From To Reply-To Subject Date Message-ID In-Reply-To References "
    "X-Nymdesk MIME-Version Content-Type ";

static unsigned long reports; /* that were understood */

/* As reach.h does for the whole way, for the parser of reports. */
static void
check_reports(void)
{
	fprintf(stderr, "mail: %lu reports\n", reports);
	if (reach_runs > 1000 && reports == 0) {
		fputs("mail: too few for so many runs; it begins with the "
		      "seeds\n",
		    stderr);
		abort();
	}
}

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	if (shipped != NULL)
		return;
	atexit(check_reports);
	mail_init();
	shipped = rules_load(ND_SRCDIR "/filters", &error);
	g_assert_no_error(error);
	nothing = rules_load(ND_SRCDIR "/tests/fuzz/rules", &error);
	g_assert_no_error(error);
	language_init(ND_SRCDIR "/templates/textcat.conf",
	    ND_TEXTCAT_DATA "/", &error);
	g_assert_no_error(error);
}

static void
check_text(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		g_assert_false(c != '\n' && c != '\t' &&
		    g_unichar_iscntrl(c));
	}
}

/* TEXT_PART stands alone in its line, between two texts. */
static void
check_parts(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, TEXT_PART "\n", -1);

	for (gsize i = 0; parts[i] != NULL; i++) {
		check_text(parts[i]);
		g_assert_true(parts[1] == NULL ||
		    g_str_has_suffix(parts[i], "\n"));
	}
}

static void
check_line(const char *text)
{
	check_text(text);
	g_assert_true(strpbrk(text, "\n\t") == NULL);
}

static gboolean
is_status(const char *text)
{
	guint number[3] = {0};
	guint dots = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '.' ? ++dots > 2 || p[1] == '\0'
			      : !g_ascii_isdigit(*p))
			return FALSE;
		if (*p != '.')
			number[dots] = number[dots] * 10 + (guint)(*p - '0');
	}
	return dots == 2 && strchr("245", text[0]) != NULL &&
	    text[1] == '.' && number[1] < 1000 && number[2] < 1000;
}

/* What other roles are told of a report and of the thread. */
static void
check_report(const struct mail *mail)
{
	gsize len = 0;

	g_free(g_base64_decode(mail->thread, &len));
	g_assert_true(len == 0 || len == MAIL_THREAD_LEN);
	g_assert_true(mail->action == MAIL_ACTION_NONE ||
	    mail->machine == MAIL_DSN);
	g_assert_true(mail->status[0] == '\0' ||
	    (mail->action != MAIL_ACTION_NONE && is_status(mail->status)));
	g_assert_cmpuint(mail->references->len, <=,
	    IDS_REFERENCES_MAX + IDS_RETURNED_MAX);
}

static void
check_model(const struct mail *mail)
{
	check_report(mail);
	check_line(mail->thread);
	check_line(mail->from_name);
	check_line(mail->subject);
	check_line(mail->message_id);
	check_parts(mail->text);
	for (guint i = 0; i < mail->other_names->len; i++)
		check_line(mail->other_names->pdata[i]);
	for (guint i = 0; i < mail->references->len; i++)
		check_line(mail->references->pdata[i]);
	for (guint i = 0; i < mail->files->len; i++) {
		const struct mail_file *file = mail->files->pdata[i];

		check_line(file->type);
		if (file->text != NULL)
			check_text(file->text);
	}
}

/* --- what goes out ------------------------------------------------------- */

/* Lines as the network wants them; what follows needs no 8BITMIME unless an
 * address does. */
static void
check_wire(GBytes *mail, gboolean is_ascii)
{
	gsize len;
	const char *text = g_bytes_get_data(mail, &len);
	gsize line = 0;

	g_assert_true(len > 2 && memcmp(text + len - 2, "\r\n", 2) == 0);
	for (gsize i = 0; i < len; i++) {
		g_assert_true(text[i] != '\0');
		if (text[i] == '\r')
			g_assert_true(i + 1 < len && text[i + 1] == '\n');
		else if (text[i] == '\n')
			g_assert_true(i > 0 && text[i - 1] == '\r');
		else
			g_assert_true(!is_ascii || (guchar)text[i] < 0x80);
		line = text[i] == '\n' ? 0 : line + (text[i] != '\r');
		g_assert_true(line <= LINE_MAX_OCTETS);
	}
}

/* The names of the header fields in their order, without Content-Transfer-
 * Encoding, which stands in the first part, too. */
static char *
header_names(GBytes *mail)
{
	const char *p = g_bytes_get_data(mail, NULL);
	GString *names = g_string_new(NULL);

	while (!g_str_has_prefix(p, "\r\n")) {
		gsize name = strcspn(p, ": \r\n");

		if (*p != ' ') {
			g_assert_true(p[name] == ':' && name > 0);
			if (!g_str_has_prefix(p, "Content-Transfer-"))
				g_string_append_printf(names, "%.*s ",
				    (int)name, p);
		}
		p = strstr(p, "\r\n") + 2;
	}
	return g_string_free(names, FALSE);
}

static struct mail *
parse_again(GBytes *out)
{
	const struct mail_parse_options options = {.sender_addr = ""};
	struct mail *again = mail_parse(out, &options);

	check_model(again);
	g_assert_false(again->is_placeholder);
	return again;
}

static gboolean
is_alone(const char *text, const char *at, gsize len)
{
	static const char around[] = " \n\t<>()[]\"";

	return (at == text || strchr(around, at[-1]) != NULL) &&
	    strchr(around, at[len]) != NULL;
}

/* TRUE if text shows the address as it is written, in any case. Literals are
 * whole words: without the rules, the address as a part of another one may
 * stay. */
static gboolean
shows(const char *text, const char *addr)
{
	g_autofree char *small = g_ascii_strdown(text, -1);
	g_autofree char *wanted = g_ascii_strdown(addr, -1);
	gsize len = strlen(wanted);

	for (const char *p = small; (p = strstr(p, wanted)) != NULL; p++)
		if (rules == shipped || is_alone(small, p, len))
			return TRUE;
	return FALSE;
}

/* An address that is a literal for sure: neither its words nor what stands
 * between them go beyond what a search looks at. */
static gboolean
is_usual(const char *addr)
{
	guint marks = 0;

	for (const char *p = addr; *p != '\0'; p++) {
		if (g_ascii_isalnum(*p))
			continue;
		if (strchr("\"[]", *p) != NULL || (guchar)*p >= 0x80 ||
		    p == addr || !g_ascii_isalnum(p[-1]))
			return FALSE;
		marks++;
	}
	return marks < 10 && strlen(addr) < 100;
}

static void
check_hidden(const struct mail *out, const char *addr)
{
	g_assert_false(shows(out->subject, addr));
	g_assert_false(shows(out->text, addr));
	for (guint i = 0; i < out->files->len; i++) {
		const struct mail_file *file = out->files->pdata[i];

		g_assert_false(file->text != NULL && shows(file->text, addr));
	}
}

/* --- the sender's address where it must not stay ------------------------- */

static const char *const before[] = {" ", "\n", "<", "(", "mailto:", "\"",
    "=", "\xc2\xa0"};
static const char *const after[] = {" ", "\n", ">", ")", "?subject=x", "\"",
    "&x=1", "\xc2\xa0"};

static void
text_plant(char **text, const char *word, guint around)
{
	char *old = *text;

	*text = g_strconcat(old, before[around], word, after[around], NULL);
	g_free(old);
}

static void
plant(struct mail *mail, const char *word, guint where, guint around)
{
	if (where == 1)
		text_plant(&mail->text, word, around);
	else if (where == 2 && strchr(before[around], '\n') == NULL &&
	    strchr(after[around], '\n') == NULL)
		text_plant(&mail->subject, word, around);
	else if (where == 3 && mail->files->len > 0 &&
	    ((struct mail_file *)mail->files->pdata[0])->text != NULL)
		text_plant(&((struct mail_file *)mail->files->pdata[0])->text,
		    word, around);
}

/* --- a player's mail ----------------------------------------------------- */

static guint
released(const struct scrubbed *body)
{
	guint n = 0;

	for (guint i = 0; i < body->files->len; i++) {
		const struct scrubbed_file *file = body->files->pdata[i];

		g_assert_null(file->octets);
		n += file->text != NULL;
	}
	return n;
}

static GBytes *
copy_make(const struct mail *mail, const struct scrubbed *body)
{
	const struct compose_copy copy = {
	    .queue_address = QUEUE,
	    .agent_address = CAPABILITY,
	    .pseudonym = "amber-otter-41",
	    .number = NUMBER,
	    .message_id = COPY_ID,
	    .root_id = ROOT_ID,
	    .previous_id = "",
	    .date = 1795321800,
	    .queue = "support",
	    .category = rules_category(rules, body->text),
	    .lang = body->lang,
	    .due = 1795328999,
	    .flags = "",
	    .body = body,
	    .is_placeholder = mail->is_placeholder};

	return compose_agent_copy(&copy);
}

static void
check_player(const struct mail *mail)
{
	g_auto(scrubbed_auto) body = {0};
	g_autoptr(GBytes) copy = NULL;
	g_autoptr(mail_auto) again = NULL;
	g_autofree char *names = NULL;
	g_autofree char *addr = NULL;

	scrub_player_mail(mail, rules, &body);
	check_line(body.subject);
	check_text(body.text);
	check_text(body.tail);
	copy = copy_make(mail, &body);
	g_assert_nonnull(copy);
	check_wire(copy, TRUE);
	names = header_names(copy);
	g_assert_cmpstr(names, ==, copy_headers);
	again = parse_again(copy);
	g_assert_true(g_str_has_prefix(again->subject, "[" NUMBER "] "));
	g_assert_cmpstr(again->message_id, ==, COPY_ID);
	g_assert_true(again->text[0] != '\0');
	g_assert_cmpuint(again->files->len, ==, released(&body));
	g_assert_cmpint(again->machine, !=, MAIL_PERSON);
	if (mail->from_addr == NULL)
		return;
	addr = addr_to_wire(mail->from_addr);
	check_hidden(again, addr);
}

/* --- an agent's mail ----------------------------------------------------- */

static GBytes *
answer_make(const struct mail *mail, const char *text)
{
	g_autofree char *base = scrub_subject_base(mail->subject);
	g_autofree char *subject = g_strdup_printf("[" NUMBER "] %s", base);
	GString *ids = g_string_new(NULL);
	g_autofree char *references = NULL;
	GBytes *out;

	for (guint i = 0; i < mail->references->len; i++)
		g_string_append_printf(ids, "%s ",
		    (char *)mail->references->pdata[i]);
	references = g_string_free(ids, FALSE);
	out = compose_player_mail(&(struct compose_player){
	    .role_name = ROLE,
	    .player_address = CAPABILITY,
	    .rcpt_addr = "max@home.example",
	    .subject = subject,
	    .message_id = COPY_ID,
	    .in_reply_to = mail->message_id,
	    .references = references,
	    .date = 1795321800,
	    .text = text});
	g_assert_nonnull(out);
	return out;
}

static void
check_notice(const struct mail *mail, const char *addr, const char *why)
{
	g_autoptr(GBytes) out = compose_agent_notice(&(struct compose_notice){
	    .role_name = ROLE,
	    .queue_address = QUEUE,
	    .agent_addr = addr,
	    .number = NUMBER,
	    .message_id = COPY_ID,
	    .in_reply_to = mail->message_id,
	    .root_id = ROOT_ID,
	    .date = 1795321800,
	    .why = why,
	    .what_to_do = ""});
	g_autoptr(mail_auto) again = NULL;

	g_assert_nonnull(out);
	check_wire(out, g_str_is_ascii(addr));
	again = parse_again(out);
}

static gboolean
check_agent(const struct mail *mail)
{
	char *own_addrs[] = {(char *)"lena@agents.example", (char *)QUEUE,
	    NULL};
	const struct scrub_agent self = {.role_name = ROLE,
	    .own_addrs = own_addrs,
	    .queue_domain = DOMAIN,
	    .mac = strrchr(EXTENSION, '-') + 1};
	g_autoptr(GError) error = NULL;
	g_autofree char *words = scrub_agent_words(mail, &self, &error);
	g_autofree char *text = words == NULL
	    ? NULL
	    : scrub_agent_text(words, mail, rules, &self, &error);
	g_autofree char *addr = mail->from_addr == NULL
	    ? NULL
	    : addr_to_wire(mail->from_addr);
	g_autoptr(GBytes) answer = NULL;
	g_autoptr(mail_auto) again = NULL;

	if (text == NULL) {
		if (addr != NULL)
			check_notice(mail, addr, error->message);
		return FALSE;
	}
	g_assert_no_error(error);
	check_text(text);
	g_assert_false(shows(text, CAPABILITY));
	g_assert_false(shows(text, self.mac));
	g_assert_false(addr != NULL && shows(text, addr));
	answer = answer_make(mail, text);
	check_wire(answer, TRUE);
	again = parse_again(answer);
	g_assert_true(again->text[0] != '\0' && again->files->len == 0);
	return TRUE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const senders[] = {NULL, "", "a@b.example", "<"};
	struct mail_parse_options options = {.authserv_id = "mx.example"};
	g_autoptr(GBytes) raw = NULL;
	g_autoptr(mail_auto) mail = NULL;
	g_autofree char *addr = NULL;
	gboolean is_answered;
	guint around;

	REACH_INIT("mail");
	if (size == 0)
		return 0;
	start();
	options.sender_addr = senders[data[0] & 3];
	around = (data[0] >> 4) & 7;
	rules = shipped;
	raw = g_bytes_new(data + 1, size - 1);
	mail = mail_parse(raw, &options);
	check_model(mail);
	reports += mail->action != MAIL_ACTION_NONE;
	if (mail->from_addr != NULL) {
		addr = addr_to_wire(mail->from_addr);
		if ((data[0] & 0x80) != 0 && is_usual(addr))
			rules = nothing;
		plant(mail, addr, (data[0] >> 2) & 3, around);
	}
	check_player(mail);
	plant(mail, CAPABILITY, 1, around);
	is_answered = check_agent(mail);
	if (is_answered && !mail->is_placeholder)
		REACHED();
	return 0;
}
