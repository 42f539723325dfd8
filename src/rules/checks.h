#ifndef ND_RULES_CHECKS_H
#define ND_RULES_CHECKS_H

/*
 * Checksums of card, account and wallet numbers. A check takes the text as
 * it was written (original case; spaces and dashes where people put them)
 * and says whether it is a real one. Pure; any input is safe; no check reads
 * more than CHECKS_TEXT_MAX octets.
 */
#include <glib.h>

#define CHECKS_TEXT_MAX 128

typedef gboolean check_fn(const char *text, gsize len);

/* Luhn sum, and a length that the number's issuer range (IIN) has. */
check_fn check_luhn;
/* ISO 13616: length of the country, remainder 1 modulo 97. */
check_fn check_iban;
/* Double SHA-256 over base 58, in Bitcoin's or in Ripple's alphabet. */
check_fn check_base58check;
/* 32 or 64 octets of base 58 without a checksum (Solana): told from words
 * and from other identifiers by digits and both cases in it. */
check_fn check_base58;
/* BIP 173 and BIP 350, any prefix. */
check_fn check_bech32;
/* EIP-55; an address in one case only carries no checksum and passes. */
check_fn check_eip55;

/* Monero: base 58 in blocks, checksum by Keccak-256. */
check_fn check_monero;

/* TRUE if text, which passes the check, has a checksum at all: an Ethereum
 * address in one case has none. */
gboolean check_proves(check_fn *check, const char *text, gsize len);

/* TRUE if text, which fails the check, is likely meant to pass it: a long
 * word has the shape of base 58, but no digit and no letters of both cases. */
gboolean check_is_plausible(check_fn *check, const char *text, gsize len);

/* The check of that name as rule files write it. FALSE if there is none;
 * *check is NULL for "none". */
gboolean check_by_name(const char *name, check_fn **check);
/* All names in one line, for messages to operators. */
const char *check_names(void);

#endif
