#include "template/file.h"

#include <string.h>

#include "base/error.h"

#include "base/banned.h"

gboolean
template_is_language(const char *name)
{
	gsize len = strlen(name);

	return len >= 2 && len <= 8 && g_ascii_isalpha(name[0]) &&
	    strspn(name, "-" G_CSET_a_2_z G_CSET_A_2_Z) == len;
}

struct template *
template_file_load(const struct template_file *file,
    const char *const *names, GError **err)
{
	g_autofree char *path =
	    g_build_filename(file->dir, file->lang, file->name, NULL);
	g_autofree char *text = NULL;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, err))
		return NULL;
	return template_parse(text, len, names, err);
}

gboolean
template_file_needs(const struct template *template,
    const char *const *needs, GError **err)
{
	for (; *needs != NULL; needs++)
		if (!template_uses(template, *needs)) {
			g_set_error(err, ND_ERROR, ERROR_PERM,
			    "{{%s}} is missing", *needs);
			return FALSE;
		}
	return TRUE;
}

void
template_file_blame(const struct template_file *file, GError **err)
{
	g_prefix_error(err, "%s/%s: ", file->lang, file->name);
}
