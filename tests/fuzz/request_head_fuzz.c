/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the input is what a client sends. Exercises head_scan, http_parse_request, field_id_of,
 * http_head_copy and the questions of http_head.h; llhttp is the second reader of what is accepted. */
#include "tests/fuzz/head_checks.h"

static enum http_error parse(struct bytes raw, struct http_head *to, const void *arg)
{
	(void)arg;
	return http_parse_request(raw, &limits, to);
}

static void check_request_line(const struct http_head *h)
{
	struct bytes method = head_method(h), target = head_target(h);
	MUST(bytes_is_token(method));
	MUST(target.len > 0 && target.len <= limits.target_max);
	for (size_t i = 0; i < target.len; i++)
		MUST((unsigned char)target.ptr[i] > ' ' && target.ptr[i] != 0x7f);
	MUST(h->target_at == method.len + 1);
	MUST(h->fields_at == h->target_at + h->target_len + 11);
	MUST(memcmp(h->raw + h->fields_at - 10, h->version_minor ? "HTTP/1.1\r\n" : "HTTP/1.0\r\n", 10) == 0);
	const struct http_field *host = head_find(h, FIELD_HOST);
	MUST(host ? !head_find_next(h, host) : h->version_minor == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = copy_of(bytes_of((const char *)data, size));
	struct http_field fields[FIELD_ROOM];
	struct http_head h = {.fields = fields, .fields_max = FIELD_ROOM};
	size_t end = 0;
	enum head_scan_result scan = scan_all_ways(input, &end);

	enum http_error whole = http_parse_request(input, &limits, &h);
	MUST(whole != HTTP_OK || (scan == HEAD_SCAN_DONE && end == size));
	if (scan == HEAD_SCAN_DONE) {
		struct bytes head = copy_of(bytes_of(input.ptr, end));
		enum http_error e = http_parse_request(head, &limits, &h);
		MUST(e != HTTP_ERR_BARE_CR && e != HTTP_ERR_BARE_LF && e != HTTP_ERR_NUL && e != HTTP_ERR_FOLDING);
		if (e == HTTP_OK) {
			check_request_line(&h);
			check_fields(&h);
			check_framing(&h);
			check_second_reader(&h);
			check_copy(&h, parse, NULL);
		}
		free((char *)head.ptr);
	}
	free((char *)input.ptr);
	return 0;
}
