/*
 * What a mail becomes for the other side: parse and scrub as the programs do
 * it, with the rules of a directory. For tests/leak and tests/system.
 *
 * Standard input is a row of mails, each as its length in decimal, a line
 * feed and its octets; the output has the same form, with subject, text and
 * quoted text of each mail. With a role, the mails are an agent's: the output
 * is a line "sent" and the text for the player, or "kept" and what the agent
 * is told. With "--copy" instead of a directory the input are scrubbed texts,
 * and the output the agents' copies of them. Ends with 1 and a message at the
 * first thing that is not so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/compose.h"
#include "mail/parse.h"
#include "mail/scrub.h"

#include "base/banned.h"

#define MAIL_MAX (64 << 20)

/* NULL at the end of the input; the caller owns the octets. */
static GBytes *
mail_read(gboolean *ok)
{
	unsigned long len;
	char *raw;
	int n = scanf("%lu", &len);

	*ok = n == EOF;
	if (n != 1 || len > MAIL_MAX || getchar() != '\n')
		return NULL;
	raw = g_malloc(len + 1);
	*ok = fread(raw, 1, len, stdin) == len;
	if (!*ok) {
		g_free(raw);
		return NULL;
	}
	return g_bytes_new_take(raw, len);
}

static char *
player_text(const struct mail *mail, const struct rules *rules)
{
	g_auto(scrubbed_auto) out = {0};

	scrub_player_mail(mail, rules, &out);
	return g_strdup_printf(
	    "%s\n\n%s\n%s", out.subject, out.text, out.tail);
}

static char *
agent_text(const struct mail *mail, const struct rules *rules,
    const struct scrub_agent *self)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *words = scrub_agent_words(mail, self, &err);
	g_autofree char *text = words == NULL
	    ? NULL
	    : scrub_agent_text(words, mail, rules, self, &err);

	return text != NULL ? g_strdup_printf("sent\n%s", text)
			    : g_strdup_printf("kept\n%s", err->message);
}

static void
mail_write(GBytes *raw, const struct rules *rules,
    const struct scrub_agent *self)
{
	static const struct mail_parse_options options = {.sender_addr = NULL};
	g_autoptr(mail_auto) mail = mail_parse(raw, &options);
	g_autofree char *all = self->role_name != NULL
	    ? agent_text(mail, rules, self)
	    : player_text(mail, rules);

	printf("%zu\n%s", strlen(all), all);
}

static void
copy_write(GBytes *text)
{
	gsize len;
	const char *octets = g_bytes_get_data(text, &len);
	g_autofree char *words = g_strndup(octets, len);
	const struct scrubbed body = {.text = words};
	const struct compose_copy copy = {
	    .queue_address = "support@casino.example",
	    .agent_address = "support+k7f39q2y-0123456789abc@casino.example",
	    .pseudonym = "amber-otter-41",
	    .message_id = "<k7f39q2y.1@casino.example>",
	    .root_id = "<k7f39q2y.0@casino.example>",
	    .number = "K7F3-9Q2Y",
	    .body = &body};
	g_autoptr(GBytes) mail = compose_agent_copy(&copy);

	printf("%zu\n", g_bytes_get_size(mail));
	fwrite(g_bytes_get_data(mail, NULL), 1, g_bytes_get_size(mail), stdout);
}

static gboolean
copies(void)
{
	gboolean ok;
	GBytes *text;

	while ((text = mail_read(&ok)) != NULL) {
		copy_write(text);
		g_bytes_unref(text);
	}
	return ok && fflush(stdout) == 0;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) err = NULL;
	struct scrub_agent self = {.role_name = NULL};
	struct rules *rules;
	gboolean ok = TRUE;
	GBytes *raw;

	if (argc != 2 && argc < 5) {
		fputs("usage: leak-redact FILTERS|--copy [ROLE DOMAIN MAC "
		      "[ADDRESS ...]] <MAILS\n",
		    stderr);
		return 2;
	}
	if (strcmp(argv[1], "--copy") == 0)
		return copies() ? 0 : 1;
	if (argc > 2)
		self = (struct scrub_agent){.role_name = argv[2],
		    .queue_domain = argv[3], .mac = argv[4],
		    .own_addrs = argv + 5};
	mail_init();
	rules = rules_load(argv[1], &err);
	if (rules == NULL) {
		fprintf(stderr, "leak-redact: %s\n", err->message);
		return 1;
	}
	while ((raw = mail_read(&ok)) != NULL) {
		mail_write(raw, rules, &self);
		g_bytes_unref(raw);
	}
	rules_free(rules);
	if (!ok || fflush(stdout) != 0) {
		fputs("leak-redact: broken input or output\n", stderr);
		return 1;
	}
	return 0;
}
