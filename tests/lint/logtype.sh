#!/bin/sh
# Text of a mail cannot get into a log line or an error: no macro for them
# compiles with a char *, and nobody goes round the macros.
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1
flags="-std=gnu17 -D_GNU_SOURCE -Isrc -fsyntax-only -x c"
flags="$flags $(pkg-config --cflags glib-2.0)"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
good=0
bad=0

# Without -Werror: what is refused must be refused by the language. The
# structs are those a mail or its address lies in.
snippet() { # statement
	cat <<END | ${CC:-gcc} $flags - >"$log" 2>&1
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "desk/internal.h"
#include "ticket/number.h"
struct attachment { char *name; };
void f(const char *subject, char *text, GError *error, GString *body,
    const struct config_queue *queue, struct number *number,
    struct attachment *part, guint32 kind, enum role role, gboolean yes);
void f(const char *subject, char *text, GError *error, GString *body,
    const struct config_queue *queue, struct number *number,
    struct attachment *part, guint32 kind, enum role role, gboolean yes)
{
	char array[] = "Mein Geld";
	GError **err = &error;
	(void)subject, (void)text, (void)body, (void)queue, (void)number;
	(void)part, (void)kind, (void)role, (void)yes, (void)array, (void)err;
	$1;
}
END
}

compiles() {
	good=$((good + 1))
	snippet "$1" || {
		echo "does not compile: $1"
		cat "$log"
		failed=1
	}
}

refused() {
	bad=$((bad + 1))
	! snippet "$1" || {
		echo "compiles: $1"
		failed=1
	}
}

compiles 'log_info("a.b", LOG_NUM("n", 3), LOG_NUM("yes", yes))'
compiles 'log_warn("a.b", LOG_WORD("why", "late"))'
compiles 'log_error("a.b", LOG_ERR(error), LOG_QUEUE(queue))'
compiles 'log_debug("a.b", LOG_TICKET(number), LOG_ROLE(role))'
compiles 'log_info("a.b", LOG_KIND(kind), LOG_NUM("size", body->len))'
compiles '(void)error_fail(err, ERROR_TEMP, "cannot")'
compiles '(void)error_fail_num(err, ERROR_TEMP, "cannot", 3)'
compiles '(void)error_fail_errno(err, ERROR_TEMP, "cannot")'
compiles 'error_prefix(err, "desk: ")'
for value in subject text array body part error subject[0]+subject \
    part-\>name body-\>str '"Mein Geld"'; do
	for level in debug info warn error; do
		[ "$value" = '"Mein Geld"' ] ||
		    refused "log_$level($value, LOG_NUM(\"n\", 1))"
		refused "log_$level(\"a.b\", $value)"
	done
	refused "log_info(\"a.b\", LOG_NUM(\"n\", $value))"
	refused "log_info(\"a.b\", LOG_ROLE($value))"
	refused "log_info(\"a.b\", LOG_QUEUE($value))"
	refused "log_info(\"a.b\", LOG_TICKET($value))"
	refused "log_info(\"a.b\", LOG_KIND($value))"
	[ "$value" = error ] || refused "log_info(\"a.b\", LOG_ERR($value))"
	refused "(void)error_fail_num(err, ERROR_TEMP, \"a\", $value)"
	[ "$value" != '"Mein Geld"' ] || continue
	refused "log_info(\"a.b\", LOG_NUM($value, 1))"
	refused "log_info(\"a.b\", LOG_WORD($value, \"b\"))"
	refused "log_info(\"a.b\", LOG_WORD(\"a\", $value))"
	refused "(void)error_fail(err, ERROR_TEMP, $value)"
	refused "error_prefix(err, $value)"
	refused "(void)error_fail_num(err, ERROR_TEMP, $value, 1)"
	refused "(void)error_fail_errno(err, ERROR_TEMP, $value)"
done

# The ways round: pattern, why, files that may (each with its reason below).
only() {
	pattern=$1 why=$2
	shift 2
	for file in "$@"; do
		grep -qE "$pattern" "src/$file" || {
			echo "src/$file: needs no exception: $why"
			failed=1
		}
	done
	found=$(grep -rnE "$pattern" src --include='*.[ch]' |
	    grep -vE "^src/($(echo "$@" | tr ' ' '|')):|^[^:]*:[0-9]*:( \*|/\*)")
	[ -z "$found" ] || {
		printf '%s:\n%s\n' "$why" "$found"
		failed=1
	}
}

# number.h, internal.h: macros that take a type of ours.
only 'struct log_field|\blog_fields\(' 'a log field made by hand' \
    base/log.h base/log.c ticket/number.h desk/internal.h
# config.c, config_value.c, sandbox.c, directories.c, listen.c, rules.c, load.c,
# part.c, pattern.c, file.c name files of the operator and what stands in them; codec.c
# carries the literal of another role.
only 'g_(set_error|set_error_literal|prefix_error|propagate_prefixed_error|error_new)[a-z_]*\(' \
    'an error made by hand' \
    base/error.c base/config.c base/config_value.c base/sandbox.c \
    cmd/directories.c cmd/listen.c proto/codec.c rules/load.c \
    rules/part.c rules/pattern.c rules/rules.c template/file.c
only 'error_(fail|prefix)_literal[a-z_]*\(' 'an error from a variable' \
    base/error.h base/error.c
# Their texts hold the values that were compared.
only 'g_assert_cmp|g_assert_no_error|g_assertion_message' \
    'an assertion that prints values'
only '\bg_(error|critical|warning|message|info|debug|log|log_structured)\(([^"]|"[^"]*%)' \
    'text in a log of GLib'
# Commands speak to whoever called them.
only '\b(perror|fprintf|dprintf|vsyslog|syslog|g_printerr)\(' \
    'text on stderr' cmd/nymdesk.c cmd/nymdeskd.c
only 'PR_SET_NAME|setproctitle|g_set_prgname|program_invocation' \
    'a title of a process'

echo "logtype: $good compile, $bad are refused"
[ "$bad" -gt 100 ] || failed=1
exit $failed
