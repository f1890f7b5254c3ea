/* SPDX-License-Identifier: MIT
 *
 * The head of every answer of the control server: status line, framing, and the fields by which a browser keeps other
 * sites and the content of the audited traffic at bay. Pure. */
#ifndef PROXY_CONTROL_WEB_HEAD_H
#define PROXY_CONTROL_WEB_HEAD_H

#include "parser/bytes.h"

#define WEB_HEAD_MAX 2048

struct web_head {
	int status;
	const char *type;   /* NULL: no content */
	const char *fields; /* further lines, each with CRLF; NULL: none. A Cache-Control among them is the only one */
	int64_t length;     /* of the content; -1: until the connection ends */
	bool keep_alive;
};

/* Writes the head; returns its length. What does not fit is left out, which no caller comes near. */
size_t web_head_write(const struct web_head *h, int64_t wall_us, char out[WEB_HEAD_MAX]);

/* "Not Found". */
const char *web_reason(int status);

#endif
