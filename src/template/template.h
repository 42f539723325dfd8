#ifndef ND_TEMPLATE_TEMPLATE_H
#define ND_TEMPLATE_TEMPLATE_H

/*
 * Templates of notices, see nymdesk-templates(5): headers, an empty line,
 * text. "{{name}}" is replaced by a value; "{{#name}}...{{/name}}" is shown
 * if the value is set and not empty. There is nothing else: no nesting, no
 * loops, no escapes. Pure.
 *
 * Everything that can be wrong with a template is found when it is parsed,
 * so expanding cannot fail.
 */
#include <glib.h>

struct template;

struct template_value {
	const char *name;
	const char *value; /* NULL: not set */
	/* FALSE: CR, LF and other controls become spaces, so that a value can
	 * neither end a header nor begin a line. TRUE: LF and TAB stay. */
	gboolean is_text;
};

/* text is UTF-8 with LF or CRLF line ends. names (NULL-ended) are all that a
 * tag may use. The error ends in the number of the wrong line. */
struct template *template_parse(const char *text, gsize len,
    const char *const *names, GError **err);
void template_free(struct template *template);

/* A header's value as written, in any case of name; NULL if there is none.
 * Borrowed from the template. */
const char *template_header(const struct template *template,
    const char *name);

/* Does its text use the name, as a value or as a section? */
gboolean template_uses(const struct template *template, const char *name);

/* values end with a name of NULL; a name not among them is not set. Values
 * are inserted as they are: a tag inside of one means nothing. The caller
 * frees. The text has LF line ends. */
char *template_expand(const struct template *template,
    const struct template_value *values);
/* The same for one header's value: always one line, NULL if there is no such
 * header. */
char *template_expand_header(const struct template *template,
    const char *name, const struct template_value *values);

#endif
