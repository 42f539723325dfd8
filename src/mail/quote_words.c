#include "mail/quote_words.h"

#include <string.h>

#include "base/banned.h"

#define CLIENT_LINE_MAX 120 /* octets, folded */
#define LONG_RUN 20	    /* letters and digits: a hash or wallet address */

/* Entries are written as quote_fold() leaves them: case-folded, so a final
 * sigma is a normal one. */
static const char *const verbs[] = {"wrote", "writes", "schrieb",
    "folgendes geschrieben", "a écrit", "napisana przez",
    "escribió", "ha scritto", "escreveu", "έγραψε", "έγραψαν", "пишет", "писал",
    "написал", "yazdı", "napisał", "pisze", "pisał", "schreef", "skrev",
    "написав", "пише", "写道", NULL};

static const char *const openers[] = {"on ", "am ", "le ", "el ", "il ", "em ",
    "no dia ", "às ", "użytkownik ", "wiadomość napisana ", "στισ ", "στη ", "την ", "в ", "w dniu ", "dnia ", "op ", "den ",
    NULL};

struct header_word {
	const char *word;
	enum quote_header kind;
};

static const struct header_word headers[] = {
    {"from", QUOTE_HEADER_FROM},
    {"von", QUOTE_HEADER_FROM},
    {"de", QUOTE_HEADER_FROM},
    {"από", QUOTE_HEADER_FROM},
    {"da", QUOTE_HEADER_FROM},
    {"от", QUOTE_HEADER_FROM},
    {"от кого", QUOTE_HEADER_FROM},
    {"kimden", QUOTE_HEADER_FROM},
    {"gönderen", QUOTE_HEADER_FROM},
    {"od", QUOTE_HEADER_FROM},
    {"nadawca", QUOTE_HEADER_FROM},
    {"van", QUOTE_HEADER_FROM},
    {"från", QUOTE_HEADER_FROM},
    {"fra", QUOTE_HEADER_FROM},
    {"发件人", QUOTE_HEADER_FROM},
    {"sent", QUOTE_HEADER_DATE},
    {"date", QUOTE_HEADER_DATE},
    {"gesendet", QUOTE_HEADER_DATE},
    {"datum", QUOTE_HEADER_DATE},
    {"envoyé", QUOTE_HEADER_DATE},
    {"στάλθηκε", QUOTE_HEADER_DATE},
    {"ημερομηνία", QUOTE_HEADER_DATE},
    {"enviado", QUOTE_HEADER_DATE},
    {"enviado el", QUOTE_HEADER_DATE},
    {"fecha", QUOTE_HEADER_DATE},
    {"inviato", QUOTE_HEADER_DATE},
    {"data", QUOTE_HEADER_DATE},
    {"enviada em", QUOTE_HEADER_DATE},
    {"enviada", QUOTE_HEADER_DATE},
    {"отправлено", QUOTE_HEADER_DATE},
    {"дата", QUOTE_HEADER_DATE},
    {"gönderildi", QUOTE_HEADER_DATE},
    {"gönderme tarihi", QUOTE_HEADER_DATE},
    {"tarih", QUOTE_HEADER_DATE},
    {"wysłano", QUOTE_HEADER_DATE},
    {"verzonden", QUOTE_HEADER_DATE},
    {"skickat", QUOTE_HEADER_DATE},
    {"发送时间", QUOTE_HEADER_DATE},
    {"to", QUOTE_HEADER_TO},
    {"an", QUOTE_HEADER_TO},
    {"à", QUOTE_HEADER_TO},
    {"προσ", QUOTE_HEADER_TO},
    {"para", QUOTE_HEADER_TO},
    {"pour", QUOTE_HEADER_TO},
    {"a", QUOTE_HEADER_TO},
    {"кому", QUOTE_HEADER_TO},
    {"kime", QUOTE_HEADER_TO},
    {"alıcı", QUOTE_HEADER_TO},
    {"do", QUOTE_HEADER_TO},
    {"adresat", QUOTE_HEADER_TO},
    {"aan", QUOTE_HEADER_TO},
    {"till", QUOTE_HEADER_TO},
    {"til", QUOTE_HEADER_TO},
    {"收件人", QUOTE_HEADER_TO},
    {"subject", QUOTE_HEADER_SUBJECT},
    {"betreff", QUOTE_HEADER_SUBJECT},
    {"objet", QUOTE_HEADER_SUBJECT},
    {"θέμα", QUOTE_HEADER_SUBJECT},
    {"asunto", QUOTE_HEADER_SUBJECT},
    {"oggetto", QUOTE_HEADER_SUBJECT},
    {"assunto", QUOTE_HEADER_SUBJECT},
    {"тема", QUOTE_HEADER_SUBJECT},
    {"konu", QUOTE_HEADER_SUBJECT},
    {"temat", QUOTE_HEADER_SUBJECT},
    {"onderwerp", QUOTE_HEADER_SUBJECT},
    {"ämne", QUOTE_HEADER_SUBJECT},
    {"emne", QUOTE_HEADER_SUBJECT},
    {"主题", QUOTE_HEADER_SUBJECT},
    {"cc", QUOTE_HEADER_OTHER},
    {"kopie", QUOTE_HEADER_OTHER},
    {"kopie (cc)", QUOTE_HEADER_OTHER},
    {"copie", QUOTE_HEADER_OTHER},
    {"κοιν.", QUOTE_HEADER_OTHER},
    {"копия", QUOTE_HEADER_OTHER},
    {"bilgi", QUOTE_HEADER_OTHER},
    {"dw", QUOTE_HEADER_OTHER},
    {"reply-to", QUOTE_HEADER_OTHER},
    {"antwort an", QUOTE_HEADER_OTHER},
    {NULL, QUOTE_HEADER_NONE},
};

static const char *const separators[] = {"original message",
    "ursprüngliche nachricht", "originalnachricht", "original-nachricht",
    "message d'origine", "message d’origine", "message original",
    "mensaje original", "messaggio originale", "mensagem original",
    "αρχικό μήνυμα", "исходное сообщение", "оригинальное сообщение",
    "orijinal mesaj", "özgün mesaj", "özgün ileti", "oryginalna wiadomość",
    "wiadomość oryginalna", "oorspronkelijk bericht", "ursprungligt meddelande",
    NULL};

static const char *const forwards[] = {"forwarded message",
    "forwarded by", "weitergeleitete nachricht",
    "weitergeleitete originalnachricht", "message transféré",
    "message réexpédié", "προωθημένο μήνυμα", "mensaje reenviado",
    "messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada",
    "mensagem reenviada", "пересылаемое сообщение",
    "перенаправленное сообщение", "пересланное сообщение", "letilen mesaj",
    "letilen ileti", "yönlendirilmiş ileti", "yönlendirilen ileti",
    "przekazana wiadomość", "przekazanej wiadomości",
    "wiadomość przekazana dalej", NULL};

/* Whole lines, without dashes. */
static const char *const forward_lines[] = {"begin forwarded message:",
    "anfang der weitergeleiteten nachricht:",
    "début du message réexpédié :", "début du message transféré :",
    "début du message réexpédié:", "début du message transféré:",
    "αρχή προωθημένου μηνύματοσ:", "inicio del mensaje reenviado:",
    "inizio messaggio inoltrato:", "início da mensagem reencaminhada:",
    "início da mensagem encaminhada:", "начало переадресованного сообщения:",
    "начало пересылаемого сообщения:", "yönlendirilen ileti başlangıcı:",
    "i̇letilmiş ileti başlangıcı:", "iletilen e-postanın başlangıcı:",
    "początek przekazywanej wiadomości:", NULL};

static const char *const client_starts[] = {"sent from ", "sent via ",
    "sent with ", "get outlook for ", "von meinem ", "von meiner ",
    "gesendet von ", "gesendet mit ", "gesendet aus ", "gesendet über ",
    "diese nachricht wurde von meinem ", "holen sie sich outlook ",
    "outlook für ", "envoyé de ", "envoyé depuis ", "envoyé à partir ",
    "envoyé avec ", "obtenir outlook ", "télécharger outlook ",
    "enviado desde ", "enviado con ", "obtener outlook ", "inviato da ",
    "inviato dal ", "inviato con ", "scarica outlook ", "ottieni outlook ",
    "enviado do ", "enviado a partir ", "enviado pelo ", "enviado de ",
    "obter o outlook ", "obter outlook ", "στάλθηκε από ", "εστάλη από ",
    "αποστολή από ", "λήψη του outlook ", "отправлено с ", "отправлено из ",
    "отправлено через ", "скачать outlook ", "скачайте outlook ", "wysłane z ",
    "wysłano z ", "pobierz outlook ", "pobierz program outlook ",
    "pobierz aplikację outlook ", "wysłano za pomocą ", "wysłane za pomocą ",
    "αποκτήστε το outlook ", "απεστάλη από ", "obtenga outlook ",
    "baixar o outlook ", "enviado com ", "получить outlook ",
    "простите за краткость, создано в ", "отправлено при помощи ", NULL};

/* Turkish puts the verb last; also "... gesendet". */
static const char *const client_ends[] = {
    "gönderildi", "gönderilmiştir", "gesendet", "edinin", NULL};

static const char *const client_things[] = {"iphone", "ipad", "ipod", "android",
    "samsung", "galaxy", "huawei", "xiaomi", "redmi", "pixel", "oneplus",
    "nokia", "motorola", "blackberry", "outlook", "windows", "yahoo", "gmail",
    "gmx", "web.de", "t-online", "proton", "tutanota", "k-9", "thunderbird",
    "aquamail", "spark", "sparrow", "airmail", "bluemail", "fairemail",
    "mail app", "mail.ru", "mail для", "mail for", "яндекс", "yandex", "почт",
    "e-mail-app", "mailbox", "smartphone", "mobile", "mobil", "handy", "tablet",
    "telefon", "phone", "téléphone", "teléfono", "telemóvel", "telemovel",
    "celular", "cellulare", "móvil", "portable", "smartfon", "κινητό",
    "мобильн", "смартфон", "телефон", "gerät", "device", "appareil",
    "dispositivo", "συσκευή", "устройств", "cihaz", "urządzeni", NULL};

static char *
case_fold(const char *text, gsize len)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)len);
	g_autofree char *plain = NULL;

	/* The same for most lines, and cheap. */
	if (g_str_is_ascii(valid))
		return g_ascii_strdown(valid, -1);
	plain = g_utf8_normalize(valid, -1, G_NORMALIZE_NFKC);
	return g_utf8_casefold(plain, -1);
}

char *
quote_fold(const char *text, gsize len)
{
	g_autofree char *folded = case_fold(text, MIN(len, QUOTE_FOLD_MAX));
	GString *out = g_string_sized_new(strlen(folded));
	gboolean blank = FALSE;

	for (const char *p = folded; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == '*' || g_unichar_iszerowidth(c))
			continue;
		if (g_unichar_isspace(c)) {
			blank = TRUE;
			continue;
		}
		if (blank && out->len > 0)
			g_string_append_c(out, ' ');
		blank = FALSE;
		if (c < 0x80)
			g_string_append_c(out, (char)c);
		else
			g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

static gboolean
starts_with_any(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (g_str_has_prefix(text, *list))
			return TRUE;
	return FALSE;
}

static gboolean
ends_with_any(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (g_str_has_suffix(text, *list))
			return TRUE;
	return FALSE;
}

static gboolean
contains_any(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strstr(text, *list) != NULL)
			return TRUE;
	return FALSE;
}

static gboolean
has_digit(const char *text)
{
	return strpbrk(text, "0123456789") != NULL;
}

/* "9:05", "19.30" would also be a price: colons only. */
static gboolean
has_time(const char *text)
{
	for (const char *p = strchr(text, ':'); p != NULL;
	     p = strchr(p + 1, ':'))
		if (p > text && g_ascii_isdigit(p[-1]) &&
		    g_ascii_isdigit(p[1]) && g_ascii_isdigit(p[2]))
			return TRUE;
	return FALSE;
}

static guint
count_words(const char *text)
{
	guint n = 1;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ' ';
	return n;
}

enum quote_attribution
quote_attribution(const char *folded)
{
	gsize len;
	gboolean verb;
	gboolean opener;
	gboolean is_named;

	folded += strspn(folded, "-–— \"");
	len = strlen(folded);
	if (len < 6 || folded[len - 1] != ':')
		return QUOTE_ATTR_NONE;
	verb = contains_any(folded, verbs);
	if (has_time(folded) && strchr(folded, '@') != NULL &&
	    (verb || g_str_has_suffix(folded, ">:")))
		return QUOTE_ATTR_DATED;
	if (!verb)
		return QUOTE_ATTR_NONE;
	opener = (starts_with_any(folded, openers) ||
		     g_ascii_isdigit(folded[0])) &&
	    has_digit(folded);
	is_named = strchr(folded, '@') != NULL;
	/* Danes and Norwegians have no colon in it. */
	if (opener && (is_named || has_time(folded) ||
			  strstr(folded, " kl. ") != NULL))
		return QUOTE_ATTR_SURE;
	if (is_named)
		return QUOTE_ATTR_NAMED;
	return opener || count_words(folded) <= 3 ? QUOTE_ATTR_WEAK
						  : QUOTE_ATTR_NONE;
}

enum quote_header
quote_header(const char *folded)
{
	const char *colon = strchr(folded, ':');
	gsize len;

	if (colon == NULL)
		return QUOTE_HEADER_NONE;
	len = (gsize)(colon - folded);
	while (len > 0 && folded[len - 1] == ' ')
		len--;
	for (const struct header_word *h = headers; h->word != NULL; h++)
		if (strlen(h->word) == len && memcmp(folded, h->word, len) == 0)
			return h->kind;
	return QUOTE_HEADER_NONE;
}

gboolean
quote_is_separator(const char *folded)
{
	gsize len = strlen(folded);

	if (quote_is_forward(folded))
		return TRUE;
	return len > 8 && len < 120 && g_str_has_prefix(folded, "--") &&
	       g_str_has_suffix(folded, "--") &&
	       contains_any(folded, separators);
}

gboolean
quote_is_forward(const char *folded)
{
	gsize len = strlen(folded);

	if (g_strv_contains(forward_lines, folded))
		return TRUE;
	return len > 8 && len < 120 && g_str_has_prefix(folded, "--") &&
	       g_str_has_suffix(folded, "--") &&
	       contains_any(folded, forwards);
}

/* A client writes no hash into its line; a player who sent something "from"
 * somewhere does. */
static gboolean
has_long_run(const char *text)
{
	guint run = 0;

	for (const char *p = text; *p != '\0'; p++) {
		run = g_ascii_isalnum(*p) ? run + 1 : 0;
		if (run >= LONG_RUN)
			return TRUE;
	}
	return FALSE;
}

gboolean
quote_is_client_line(const char *folded)
{
	if (strlen(folded) > CLIENT_LINE_MAX || has_long_run(folded))
		return FALSE;
	folded += strspn(folded, "[(");
	if (!starts_with_any(folded, client_starts)) {
		g_autofree char *bare = g_strdup(folded);

		while (*bare != '\0' && strchr(".)]", bare[strlen(bare) - 1]))
			bare[strlen(bare) - 1] = '\0';
		if (!ends_with_any(bare, client_ends))
			return FALSE;
	}
	return contains_any(folded, client_things);
}
