#ifndef ND_TESTS_UNIT_FRONT_WIRE_H
#define ND_TESTS_UNIT_FRONT_WIRE_H

/*
 * A front that says what it likes: a socket to the workers of an office, and
 * frames.
 */
#include "front.h"
#include "proto/codec.h"

int wire_open(const struct office *office, const char *listener);
int wire_lmtp(const struct office *office);
void wire_send(int sock, GBytes *frame, int fd); /* fd: -1 for none */
void wire_ready(int sock); /* READY; waits for GO */
/* A whole, good MAIL of the milter with these words as its text. */
void wire_mail(int sock, const char *words);
/* The type of the next frame; 0 for a hang-up. Fails after PATIENCE_MS. */
enum proto_type wire_hears(int sock);
/* The same of an answer DONE, whose outcome it gives; 0 for all others. */
enum proto_mail_outcome wire_outcome(int sock);

#endif
