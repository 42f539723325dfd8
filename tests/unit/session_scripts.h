#ifndef ND_TESTS_UNIT_SESSION_SCRIPTS_H
#define ND_TESTS_UNIT_SESSION_SCRIPTS_H

/*
 * Scripts of octets in and octets out for the session machine, and the words
 * they are made of. What both protocols agree on is written as LMTP.
 */
#include <glib.h>

#define GREETING "220 mx.example LMTP\r\n"
#define LHLO "LHLO client\r\n"
#define LHLO_OUT                                                               \
	"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                 \
	"250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 200\r\n"
#define MAIL "MAIL FROM:<p@player.example>\r\n"
#define RCPT "RCPT TO:<help@desk.example>\r\n"
#define START LHLO MAIL RCPT "DATA\r\n"
#define OK "250 2.0.0 Ok\r\n"
#define MAIL_OK "250 2.1.0 Ok\r\n"
#define RCPT_OK "250 2.1.5 Ok\r\n"
#define GO "354 End data with <CRLF>.<CRLF>\r\n"
#define HELLO_OUT GREETING LHLO_OUT
#define START_OUT HELLO_OUT MAIL_OK RCPT_OK GO
#define ACCEPTED "250 2.0.0 Accepted\r\n"
#define TEMPORARY "451 4.3.0 Temporary fault, try later\r\n"
#define BYE "221 2.0.0 Bye\r\n"
#define UNKNOWN "500 5.5.1 Command not known\r\n"
#define BAD_LINE "500 5.5.2 Line not understood\r\n"
#define LONG_LINE "500 5.5.2 Line too long\r\n"
#define ARGUMENT "501 5.5.4 Syntax error in argument\r\n"
#define PARAMETER "555 5.5.4 Parameter not known\r\n"
#define BAD_SENDER "501 5.1.7 Bad sender address syntax\r\n"
#define BAD_RCPT "501 5.1.3 Bad recipient address syntax\r\n"
#define BAD_UTF8 "553 5.6.7 Non-ASCII address not permitted\r\n"
#define ORDER "503 5.5.1 Bad sequence of commands\r\n"
#define NO_RCPT "503 5.5.1 No valid recipients\r\n"
#define NO_USER "550 5.1.1 No such address here\r\n"
#define WRONG_ROUTE                                                            \
	"451 4.3.5 Only nymdesk's addresses are taken here, check "            \
	"smtpd_proxy_filter\r\n"
#define MEMORY "452 4.3.1 Too many mails at once, try later\r\n"
#define RCPT_MAX "452 4.5.3 Too many recipients\r\n"
#define TOO_BIG "552 5.3.4 Message too big\r\n"
#define BARE "550 5.6.0 Bare CR or LF in message\r\n"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* SMTP. */
#define SMTP_GREETING "220 mx.example ESMTP\r\n"
#define EHLO "EHLO client\r\n"
#define EHLO_OUT SMTP_GREETING LHLO_OUT
#define EHLO_START EHLO MAIL RCPT "DATA\r\n"
#define EHLO_START_OUT EHLO_OUT MAIL_OK RCPT_OK GO

/* In which protocol. */
enum played {
	PLAYED_BOTH,
	PLAYED_LMTP,
	PLAYED_SMTP,
};

struct script {
	enum played played;
	const char *name;
	const char *in;
	gsize in_len;
	const char *out;
	const char *got; /* "sender>rcpt,rcpt:message;" for each message */
	gsize got_len;
};
#define PLAYED(played, name, in, out, got)                                     \
	{                                                                      \
		(played), (name), "" in, sizeof(in) - 1, (out), "" got,        \
		    sizeof(got) - 1                                            \
	}
#define SCRIPT(name, in, out, got) PLAYED(PLAYED_BOTH, name, in, out, got)
#define LMTP(name, in, out, got) PLAYED(PLAYED_LMTP, name, in, out, got)
#define SMTP(name, in, out, got) PLAYED(PLAYED_SMTP, name, in, out, got)

extern const struct script session_scripts[];
extern const gsize session_scripts_len;

#endif
