#include "mail/language.h"

#include <string.h>

#include <libexttextcat/textcat.h>

#include "base/error.h"
#include "mail/language_words.h"

#include "base/banned.h"

#define LETTERS_MIN 20	/* fewer say nothing but their script */
#define WORD_MAX 40	/* octets; hashes, wallets and links are longer */
#define SAMPLE_MAX 2048 /* octets; more does not sharpen the guess */
#define CANDIDATES_MAX 3

static void *handle;
static GMutex lock; /* a handle holds its last result */
static struct language_words *words;

static const char *const languages[] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};

gboolean
language_init(const char *conf, const char *prefix, GError **err)
{
	g_autofree char *dir = g_str_has_suffix(prefix, "/")
	    ? g_strdup(prefix)
	    : g_strconcat(prefix, "/", NULL);

	language_done();
	handle = special_textcat_Init(conf, dir);
	if (handle == NULL)
		return error_fail(err, ERROR_PERM,
		    "cannot load the language fingerprints; check "
		    "textcat.conf and that libexttextcat-data is installed");
	words = language_words_new();
	return TRUE;
}

void
language_done(void)
{
	if (handle != NULL)
		textcat_Done(handle);
	handle = NULL;
	g_clear_pointer(&words, language_words_free);
}

struct sample {
	GString *text;
	guint letters, greek, cyrillic, foreign; /* foreign: no Russian */
};

/* Letters of other languages in Cyrillic script. */
static gboolean
is_not_russian(gunichar c)
{
	return (c >= 0x0452 && c <= 0x045f) || (c >= 0x0402 && c <= 0x040f &&
	    c != 0x0401) || c == 0x0490 || c == 0x0491;
}

static void
count_letters(struct sample *sample, const char *word, gsize len)
{
	const char *end = word + len;

	for (const char *p = word; p < end; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (!g_unichar_isalpha(c))
			continue;
		sample->letters++;
		switch (g_unichar_get_script(c)) {
		case G_UNICODE_SCRIPT_GREEK:
			sample->greek++;
			break;
		case G_UNICODE_SCRIPT_CYRILLIC:
			sample->cyrillic++;
			sample->foreign += is_not_russian(c) ? 1 : 0;
			break;
		default:
			break;
		}
	}
}

/* A token that people write as a word: no digit, address, link or path. */
static gboolean
is_word(const char *word, gsize len)
{
	if (len == 0 || len > WORD_MAX)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (g_ascii_isdigit(word[i]) ||
		    strchr("@/\\_=#<>{}[]|", word[i]) != NULL)
			return FALSE;
	return TRUE;
}

static void
sample_line(struct sample *sample, const char *line, gsize len)
{
	if (len > 0 && line[0] == '>')
		return;
	while (len > 0 && sample->text->len < SAMPLE_MAX) {
		gsize n = 0;

		while (n < len && strchr(" \t\f", line[n]) == NULL)
			n++;
		if (is_word(line, n)) {
			g_string_append_len(sample->text, line, (gssize)n);
			g_string_append_c(sample->text, ' ');
			count_letters(sample, line, n);
		}
		n += n < len;
		line += n;
		len -= n;
	}
}

/* The first of few candidates in "[de--utf8][en--utf8]". */
static const char *
pick(const char *result)
{
	guint candidates = 0;

	for (const char *p = result; *p != '\0'; p++)
		candidates += *p == '[';
	if (candidates == 0 || candidates > CANDIDATES_MAX)
		return "";
	for (gsize i = 0; i < G_N_ELEMENTS(languages); i++)
		if (strncmp(result + 1, languages[i], 2) == 0)
			return languages[i];
	return "";
}

/* Small words first: they cost little and say more of few sentences. */
static const char *
classify(const struct sample *sample)
{
	const char *result = words != NULL
	    ? language_words_guess(words, sample->text->str)
	    : "";

	if (result[0] != '\0')
		return result;
	g_mutex_lock(&lock);
	if (handle != NULL) {
		const char *found = textcat_Classify(handle,
		    sample->text->str, sample->text->len);

		result = found != NULL ? pick(found) : "";
	}
	g_mutex_unlock(&lock);
	return result;
}

const char *
language_guess(const char *text)
{
	struct sample sample = {.text = g_string_new(NULL)};
	const char *result = "";

	while (*text != '\0' && sample.text->len < SAMPLE_MAX) {
		gsize n = strcspn(text, "\n");

		sample_line(&sample, text, n);
		text += n + (text[n] == '\n');
	}
	if (sample.greek * 2 > sample.letters)
		result = "el";
	else if (sample.cyrillic * 2 > sample.letters)
		result = sample.foreign == 0 ? "ru" : "";
	else if (sample.letters >= LETTERS_MIN)
		result = classify(&sample);
	g_string_free(sample.text, TRUE);
	return result;
}
