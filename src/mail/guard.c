#include "mail/guard.h"

#include <string.h>

#include "base/addr.h"
#include "rules/decode_run.h"
#include "rules/shadow.h"
#include "ticket/label.h"

#include "base/banned.h"

/* What a mark of a note has before it on its line, at most. */
#define NOTE_LEAD_MAX 8

static const struct guard_reason reasons[] = {
    {GUARD_DOCUMENTS,
	"the text asks the player for documents, and his payout is not known "
	"to be above the threshold",
	"take it out, or begin with the line \"/kyc REASON\" and a blank "
	"line"},
    {GUARD_IDENTITY,
	"the text asks the player who he is, and his payout is not known to "
	"be above the threshold",
	"take it out, or begin with the line \"/kyc REASON\" and a blank "
	"line"},
    {GUARD_NOTE, "the text holds the mark of an internal note",
	"take the note out; begin with the line \"/note\" to keep it among "
	"yourselves"},
    {GUARD_RULE, "a rule of your operator does not let the text out",
	"write it in other words, or ask him"},
    {GUARD_NUMBER, "the text names the number of another ticket",
	"take it out; if it is something else, write it without its dash"},
    {GUARD_CAPABILITY,
	"the text holds an address or a Message-ID of another ticket",
	"take it out; nothing lets it through"},
    {GUARD_ADDR, "the text holds the address of an agent",
	"take it out; players write to the address of the ticket"},
};

static const struct guard_reason *
reason_of(enum guard_kind kind)
{
	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].kind == kind)
			return &reasons[i];
	g_assert_not_reached();
}

/* --- rules ---------------------------------------------------------------- */

static const struct guard_reason *
rules_reason(const char *text, const struct guard_context *context,
    const struct rules *rules)
{
	static const char *const allowed[] = {"documents", "identity", NULL};
	gboolean may_ask = context->is_above_threshold || context->has_kyc;
	const char *as = rules_refuse(rules, text, may_ask ? allowed : NULL);

	if (as == NULL)
		return NULL;
	if (strcmp(as, "documents") == 0)
		return reason_of(GUARD_DOCUMENTS);
	if (strcmp(as, "identity") == 0)
		return reason_of(GUARD_IDENTITY);
	return reason_of(strcmp(as, "note") == 0 ? GUARD_NOTE : GUARD_RULE);
}

/* --- notes ---------------------------------------------------------------- */

/* TRUE if mark stands at p and no letter goes on behind it. */
static gboolean
mark_is_at(const char *p, const char *mark)
{
	gsize len = strlen(mark);

	return strncmp(p, mark, len) == 0 && !g_ascii_isalnum(p[len]);
}

/* The marks of scrub_agent_words(), which looks for them at the beginning
 * only. In brackets a mark counts anywhere. */
static gboolean
has_note(const char *text)
{
	const char *line = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n')
			line = p + 1;
		if (*p == '[' && mark_is_at(p, "[internal"))
			return TRUE;
		if (*p == '/' && p - line <= NOTE_LEAD_MAX &&
		    strcspn(line, "/0123456789"
			"abcdefghijklmnopqrstuvwxyz") == (gsize)(p - line) &&
		    mark_is_at(p, "/note"))
			return TRUE;
	}
	return FALSE;
}

/* --- numbers and keyed addresses ------------------------------------------ */

static gboolean
is_own(const struct guard_context *context, const struct number *number)
{
	return context->number != NULL && number_equal(number, context->number);
}

/* A client breaks lines at the dash. */
static gboolean
has_number(const char *text, const struct guard_context *context)
{
	g_autofree char *line = g_strdelimit(g_strdup(text), "\n\t", ' ');
	struct number found[2];
	guint n = number_find_all(line, found, G_N_ELEMENTS(found));

	for (guint i = 0; i < n; i++)
		if (!is_own(context, &found[i]))
			return TRUE;
	return FALSE;
}

static gboolean
is_label_char(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '.';
}

static gboolean
label_is_foreign(
    const struct label *label, const struct guard_context *context)
{
	switch (label->kind) {
	case LABEL_NONE:
		return FALSE;
	case LABEL_BOUNCE:
		/* Whose it is only the vault can read, and no client shows
		 * the one of the mail that is answered. */
		return TRUE;
	case LABEL_CAPABILITY:
	case LABEL_MESSAGE:
	case LABEL_ROOT:
		return !is_own(context, &label->number);
	}
	return FALSE;
}

/* The Message-ID of the domain whose left side stands at p; LABEL_NONE if it
 * is none. */
static struct label
message_read(const char *p, gsize len, const char *domain)
{
	static const struct label none;
	g_autofree char *id = NULL;
	gsize dlen = domain != NULL ? strlen(domain) : 0;

	if (dlen == 0 || p[len] != '@' ||
	    g_ascii_strncasecmp(p + len + 1, domain, dlen) != 0)
		return none;
	id = g_strndup(p, len + 1 + dlen);
	return label_parse_message_id(id, domain);
}

static gboolean
has_label(const char *text, const struct guard_context *context)
{
	gsize len;

	for (const char *p = text; *p != '\0'; p += len) {
		struct label label;
		gsize end;

		for (len = 0; is_label_char(p[len]);)
			len++;
		for (end = len; end > 0 && !g_ascii_isalnum(p[end - 1]);)
			end--;
		label = label_parse_extension(p, end);
		if (label_is_foreign(&label, context))
			return TRUE;
		label = message_read(p, len, context->domain);
		if (label_is_foreign(&label, context))
			return TRUE;
		len = MAX(len, 1);
	}
	return FALSE;
}

/* --- agents' addresses --------------------------------------------------- */

static gboolean
is_local_char(char c)
{
	return g_ascii_isalnum(c) || (guchar)c >= 0x80 ||
	       (c != '\0' && strchr("+-._%=", c) != NULL);
}

static gboolean
is_domain_char(char c)
{
	return g_ascii_isalnum(c) || (guchar)c >= 0x80 || c == '-' || c == '.';
}

/* Adds the spelling of an address by which it is compared. */
static void
addr_add(GHashTable *known, const char *text)
{
	g_autoptr(addr_auto) addr = addr_parse(text, -1, NULL);

	if (addr != NULL)
		g_hash_table_add(known, addr_to_normal(addr));
}

/* TRUE if the address, also without its "+extension", is known. */
static gboolean
addr_is_known(GHashTable *known, const char *text, gsize len)
{
	g_autoptr(addr_auto) addr = addr_parse(text, (gssize)len, NULL);
	g_autofree char *normal = NULL;
	g_autofree char *bare = NULL;
	const char *plus;

	if (addr == NULL)
		return FALSE;
	normal = addr_to_normal(addr);
	if (g_hash_table_contains(known, normal))
		return TRUE;
	plus = strchr(normal, '+');
	if (plus == NULL)
		return FALSE;
	bare = g_strdup_printf("%.*s%s", (int)(plus - normal), normal,
	    strrchr(normal, '@'));
	return g_hash_table_contains(known, bare);
}

/* TRUE if the address around the at-sign at at is known. */
static gboolean
addr_at(GHashTable *known, const char *text, const char *at)
{
	const char *start = at;
	const char *end = at + 1;

	while (start > text && at - start < ADDR_MAX &&
	       is_local_char(start[-1]))
		start--;
	while (start < at && *start == '.')
		start++;
	while (end - at <= ADDR_MAX && is_domain_char(*end))
		end++;
	while (end > at + 1 && (end[-1] == '.' || end[-1] == '-'))
		end--;
	return addr_is_known(known, start, (gsize)(end - start));
}

static gboolean
has_addr(const char *text, const struct guard_context *context)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash,
	    g_str_equal, g_free, NULL);

	for (gsize i = 0; context->agent_addrs != NULL &&
	     context->agent_addrs[i] != NULL; i++)
		addr_add(known, context->agent_addrs[i]);
	for (const char *at = strchr(text, '@'); at != NULL;
	     at = strchr(at + 1, '@'))
		if (addr_at(known, text, at))
			return TRUE;
	return FALSE;
}

/* --- the whole ------------------------------------------------------------ */

static const struct guard_reason *
shadow_reason(const char *text, const struct guard_context *context)
{
	if (has_note(text))
		return reason_of(GUARD_NOTE);
	if (has_label(text, context))
		return reason_of(GUARD_CAPABILITY);
	if (has_number(text, context))
		return reason_of(GUARD_NUMBER);
	if (has_addr(text, context))
		return reason_of(GUARD_ADDR);
	return NULL;
}

const struct guard_reason *
guard_check(const char *text, const struct guard_context *context,
    const struct rules *rules)
{
	g_autoptr(shadow_auto) shadow = shadow_new(text, strlen(text));
	g_autoptr(shadow_auto) decoded = decode_shadow(shadow);
	const struct guard_reason *reason = shadow_reason(shadow->text,
	    context);

	/* A link has "%2B" and "%40" in it. */
	if (reason == NULL && decoded != NULL)
		reason = shadow_reason(decoded->text, context);
	return reason != NULL ? reason
			      : rules_reason(text, context, rules);
}
