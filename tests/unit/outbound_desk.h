#ifndef ND_TESTS_OUTBOUND_DESK_H
#define ND_TESTS_OUTBOUND_DESK_H

/*
 * What the tests of src/outbound share: scripts for the fake server, and a
 * client with one mail for two recipients.
 */
#include "outbound_fake.h"

#include "outbound/smtp.h"

#define FULL                                                                   \
	"250-fake at your service\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n" \
	"250-8bitmime\r\n250-AUTH LOGIN PLAIN\r\n250-STARTTLS\r\n"            \
	"250 SMTPUTF8\r\n"
#define GREET {NULL, "220 fake ESMTP\r\n"}
#define HELLO GREET, {"EHLO desk.test\r\n", FULL}
#define HELLO_BARE GREET, {"EHLO desk.test\r\n", "250 fake\r\n"}
/* An envelope for two recipients, with these replies. */
#define ENVELOPE(mail, a, b, data)                                            \
	{"MAIL FROM:<s@desk.test>", mail}, {"RCPT TO:<a@x.test>\r\n", a},     \
	{"RCPT TO:<b@y.test>\r\n", b}, {"DATA\r\n", data}
#define OK_ENVELOPE                                                           \
	ENVELOPE("250 2.1.0 ok\r\n", "250 2.1.5 ok\r\n", "250 2.1.5 ok\r\n",  \
	    "354 go\r\n")
#define OK_MAIL OK_ENVELOPE, {FAKE_BODY, "250 2.0.0 queued\r\n"}
#define QUICK_MS 300
#define PATIENT_MS 20000

extern const char desk_content[];	 /* of the mail */
extern const char desk_content_sent[]; /* what FAKE_BODY gets of it */

/* A client with one mail for two recipients. */
struct desk {
	struct smtp_options options;
	struct smtp *smtp;
	struct smtp_mail mail;
	GArray *results;
	guint bodies; /* calls of before_body */
	gboolean hang_up; /* in before_body */
	gboolean deposit; /* in before_body */
	int fd;		  /* what was deposited */
};

void desk_init(struct desk *desk, const char *server, guint timeout_ms);
gboolean desk_send(struct desk *desk, GError **err);
void desk_done(struct desk *desk);
/* "250 2.0.0, 550 5.1.1"; caller frees. */
char *desk_show_results(const struct desk *desk);

void test_replies(void **state);
void test_sink(void **state);

void test_fate(void **state);
void test_fate_endless(void **state);
void test_fate_of_successor(void **state);

void test_notice_cases(void **state);
void test_notice_footer(void **state);
void test_notice_never_reopens(void **state);
void test_notice_whole(void **state);
void test_notice_bare(void **state);
void test_notice_encrypted(void **state);
void test_notice_language(void **state);
void test_notice_load(void **state);
void test_notice_alike(void **state);
void test_notice_categories(void **state);
void test_notice_subsets(void **state);

#endif
