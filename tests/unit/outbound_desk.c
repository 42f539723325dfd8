#include "outbound_desk.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

const char desk_content[] =
    "Subject: x\r\n\r\nHello\r\n.\r\n..dots\r\n.end\r\n";
const char desk_content_sent[] =
    "Subject: x\r\n\r\nHello\r\n..\r\n...dots\r\n..end\r\n.\r\n";

static void
before_body(gpointer data)
{
	struct desk *desk = data;

	desk->bodies++;
	if (desk->deposit)
		desk->fd = dup(smtp_fd(desk->smtp));
	if (desk->hang_up)
		assert_int_equal(shutdown(smtp_fd(desk->smtp), SHUT_RDWR), 0);
}

void
desk_init(struct desk *desk, const char *server, guint timeout_ms)
{
	*desk = (struct desk){.options = {.server = server,
	    .hello_name = "desk.test", .timeout_ms = timeout_ms}, .fd = -1};
	desk->results = g_array_new(FALSE, FALSE, sizeof(struct smtp_result));
	desk->mail = (struct smtp_mail){.sender_addr = "s@desk.test",
	    .rcpt_addrs = g_ptr_array_new(),
	    .content = g_bytes_new_static(desk_content,
		strlen(desk_content)),
	    .before_body = before_body, .user_data = desk};
	g_ptr_array_add(desk->mail.rcpt_addrs, (gpointer)"a@x.test");
	g_ptr_array_add(desk->mail.rcpt_addrs, (gpointer)"b@y.test");
}

gboolean
desk_send(struct desk *desk, GError **err)
{
	if (desk->smtp == NULL)
		desk->smtp = smtp_new(&desk->options);
	return smtp_send(desk->smtp, &desk->mail, desk->results, err);
}

void
desk_done(struct desk *desk)
{
	smtp_free(desk->smtp);
	desk->smtp = NULL;
	g_array_unref(desk->results);
	g_ptr_array_unref(desk->mail.rcpt_addrs);
	g_bytes_unref(desk->mail.content);
}

char *
desk_show_results(const struct desk *desk)
{
	const GArray *results = desk->results;
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < results->len; i++) {
		const struct smtp_result *r = &g_array_index(results,
		    struct smtp_result, i);

		g_string_append_printf(out, "%s%u%s%s", i > 0 ? ", " : "",
		    r->code, r->status[0] != '\0' ? " " : "", r->status);
	}
	return g_string_free(out, FALSE);
}
