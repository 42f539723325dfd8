#ifndef ND_TESTS_FUZZ_DISTURB_H
#define ND_TESTS_FUZZ_DISTURB_H

#include <glib.h>

/* A good text, with the input's octets xored over it. */
static char *
disturb(const char *good, const unsigned char *data, gsize len)
{
	char *text = g_strdup(good);

	for (gsize i = 0; i < len && text[i] != '\0'; i++)
		text[i] = (char)(text[i] ^ (char)data[i]);
	return text;
}

#endif
