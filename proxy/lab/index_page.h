/* SPDX-License-Identifier: MIT
 *
 * The simulator's page about itself: which paths, parameters and origins there are, made of the tables that the
 * simulator runs on. Pure. */
#ifndef PROXY_LAB_INDEX_PAGE_H
#define PROXY_LAB_INDEX_PAGE_H

#include "audit/record/text_buf.h"
#include "parser/http_head.h"
#include "proxy/lab/world.h"

/* Appends the page in the form that the request's Accept prefers: HTML, JSON or plain text (which is also for who says
 * nothing). Returns its Content-Type. */
const char *index_page_write(const struct lab_world *w, bool secure, const struct http_head *head,
			     struct text_buf *out);

/* Likewise: what is wrong with a request, in one line. */
const char *index_page_write_wrong(const struct http_head *head, int status, const char *wrong, struct text_buf *out);

#endif
