/* SPDX-License-Identifier: MIT
 *
 * GET /metrics, in Prometheus' text format. */
#include "proxy/control/control_private.h"

void metrics_answer(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	(void)part;
	TEXT_BUF_LITERAL(&c->page, "# HELP hopaudit_build_info What runs.\n# TYPE hopaudit_build_info gauge\n"
				   "hopaudit_build_info{version=\"" HOPAUDIT_VERSION "\"} 1\n");
	web_reply(x, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, text_buf_view(&c->page));
}
