#include "ticket/pseudonym.h"

#include "base/banned.h"

#define WORDS 128
#define NUMBERS 90 /* 10 to 99: always two digits */
#define BYTES_A_NAME (PSEUDONYM_KEY_LEN / PSEUDONYM_ATTEMPTS)

/* A name is said to a person about a person: no word may be read as an
 * insult or as a hint at somebody's sex, looks or luck. */
/* clang-format off */
static const char *const first_words[] = {
	"agile", "airy", "alpine", "amber", "ample", "arctic", "azure",
	"balmy", "beige", "blue", "brave", "breezy", "brief", "bright",
	"brisk", "bronze", "calm", "candid", "clear", "clever", "cobalt",
	"copper", "coral", "cosmic", "cosy", "cream", "crimson", "crisp",
	"cyan", "daily", "dapper", "daring", "denim", "dewy", "eager",
	"early", "earnest", "emerald", "even", "fair", "faithful", "festive",
	"fine", "firm", "fleet", "fluffy", "fond", "fresh", "friendly",
	"gentle", "glad", "glossy", "gold", "golden", "grand", "green",
	"grey", "happy", "hardy", "honest", "humble", "indigo", "ivory",
	"jaunty", "jolly", "jovial", "keen", "khaki", "kind", "lemon",
	"level", "lilac", "lime", "linen", "lively", "lofty", "loyal",
	"lucid", "luminous", "lunar", "maroon", "mauve", "mellow", "merry",
	"mild", "mint", "misty", "modern", "modest", "navy", "neat", "nimble",
	"noble", "oaken", "ochre", "olive", "orange", "pastel", "patient",
	"peach", "pink", "placid", "plum", "polite", "proud", "purple",
	"quartz", "quick", "quiet", "rapid", "russet", "rust", "saffron",
	"salmon", "sand", "sepia", "serene", "silver", "slate", "smooth",
	"sunny", "tawny", "teal", "topaz", "umber", "velvet", "vivid",
	"wheat",
};

static const char *const animals[] = {
	"badger", "bison", "bobcat", "camel", "caracal", "chamois", "civet",
	"condor", "coyote", "crane", "curlew", "dingo", "dolphin", "dove",
	"eagle", "egret", "elk", "ermine", "falcon", "ferret", "finch", "fox",
	"gannet", "gazelle", "gecko", "gibbon", "giraffe", "grouse", "gull",
	"hamster", "hare", "hawk", "heron", "herring", "hoopoe", "hornet",
	"ibex", "ibis", "iguana", "impala", "jackdaw", "jaguar", "jerboa",
	"kestrel", "kiwi", "koala", "lapwing", "lark", "lemur", "leopard",
	"limpet", "linnet", "lion", "lizard", "llama", "lobster", "lynx",
	"macaw", "magpie", "mallard", "mammoth", "manatee", "manta", "mantis",
	"marlin", "marmot", "marten", "meerkat", "minnow", "moose", "moth",
	"mouse", "muskox", "mussel", "newt", "ocelot", "octopus", "okapi",
	"oriole", "osprey", "ostrich", "otter", "owl", "oyster", "panda",
	"panther", "parrot", "pelican", "penguin", "perch", "petrel", "pike",
	"plover", "pony", "puffin", "puma", "quail", "quokka", "rabbit",
	"raven", "redwing", "rook", "sandfly", "seahorse", "seal", "serin",
	"serval", "siskin", "skylark", "sparrow", "sprat", "squirrel",
	"starling", "stoat", "stork", "sturgeon", "swan", "swift", "tapir",
	"tern", "thrush", "tiger", "toucan", "trout", "turtle", "wallaby",
	"walrus", "wombat",
};
/* clang-format on */

G_STATIC_ASSERT(G_N_ELEMENTS(first_words) == WORDS);
G_STATIC_ASSERT(G_N_ELEMENTS(animals) == WORDS);

void
pseudonym_from_key(const guint8 key[PSEUDONYM_KEY_LEN], guint attempt,
    char out[PSEUDONYM_SIZE])
{
	const guint8 *b = key + (attempt % PSEUDONYM_ATTEMPTS) * BYTES_A_NAME;
	guint number = 10 + (((guint)b[2] << 8) | b[3]) % NUMBERS;

	g_snprintf(out, PSEUDONYM_SIZE, "%s-%s-%u", first_words[b[0] % WORDS],
	    animals[b[1] % WORDS], number);
}
