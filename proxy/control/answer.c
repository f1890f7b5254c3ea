/* SPDX-License-Identifier: MIT
 *
 * Answers in JSON, and problems (RFC 9457). */
#include <stdarg.h>
#include <stdio.h>

#include "audit/record/json_line.h"
#include "proxy/control/control_private.h"
#include "proxy/control/web_head.h"

void answer_json(struct web_exchange *x, int status, const struct text_buf *page)
{
	if (page->failed)
		answer_problem(x, 500, "out of memory");
	else
		web_reply(x, status, status < 400 ? "application/json" : "application/problem+json", NULL,
			  text_buf_view(page));
}

void answer_problem(struct web_exchange *x, int status, const char *format, ...)
{
	struct text_buf t = {0};
	char detail[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(detail, sizeof(detail), format, values);
	va_end(values);
	json_put_object_begin(&t, NULL);
	json_put_text(&t, "title", web_reason(status));
	json_put_uint(&t, "status", (uint64_t)status);
	json_put_text(&t, "detail", detail);
	json_put_object_end(&t);
	text_buf_add_char(&t, '\n');
	web_reply(x, status, "application/problem+json", NULL, t.failed ? BYTES("{}\n") : text_buf_view(&t));
	text_buf_free(&t);
}
