/* SPDX-License-Identifier: MIT
 *
 * Private to the writers of reports: strangers' bytes as text of XML, HTML and Markdown. */
#ifndef AUDIT_REPORT_MARKUP_H
#define AUDIT_REPORT_MARKUP_H

#include "audit/record/text_buf.h"

/* For XML and HTML, between tags and in quoted attributes. What is not printable, or no UTF-8, is shown as \xNN or
 * \u{NNNN}: XML 1.0 has no way to write most of it. */
void markup_add(struct text_buf *out, struct bytes text);
/* A text of ours. */
void markup_add_str(struct text_buf *out, const char *text);

/* For Markdown, in a cell of a table too: whatever means something there is a character reference, also inside of
 * `<code>`, in which GitHub makes no links and mentions. */
void markup_add_markdown(struct text_buf *out, struct bytes text);
void markup_add_markdown_code(struct text_buf *out, struct bytes text);

#endif
