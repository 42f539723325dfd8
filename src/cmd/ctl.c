#include "cmd/ctl.h"

#include <stdio.h>

#include "base/banned.h"

#define CALL_MS 10000

struct ipc_client *
ctl_desk(const struct config *config)
{
	return ipc_client_new(config->run_dir, ROLE_DESK, ROLE_CTL, CALL_MS);
}

gboolean
ctl_ask(const struct ctl *ctl, const struct ipc_call *call, GError **err)
{
	g_autoptr(config_auto) config = config_load_file(ctl->config_path, err);
	struct ipc_client *desk;
	gboolean ok;

	if (config == NULL)
		return FALSE;
	desk = ctl_desk(config);
	ok = ipc_call(desk, call->request_type, call->request, -1,
	    call->answer_type, call->answer, err);
	ipc_client_free(desk);
	return ok;
}

char *
ctl_time(gint64 at)
{
	g_autoptr(GDateTime) time = NULL;

	if (at == 0)
		return g_strdup("-");
	time = g_date_time_new_from_unix_utc(at);
	return time == NULL ? g_strdup("-")
			    : g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

void
ctl_add_text(JsonBuilder *b, const char *name, const char *value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, value);
}

void
ctl_add_num(JsonBuilder *b, const char *name, gint64 value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_int_value(b, value);
}

void
ctl_add_time(JsonBuilder *b, const char *name, gint64 at)
{
	g_autofree char *text = ctl_time(at);

	json_builder_set_member_name(b, name);
	if (at == 0)
		json_builder_add_null_value(b);
	else
		json_builder_add_string_value(b, text);
}

void
ctl_print(JsonBuilder *b)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = json_builder_get_root(b);
	g_autofree char *text = NULL;

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	puts(text);
}
