#ifndef ND_TESTS_OUTBOUND_FAKE_H
#define ND_TESTS_OUTBOUND_FAKE_H

/*
 * A server of SMTP or IMAP that follows a script, in a thread, on a UNIX
 * socket or on loopback. It keeps every octet it was sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

/* want: prefix of the line to wait for; FAKE_BODY for all up to the dot;
 * FAKE_LITERAL for what the line before announced, and the line's end; NULL
 * for nothing. say: what to answer, or one of the words below; NULL for
 * nothing. A step with neither ends the script: the server then waits for
 * the client to close. */
struct fake_step {
	const char *want;
	const char *say;
};

extern const char FAKE_BODY[];	/* want */
extern const char FAKE_LITERAL[]; /* want */
extern const char FAKE_CLOSE[]; /* say: close the connection */
extern const char FAKE_HANG[];	/* say: nothing more until the client ends */
extern const char FAKE_NEXT[];	/* say: close and accept the next one */
extern const char FAKE_HUGE[];	/* say: one line of 4 MiB */
extern const char FAKE_ENDLESS[]; /* say: "250-x" again and again */
extern const char FAKE_WAIT[];	/* say: nothing before fake_go() */
extern const char FAKE_TLS[];	/* say: "220 go", then a TLS handshake */
extern const char FAKE_SECRET[]; /* say: nothing, but a TLS handshake */

struct fake;

struct fake *fake_start(const struct fake_step *script);
/* The same on a port of 127.0.0.1, fake_port(). */
struct fake *fake_start_inet(const struct fake_step *script);
guint fake_port(const struct fake *fake);
/* "unix:/..." */
const char *fake_server(const struct fake *fake);
/* A PEM file with the certificate of FAKE_TLS, which is for mail.test. */
const char *fake_cert_file(struct fake *fake);
void fake_go(struct fake *fake);
/* Waits until the script is over; fails the test if the client did not keep
 * to it. The client must have closed its connection. */
void fake_finish(struct fake *fake);
/* After fake_finish(): the connections there were, and what FAKE_BODY got
 * the last time, with the dot, or FAKE_LITERAL, without the line's end. */
guint fake_connections(const struct fake *fake);
const char *fake_body(const struct fake *fake);
void fake_free(struct fake *fake);

#endif
