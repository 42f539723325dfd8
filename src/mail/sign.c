#include "mail/sign.h"

#include <string.h>

#include "mail/quote_words.h"

#include "base/banned.h"

#define LOOK_BACK 16 /* lines from the end in which a closing is sought */
#define BLOCK_LINES 12
#define LINE_WIDTH 100 /* octets */
#define NAME_WIDTH 80  /* octets */
#define NAME_WORDS 5
#define DASHES_MAX 5
#define LONG_RUN 25 /* letters and digits: a hash or wallet address */

/* As quote_fold() leaves them, without punctuation at the end. */
static const char *const closings[] = {"best regards", "kind regards",
    "warm regards", "with kind regards", "with best regards", "regards",
    "thanks and regards", "thanks & regards", "best wishes", "all the best",
    "sincerely", "sincerely yours", "yours sincerely", "yours faithfully",
    "yours truly", "yours", "best", "cheers", "thanks", "thank you",
    "many thanks", "thanks in advance", "thank you in advance", "cordially",
    "respectfully", "br", "kr", "rgds", "thx", "greetings",
    "mit freundlichen grüssen", "mit freundlichen gruessen",
    "mit freundlichem gruss", "mit besten grüssen", "mit herzlichen grüssen",
    "mit vielen grüssen", "freundliche grüsse", "freundlicher gruss",
    "freundlichen gruss", "viele grüsse", "viele gruesse", "beste grüsse",
    "besten gruss", "liebe grüsse", "lieben gruss", "liebe gruesse",
    "herzliche grüsse", "schöne grüsse", "schönen gruss", "grüsse", "gruss",
    "lg", "vg", "mfg", "bg", "hg", "hochachtungsvoll", "danke",
    "vielen dank", "besten dank", "danke und gruss", "danke im voraus",
    "vielen dank und gruss", "cordialement",
    "bien cordialement", "très cordialement", "bien à vous", "salutations",
    "meilleures salutations", "sincères salutations", "sincèrement", "cdlt",
    "merci", "merci d'avance", "merci d’avance", "merci beaucoup",
    "bonne journée", "amicalement", "respectueusement", "με εκτίμηση",
    "φιλικά", "με φιλικούσ χαιρετισμούσ", "χαιρετισμούσ", "πολλούσ χαιρετισμούσ",
    "ευχαριστώ", "ευχαριστώ πολύ", "σασ ευχαριστώ", "με τιμή",
    "ευχαριστώ εκ των προτέρων", "saludos", "un saludo", "saludos cordiales",
    "cordiales saludos", "un cordial saludo", "reciba un cordial saludo",
    "atentamente", "muy atentamente", "atte", "cordialmente", "gracias",
    "muchas gracias", "gracias de antemano", "un abrazo", "cordiali saluti",
    "distinti saluti", "saluti", "tanti saluti", "un saluto",
    "un cordiale saluto", "grazie", "grazie mille", "grazie in anticipo",
    "buona giornata", "atenciosamente", "cumprimentos", "atentamente",
    "com os melhores cumprimentos", "os melhores cumprimentos",
    "melhores cumprimentos", "obrigado", "obrigada", "muito obrigado",
    "muito obrigada", "att", "abraço", "abraços", "saudações", "с уважением",
    "спасибо", "большое спасибо", "заранее спасибо", "благодарю",
    "с наилучшими пожеланиями", "всего доброго", "с почтением",
    "saygılarımla", "saygılarımızla", "saygılar", "iyi çalışmalar",
    "iyi günler", "teşekkürler", "teşekkür ederim", "sevgiler", "selamlar",
    "pozdrawiam", "serdecznie pozdrawiam", "pozdrowienia", "z pozdrowieniami",
    "z poważaniem", "z wyrazami szacunku", "łączę pozdrowienia", "dziękuję",
    "dzięki", "z góry dziękuję", NULL};

/* Begin of a paragraph, and what else stands in it. */
static const char *const disclaimers[][2] = {
    {"this e-mail", "confidential"}, {"this email", "confidential"},
    {"this message", "confidential"}, {"this e-mail", "intended"},
    {"this email", "intended"}, {"this message", "intended"},
    {"the information ", "intended"}, {"the information ", "confidential"},
    {"the content of this", "confidential"}, {"confidentiality notice", ""},
    {"disclaimer:", ""}, {"please consider the environment", ""},
    {"think before you print", ""}, {"diese e-mail", "vertraulich"},
    {"diese nachricht", "vertraulich"}, {"diese e-mail", "bestimmt"},
    {"der inhalt dieser", "vertraulich"}, {"die information", "vertraulich"},
    {"bitte denken sie an die umwelt", ""}, {"ce message", "confidentiel"},
    {"ce courriel", "confidentiel"}, {"cet e-mail", "confidentiel"},
    {"ce message", "destinataire"}, {"pensez à l'environnement", ""},
    {"pensez à l’environnement", ""}, {"το παρόν", "εμπιστευτικ"},
    {"αυτό το μήνυμα", "εμπιστευτικ"}, {"este mensaje", "confidencial"},
    {"este correo", "confidencial"}, {"la información", "confidencial"},
    {"antes de imprimir", ""}, {"questo messaggio", "riservat"},
    {"questa e-mail", "riservat"}, {"le informazioni", "riservat"},
    {"questo messaggio", "confidenzial"}, {"esta mensagem", "confidencia"},
    {"este e-mail", "confidencia"}, {"a informação", "confidencia"},
    {"это сообщение", "конфиденциальн"}, {"данное сообщение", "конфиденциальн"},
    {"настоящее сообщение", "конфиденциальн"}, {"bu e-posta", "gizli"},
    {"bu mesaj", "gizli"}, {"bu ileti", "gizli"},
    {"niniejsza wiadomość", "poufn"}, {"ta wiadomość", "poufn"},
    {"treść tej wiadomości", "poufn"}};

static gsize
line_length(const char *line)
{
	return strcspn(line, "\n");
}

static gboolean
line_is_blank(const char *line, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isspace(line[i]))
			return FALSE;
	return TRUE;
}

static gboolean
is_particle(const char *word, gsize len)
{
	static const char *const particles[] = {"von", "van", "der", "den",
	    "de", "del", "della", "di", "da", "dos", "la", "le", "zu", "bin",
	    "al", "el", "und", "and", "et", "y", "e", "i", "ve", "και", "и",
	    "&", "|", "-", "–", NULL};
	g_autofree char *copy = g_strndup(word, len);

	return g_strv_contains(particles, copy);
}

/* "Zwirnstein,", "J.", "O'Hara", "Müller-Lüdenscheidt". */
static gboolean
is_name_word(const char *word, gsize len)
{
	const char *end = word + len;
	gboolean first = TRUE;

	for (; word < end; word = g_utf8_next_char(word), first = FALSE) {
		gunichar c = g_utf8_get_char(word);

		if (first && !g_unichar_isupper(c) && !g_unichar_istitle(c))
			return FALSE;
		if (!g_unichar_isalpha(c) && !g_unichar_ismark(c) &&
		    strchr("'-.,", c < 0x80 ? (int)c : 'x') == NULL &&
		    c != 0x2019)
			return FALSE;
	}
	return !first;
}

gboolean
sign_is_name(const char *line, gsize len)
{
	const char *end = line + len;
	guint words = 0;
	guint names = 0;

	if (len > NAME_WIDTH)
		return FALSE;
	while (line < end) {
		gsize n;

		line += strspn(line, " \t");
		n = strcspn(line, " \t\n");
		if (line >= end || n == 0)
			break;
		if (is_name_word(line, n))
			names++;
		else if (!is_particle(line, n))
			return FALSE;
		words++;
		line += n;
	}
	return names > 0 && words <= NAME_WORDS;
}

/* Octets of the closing at the start of a line, with what parts it from a
 * name, or 0. *is_whole: nothing else stands in the line. */
static gsize
closing_length(const char *line, gsize len, gboolean *is_whole)
{
	g_autofree char *folded = quote_fold(line, len);
	gsize words = 0;
	gsize best = 0;
	const char *p = line;

	for (const char *const *c = closings; *c != NULL; c++) {
		gsize n = (*c)[0] == folded[0] ? strlen(*c) : 0;

		if (n > best && strncmp(folded, *c, n) == 0 &&
		    (folded[n] == '\0' || strchr(" ,.!:;-", folded[n]) != NULL ||
			g_str_has_prefix(folded + n, "–")))
			best = n;
	}
	if (best == 0)
		return 0;
	*is_whole = folded[best + strspn(folded + best, " ,.!:;-")] == '\0';
	for (gsize i = 0; i < best; i++)
		words += folded[i] == ' ';
	/* The same number of words in the text as it was. */
	for (words++; words > 0; words--) {
		p += strspn(p, " \t*");
		p += strcspn(p, words == 1 ? " ,.!:;\t\n*" : " \t\n");
	}
	p += strspn(p, " ,.!:;\t*-");
	return MIN((gsize)(p - line), len);
}

/* "Ltd.", "S.r.l.", "o.o.", "Z.": a full stop that ends no sentence. */
static gboolean
ends_in_abbreviation(const char *text)
{
	static const char *const known[] = {"Ltd.", "Inc.", "Co.", "Corp.",
	    "Lda.", "Ltda.", "Şti.", "o.o.", "e.K.", "e.V.", NULL};
	const char *blank = strrchr(text, ' ');
	const char *word = blank != NULL ? blank + 1 : text;
	gsize len = strlen(word);

	return g_strv_contains(known, word) ||
	    (g_unichar_isupper(g_utf8_get_char(word)) &&
		(len <= 3 || memchr(word, '.', len - 1) != NULL));
}

static gboolean
line_is_block(const char *line, gsize len)
{
	g_autofree char *text = g_strchomp(g_strndup(line, len));
	gsize run = 0;

	if (len > LINE_WIDTH || *text == '/' || *text == '>' ||
	    g_ascii_strncasecmp(text, "ps", 2) == 0 ||
	    g_ascii_strncasecmp(text, "p.s", 3) == 0)
		return FALSE;
	if (*text != '\0' && strchr(".!?", text[strlen(text) - 1]) != NULL &&
	    !ends_in_abbreviation(text))
		return FALSE;
	for (const char *p = text; *p != '\0'; p++) {
		run = g_ascii_isalnum(*p) ? run + 1 : 0;
		if (run >= LONG_RUN)
			return FALSE;
	}
	return TRUE;
}

gboolean
sign_is_block(const char *text)
{
	guint lines = 0;

	while (*text != '\0') {
		gsize len = line_length(text);

		lines += !line_is_blank(text, len);
		if (lines > BLOCK_LINES || !line_is_block(text, len))
			return FALSE;
		text += len + (text[len] == '\n');
	}
	return TRUE;
}

gboolean
sign_is_closing(const char *line, gsize len)
{
	gboolean is_whole = FALSE;

	return closing_length(line, len, &is_whole) > 0 && is_whole;
}

static gsize
name_below(const char *text, gsize at)
{
	while (text[at] != '\0') {
		gsize len = line_length(text + at);

		if (!line_is_blank(text + at, len))
			break;
		at += len + (text[at + len] == '\n');
	}
	return at;
}

/* A row of dashes also parts paragraphs. */
static gboolean
is_dashes(const char *line, gsize len)
{
	gsize n = strspn(line, "-_ \t\r");

	return n >= 2 && n == len &&
	    (n <= DASHES_MAX || memchr(line, '_', len) != NULL);
}

static gboolean
sign_at(const char *text, gsize at, struct sign_off *out)
{
	gsize len = line_length(text + at);
	gboolean is_whole = FALSE;
	gsize closing = closing_length(text + at, len, &is_whole);

	if (closing == 0 && !is_dashes(text + at, len))
		return FALSE;
	if (closing == 0 || is_whole)
		out->name = name_below(text, at + len + (text[at + len] != 0));
	else
		out->name = at + closing;
	out->end = out->name + line_length(text + out->name);
	/* "Name | Company | Telephone" */
	return out->end > out->name &&
	    sign_is_name(text + out->name,
		strcspn(text + out->name, "|\n")) &&
	    sign_is_block(text + out->name);
}

gboolean
sign_find(const char *text, struct sign_off *out)
{
	gsize at = strlen(text);

	for (guint i = 0; i < LOOK_BACK && at > 0; i++) {
		at--;
		while (at > 0 && text[at - 1] != '\n')
			at--;
		if (sign_at(text, at, out))
			return TRUE;
	}
	out->name = out->end = strlen(text);
	return FALSE;
}

static gboolean
is_disclaimer(const char *text, gsize len)
{
	g_autofree char *begin = quote_fold(text, len);

	for (gsize i = 0; i < G_N_ELEMENTS(disclaimers); i++)
		if (g_str_has_prefix(begin, disclaimers[i][0]) &&
		    strstr(begin, disclaimers[i][1]) != NULL)
			return TRUE;
	return FALSE;
}

char *
sign_drop_disclaimers(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text != '\0') {
		const char *gap = strstr(text, "\n\n");
		gsize len = gap != NULL ? (gsize)(gap + 2 - text)
					: strlen(text);

		if (!is_disclaimer(text, len))
			g_string_append_len(out, text, (gssize)len);
		text += len;
	}
	return g_string_free(out, FALSE);
}
