#ifndef ND_RULES_KECCAK_H
#define ND_RULES_KECCAK_H

/*
 * Keccak-256 with the original padding (0x01), as Ethereum uses it. This is
 * not SHA3-256 (FIPS 202), which pads with 0x06. For checksums of public
 * wallet addresses only: not constant-time, never for secrets.
 */
#include <glib.h>

#define KECCAK_LEN 32

void keccak_256(const guint8 *data, gsize len, guint8 out[KECCAK_LEN]);

#endif
