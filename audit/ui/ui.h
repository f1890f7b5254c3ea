/* SPDX-License-Identifier: MIT
 *
 * The dashboard's page as it stands in the binary: every .html, .css, .js and .json file of this folder, put there by
 * cmake/embed.cmake. Served by the control server, which knows nothing of what is in them. */
#ifndef AUDIT_UI_UI_H
#define AUDIT_UI_UI_H

#include "parser/bytes.h"

/* All of it is static. */
struct ui_file {
	const char *name; /* "main.js": the file's own, without a folder */
	const char *type; /* for Content-Type, with its charset */
	const unsigned char *data;
	size_t len;
	const char *sha256; /* 64 hex digits, for the ETag: it changes when the file does */
};

#define UI_PAGE "index.html" /* for `/`; all others are asked for as /assets/NAME */

/* In the order of their names. */
extern const struct ui_file ui_files[];
extern const size_t ui_file_count;

/* NULL when there is no such file. */
const struct ui_file *ui_find(struct bytes name);

#endif
