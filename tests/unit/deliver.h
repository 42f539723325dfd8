#ifndef ND_TESTS_UNIT_DELIVER_H
#define ND_TESTS_UNIT_DELIVER_H

/*
 * The parts of test-deliver. Each runs one group of cmocka tests and returns
 * how many failed.
 */
#include "deliver_roles.h"

#include "base/config.h"
#include "rules/rules.h"

int test_deliver_agents(void);
int test_deliver_claims(void);
int test_deliver_control(void);
int test_deliver_refuse(void);
int test_deliver_reports(void);
int test_deliver_steer(void);
int test_deliver_wishes(void);

#define OTHER_LOWER "07bf6han"
#define MAC_A "a000000000000"
#define MAC_P "p000000000000"
#define MAC_0 "0000000000000"
#define TOKEN "t000000000000"

#define QUEUE "support@casino.test"
#define VIP "vip@lounge.test"
#define AGENTS "support+" TICKET_LOWER "-" MAC_A "@casino.test"
#define AGENTS_OTHER "support+" OTHER_LOWER "-" MAC_A "@casino.test"
#define AGENTS_WRONG "support+" TICKET_LOWER "-" MAC_0 "@casino.test"
#define PLAYERS "support+" TICKET_LOWER "-" MAC_P "@casino.test"
#define BACK(c) "support+b-00000000." c "000000000000@casino.test"
#define OWN_ID(mac) TICKET_LOWER "." TOKEN "." mac "@casino.test"

#define ANNA "anna@agents.test"
#define ZOE "zoe@agents.test"
#define PLAYER "max@players.test"
#define REF(c) "<" TICKET_LOWER "." TOKEN "." c "000000000000@casino.test> "
#define CAP(c) "support+" TICKET_LOWER "-" c "000000000000@casino.test"

/* A delivery status of a mail to a player, with what must not get in. */
#define DSN(action, status)                                                    \
	"--b\r\nContent-Type: text/plain\r\n\r\nThe mail to "                 \
	"max.muster@players.test failed: user unknown\r\n"                     \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                 \
	"Reporting-MTA: dns; mx.players.test\r\n\r\n"                          \
	"Final-Recipient: rfc822; max.muster@players.test\r\n"                 \
	"Action: " action "\r\nStatus: " status "\r\n"                         \
	"Diagnostic-Code: smtp; 550 5.1.1 <max.muster@players.test>\r\n"       \
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"                     \
	"Message-ID: <" OWN_ID("v000000000000") ">\r\nSubject: x\r\n--b--\r\n"
#define DSN_HEADERS                                                            \
	"Subject: Undelivered Mail\r\nMessage-ID: <dsn@players.test>\r\n"      \
	"MIME-Version: 1.0\r\nContent-Type: multipart/report; "                \
	"report-type=delivery-status; boundary=b\r\n"

/* The queues support and vip, and open, where nobody has to prove himself. */
extern struct config *config;

#define RCPTS_MAX 3

struct letter { /* one mail */
	const char *from;
	const char *headers; /* the rest, each ended by CRLF */
	const char *text;
	const char *sender;  /* NULL: from */
	const char *rcpts[RCPTS_MAX + 1];
	enum proto_way way;  /* none: LMTP */
};

/* What proves that a mail is Anna's. */
#define ANNA_PROOF                                                             \
	"Authentication-Results: mx.casino.test; "                             \
	"auth=pass smtp.auth=anna@agents.test\r\n"

/* Returns how many recipients were accepted. */
guint letter_send(const struct letter *letter);
/* The same, but what all its recipients got. */
enum proto_mail_outcome letter_outcome(const struct letter *letter);

/* The last mail handed over, "" if there is none; as a reader sees it: the
 * words of notices are ASCII, and folded at blanks. */
const char *last_mail(void);
gboolean last_mail_says(const char *words);

#endif
