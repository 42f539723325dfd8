#include "mail/kind.h"

#include <string.h>

#include "base/banned.h"

static const struct kind kinds[] = {
    {"text/plain", "txt", "a text", KIND_TEXT},
    {"text/csv", "txt", "a table as text", KIND_TEXT},

    {"image/jpeg", "jpg", "a JPEG image", KIND_IMAGE},
    {"image/png", "png", "a PNG image", KIND_IMAGE},
    {"image/gif", "gif", "a GIF image", KIND_IMAGE},
    {"image/webp", "webp", "a WebP image", KIND_IMAGE},

    {"image/heic", "heic", "a HEIC image", KIND_FILE},
    {"image/avif", "avif", "an AVIF image", KIND_FILE},
    {"image/tiff", "tiff", "a TIFF image", KIND_FILE},
    {"image/bmp", "bmp", "a BMP image", KIND_FILE},
    {"application/pdf", "pdf", "a PDF document", KIND_FILE},
    {"application/rtf", "rtf", "an RTF document", KIND_FILE},
    {"application/postscript", "ps", "a PostScript document", KIND_FILE},
    {"application/zip", "zip", "a ZIP archive or Office document", KIND_FILE},
    {"application/vnd.rar", "rar", "a RAR archive", KIND_FILE},
    {"application/x-7z-compressed", "7z", "a 7z archive", KIND_FILE},
    {"application/gzip", "gz", "a gzip archive", KIND_FILE},
    {"application/x-bzip2", "bz2", "a bzip2 archive", KIND_FILE},
    {"application/x-xz", "xz", "an xz archive", KIND_FILE},
    {"audio/mpeg", "mp3", "a sound recording", KIND_FILE},
    {"audio/ogg", "ogg", "a sound recording", KIND_FILE},
    {"audio/wav", "wav", "a sound recording", KIND_FILE},
    {"audio/amr", "amr", "a sound recording", KIND_FILE},
    {"audio/flac", "flac", "a sound recording", KIND_FILE},
    {"video/mp4", "mp4", "a video", KIND_FILE},
    {"video/quicktime", "mov", "a video", KIND_FILE},
    {"video/webm", "webm", "a video", KIND_FILE},
    {"video/x-msvideo", "avi", "a video", KIND_FILE},

    {"text/html", "bin", "a web page", KIND_WITHHELD},
    {"application/xml", "bin", "an XML file", KIND_WITHHELD},
    {"image/svg+xml", "bin", "an SVG image", KIND_WITHHELD},
    {"text/calendar", "bin", "a calendar entry", KIND_WITHHELD},
    {"text/vcard", "bin", "an address card", KIND_WITHHELD},
    {"text/rfc822-headers", "bin", "headers of a mail", KIND_WITHHELD},
    {"message/rfc822", "bin", "a saved mail", KIND_WITHHELD},
    {"message/partial", "bin", "a piece of a mail", KIND_WITHHELD},
    {"message/external-body", "bin", "a pointer to a file elsewhere",
	KIND_WITHHELD},
    {"message/delivery-status", "bin", "a delivery report", KIND_WITHHELD},
    {"application/ms-tnef", "bin", "an Outlook container (winmail.dat)",
	KIND_WITHHELD},
    {"application/x-msdownload", "bin", "a program", KIND_WITHHELD},
    {"application/x-executable", "bin", "a program", KIND_WITHHELD},
    {"application/x-ms-shortcut", "bin", "a program link", KIND_WITHHELD},
    {"application/x-ole-storage", "bin",
	"an old Office file, saved mail or installer", KIND_WITHHELD},
    {"application/x-pem-file", "bin", "a key or certificate",
	KIND_WITHHELD},
    {"application/pkcs7-signature", "bin",
	"a signed S/MIME mail", KIND_WITHHELD},

    {"application/pgp-signature", "bin", "a PGP signature", KIND_SEAL},
    {"application/pgp-keys", "bin", "a PGP key", KIND_SEAL},

    {"application/pgp-encrypted", "bin", "something encrypted (PGP)",
	KIND_CIPHER},
    {"application/pkcs7-mime", "bin", "something encrypted (S/MIME)",
	KIND_CIPHER},
};

const struct kind *
kind_of(const char *type)
{
	static const struct kind unknown = {"application/octet-stream", "bin",
	    "a file of an unknown kind", KIND_WITHHELD};

	for (gsize i = 0; type != NULL && i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return &unknown;
}
