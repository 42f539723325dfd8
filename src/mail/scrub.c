#include "mail/scrub.h"

#include <string.h>

#include "mail/kind.h"
#include "mail/language.h"
#include "mail/own.h"
#include "mail/quote.h"
#include "mail/text.h"
#include "mail/writer.h"
#include "ticket/number.h"

#include "base/banned.h"

#define PREFIX_MAX 24	   /* octets of "Weitergeleitet[3]" and the like */
#define BASE64_LINE_MIN 60
#define BASE64_LINE_MAX 78
#define NUMBER_TEXT_MAX 40 /* octets of a number in its loosest writing */

/* Folded words before a colon; a counter may follow: "Re[2]:". */
static const char *const prefixes[] = {"re", "aw", "wg", "fwd", "fw", "tr",
    "απ", "πρθ", "σχετ", "sv", "vs", "vl", "vb", "antw", "antwort", "odp", "pd",
    "ynt", "ilt", "i̇lt", "rv", "rif", "r", "i", "enc", "res", "отв", "ответ",
    "пересл", "на", "ha", "回复", "回覆", "答复", "转发", "轉寄", "doorst",
    "trs", NULL};

/* Whatever type was claimed: these shapes name people. */
static const char *const withheld_marks[] = {
    "BEGIN:VCARD", "BEGIN:VCALENDAR", "-----BEGIN ", NULL};

/* The length of one prefix with its colon at the start of text, or 0. */
static gsize
prefix_length(const char *text)
{
	gsize len = strcspn(text, ":[(^ ");
	g_autofree char *folded = NULL;
	const char *wide = strstr(text, "：");
	const char *p;

	if (wide != NULL && (gsize)(wide - text) < len)
		len = (gsize)(wide - text);
	if (len == 0 || len > PREFIX_MAX)
		return 0;
	folded = g_utf8_casefold(text, (gssize)len);
	if (!g_strv_contains(prefixes, folded))
		return 0;
	p = text + len;
	p += strspn(p, " ");
	if (strchr("[(^", *p) != NULL && *p != '\0') {
		gsize digits = strspn(p + 1, "0123456789");

		if (digits == 0 || digits > 3)
			return 0;
		p += 1 + digits;
		p += strspn(p, "])");
	}
	p += strspn(p, " ");
	if (*p == ':')
		return (gsize)(p + 1 - text);
	return g_str_has_prefix(p, "：") ? (gsize)(p + 3 - text) : 0;
}

/* The subject without our own "[K7F3-9Q2Y]"; other brackets stay. */
static char *
without_number(const char *subject)
{
	GString *out = g_string_new(NULL);

	while (*subject != '\0') {
		gsize len = subject[0] == '[' ? strcspn(subject + 1, "[]") : 0;
		struct number number;

		if (len >= NUMBER_LEN && len <= NUMBER_TEXT_MAX &&
		    subject[1 + len] == ']' &&
		    number_parse(subject + 1, len, &number)) {
			g_string_append_c(out, ' ');
			subject += len + 2;
		} else {
			g_string_append_c(out, *subject++);
		}
	}
	return g_string_free(out, FALSE);
}

char *
scrub_subject_base(const char *subject)
{
	g_autofree char *bare = without_number(subject);
	g_autofree char *clean = writer_clean(bare, SCRUB_SUBJECT_MAX);
	const char *p = clean;
	gsize len;

	while ((len = prefix_length(p)) > 0) {
		p += len;
		p += strspn(p, " ");
	}
	return g_strdup(p);
}

static gboolean
line_starts(const char *line, gsize len, const char *start)
{
	gsize n = strlen(start);

	return len >= n && memcmp(line, start, n) == 0;
}

/* "begin 644 name" and a line of uuencode after it: it carries a file name.
 * People also begin lines with "begin 100 ...". */
static gboolean
line_is_uu_begin(const char *line, gsize len)
{
	const char *next = line + len + (line[len] == '\n');
	gsize digits;

	if (len < 11 || !line_starts(line, len, "begin "))
		return FALSE;
	digits = strspn(line + 6, "01234567");
	if (digits < 3 || line[6 + digits] != ' ' || *next <= ' ')
		return FALSE;
	return strcspn(next, "\n") ==
	       1 + 4 * ((((gsize)(*next - ' ') & 63) + 2) / 3);
}

/* A line of base64 as mailers break it. Hashes and addresses, of which there
 * may be a list, are of other lengths or of one case. */
static gboolean
line_is_base64(const char *line, gsize len)
{
	gboolean has_upper = FALSE;
	gboolean has_lower = FALSE;

	if (len < BASE64_LINE_MIN || len > BASE64_LINE_MAX || len % 4 != 0)
		return FALSE;
	for (gsize i = 0; i < len; i++) {
		if (!g_ascii_isalnum(line[i]) &&
		    strchr("+/=", line[i]) == NULL)
			return FALSE;
		has_upper |= g_ascii_isupper(line[i]);
		has_lower |= g_ascii_islower(line[i]);
	}
	return has_upper && has_lower;
}

/* Two such lines of one length: what was not decoded is an attachment. */
static gboolean
base64_begins(const char *line, gsize len)
{
	const char *next = line + len + (line[len] == '\n');

	next += strspn(next, "> ");
	return line_is_base64(line, len) &&
	    line_is_base64(next, strcspn(next, "\n")) &&
	    strcspn(next, "\n") == len;
}

static gboolean
is_base64_rest(const char *line, gsize len)
{
	gsize n = 0;

	while (n < len && (g_ascii_isalnum(line[n]) ||
			      strchr("+/=", line[n]) != NULL))
		n++;
	return len > 0 && n == len && len <= BASE64_LINE_MAX && len % 4 == 0;
}

/* Headers of a MIME part that became text, because its boundary is broken. */
static gboolean
line_is_part_header(const char *line, gsize len)
{
	static const char *const names[] = {"Content-Type:",
	    "Content-Transfer-Encoding:", "Content-Disposition:",
	    "Content-ID:", "Content-Description:", "Content-Location:",
	    "MIME-Version:", NULL};

	for (const char *const *n = names; *n != NULL; n++)
		if (len >= strlen(*n) &&
		    g_ascii_strncasecmp(line, *n, strlen(*n)) == 0)
			return TRUE;
	return FALSE;
}

/* What follows is markup or octets, not words. */
static gboolean
line_is_foreign_type(const char *line, gsize len)
{
	static const char name[] = "Content-Type:";
	static const char plain[] = "text/plain";
	gsize at = sizeof(name) - 1;

	if (len < at || g_ascii_strncasecmp(line, name, at) != 0)
		return FALSE;
	while (at < len && line[at] == ' ')
		at++;
	return g_ascii_strncasecmp(line + at, plain, sizeof(plain) - 1) != 0;
}

/* "--b0" and part headers in the next line. */
static gboolean
line_is_boundary(const char *line, gsize len)
{
	const char *next = line + len + (line[len] == '\n');

	return len > 2 && line_starts(line, len, "--") && line[2] != ' ' &&
	    line_is_part_header(next, strcspn(next, "\n"));
}

enum armor {
	ARMOR_NONE,
	ARMOR_BLOCK,   /* until "-----END" */
	ARMOR_HEADERS, /* of a signed text, until an empty line */
	ARMOR_UU,      /* until "end" */
	ARMOR_YENC,    /* until "=yend" */
	ARMOR_BASE64,  /* as long as lines are base64 */
	ARMOR_PART,    /* headers of a MIME part, until an empty line */
	ARMOR_FOREIGN, /* a part that is no plain text, until the text's end */
};

/* TRUE if the line is no longer of it. */
static gboolean
armor_is_over(enum armor armor, const char *line, gsize len)
{
	if (armor == ARMOR_BASE64)
		return !is_base64_rest(line, len);
	return armor == ARMOR_FOREIGN && line_starts(line, len, TEXT_PART);
}

static enum armor
armor_begins(const char *line, gsize len)
{
	if (line_starts(line, len, "-----BEGIN PGP SIGNED MESSAGE"))
		return ARMOR_HEADERS;
	if (line_starts(line, len, "-----BEGIN "))
		return ARMOR_BLOCK;
	if (line_starts(line, len, "=ybegin "))
		return ARMOR_YENC;
	if (line_is_boundary(line, len) || line_is_part_header(line, len))
		return ARMOR_PART;
	if (base64_begins(line, len))
		return ARMOR_BASE64;
	return line_is_uu_begin(line, len) ? ARMOR_UU : ARMOR_NONE;
}

/* Nobody misses a signature or a key. */
static gboolean
is_seal(const char *line, gsize len)
{
	return line_starts(line, len, "-----BEGIN PGP SIGNATURE") ||
	       line_starts(line, len, "-----BEGIN PGP PUBLIC KEY");
}

static gboolean
armor_ends(enum armor armor, const char *line, gsize len)
{
	if (armor == ARMOR_BLOCK)
		return line_starts(line, len, "-----END ");
	if (armor == ARMOR_HEADERS || armor == ARMOR_PART)
		return len == 0;
	if (armor == ARMOR_YENC)
		return line_starts(line, len, "=yend");
	if (armor == ARMOR_BASE64 || armor == ARMOR_FOREIGN)
		return FALSE;
	return len == 3 && line_starts(line, len, "end");
}

/* A block that never ends takes the rest: better a hole than a key. */
char *
scrub_armor(const char *text)
{
	GString *out = g_string_sized_new(strlen(text));
	enum armor armor = ARMOR_NONE;

	while (*text != '\0') {
		gsize len = strcspn(text, "\n");
		gsize whole = len + (text[len] == '\n');
		const char *line = text;
		gsize marks = MIN(strspn(line, "> "), len);

		text += whole;
		line += marks;
		len -= marks;
		if (armor_is_over(armor, line, len))
			armor = ARMOR_NONE;
		if (armor != ARMOR_NONE) {
			if (armor == ARMOR_PART &&
			    line_is_foreign_type(line, len))
				armor = ARMOR_FOREIGN;
			else if (armor_ends(armor, line, len))
				armor = ARMOR_NONE;
			continue;
		}
		armor = armor_begins(line, len);
		if (armor == ARMOR_PART && line_is_foreign_type(line, len))
			armor = ARMOR_FOREIGN;
		if (armor == ARMOR_NONE)
			g_string_append_len(out, text - whole, (gssize)whole);
		else if (armor != ARMOR_HEADERS && !is_seal(line, len))
			g_string_append(out, "[encoded block removed]\n");
	}
	return g_string_free(out, FALSE);
}

/* TRUE if a text names nobody by its shape. */
static gboolean
text_is_released(const char *text)
{
	for (const char *const *m = withheld_marks; *m != NULL; m++)
		if (strstr(text, *m) != NULL)
			return FALSE;
	return TRUE;
}

static void
scrubbed_file_free(gpointer data)
{
	struct scrubbed_file *file = data;

	g_free(file->type);
	g_free(file->text);
	g_bytes_unref(file->octets);
	g_free(file);
}

/* A saved mail, or one whose headers are broken: without what names people by
 * its place. Most texts have no such lines. Takes text. */
static char *
without_credits(char *text)
{
	g_auto(quote_split_auto) split = {0};
	g_autofree char *whole = text;

	quote_split(text, &split);
	if (split.signature[0] == '\0' && split.credits[0] == '\0')
		return g_steal_pointer(&whole);
	if (split.has_fresh)
		return g_strconcat(split.fresh, "\n",
		    split.quoted[0] != '\0' ? "\n" : "", split.quoted,
		    split.quoted[0] != '\0' ? "\n" : "", NULL);
	return g_strconcat(split.quoted, "\n", NULL);
}

static void
scrub_text_file(const struct mail_file *file, const struct rules *rules,
    const struct rules_literals *own, struct scrubbed_file *out,
    struct rules_tally *tally)
{
	g_autofree char *bare = NULL;

	if (strlen(file->text) > SCRUB_FILE_MAX) {
		out->fate = SCRUBBED_TOO_LARGE;
		return;
	}
	bare = without_credits(scrub_armor(file->text));
	if (!text_is_released(bare))
		return;
	out->text = rules_redact_noted(rules, own, bare, tally);
	/* The length of what was masked is nobody's business. */
	out->size = strlen(out->text);
	out->fate = SCRUBBED_REDACTED;
}

static struct scrubbed_file *
scrub_file(const struct mail_file *file, const struct rules *rules,
    const struct rules_literals *own, struct scrubbed *body)
{
	struct scrubbed_file *out = g_new0(struct scrubbed_file, 1);
	const struct kind *kind = kind_of(file->type);

	out->what = kind->what;
	out->type = g_strdup(kind->type);
	out->size = file->size;
	if (kind->use == KIND_TEXT && file->text != NULL)
		scrub_text_file(file, rules, own, out, &body->tally);
	return out;
}

static void
scrub_files(const struct mail *mail, const struct rules *rules,
    const struct rules_literals *own, struct scrubbed *out)
{
	guint n = mail->files != NULL ? mail->files->len : 0;

	out->files = g_ptr_array_new_with_free_func(scrubbed_file_free);
	for (guint i = 0; i < MIN(n, SCRUB_FILES_MAX); i++)
		g_ptr_array_add(out->files,
		    scrub_file(g_ptr_array_index(mail->files, i), rules, own,
			out));
	out->files_left_out = n - out->files->len;
}

/* Of what is shown: a name in another script says nothing of the language.
 * The subject of an encrypted mail may be all that can be read of it. */
static void
guess_language(const struct mail *mail, struct scrubbed *out)
{
	g_autofree char *all = mail->is_encrypted
	    ? g_strconcat(out->subject, "\n", out->text, NULL)
	    : g_strdup(out->text);

	g_strlcpy(out->lang, language_guess(all), sizeof(out->lang));
}

void
scrub_player_mail(
    const struct mail *mail, const struct rules *rules, struct scrubbed *out)
{
	struct rules_literals *own;
	g_autofree char *subject = scrub_subject_base(mail->subject);
	g_autofree char *bare = scrub_armor(mail->text);
	g_autofree char *redacted = NULL;
	g_auto(quote_split_auto) split = {0};
	gboolean is_all_quoted;

	quote_split(bare, &split);
	own = own_literals_of_player(mail, &split);
	/* A forwarded mail and no word to it: its text, not its headers. */
	is_all_quoted = !split.has_fresh && split.quoted[0] != '\0';
	redacted = rules_redact_noted(rules, own, subject, &out->tally);
	out->subject = writer_clean(redacted, SCRUB_SUBJECT_MAX);
	out->text = rules_redact_noted(rules, own,
	    is_all_quoted ? split.quoted : split.fresh, &out->tally);
	out->tail = rules_redact_noted(rules, own,
	    is_all_quoted ? "" : split.quoted, &out->tally);
	scrub_files(mail, rules, own, out);
	guess_language(mail, out);
	rules_literals_free(own);
}

void
scrubbed_clear(struct scrubbed *scrubbed)
{
	g_clear_pointer(&scrubbed->subject, g_free);
	g_clear_pointer(&scrubbed->text, g_free);
	g_clear_pointer(&scrubbed->tail, g_free);
	g_clear_pointer(&scrubbed->files, g_ptr_array_unref);
}
