#include "intake/command.h"

#include <string.h>

#include "base/banned.h"

#define SIZE_DIGITS_MAX 20 /* RFC 1870 3 */

static const struct smtp_reply bad_argument = {
    501, "5.5.4", "Syntax error in argument"};
static const struct smtp_reply bad_parameter = {
    555, "5.5.4", "Parameter not known"};
static const struct smtp_reply bad_sender = {
    501, "5.1.7", "Bad sender address syntax"};
static const struct smtp_reply bad_recipient = {
    501, "5.1.3", "Bad recipient address syntax"};
static const struct smtp_reply bad_utf8 = {
    553, "5.6.7", "Non-ASCII address not permitted"};

/* The ">" that closes the path at p, which stands on "<"; NULL if none. In a
 * quoted string it is text. */
static const char *
path_find_end(const char *p)
{
	gboolean quoted = FALSE;

	for (; *p != '\0'; p++) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '>' && !quoted)
			return p;
	}
	return NULL;
}

/* RFC 5321 appendix C: "@one,@two:user@host" means user@host. A colon inside
 * an address literal does not end the route. */
static const char *
path_skip_route(const char *p, const char *end)
{
	gboolean literal = FALSE;

	for (; p < end; p++) {
		if (*p == '[' || *p == ']')
			literal = *p == '[';
		else if (*p == ':' && !literal)
			return p + 1;
	}
	return NULL;
}

/* Splits "FROM:<path> parameters". *addr: own; NULL result means that the
 * text is no path at all. */
static const char *
path_split(const char *args, const char *keyword, char **addr)
{
	gsize len = strlen(keyword);
	const char *start;
	const char *end;

	if (g_ascii_strncasecmp(args, keyword, len) != 0 || args[len] != '<')
		return NULL;
	start = args + len + 1;
	end = path_find_end(args + len);
	if (end == NULL || (end[1] != '\0' && end[1] != ' '))
		return NULL;
	if (*start == '@') {
		start = path_skip_route(start, end);
		if (start == NULL || start == end)
			return NULL;
	}
	*addr = g_strndup(start, (gsize)(end - start));
	return end + 1;
}

static const struct smtp_reply *
mail_parse_size(const char *value, struct command_mail *out)
{
	gsize len = strlen(value);

	if (len == 0 || len > SIZE_DIGITS_MAX ||
	    strspn(value, "0123456789") != len)
		return &bad_argument;
	if (!g_ascii_string_to_unsigned(
		value, 10, 0, G_MAXUINT64, &out->size, NULL))
		out->size = G_MAXUINT64;
	return NULL;
}

/* keywords: "RET=" and so on, ended by NULL; their values are not looked at. */
static gboolean
parameter_is_one_of(const char *text, const char *const *keywords)
{
	for (; *keywords != NULL; keywords++)
		if (g_ascii_strncasecmp(text, *keywords, strlen(*keywords)) ==
		    0)
			return TRUE;
	return FALSE;
}

static const struct smtp_reply *
mail_parse_parameter(
    const char *text, gboolean is_passed_on, struct command_mail *out)
{
	static const char *const skipped[] = {"RET=", "ENVID=", "AUTH=", NULL};

	if (is_passed_on && parameter_is_one_of(text, skipped))
		return NULL;
	if (g_ascii_strncasecmp(text, "SIZE=", 5) == 0)
		return mail_parse_size(text + 5, out);
	if (g_ascii_strncasecmp(text, "BODY=", 5) == 0) {
		out->body8bit = g_ascii_strcasecmp(text + 5, "8BITMIME") == 0;
		if (out->body8bit || g_ascii_strcasecmp(text + 5, "7BIT") == 0)
			return NULL;
		return &bad_argument;
	}
	if (g_ascii_strcasecmp(text, "SMTPUTF8") == 0) {
		out->smtputf8 = TRUE;
		return NULL;
	}
	return &bad_parameter;
}

static const struct smtp_reply *
mail_parse_parameters(
    const char *text, gboolean is_passed_on, struct command_mail *out)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL; word++) {
		const struct smtp_reply *refusal;

		if (**word == '\0')
			continue;
		refusal = mail_parse_parameter(*word, is_passed_on, out);
		if (refusal != NULL)
			return refusal;
	}
	return NULL;
}

static const struct smtp_reply *
sender_check(const char *addr, gboolean smtputf8)
{
	gsize len = strlen(addr);
	const char *at = strrchr(addr, '@');

	if (len == 0)
		return NULL;
	if (!g_str_is_ascii(addr) &&
	    (!smtputf8 || !g_utf8_validate(addr, -1, NULL)))
		return &bad_utf8;
	if (len > ADDR_MAX || at == NULL || at == addr || at[1] == '\0' ||
	    strpbrk(addr, "<>") != NULL)
		return &bad_sender;
	/* A space is text in a quoted local part and nowhere else. */
	if (addr[0] != '"' && strchr(addr, ' ') != NULL)
		return &bad_sender;
	return NULL;
}

const struct smtp_reply *
command_parse_mail(
    const char *args, gboolean is_passed_on, struct command_mail *out)
{
	g_autofree char *addr = NULL;
	const struct smtp_reply *refusal;
	const char *rest;

	*out = (struct command_mail){0};
	rest = path_split(args, "FROM:", &addr);
	if (rest == NULL)
		return &bad_sender;
	refusal = mail_parse_parameters(rest, is_passed_on, out);
	if (refusal == NULL)
		refusal = sender_check(addr, out->smtputf8);
	if (refusal == NULL)
		out->addr = g_steal_pointer(&addr);
	return refusal;
}

static const struct smtp_reply *
rcpt_parse_parameters(const char *text, gboolean is_passed_on)
{
	static const char *const skipped[] = {"NOTIFY=", "ORCPT=", NULL};
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL; word++)
		if (**word != '\0' &&
		    !(is_passed_on && parameter_is_one_of(*word, skipped)))
			return &bad_parameter;
	return NULL;
}

const struct smtp_reply *
command_parse_rcpt(const char *args, gboolean is_passed_on, gboolean smtputf8,
    struct addr **addr)
{
	const struct smtp_reply *refusal;
	g_autofree char *text = NULL;
	const char *rest = path_split(args, "TO:", &text);

	if (rest == NULL)
		return &bad_recipient;
	refusal = rcpt_parse_parameters(rest, is_passed_on);
	if (refusal != NULL)
		return refusal;
	if (!g_str_is_ascii(text) &&
	    (!smtputf8 || !g_utf8_validate(text, -1, NULL)))
		return &bad_utf8;
	*addr = addr_parse(text, -1, NULL);
	return *addr != NULL ? NULL : &bad_recipient;
}
