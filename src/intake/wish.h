#ifndef ND_INTAKE_WISH_H
#define ND_INTAKE_WISH_H

/*
 * What a player's mail asks the gateway itself to do. Recognised here, granted
 * or not by the desk. Pure, but for the patterns of filters (action
 * "command").
 */
#include <glib.h>

#include "rules/rules.h"

/* Flags of enum proto_mail_flag. text: the new words of the mail, of which the
 * first line counts, and below a salutation, which is a short line that ends
 * in a comma or a "!", the next one, but not to be forgotten; subject: as
 * received, as that of a reply ("Re: ...") is not the player's word of today.
 */
guint32 wish_flags(
    const struct rules *rules, const char *subject, const char *text);

/* The text for the agents, with a line for each wish that was granted. rating:
 * 1 to 5, if that is among them. Takes and returns the text. */
char *wish_remark(guint32 granted_flags, guint rating, char *take_text);

#endif
