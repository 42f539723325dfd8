#ifndef ND_TESTS_UNIT_PROXY_CHILD_H
#define ND_TESTS_UNIT_PROXY_CHILD_H

/*
 * The loop of the SMTP proxy in a forked child, which serves an abstract
 * socket; the test is its clients. What the child delivered comes back through
 * a pipe. A failure ends the test.
 */
#include <glib.h>
#include <sys/types.h>

#define PAUSE_MS 100 /* in which nothing must happen */
#define CLIENTS 100

#define GREETING "220 mx.example ESMTP\r\n"
#define EHLO_OUT                                                               \
	"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                 \
	"250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 1000000\r\n"
#define MAIL                                                                   \
	"mail FROM:<>\r\nrcpt TO:<a@desk.example>\r\n"                         \
	"rcpt TO:<b@desk.example>\r\ndata\r\n"
#define MAIL_OUT                                                               \
	"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"                     \
	"354 End data with <CRLF>.<CRLF>\r\n"
#define START "EHLO x\r\n" MAIL
#define START_OUT GREETING EHLO_OUT MAIL_OUT
#define END "\r\n.\r\n"
#define ACCEPTED "250 2.0.0 Accepted\r\n"
#define MEMORY "452 4.3.1 Too many mails at once, try later\r\n"
#define STOPPING "421 4.3.2 Shutting down, come again\r\n"
#define TIMEOUT "421 4.4.2 Timeout, closing\r\n"

struct child {
	pid_t pid;
	int listen_fd;
	int delivered_fd; /* one octet for each message */
	int hold_fd;	  /* a message that begins with "hold" needs an octet */
};

/* idle_ms, sessions, memory_max, threads; 0 for what does not matter. */
struct how {
	gint64 idle_ms;
	guint sessions;
	gsize memory_max;
	guint threads;
	gboolean is_stopped;
};

/* The child serves when this returns, or soon after. */
void child_start(struct child *child, struct how how);
int child_connect(struct child *child);
/* Connects, says a text and hears what is expected. */
int child_client(struct child *child, const char *text, const char *expected);
/* Waits until a message is being delivered. */
void child_begins(struct child *child);
/* Lets one message that is held go on. */
void child_release(struct child *child);
/* Waits for the child's end: it must be a clean one, after this many messages
 * that child_begins() has not seen. */
void child_ends(struct child *child, guint messages);
/* The same, by SIGTERM. */
void child_stop(struct child *child, guint messages);

/* A client's end of a session. */
gboolean client_readable(int fd, int timeout_ms);
void client_say(int fd, const char *text);
/* Lines of letters, so many octets; the first is empty. */
void client_say_much(int fd, gsize len);
/* Reads exactly what is expected. */
void client_hears(int fd, const char *expected);
/* The child hangs up; closes fd. */
void client_hears_end(int fd);
void client_hears_then_end(int fd, const char *expected);

#endif
