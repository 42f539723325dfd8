/*
 * A whole mail from the network to the model. The first octet chooses what
 * the envelope says; the rest is the mail. Checks what model.h promises.
 */
#include <stdint.h>
#include <string.h>

#include "mail/parse.h"
#include "reach.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		g_assert_false(c != '\n' && c != '\t' &&
		    g_unichar_iscntrl(c));
	}
}

static void
check_line(const char *text)
{
	check_text(text);
	g_assert_true(strpbrk(text, "\n\t") == NULL);
}

static void
check_model(const struct mail *mail)
{
	check_line(mail->from_name);
	check_line(mail->subject);
	check_line(mail->message_id);
	check_text(mail->text);
	for (guint i = 0; i < mail->other_names->len; i++)
		check_line(mail->other_names->pdata[i]);
	for (guint i = 0; i < mail->references->len; i++)
		check_line(mail->references->pdata[i]);
	for (guint i = 0; i < mail->files->len; i++) {
		const struct mail_file *file = mail->files->pdata[i];

		check_line(file->type);
		if (file->text != NULL)
			check_text(file->text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const senders[] = {NULL, "", "a@b.example", "<"};
	struct mail_parse_options options = {.authserv_id = "mx.example"};
	g_autoptr(GBytes) raw = NULL;
	g_autoptr(mail_auto) mail = NULL;

	REACH_INIT("mail");
	if (size == 0)
		return 0;
	mail_init();
	options.sender_addr = senders[data[0] % G_N_ELEMENTS(senders)];
	raw = g_bytes_new(data + 1, size - 1);
	mail = mail_parse(raw, &options);
	check_model(mail);
	if (!mail->is_placeholder &&
	    (mail->text[0] != '\0' || mail->files->len > 0))
		REACHED();
	return 0;
}
