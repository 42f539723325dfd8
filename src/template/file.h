#ifndef ND_TEMPLATE_FILE_H
#define ND_TEMPLATE_FILE_H

/*
 * Files of templates, <dir>/<lang>/<name>. What is wrong with one is told to
 * whoever keeps it, so an error may name the file and a name that its text
 * lacks: both are the operator's or ours. Nothing that comes by mail is ever
 * given to these functions.
 */
#include <glib.h>

#include "template/template.h"

struct template_file {
	const char *dir;
	const char *lang;
	const char *name; /* "ack.txt", "answers/mirror.txt" */
};

/* "de", "pt-BR": what the name of a language's directory looks like. */
gboolean template_is_language(const char *name);

/* Reads and parses it; names as for template_parse(). The caller frees with
 * template_free(). The error does not name the file yet. */
struct template *template_file_load(const struct template_file *file,
    const char *const *names, GError **err);

/* FALSE with an error that names it, if the text lacks one of needs, which is
 * NULL-ended. */
gboolean template_file_needs(const struct template *template,
    const char *const *needs, GError **err);

/* Puts "lang/name: " before an error that is set. */
void template_file_blame(const struct template_file *file, GError **err);

#endif
