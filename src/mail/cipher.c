#include "mail/cipher.h"

#include <string.h>

#include "mail/kind.h"

#include "base/banned.h"

#define BLOCK_BEGIN "-----BEGIN PGP MESSAGE"
#define BLOCK_END "-----END PGP MESSAGE"

/* The text without its encrypted blocks, or NULL if it has none. One that
 * never ends takes the rest. Caller frees. */
static char *
text_around(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean is_found = FALSE;
	gboolean is_inside = FALSE;

	while (*text != '\0') {
		gsize len = strcspn(text, "\n");
		const char *line = text + strspn(text, " \t");

		len += text[len] == '\n';
		if (g_str_has_prefix(line, BLOCK_BEGIN))
			is_found = is_inside = TRUE;
		if (!is_inside)
			g_string_append_len(out, text, (gssize)len);
		if (g_str_has_prefix(line, BLOCK_END))
			is_inside = FALSE;
		text += len;
	}
	return is_found ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* TRUE if a reader would not call it a text. */
static gboolean
is_bare(const char *text)
{
	guint letters = 0;
	gboolean is_quoted = FALSE;
	gboolean is_start = TRUE;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		if (is_start)
			is_quoted = *p == '>';
		is_start = *p == '\n';
		if (!is_quoted && g_unichar_isalnum(g_utf8_get_char(p)) &&
		    ++letters > CIPHER_AROUND_MAX)
			return FALSE;
	}
	return TRUE;
}

static gboolean
file_is_cipher(const struct mail_file *file)
{
	return kind_of(file->type)->use == KIND_CIPHER;
}

static gboolean
has_cipher_file(const struct mail *mail)
{
	for (guint i = 0; i < mail->files->len; i++)
		if (file_is_cipher(mail->files->pdata[i]))
			return TRUE;
	return FALSE;
}

void
cipher_hold(struct mail *mail)
{
	g_autofree char *around = text_around(mail->text);

	if ((around == NULL && !has_cipher_file(mail)) ||
	    !is_bare(around != NULL ? around : mail->text))
		return;
	mail->is_encrypted = TRUE;
	if (around != NULL) {
		g_free(mail->text);
		mail->text = g_steal_pointer(&around);
	}
	for (guint i = mail->files->len; i > 0; i--)
		if (file_is_cipher(mail->files->pdata[i - 1]))
			(void)g_ptr_array_remove_index(mail->files, i - 1);
}
