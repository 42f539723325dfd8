#include "mail/language_words.h"

#include <string.h>

#include "rules/fold.h"

#include "base/banned.h"

#define WORDS_MAX 128 /* of a text */
#define CLEAR 2	      /* one word may be a name or a loan */
#define SHARE 5	      /* every fifth word at least, or it is no text of ours */

/* No word of a single letter that several of them have, and none that is a
 * common word of another kind in one of the others. */
static const struct {
	const char *lang;
	const char *words;
} lists[] = {
    {"en", "the and is are was were not my you your it to of for in on have "
	   "has had this that what can could with but when how why from be "
	   "been please do does did am still they there which would i me so "
	   "any get since after again"},
    {"de", "ich und der die das den dem des ist sind war nicht mein meine "
	   "meinem meinen sie ihr ihre ihnen es zu ein eine einen von mit auf "
	   "für fuer hat habe haben noch bei mir mich was wie warum wann aber "
	   "wurde wird kann bitte seit im am auch nur wenn kein keine dass "
	   "nach schon mehr wo euch uns"},
    {"fr", "je le la les des du un une et est pas mon ma mes vous votre vos "
	   "ne que qui quand pour dans sur ai il elle on j l d c n qu sont "
	   "avec au aux ce cette mais comment pourquoi merci depuis toujours "
	   "plus bonjour suis être où par fois rien en me se hier cela"},
    {"es", "el la los las del un una y es no mi mis que por para con en se "
	   "me lo ha he su sus qué esta está este pero cuando cuándo como "
	   "cómo desde hola favor todavía ya al más donde muy hay tengo sin "
	   "ustedes les yo nada fue"},
    {"it", "il la gli di del della dei un una e è non mio mia miei che per "
	   "con in si mi ho ha da sono ma quando perché come questo questa "
	   "vostro vostra ancora grazie buongiorno ieri lo le al ai più cosa "
	   "nel alla delle ci avete dopo potete né anche"},
    {"pt", "o os as do da dos das um uma e é não meu minha que por para com "
	   "em se no na nos foi mas quando como desde olá vocês você ainda já "
	   "ao à mais está esta eu me muito vou tem depois qual vosso obrigado "
	   "pelo isso nada fui fiz onde há favor"},
    {"tr", "ve bir bu mi mı mu ne için ama ben beri daha çok değil var yok "
	   "nasıl neden nerede zaman benim bana de da hâlâ sonra önce kadar "
	   "ile lütfen merhaba size siz olarak oldu çünkü gibi her hiç şey iki "
	   "yine şimdi diye istiyorum ki sizden sadece diğer"},
    {"pl", "i w na nie się jest do z ze to mój moja moje mojego moją co czy "
	   "jak dlaczego ale od po o za już jeszcze kiedy proszę przez dla mi "
	   "gdy był nadal dzień dobry mam u jaki jakiś tym tego przy teraz "
	   "gdzie mnie macie nic ich"},
};

G_STATIC_ASSERT(G_N_ELEMENTS(lists) <= 8 * sizeof(guint));

struct language_words {
	GHashTable *masks; /* own; folded word to a bit for each list */
};

/* The next word of text as it is compared; FALSE if there is none. */
static gboolean
next(const char *text, gsize len, gsize *pos, GString *out)
{
	struct word word;

	if (!word_next(text, len, pos, &word))
		return FALSE;
	g_string_truncate(out, 0);
	word_fold(text + word.start, word.end - word.start, FALSE, out);
	return TRUE;
}

struct language_words *
language_words_new(void)
{
	struct language_words *words = g_new(struct language_words, 1);
	GString *word = g_string_new(NULL);

	words->masks = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		gsize len = strlen(lists[i].words), pos = 0;

		while (next(lists[i].words, len, &pos, word)) {
			guint mask = GPOINTER_TO_UINT(g_hash_table_lookup(
			    words->masks, word->str));

			(void)g_hash_table_replace(words->masks,
			    g_strdup(word->str),
			    GUINT_TO_POINTER(mask | 1U << i));
		}
	}
	g_string_free(word, TRUE);
	return words;
}

void
language_words_free(struct language_words *words)
{
	if (words == NULL)
		return;
	g_hash_table_unref(words->masks);
	g_free(words);
}

/* n: words of the text. */
static const char *
most(const guint *hits, guint n)
{
	guint best = 0, second = 0;

	for (guint i = 1; i < G_N_ELEMENTS(lists); i++)
		best = hits[i] > hits[best] ? i : best;
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		second = i != best && hits[i] > second ? hits[i] : second;
	if (hits[best] < CLEAR || hits[best] * SHARE < n ||
	    hits[best] == second)
		return "";
	return lists[best].lang;
}

const char *
language_words_guess(const struct language_words *words, const char *text)
{
	g_autofree char *folded = g_utf8_casefold(text, -1);
	GString *word = g_string_new(NULL);
	guint hits[G_N_ELEMENTS(lists)] = {0};
	gsize len = strlen(folded), pos = 0;
	guint n = 0;

	for (; n < WORDS_MAX && next(folded, len, &pos, word); n++) {
		guint mask = GPOINTER_TO_UINT(
		    g_hash_table_lookup(words->masks, word->str));

		for (guint i = 0; mask != 0; i++, mask >>= 1)
			hits[i] += mask & 1;
	}
	g_string_free(word, TRUE);
	return most(hits, n);
}
