/* SPDX-License-Identifier: MIT
 *
 * Private to the writer of entries: the contents of requests and responses. Their codings are undone, their secrets
 * hidden; what is no text stands there in base64. What was cut, or can't be shown, says so in a comment. */
#ifndef AUDIT_RECORD_HAR_CONTENT_H
#define AUDIT_RECORD_HAR_CONTENT_H

#include "audit/record/har_entry.h"

/* The member "postData"; left out where the request has no content, or contents were not asked for. */
void har_put_post_data(struct har_entries *h, struct text_buf *t, struct capture *c);

/* The member "content". */
void har_put_content(struct har_entries *h, struct text_buf *t, struct capture *c);

#endif
