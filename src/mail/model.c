#include "mail/model.h"

#include "base/banned.h"

void
mail_file_free(struct mail_file *file)
{
	if (file == NULL)
		return;
	g_free(file->type);
	g_free(file->text);
	g_bytes_unref(file->octets);
	g_free(file);
}

void
mail_free(struct mail *mail)
{
	if (mail == NULL)
		return;
	addr_free(mail->from_addr);
	if (mail->rcpt_addrs != NULL)
		g_ptr_array_unref(mail->rcpt_addrs);
	g_free(mail->thread);
	g_free(mail->from_name);
	g_ptr_array_unref(mail->other_addrs);
	g_ptr_array_unref(mail->other_names);
	g_free(mail->subject);
	g_free(mail->message_id);
	g_ptr_array_unref(mail->references);
	g_free(mail->text);
	g_ptr_array_unref(mail->files);
	g_free(mail);
}
