#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "archivist_tests.h"
#include "outbound/archivist.h"
#include "outbound_fake.h"

#include "base/banned.h"

#define MAIL "Message-ID: <a@desk.test>\r\n\r\nzebra\r\n"

/* What the archive's settings do not let happen is no fault of the mail. A
 * server of another machine without TLS gets no password; this address is
 * local all the same. */
void
test_archivist_without_tls(void **state)
{
	static const struct fake_step script[] = {{NULL, "* OK x\r\n"},
	    {"1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1\r\n1 OK x\r\n"},
	    {NULL, FAKE_NEXT}, {NULL, "* OK x\r\n"},
	    {"1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1\r\n1 OK x\r\n"}, {0}};
	struct fake *fake = fake_start_inet(script);
	g_autofree char *url =
	    g_strdup_printf("imap://u@0.0.0.0:%u/A", fake_port(fake));
	struct config_queue queue = {.name = (char *)"support",
	    .archive = url,
	    .archive_tls = (char *)"may",
	    .archive_password_file = (char *)"/nonexistent"};
	struct config config = {.queues = g_ptr_array_new(),
	    .spool_dir = *state};
	const int stop = 0;
	struct post post = {.config = &config, .stop = &stop};
	g_autoptr(GBytes) content = g_bytes_new_static(MAIL, strlen(MAIL));
	g_autoptr(GPtrArray) left = NULL;
	struct archivist archivist;

	g_ptr_array_add(config.queues, &queue);
	post.spool = spool_new(*state, 100000, NULL);
	assert_true(spool_put(post.spool,
	    &(struct spool_mail){.queue = "support", .content = content},
	    NULL));
	archivist_init(&archivist, &post);
	assert_false(archivist_append(&archivist));
	left = spool_list(post.spool, "support", 10, NULL);
	assert_int_equal(left->len, 1);
	archivist_done(&archivist);
	fake_finish(fake);
	fake_free(fake);
	spool_free(post.spool);
	g_ptr_array_unref(config.queues);
}
