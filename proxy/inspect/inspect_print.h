/* SPDX-License-Identifier: MIT
 *
 * An inspection for people (text, HTML) and programs (JSON). Secrets in URLs are hidden in all of them. */
#ifndef PROXY_INSPECT_INSPECT_PRINT_H
#define PROXY_INSPECT_INSPECT_PRINT_H

#include "audit/record/redact.h"
#include "audit/report/terminal.h"
#include "proxy/inspect/inspection.h"

void inspect_text(const struct inspection *in, const struct terminal *t, struct redactor *r, struct text_buf *out);
void inspect_json(const struct inspection *in, struct redactor *r, struct text_buf *out);
void inspect_html(const struct inspection *in, struct redactor *r, struct text_buf *out);

/* "307 Temporary Redirect", with the server's own words; empty where there is no answer. */
void inspect_status(const struct step *s, char *out, size_t size);

#endif
