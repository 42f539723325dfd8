#ifndef ND_VAULT_KEYDIR_H
#define ND_VAULT_KEYDIR_H

/*
 * Files of the key directory, and nothing about what they mean.
 *
 * A file appears whole or not at all (temporary name, fsync, rename, fsync
 * of the directory) and a destroyed one is overwritten with zeros before its
 * name goes. One process has the directory open at a time. Buffers with
 * roots are the caller's. Errors name no content; kinds are those of
 * keys_open().
 */
#include <glib.h>

#define KEYDIR_CLOCK "clock"
#define KEYDIR_POLICY "policy"
#define KEYDIR_RECEIPT "receipt"

struct keydir;

struct keydir *keydir_open(const char *path, GError **err);
void keydir_free(struct keydir *dir);

/* Fills epochs (gint64) with the numbers of the epoch files, newest first,
 * and destroys what an interrupted writer left. */
gboolean keydir_scan(struct keydir *dir, GArray *epochs, GError **err);

/* One number as text; *value is -1 if there is no such file. */
gboolean keydir_read_num(
    struct keydir *dir, const char *name, gint64 *value, GError **err);
gboolean keydir_write_num(
    struct keydir *dir, const char *name, gint64 value, GError **err);

/* The whole file, which has exactly len octets. */
gboolean keydir_read_epoch(
    struct keydir *dir, gint64 epoch, guint8 *image, gsize len, GError **err);
gboolean keydir_write_epoch(struct keydir *dir, gint64 epoch,
    const guint8 *image, gsize len, GError **err);
/* TRUE also if there is no such file any more. */
gboolean keydir_destroy_epoch(struct keydir *dir, gint64 epoch, GError **err);

/* The file KEYDIR_RECEIPT, which has exactly len octets. Reading is FALSE
 * without *err if there is none. */
gboolean keydir_read_receipt(
    struct keydir *dir, guint8 *image, gsize len, GError **err);
gboolean keydir_write_receipt(
    struct keydir *dir, const guint8 *image, gsize len, GError **err);

#endif
