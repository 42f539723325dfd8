#include "intake/image.h"

#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

/* A copy of our own: the role may hold the memory file still. */
static GBytes *
body_take(int body, GError **err)
{
	g_autoptr(GBytes) mapped = NULL;

	if (body < 0) {
		error_fail(err, ERROR_DENIED, "no image beside an answer");
		return NULL;
	}
	mapped = ipc_body_map(body, err);
	if (mapped == NULL)
		return NULL;
	if (g_bytes_get_size(mapped) == 0 ||
	    g_bytes_get_size(mapped) > IMAGE_OCTETS_MAX) {
		error_fail(err, ERROR_DENIED, "bad size of an image");
		return NULL;
	}
	return g_bytes_new(g_bytes_get_data(mapped, NULL),
	    g_bytes_get_size(mapped));
}

/* The type goes into a header: only the two that are agreed on. */
static const char *
type_known(const char *type)
{
	static const char *const types[] = {"image/jpeg", "image/png"};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_strcmp0(type, types[i]) == 0)
			return types[i];
	return NULL;
}

static gboolean
role_ask(struct ipc_client *image, int sent, GBytes **cleaned, char **type,
    GError **err)
{
	struct proto_image_cleaned answer = {0};
	const struct ipc_call call = {PROTO_IMAGE_CLEAN, "", sent,
	    PROTO_IMAGE_CLEANED, &answer};
	int body;

	if (!ipc_call_body(image, &call, &body, err))
		return FALSE;
	*type = g_strdup(type_known(answer.type));
	if (*type == NULL)
		error_fail(err, ERROR_DENIED, "bad type of an image");
	else
		*cleaned = body_take(body, err);
	if (*cleaned == NULL)
		g_clear_pointer(type, g_free);
	if (body >= 0)
		close(body);
	proto_clear(PROTO_IMAGE_CLEANED, &answer);
	return *cleaned != NULL;
}

enum image_result
image_clean(struct ipc_client *image, GBytes *octets, GBytes **cleaned,
    char **type, GError **err)
{
	g_autoptr(GError) error = NULL;
	gsize len;
	const void *data = g_bytes_get_data(octets, &len);
	gboolean ok;
	int sent;

	*cleaned = NULL;
	*type = NULL;
	if (len == 0 || len > IMAGE_OCTETS_MAX)
		return IMAGE_REFUSED;
	sent = ipc_body_new(data, len, err);
	if (sent < 0)
		return IMAGE_FAILED;
	ok = role_ask(image, sent, cleaned, type, &error);
	close(sent);
	ipc_client_drop(image);
	if (ok)
		return IMAGE_CLEANED;
	if (error_is(error, ERROR_PERM))
		return IMAGE_REFUSED;
	g_propagate_error(err, g_steal_pointer(&error));
	return IMAGE_FAILED;
}
