/* SPDX-License-Identifier: MIT
 *
 * What the lab answers to a request, without sockets. */
#ifndef TESTS_UNIT_PROXY_LAB_ANSWERED_H
#define TESTS_UNIT_PROXY_LAB_ANSWERED_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "parser/http_parser.h"
#include "proxy/lab/scenario.h"
#include "tests/unit/proxy/relay/check_main.h"

static const struct lab_world ports = {{
    [SITE_HOME] = {"127.0.0.1:81", "127.0.0.1:441"},
    [SITE_PORT] = {"127.0.0.1:82", "127.0.0.1:442"},
    [SITE_FOREIGN] = {"localhost:82", "localhost:442"},
}};

/* One request and its answer; answered_free() frees. */
struct answered {
	char raw[4096];
	struct http_field fields[32];
	struct http_head head;
	struct lab_request request;
	struct scenario scenario;
	struct lab_content content;
	struct text_buf text;
};

static inline void answered_free(struct answered *a)
{
	text_buf_free(&a->text);
}

/* `fields` are whole lines. */
static inline const char *ask(struct answered *a, const struct lab_world *world, bool secure, const char *line,
			      const char *fields)
{
	static const struct http_limits limits = {4096, 4096, 4096, 32};
	static const uint8_t key[REDACTION_KEY_BYTES] = {1};
	struct redactor redactor;
	int len = snprintf(a->raw, sizeof(a->raw), "%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", line,
			   world->authority[SITE_HOME][secure], fields);

	a->head = (struct http_head){.fields = a->fields, .fields_max = 32};
	ck_assert_int_eq(http_parse_request(bytes_of(a->raw, (size_t)len), &limits, &a->head), HTTP_OK);
	a->request = (struct lab_request){.head = &a->head, .world = world, .secure = secure, .wall_s = 784111777};
	scenario_read(&a->scenario, &a->request);
	a->content = (struct lab_content){.complete = true};
	a->text = (struct text_buf){0};
	redactor_init(&redactor, key);
	scenario_write(&a->scenario, &a->request, &a->content, &redactor, &a->text);
	text_buf_add_char(&a->text, '\0');
	redactor_free(&redactor);
	ck_assert(!a->text.failed);
	return a->text.ptr;
}

static inline void expect_in(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%s", part, text);
}

static inline void expect_not_in(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "%s in\n%s", part, text);
}

#endif
