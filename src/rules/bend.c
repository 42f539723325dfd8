#include "rules/bend.h"

#include <string.h>

#include "base/banned.h"

#define SHORT_LETTERS 4 /* longer names are found with any ending */
#define FORM_OCTETS 3	/* shorter forms are other words */

/* What an ending becomes, parted by blanks. Marks are folded: a final i short
 * is "и", a barred l is "l". */
struct bend {
	const char *ending;
	const char *forms;
	guint letters; /* of the shortest name that bends so */
};

/* For names of any length. */
static const struct bend bends[] = {
    /* Greek */
    {"α", "ασ", 4}, {"η", "ησ", 4}, {"ησ", "η", 4}, {"ασ", "α", 4},
    {"οσ", "ου ο ε", 4},
    /* Polish: a vowel is left out, or a consonant changes. */
    {"ek", "ka kowi kiem ku kow kach", 4}, {"ec", "ca cowi cem cu", 4},
    {"el", "la lowi lem le lu", 4}, {"er", "ra rowi rem rze ru", 4},
    {"t", "cie", 4}, {"d", "dzie", 3}, {"r", "rze", 3}, {"ka", "ce", 3},
    {"ga", "dze", 3}, {"ta", "cie", 3}, {"da", "dzie", 3}, {"ra", "rze", 3},
    {"ia", "ii", 3}, {"a", "y i e ie o", 3}, {"o", "i y e a", 4},
    {"n", "nia niowi niem niu", 4}, {"i", "iego iemu im", 4},
    {"y", "ego emu ym", 4},
    /* Russian and Ukrainian */
    {"ец", "ца цу цом цем це цы цов", 4}, {"ок", "ка ку ком ке ки ков", 4},
    {"ек", "ка ку ком ке ки ков", 4}, {"ел", "ла лу лом ле лы", 4},
    {"лев", "льва льву львом льве", 3}, {"ь", "я ю ем е и ью", 3},
    {"и", "я ю ем е", 3}, {"ии", "ого ому ым им ом ем его ему ая ую", 4},
    {"ыи", "ого ому ым ом ая ую ои", 4}, {"ои", "ого ому ым ом ая ую", 4},
    {"а", "ы и е у ои ою еи", 3}, {"я", "и е ю еи ею", 3}};

/* For short names that end in a consonant. */
static const char latin_endings[] = "a owi em ie u";
static const char cyrillic_endings[] =
    "а у ом ем е ым ои ов ам ами ові";

static gboolean
is_common_form(const char *form)
{
	static const char *const words[] = {"any", "lie", "mio", "nine",
	    "sama", "une", NULL};

	return g_strv_contains(words, form);
}

static void
forms_take(const char *key, gsize stem, const char *forms, bend_fn *take,
    gpointer data)
{
	g_auto(GStrv) endings = g_strsplit(forms, " ", -1);

	for (gsize i = 0; endings[i] != NULL; i++) {
		g_autofree char *form = g_strdup_printf("%.*s%s", (int)stem,
		    key, endings[i]);

		if (strlen(form) >= FORM_OCTETS && strcmp(form, key) != 0 &&
		    !is_common_form(form))
			take(data, form);
	}
}

static gboolean
ends_in(const char *key, const char *letters)
{
	const char *last = g_utf8_find_prev_char(key, key + strlen(key));

	return last != NULL && strstr(letters, last) != NULL;
}

void
bend_name(const char *key, guint letters, bend_fn *take, gpointer data)
{
	gsize len = strlen(key);

	for (gsize i = 0; i < G_N_ELEMENTS(bends); i++)
		if (letters >= bends[i].letters &&
		    g_str_has_suffix(key, bends[i].ending))
			forms_take(key, len - strlen(bends[i].ending),
			    bends[i].forms, take, data);
	if (letters > SHORT_LETTERS)
		return;
	if (ends_in(key, "bcdfghjklmnprstvwxz"))
		forms_take(key, len, latin_endings, take, data);
	else if (ends_in(key, "бвгджзклмнпрстфхцчшщ"))
		forms_take(key, len, cyrillic_endings, take, data);
}

gsize
bend_stem(const char *key)
{
	static const char *const endings[] = {"οσ", "ησ", "ασ", "os", "us",
	    "is", "a", "e", "i", "o", "y", "α", "η", "ο", "а", "я", "о", "е",
	    "и", "ы", "ь", NULL};

	for (gsize i = 0; endings[i] != NULL; i++)
		if (g_str_has_suffix(key, endings[i]))
			return strlen(key) - strlen(endings[i]);
	return strlen(key);
}
