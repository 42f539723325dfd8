#include "rules/keccak.h"

#include <string.h>

#include "base/banned.h"

#define RATE 136 /* octets taken in at once: 1600 - 2 * 256 bits */
#define ROUNDS 24

static guint64
rotate_left(guint64 word, guint bits)
{
	return (word << bits) | (word >> (64 - bits));
}

/* Theta: each column is mixed with its neighbours. */
static void
mix_columns(guint64 st[25])
{
	guint64 sum[5];

	for (guint x = 0; x < 5; x++)
		sum[x] = st[x] ^ st[x + 5] ^ st[x + 10] ^ st[x + 15] ^
		    st[x + 20];
	for (guint x = 0; x < 5; x++) {
		guint64 d = sum[(x + 4) % 5] ^
		    rotate_left(sum[(x + 1) % 5], 1);

		for (guint y = 0; y < 25; y += 5)
			st[x + y] ^= d;
	}
}

static void
permute(guint64 st[25])
{
	static const guint8 turn[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2,
	    14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
	static const guint8 lane[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24,
	    4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
	guint lfsr = 1; /* makes the round constants, FIPS 202 3.2.5 */

	for (guint round = 0; round < ROUNDS; round++) {
		guint64 carry;
		guint64 row[5];

		mix_columns(st);
		carry = st[1];
		for (guint i = 0; i < 24; i++) {
			guint64 next = st[lane[i]];

			st[lane[i]] = rotate_left(carry, turn[i]);
			carry = next;
		}
		for (guint y = 0; y < 25; y += 5) {
			memcpy(row, st + y, sizeof row);
			for (guint x = 0; x < 5; x++)
				st[x + y] = row[x] ^
				    (~row[(x + 1) % 5] & row[(x + 2) % 5]);
		}
		for (guint j = 0; j < 7; j++) {
			if (lfsr & 1)
				st[0] ^= G_GUINT64_CONSTANT(1)
				    << ((1u << j) - 1);
			lfsr = (lfsr << 1) ^ ((lfsr >> 7) * 0x171);
		}
	}
}

static void
absorb(guint64 st[25], const guint8 block[RATE])
{
	for (guint i = 0; i < RATE; i++)
		st[i / 8] ^= (guint64)block[i] << (8 * (i % 8));
	permute(st);
}

void
keccak_256(const guint8 *data, gsize len, guint8 out[KECCAK_LEN])
{
	guint64 st[25] = {0};
	guint8 last[RATE] = {0};

	for (; len >= RATE; data += RATE, len -= RATE)
		absorb(st, data);
	if (len > 0)
		memcpy(last, data, len);
	last[len] = 0x01;
	last[RATE - 1] |= 0x80;
	absorb(st, last);
	for (guint i = 0; i < KECCAK_LEN; i++)
		out[i] = (guint8)(st[i / 8] >> (8 * (i % 8)));
}
