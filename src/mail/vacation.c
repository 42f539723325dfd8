#include "mail/vacation.h"

#include <string.h>

#include "mail/quote_words.h"
#include "ticket/number.h"

#include "base/banned.h"

#define NUMBER_TEXT_MAX 40 /* octets of a number in its loosest writing */
#define LINES_MAX 6 /* with words, from the first; a greeting counts */

/* All as quote_fold() leaves them. What follows in a subject is a colon, a
 * dash behind a blank, or nothing. */
static const char *const subjects[] = {"automatic reply", "automatic response",
    "automated reply", "automated response", "auto reply", "auto-reply",
    "autoreply", "auto response", "auto-response", "autoresponse",
    "out of office", "out of the office", "out-of-office",
    "out of office autoreply", "out of office auto-reply",
    "out of office reply", "out of office notification", "vacation reply",
    "away from office", "i am out of the office",
    "automatische antwort", "automatische rückantwort",
    "automatische nachricht", "abwesenheitsnotiz", "abwesenheitsnachricht",
    "abwesenheitsmeldung", "abwesenheitsassistent",
    "autoantwort", "nicht im büro", "réponse automatique",
    "réponse d'absence", "réponse d’absence", "message d'absence",
    "message d’absence", "notification d'absence", "absence du bureau",
    "absent du bureau", "αυτόματη απάντηση", "αυτόματο μήνυμα",
    "απάντηση εκτόσ γραφείου", "εκτόσ γραφείου", "μήνυμα απουσίασ",
    "απουσία από το γραφείο", "respuesta automática", "respuesta automatica",
    "fuera de la oficina", "fuera de oficina", "autorespuesta",
    "mensaje de ausencia", "aviso de ausencia", "risposta automatica",
    "fuori ufficio", "assenza dall'ufficio", "assente dall'ufficio",
    "messaggio di assenza", "resposta automática", "resposta automatica",
    "fora do escritório", "ausência do escritório", "ausente do escritório",
    "mensagem de ausência", "автоответ", "автоматический ответ", "вне офиса",
    "отсутствие на рабочем месте", "сообщение об отсутствии", "otomatik yanıt",
    "otomatik cevap", "ofis dışında", "ofis dışı", "işyeri dışında",
    "automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź",
    "poza biurem", "nieobecność w biurze", "informacja o nieobecności",
    "automatisch antwoord", "afwezigheidsbericht", "automatiskt svar",
    "autosvar", "自动回复", NULL};

/* The same of responders, which people write about other things as well:
 * German "Auto" is a car. */
static const char *const short_subjects[] = {"auto", "ooo", "vacation",
    "on vacation", "away", "abwesend", "abwesenheit", "urlaub", "im urlaub",
    "ausser haus", "absence", "absent", "απουσία", "άδεια", "ausencia",
    "ausente", "vacaciones", "assenza", "assente", "fuori sede", "ausência",
    "férias", "автоответчик", "отпуск", "нет на месте", "izin", "izindeyim",
    "nieobecność", "urlop", NULL};

/* Notes: "AUTO: Jane Doe is out of the office (returning 05/01/2026)". */
static const char *const notes_words[] = {" is out of the office",
    " ist ausser haus", " est absent", " è fuori sede", " è fuori ufficio",
    " está fuera de la oficina", " está fora do escritório", NULL};

/* Both stand in one line of the text. */
static const char *const away[][2] = {
    {"i am ", "out of the office"}, {"i'm ", "out of the office"},
    {"i’m ", "out of the office"}, {"i will be ", "out of the office"},
    {"i am ", "out of office"}, {"i'm ", "out of office"},
    {"i am ", "away from the office"}, {"i am ", "away from my desk"},
    {"i am ", "on vacation"}, {"i'm ", "on vacation"},
    {"i am ", "on holiday"}, {"i'm ", "on holiday"},
    {"i am ", "on annual leave"}, {"i'm ", "on annual leave"},
    {"i am ", "on leave until"}, {"i am ", "on parental leave"},
    {"i am ", "away until"}, {"i ", "limited access to my e"},
    {"i ", "no access to my e"}, {"this is an automat", ""},
    {"ich ", "nicht im büro"}, {"ich ", "nicht im hause"},
    {"ich ", "ausser haus"}, {"bin ich ", "im urlaub"},
    {"ich bin ", "im urlaub"}, {"ich befinde mich ", "urlaub"},
    {"ich bin ", "abwesend"}, {"bin ich ", "abwesend"},
    {"ich bin ", "in elternzeit"},
    {"ich ", "keinen zugriff auf meine e-mail"},
    {"dies ist eine automatische ", ""},
    {"diese nachricht wurde automatisch ", ""}, {"je suis ", "absent"},
    {"je serai ", "absent"}, {"je suis ", "en congé"},
    {"je suis ", "en vacances"}, {"je serai ", "en congé"},
    {"je ", "absent du bureau"}, {"ceci est une réponse automatique", ""},
    {"ceci est un message automatique", ""}, {"είμαι ", "εκτόσ γραφείου"},
    {"βρίσκομαι ", "εκτόσ γραφείου"}, {"θα είμαι ", "εκτόσ γραφείου"},
    {"απουσιάζω", ""}, {"είμαι ", "σε άδεια"}, {"βρίσκομαι ", "σε άδεια"},
    {"αυτόματη απάντηση", ""}, {"αυτό είναι ένα αυτόματο", ""},
    {"estoy ", "fuera de la oficina"}, {"estaré ", "fuera de la oficina"},
    {"me encuentro ", "fuera de la oficina"}, {"estoy ", "de vacaciones"},
    {"me encuentro ", "de vacaciones"}, {"estaré ", "de vacaciones"},
    {"estoy ", "ausente"}, {"estaré ", "ausente"},
    {"esta es una respuesta automática", ""},
    {"este es un mensaje automático", ""}, {"sono ", "fuori ufficio"},
    {"sarò ", "fuori ufficio"}, {"sono ", "fuori sede"}, {"sono ", "assente"},
    {"sarò ", "assente"}, {"sono ", "in ferie"}, {"sarò ", "in ferie"},
    {"questa è una risposta automatica", ""},
    {"questo è un messaggio automatico", ""},
    {"estou ", "fora do escritório"}, {"estarei ", "fora do escritório"},
    {"estou ", "ausente"}, {"estarei ", "ausente"}, {"estou ", "de férias"},
    {"estou ", "em férias"}, {"estarei ", "de férias"},
    {"encontro-me ", "ausente"}, {"esta é uma resposta automática", ""},
    {"esta é uma mensagem automática", ""}, {"я ", "в отпуске"},
    {"нахожусь ", "в отпуске"}, {"меня ", "в офисе"},
    {"я ", "отсутству"}, {"буду ", "отсутств"}, {"я ", "вне офиса"},
    {"это автоматический ответ", ""}, {"это автоматическое сообщение", ""},
    {"ofis dışındayım", ""}, {"ofis dışında olacağım", ""},
    {"ofiste değilim", ""}, {"ofiste olmayacağım", ""}, {"izindeyim", ""},
    {"izinde olacağım", ""}, {"izinli", "kadar"}, {"tatildeyim", ""},
    {"bu otomatik bir ", ""}, {"bu bir otomatik ", ""},
    {"jestem ", "poza biurem"}, {"będę ", "poza biurem"},
    {"przebywam ", "na urlopie"}, {"jestem ", "na urlopie"},
    {"jestem ", "nieobecn"}, {"będę ", "nieobecn"},
    {"to jest automatyczna ", ""}, {"to jest wiadomość automatyczna", ""}};

/* TRUE if text begins with word and goes on like a responder's subject. */
static gboolean
subject_is(const char *text, const char *word)
{
	gsize len = strlen(word);
	const char *rest = text + len;

	if (strncmp(text, word, len) != 0)
		return FALSE;
	rest += strspn(rest, " ])");
	return *rest == '\0' || *rest == ':' ||
	    g_str_has_prefix(rest, "：") ||
	    memchr(text + len, ']', (gsize)(rest - text) - len) != NULL ||
	    (rest > text + len && (*rest == '-' ||
		g_str_has_prefix(rest, "–")));
}

static gboolean
is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (subject_is(text, *list))
			return TRUE;
	return FALSE;
}

static gboolean
is_of_notes(const char *text)
{
	if (!g_str_has_prefix(text, "auto: "))
		return FALSE;
	for (const char *const *s = notes_words; *s != NULL; s++)
		if (strstr(text, *s) != NULL)
			return TRUE;
	return FALSE;
}

/* The responder repeats the subject of our mail. */
static gboolean
has_number(const char *subject)
{
	const char *p = subject;

	while ((p = strchr(p, '[')) != NULL) {
		gsize len = strcspn(++p, "[]");
		struct number number;

		if (len <= NUMBER_TEXT_MAX && p[len] == ']' &&
		    number_parse(p, len, &number))
			return TRUE;
	}
	return FALSE;
}

gboolean
vacation_subject(const char *subject, gboolean is_answer)
{
	g_autofree char *folded = quote_fold(subject, strlen(subject));
	const char *text = folded + strspn(folded, "[(* ");

	return is_one_of(text, subjects) || is_of_notes(text) ||
	    (is_one_of(text, short_subjects) &&
		(is_answer || has_number(subject)));
}

static gboolean
line_is_away(const char *line, gsize len)
{
	g_autofree char *folded = quote_fold(line, len);

	for (gsize i = 0; i < G_N_ELEMENTS(away); i++) {
		const char *p = strstr(folded, away[i][0]);

		if (p != NULL &&
		    (p == folded || !g_ascii_isalnum(p[-1])) &&
		    strstr(p, away[i][1]) != NULL)
			return TRUE;
	}
	return FALSE;
}

gboolean
vacation_words(const char *subject, const char *text)
{
	guint lines = 0;

	if (vacation_subject(subject, TRUE))
		return TRUE;
	while (*text != '\0' && *text != '>' && lines < LINES_MAX) {
		gsize len = strcspn(text, "\n");

		if (len > 0) {
			if (line_is_away(text, len))
				return TRUE;
			lines++;
		}
		text += len + (text[len] == '\n');
	}
	return FALSE;
}
