#include "rules/checks.h"

#include <string.h>

#include "rules/keccak.h"

#include "base/banned.h"

#define SHA256_LEN 32
#define CHECKSUM_LEN 4
#define MONERO_LEN_MAX 80
#define BECH32M_CONST 0x2bc830a3u

/* Issuer ranges of ISO/IEC 7812 by their first four digits. */
static const struct iin {
	guint first;
	guint last;
	guint len_min;
	guint len_max;
} iins[] = {
    {2200, 2204, 16, 19}, /* Mir */
    {2221, 2720, 16, 16}, /* Mastercard */
    {3000, 3059, 14, 19}, /* Diners */
    {3095, 3095, 14, 19}, /* Diners */
    {3400, 3499, 15, 15}, /* American Express */
    {3528, 3589, 16, 19}, /* JCB */
    {3600, 3699, 14, 19}, /* Diners */
    {3700, 3799, 15, 15}, /* American Express */
    {3800, 3999, 14, 19}, /* Diners */
    {4000, 4999, 13, 19}, /* Visa */
    {5018, 5038, 12, 19}, /* Maestro */
    {5100, 5599, 16, 16}, /* Mastercard */
    {5600, 5899, 12, 19}, /* Maestro */
    {6011, 6011, 16, 19}, /* Discover */
    {6200, 6299, 16, 19}, /* UnionPay */
    {6300, 6399, 12, 19}, /* Maestro */
    {6440, 6599, 16, 19}, /* Discover, RuPay */
    {6700, 6799, 12, 19}, /* Maestro */
    {9792, 9792, 16, 16}, /* Troy */
};

/* ISO 13616 registry: country and length, four characters each. */
static const char iban_lengths[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22"
    "DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28"
    "HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25"
    "MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29"
    "RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29"
    "VA22VG24XK20YE30";

static const char base58_bitcoin[] =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char base58_ripple[] =
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/* Copies text without the separators people group numbers with. Returns the
 * length, or 0 if it does not fit or holds anything but letters and digits. */
static gsize
squeeze(const char *text, gsize len, char out[CHECKS_TEXT_MAX])
{
	gsize n = 0;

	for (gsize i = 0; i < len; i++) {
		if (text[i] == ' ' || text[i] == '-' || text[i] == '.')
			continue;
		if (!g_ascii_isalnum(text[i]) || n == CHECKS_TEXT_MAX)
			return 0;
		out[n++] = g_ascii_toupper(text[i]);
	}
	return n;
}

static gboolean
is_iin_known(const char *digits, gsize len)
{
	guint iin = 0;

	for (gsize i = 0; i < 4; i++)
		iin = iin * 10 + (guint)(digits[i] - '0');
	for (gsize i = 0; i < G_N_ELEMENTS(iins); i++)
		if (iin >= iins[i].first && iin <= iins[i].last)
			return len >= iins[i].len_min && len <= iins[i].len_max;
	return FALSE;
}

gboolean
check_luhn(const char *text, gsize len)
{
	char digits[CHECKS_TEXT_MAX];
	gsize n = squeeze(text, len, digits);
	guint sum = 0;

	if (n < 12 || n > 19)
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		guint d;

		if (!g_ascii_isdigit(digits[i]))
			return FALSE;
		d = (guint)(digits[i] - '0');
		if ((n - i) % 2 == 0)
			d = d < 5 ? d * 2 : d * 2 - 9;
		sum += d;
	}
	return sum % 10 == 0 && is_iin_known(digits, n);
}

static gsize
iban_length(const char *country)
{
	for (const char *p = iban_lengths; *p != '\0'; p += 4)
		if (p[0] == country[0] && p[1] == country[1])
			return (gsize)(p[2] - '0') * 10 + (gsize)(p[3] - '0');
	return 0;
}

gboolean
check_iban(const char *text, gsize len)
{
	char iban[CHECKS_TEXT_MAX];
	gsize n = squeeze(text, len, iban);
	guint rest = 0;

	if (n < 5 || n != iban_length(iban) || !g_ascii_isdigit(iban[2]) ||
	    !g_ascii_isdigit(iban[3]))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		char c = iban[(i + 4) % n];

		if (g_ascii_isdigit(c))
			rest = (rest * 10 + (guint)(c - '0')) % 97;
		else
			rest = (rest * 100 + (guint)(c - 'A') + 10) % 97;
	}
	return rest == 1;
}

/* Decodes big-endian into out. Returns the number of octets, or 0 if text
 * holds a character out of the alphabet or is too long. */
static gsize
base58_decode(const char *text, gsize len, const char *alphabet,
    guint8 out[CHECKS_TEXT_MAX])
{
	gsize n = 0;
	gsize zeros = 0;

	if (len > CHECKS_TEXT_MAX)
		return 0;
	for (gsize i = 0; i < len; i++) {
		const char *at = memchr(alphabet, text[i], 58);
		guint carry;

		if (at == NULL)
			return 0;
		carry = (guint)(at - alphabet);
		for (gsize j = 0; j < n; j++) {
			carry += 58u * out[j];
			out[j] = (guint8)(carry & 0xff);
			carry >>= 8;
		}
		if (carry > 0)
			out[n++] = (guint8)carry;
		else if (n == 0)
			zeros++;
	}
	while (zeros-- > 0)
		out[n++] = 0;
	for (gsize i = 0; i < n / 2; i++) {
		guint8 swap = out[i];

		out[i] = out[n - 1 - i];
		out[n - 1 - i] = swap;
	}
	return n;
}

static void
sha256(const guint8 *data, gsize len, guint8 out[SHA256_LEN])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize n = SHA256_LEN;

	g_checksum_update(sum, data, (gssize)len);
	g_checksum_get_digest(sum, out, &n);
}

static gboolean
base58check_in(const char *text, gsize len, const char *alphabet)
{
	guint8 raw[CHECKS_TEXT_MAX];
	guint8 sum[SHA256_LEN];
	gsize n = base58_decode(text, len, alphabet, raw);

	if (n < 21)
		return FALSE;
	sha256(raw, n - CHECKSUM_LEN, sum);
	sha256(sum, sizeof sum, sum);
	return memcmp(sum, raw + n - CHECKSUM_LEN, CHECKSUM_LEN) == 0;
}

gboolean
check_base58check(const char *text, gsize len)
{
	return base58check_in(text, len, base58_bitcoin) ||
	    base58check_in(text, len, base58_ripple);
}

gboolean
check_base58(const char *text, gsize len)
{
	guint8 raw[CHECKS_TEXT_MAX];
	gsize n = base58_decode(text, len, base58_bitcoin, raw);
	gboolean digit = FALSE;
	gboolean upper = FALSE;
	gboolean lower = FALSE;

	if (n != 32 && n != 64)
		return FALSE;
	for (gsize i = 0; i < len; i++) {
		digit = digit || g_ascii_isdigit(text[i]);
		upper = upper || g_ascii_isupper(text[i]);
		lower = lower || g_ascii_islower(text[i]);
	}
	return digit && upper && lower;
}

/* One step of the checksum of BIP 173. */
static guint32
bech32_step(guint32 sum, guint value)
{
	static const guint32 generator[5] = {0x3b6a57b2, 0x26508e6d,
	    0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	guint32 top = sum >> 25;

	sum = ((sum & 0x1ffffff) << 5) ^ value;
	for (guint i = 0; i < 5; i++)
		if ((top >> i) & 1)
			sum ^= generator[i];
	return sum;
}

static gboolean
has_one_case(const char *text, gsize len)
{
	gboolean upper = FALSE;
	gboolean lower = FALSE;

	for (gsize i = 0; i < len; i++) {
		upper = upper || g_ascii_isupper(text[i]);
		lower = lower || g_ascii_islower(text[i]);
	}
	return !(upper && lower);
}

gboolean
check_bech32(const char *text, gsize len)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	guint32 sum = 1;
	gsize split = len;

	if (len > 90 || !has_one_case(text, len))
		return FALSE;
	while (split > 0 && text[split - 1] != '1')
		split--;
	if (split < 2 || len - split < 6)
		return FALSE;
	for (gsize i = 0; i + 1 < split; i++) {
		if (text[i] < 33 || text[i] > 126)
			return FALSE;
		sum = bech32_step(sum, (guint)g_ascii_tolower(text[i]) >> 5);
	}
	sum = bech32_step(sum, 0);
	for (gsize i = 0; i + 1 < split; i++)
		sum = bech32_step(sum, (guint)g_ascii_tolower(text[i]) & 31);
	for (gsize i = split; i < len; i++) {
		const char *at = memchr(alphabet, g_ascii_tolower(text[i]), 32);

		if (at == NULL)
			return FALSE;
		sum = bech32_step(sum, (guint)(at - alphabet));
	}
	return sum == 1 || sum == BECH32M_CONST;
}

gboolean
check_eip55(const char *text, gsize len)
{
	char lower[40];
	guint8 hash[KECCAK_LEN];

	if (len != 42 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return FALSE;
	text += 2;
	for (guint i = 0; i < 40; i++) {
		if (!g_ascii_isxdigit(text[i]))
			return FALSE;
		lower[i] = g_ascii_tolower(text[i]);
	}
	if (has_one_case(text, 40))
		return TRUE;
	keccak_256((const guint8 *)lower, sizeof lower, hash);
	for (guint i = 0; i < 40; i++) {
		guint nibble = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xf;

		if (g_ascii_isalpha(text[i]) &&
		    g_ascii_isupper(text[i]) != (nibble >= 8))
			return FALSE;
	}
	return TRUE;
}

/* One block of Monero's base 58, big-endian: a number below 2^(8 * size). */
static gboolean
monero_block(const char *text, gsize len, gsize size, guint8 *out)
{
	guint64 value = 0;

	for (gsize i = 0; i < len; i++) {
		const char *at = memchr(base58_bitcoin, text[i], 58);

		if (at == NULL ||
		    __builtin_mul_overflow(value, (guint64)58, &value) ||
		    __builtin_add_overflow(value,
			(guint64)(at - base58_bitcoin), &value))
			return FALSE;
	}
	if (size < 8 && value >> (8 * size) != 0)
		return FALSE;
	for (gsize i = 0; i < size; i++)
		out[i] = (guint8)(value >> (8 * (size - 1 - i)));
	return TRUE;
}

gboolean
check_monero(const char *text, gsize len)
{
	guint8 raw[MONERO_LEN_MAX];
	guint8 sum[KECCAK_LEN];
	/* Prefix, two keys, perhaps a payment id, and the checksum: 69 or 77
	 * octets; 11 digits for 8 octets, 7 for the last 5. */
	gsize n = len == 95 ? 69 : 77;

	if (len != 95 && len != 106)
		return FALSE;
	for (gsize i = 0; i * 8 < n; i++) {
		gsize size = MIN(n - i * 8, 8);

		if (!monero_block(text + i * 11, size == 8 ? 11 : 7, size,
			raw + i * 8))
			return FALSE;
	}
	keccak_256(raw, n - CHECKSUM_LEN, sum);
	return memcmp(sum, raw + n - CHECKSUM_LEN, CHECKSUM_LEN) == 0;
}

gboolean
check_proves(check_fn *check, const char *text, gsize len)
{
	if (check == check_eip55)
		return len > 2 && !has_one_case(text + 2, len - 2);
	return check != NULL && check != check_base58;
}

gboolean
check_is_plausible(check_fn *check, const char *text, gsize len)
{
	gboolean has_digit = FALSE;

	if (check != check_base58check && check != check_monero)
		return TRUE;
	for (gsize i = 0; i < len; i++)
		has_digit = has_digit || g_ascii_isdigit(text[i]);
	return has_digit && !has_one_case(text, len);
}

static const struct named_check {
	const char *name;
	check_fn *check;
} named_checks[] = {
    {"none", NULL},
    {"luhn", check_luhn},
    {"iban", check_iban},
    {"base58", check_base58},
    {"base58check", check_base58check},
    {"bech32", check_bech32},
    {"eip55", check_eip55},
    {"monero", check_monero},
};

gboolean
check_by_name(const char *name, check_fn **check)
{
	for (gsize i = 0; i < G_N_ELEMENTS(named_checks); i++) {
		if (strcmp(name, named_checks[i].name) == 0) {
			*check = named_checks[i].check;
			return TRUE;
		}
	}
	return FALSE;
}

const char *
check_names(void)
{
	return "none, luhn, iban, base58, base58check, bech32, eip55, monero";
}
