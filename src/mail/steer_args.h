#ifndef ND_MAIL_STEER_ARGS_H
#define ND_MAIL_STEER_ARGS_H

/*
 * What stands behind each command. The errors are literals that say what is
 * allowed, with the line. Pure.
 */
#include "mail/steer.h"

struct steer_args {
	const GString *rest; /* borrowed; plain, as of steer_line_plain() */
	const struct steer_names *names;
	guint line;
};

gboolean steer_args_none(const struct steer_args *args,
    struct steer_command *command, GError **err);
/* Any words of any length. */
gboolean steer_args_note(const struct steer_args *args,
    struct steer_command *command, GError **err);
/* Words, or none. */
gboolean steer_args_words(const struct steer_args *args,
    struct steer_command *command, GError **err);
/* Words. */
gboolean steer_args_reason(const struct steer_args *args,
    struct steer_command *command, GError **err);
gboolean steer_args_close(const struct steer_args *args,
    struct steer_command *command, GError **err);
gboolean steer_args_queue(const struct steer_args *args,
    struct steer_command *command, GError **err);
gboolean steer_args_category(const struct steer_args *args,
    struct steer_command *command, GError **err);
gboolean steer_args_lang(const struct steer_args *args,
    struct steer_command *command, GError **err);
gboolean steer_args_send(const struct steer_args *args,
    struct steer_command *command, GError **err);

#endif
