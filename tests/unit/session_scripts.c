#include "session_scripts.h"

#include "base/banned.h"

const struct script session_scripts[] = {
    SCRIPT("greeting", "", GREETING, ""),
    SCRIPT("LHLO", LHLO, HELLO_OUT, ""),
    SCRIPT("case and spaces", "lhlo  x \r\nnoop\r\nNoOp any thing\r\n",
	HELLO_OUT OK OK, ""),
    SCRIPT("LHLO needs a name", "LHLO\r\n", GREETING ARGUMENT, ""),
    LMTP("HELO and EHLO are no LMTP", "HELO x\r\nEHLO x\r\n",
	GREETING UNKNOWN UNKNOWN, ""),
    SMTP("LHLO is no SMTP", "LHLO x\r\n" MAIL, SMTP_GREETING UNKNOWN ORDER, ""),
    SMTP("HELO", "HELO\r\nHELO x\r\n" MAIL RCPT "HELO x\r\nDATA\r\n" EHLO,
	SMTP_GREETING ARGUMENT "250 mx.example\r\n" MAIL_OK RCPT_OK
			       "250 mx.example\r\n" ORDER LHLO_OUT,
	""),
    SCRIPT("MAIL before LHLO", MAIL, GREETING ORDER, ""),
    SCRIPT("one mail", START "S: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
	START_OUT ACCEPTED BYE,
	"p@player.example>help@desk.example:"
	"S: x\r\n\r\nhi\r\n;"),
    SCRIPT("empty mail", START ".\r\n", START_OUT ACCEPTED,
	"p@player.example>help@desk.example:;"),
    SCRIPT("null sender", LHLO "MAIL FROM:<>\r\n" RCPT "DATA\r\n.\r\n",
	START_OUT ACCEPTED, ">help@desk.example:;"),
    SCRIPT("dots", START "..\r\n..a\r\n.b\r\na.\r\n...\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:"
	".\r\n.a\r\nb\r\na.\r\n..\r\n;"),
    SCRIPT("NUL and 8 bit in text", START "a\0b\xff\xfe\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:a\0b\xff\xfe\r\n;"),
    SMTP("what Postfix says to a proxy",
	"EHLO mx.example\r\nmail FROM:<p@player.example> SIZE=10 "
	"BODY=8BITMIME SMTPUTF8\r\nrcpt TO:<help@desk.example>\r\ndata\r\n"
	"hi\r\n.\r\nRSET\r\nquit\r\n",
	EHLO_START_OUT ACCEPTED OK BYE,
	"p@player.example>help@desk.example:hi\r\n;"),
    SMTP("one reply for all recipients",
	EHLO MAIL "RCPT TO:<deny@desk.example>\r\n" RCPT RCPT
		  "DATA\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK RCPT_OK GO
	"550 5.7.1 Not permitted\r\n" OK,
	"p@player.example>deny@desk.example,help@desk.example,"
	"help@desk.example:;"),
    SMTP("no verdict is a temporary fault for all",
	EHLO MAIL "RCPT TO:<unset@desk.example>\r\n" RCPT
		  "DATA\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK GO TEMPORARY OK,
	"p@player.example>unset@desk.example,help@desk.example:;"),
    SMTP("one refusal for all recipients",
	EHLO MAIL RCPT RCPT "DATA\r\nx\ny\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK GO BARE OK, ""),
    SMTP("mails of others wait, they do not bounce",
	EHLO MAIL "RCPT TO:<nobody@desk.example>\r\nRCPT TO:<a@x.test>\r\n"
		  "DATA\r\n",
	EHLO_OUT MAIL_OK NO_USER WRONG_ROUTE NO_RCPT, ""),
    LMTP("a transport that names us is our own",
	LHLO MAIL "RCPT TO:<nobody@desk.example>\r\nRCPT TO:<a@x.test>\r\n",
	HELLO_OUT MAIL_OK NO_USER NO_USER, ""),
    LMTP("one reply a recipient, in order, duplicates too",
	LHLO MAIL "RCPT TO:<deny@desk.example>\r\nRCPT TO:<nobody@x.test>\r\n"
		  "RCPT TO:<temp@desk.example>\r\n"
		  "RCPT TO:<deny@desk.example>\r\nDATA\r\n.\r\nNOOP\r\n",
	HELLO_OUT MAIL_OK RCPT_OK NO_USER RCPT_OK RCPT_OK GO
	"550 5.7.1 Not permitted\r\n" TEMPORARY
	"550 5.7.1 Not permitted\r\n" OK,
	"p@player.example>deny@desk.example,temp@desk.example,"
	"deny@desk.example:;"),
    SCRIPT("no verdict is a temporary fault",
	LHLO MAIL "RCPT TO:<unset@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT TEMPORARY, "p@player.example>unset@desk.example:;"),
    SCRIPT("two mails, RSET between",
	START "a\r\n.\r\nRSET\r\n" MAIL RCPT "DATA\r\nb\r\n.\r\n",
	START_OUT ACCEPTED OK MAIL_OK RCPT_OK GO ACCEPTED,
	"p@player.example>help@desk.example:a\r\n;"
	"p@player.example>help@desk.example:b\r\n;"),
    SCRIPT("transaction ends with the mail", START ".\r\n" RCPT "DATA\r\n",
	START_OUT ACCEPTED ORDER ORDER, "p@player.example>help@desk.example:;"),
    SCRIPT("DATA without a valid recipient",
	LHLO MAIL "RCPT TO:<nobody@desk.example>\r\nDATA\r\n",
	HELLO_OUT MAIL_OK NO_USER NO_RCPT, ""),
    SCRIPT("order", LHLO RCPT "DATA\r\n" MAIL MAIL,
	HELLO_OUT ORDER ORDER MAIL_OK ORDER, ""),
    SCRIPT("RSET forgets", LHLO MAIL RCPT "RSET\r\nDATA\r\n",
	HELLO_OUT MAIL_OK RCPT_OK OK ORDER, ""),
    SCRIPT("LHLO forgets", LHLO MAIL RCPT LHLO "DATA\r\n",
	HELLO_OUT MAIL_OK RCPT_OK LHLO_OUT ORDER, ""),
    SCRIPT("VRFY and EXPN tell nothing", "VRFY help\r\nVRFY nobody\r\nEXPN\r\n",
	GREETING "252 2.0.0 Send mail and see\r\n"
		 "252 2.0.0 Send mail and see\r\n"
		 "252 2.0.0 Send mail and see\r\n",
	""),
    SCRIPT("HELP", "HELP me\r\n", GREETING "214 2.0.0 See RFC 2033\r\n", ""),
    SCRIPT("parameters",
	LHLO "MAIL FROM:<p@x.test> SIZE=200 BODY=8BITMIME SMTPUTF8\r\nRSET\r\n"
	     "mail from:<p@x.test> size=0 body=7bit\r\nRSET\r\n"
	     "MAIL FROM:<p@x.test> SIZE=201\r\n"
	     "MAIL FROM:<p@x.test> SIZE=99999999999999999999\r\n",
	HELLO_OUT MAIL_OK OK MAIL_OK OK TOO_BIG TOO_BIG, ""),
    SCRIPT("bad parameter values",
	LHLO "MAIL FROM:<p@x.test> SIZE=\r\nMAIL FROM:<p@x.test> SIZE=-1\r\n"
	     "MAIL FROM:<p@x.test> BODY=BINARYMIME\r\n",
	HELLO_OUT ARGUMENT ARGUMENT ARGUMENT, ""),
    SMTP("what Postfix passes on is skipped, not known",
	EHLO "MAIL FROM:<p@player.example> RET=HDRS ENVID=x+3Dy AUTH=<>\r\n"
	     "RCPT TO:<help@desk.example> NOTIFY=SUCCESS,FAILURE "
	     "ORCPT=rfc822;a@b.test\r\n"
	     "RCPT TO:<help@desk.example> SIZE=1\r\nRSET\r\n"
	     "MAIL FROM:<p@player.example> RET\r\n"
	     "MAIL FROM:<p@player.example> NOTIFY=NEVER\r\n",
	EHLO_OUT MAIL_OK RCPT_OK PARAMETER OK PARAMETER PARAMETER, ""),
    LMTP("DSN parameters are not known",
	LHLO "MAIL FROM:<p@x.test> RET=HDRS\r\nMAIL FROM:<p@x.test> ENVID=x\r\n"
	     "MAIL FROM:<p@x.test>\r\nRCPT TO:<help@desk.example> "
	     "ORCPT=rfc822;a@b.test\r\n",
	HELLO_OUT PARAMETER PARAMETER MAIL_OK PARAMETER, ""),
    SCRIPT("source routes and quoting",
	LHLO "MAIL FROM:<@a.test,@[IPv6:::1]:p@x.test>\r\n"
	     "RCPT TO:<@a.test:help@desk.example>\r\n"
	     "RCPT TO:<\"a \\\"b>\"@desk.example>\r\nDATA\r\n.\r\n" MAIL
	     "RCPT TO:<\"help\"@desk.example>\r\nDATA\r\n.\r\n",
	HELLO_OUT MAIL_OK RCPT_OK BAD_RCPT GO ACCEPTED MAIL_OK RCPT_OK GO
	    ACCEPTED,
	"p@x.test>help@desk.example:;p@player.example>help@desk.example:;"),
    SCRIPT("quoted local part",
	LHLO MAIL "RCPT TO:<\"he lp\"@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT ACCEPTED, "p@player.example>\"he lp\"@desk.example:;"),
    SCRIPT("an overlong sender is no reason to lose a mail",
	LHLO "MAIL FROM:<" FIFTY TEN TEN "@x.test>\r\n", HELLO_OUT MAIL_OK, ""),
    SCRIPT("bad senders, first",
	LHLO "MAIL FROM: <p@x.test>\r\nMAIL FROM:p@x.test\r\nMAIL "
	     "FROM:<p@x.test\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad senders, second",
	LHLO
	"MAIL FROM:<p>\r\nMAIL FROM:<@x.test:>\r\nMAIL FROM:<p q@x.test>\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad senders, third",
	LHLO "MAIL FROM:<p@x.test>SIZE=1\r\nMAIL FROM:<\"p@x.test>\r\nMAIL\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad recipients",
	LHLO MAIL
	"RCPT TO:<>\r\nRCPT TO:<postmaster>\r\nRCPT FROM:<a@b.test>\r\n",
	HELLO_OUT MAIL_OK BAD_RCPT BAD_RCPT BAD_RCPT, ""),
    SCRIPT("SMTPUTF8",
	LHLO "MAIL FROM:<j\xc3\xb6rg@x.test> SMTPUTF8\r\n"
	     "RCPT TO:<j\xc3\xb6rg@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT ACCEPTED, "j\xc3\xb6rg@x.test>j\xc3\xb6rg@desk.example:;"),
    SCRIPT("8 bit without SMTPUTF8",
	LHLO "MAIL FROM:<j\xc3\xb6rg@x.test>\r\n" MAIL
	     "RCPT TO:<j\xc3\xb6rg@desk.example>\r\n",
	HELLO_OUT BAD_UTF8 MAIL_OK BAD_UTF8, ""),
    SCRIPT("SMTPUTF8 that is none",
	LHLO "MAIL FROM:<j\xf6rg@x.test> SMTPUTF8\r\n"
	     "MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<j\xf6rg@desk.example>\r\n",
	HELLO_OUT BAD_UTF8 MAIL_OK BAD_UTF8, ""),
    SCRIPT("arguments where none belong",
	"QUIT now\r\nRSET x\r\nDATA x\r\nQUIT\r\n",
	GREETING ARGUMENT ARGUMENT ARGUMENT BYE, ""),
    SCRIPT("commands end in CRLF", "NOOP\nNOOP\r\nNOOP\rNOOP\r\n\n",
	GREETING BAD_LINE OK BAD_LINE BAD_LINE, ""),
    SCRIPT("control characters", "NOOP\0\r\nNOOP \x7f\r\nNOOP\t\r\n",
	GREETING BAD_LINE BAD_LINE BAD_LINE, ""),
    SCRIPT("empty line", "\r\n", GREETING UNKNOWN, ""),
    SCRIPT("longest line", "NOOP " FIFTY FIFTY TEN "012\r\n", GREETING OK, ""),
    SCRIPT("longer than the longest line",
	"NOOP " FIFTY FIFTY TEN "0123\r\nNOOP\r\n", GREETING LONG_LINE OK, ""),
    SCRIPT("far too long line",
	"NOOP " FIFTY FIFTY FIFTY FIFTY FIFTY "\r\nNOOP\r\n",
	GREETING LONG_LINE OK, ""),
    SCRIPT("recipients", LHLO MAIL RCPT RCPT RCPT RCPT "RCPT TO:<>\r\n",
	HELLO_OUT MAIL_OK RCPT_OK RCPT_OK RCPT_OK RCPT_MAX BAD_RCPT, ""),
    SCRIPT("too many errors", "A\r\nB\r\nC\r\nD\r\nNOOP\r\n",
	GREETING UNKNOWN UNKNOWN UNKNOWN "421 4.7.0 Too many errors\r\n", ""),
    SCRIPT("a mail pardons errors", "A\r\nB\r\nC\r\n" START ".\r\nA\r\n",
	GREETING UNKNOWN UNKNOWN UNKNOWN LHLO_OUT MAIL_OK RCPT_OK GO ACCEPTED
	    UNKNOWN,
	"p@player.example>help@desk.example:;"),
    SCRIPT("refusals of a pipelined batch are no errors",
	LHLO RCPT RCPT RCPT RCPT RCPT "DATA\r\n" RCPT "NOOP\r\n",
	HELLO_OUT ORDER ORDER ORDER ORDER ORDER ORDER ORDER OK, ""),
    SCRIPT("biggest message",
	START "\r\n" FIFTY "\r\n" FIFTY "\r\n" FIFTY "\r\n" TEN TEN TEN TEN
	      "\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:\r\n" FIFTY "\r\n" FIFTY
	"\r\n" FIFTY "\r\n" TEN TEN TEN TEN "\r\n;"),
    LMTP("too big, for each recipient",
	LHLO MAIL RCPT RCPT "DATA\r\n\r\n" FIFTY "\r\n" FIFTY "\r\n" FIFTY
			    "\r\n" TEN TEN TEN TEN "1\r\n.\r\nNOOP\r\n",
	HELLO_OUT MAIL_OK RCPT_OK RCPT_OK GO TOO_BIG TOO_BIG OK, ""),
    SCRIPT("too long header",
	START FIFTY "\r\n" TEN TEN TEN TEN "0123456\r\n\r\n"
		    ".\r\n",
	START_OUT "554 5.6.0 Message header too long\r\n", ""),
    SCRIPT("longest header",
	START FIFTY "\r\n" TEN TEN TEN TEN "012345\r\n\r\n"
		    ".\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:" FIFTY "\r\n" TEN TEN TEN TEN
	"012345\r\n\r\n;"),
    SCRIPT("longest text line", START FIFTY TEN "\r\n.\r\n", START_OUT ACCEPTED,
	"p@player.example>help@desk.example:" FIFTY TEN "\r\n;"),
    SCRIPT("too long text line", START FIFTY TEN "1\r\n.\r\nNOOP\r\n",
	START_OUT "554 5.6.0 Line too long in message\r\n" OK, ""),
    SCRIPT("nothing after QUIT", "QUIT\r\nNOOP\r\n", GREETING BYE, ""),
};

const gsize session_scripts_len = G_N_ELEMENTS(session_scripts);
