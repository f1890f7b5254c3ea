/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the first byte chooses the method of the request, the rest is what an origin sends. Exercises
 * head_scan, http_parse_response and its framing by status and method; llhttp is the second reader. */
#include "tests/fuzz/head_checks.h"

static enum http_error parse(struct bytes raw, struct http_head *to, const void *arg)
{
	return http_parse_response(raw, &limits, *(const struct bytes *)arg, to);
}

static void check_status_line(const struct http_head *h)
{
	MUST(h->status >= 100 && h->status <= 599);
	MUST(h->reason_at + h->reason_len + 2 == h->fields_at && h->fields_at <= h->raw_len - 2);
	for (uint32_t i = 0; i < h->reason_len; i++)
		MUST(is_text((unsigned char)h->raw[h->reason_at + i]));
}

static void check_bodyless(const struct http_head *h, struct bytes method)
{
	bool bodyless = h->status < 200 || h->status == 204 || h->status == 304 || bytes_equal(method, BYTES("HEAD")) ||
			(bytes_equal(method, BYTES("CONNECT")) && h->status < 300);
	MUST(bodyless == (h->framing == BODY_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes methods[] = {{"GET", 3}, {"HEAD", 4}, {"CONNECT", 7}, {"POST", 4}};
	if (size == 0)
		return 0;
	struct bytes method = methods[data[0] % 4];
	struct bytes input = copy_of(bytes_of((const char *)data + 1, size - 1));
	struct http_field fields[FIELD_ROOM];
	struct http_head h = {.fields = fields, .fields_max = FIELD_ROOM};
	size_t end = 0;
	enum head_scan_result scan = scan_all_ways(input, &end);

	enum http_error whole = http_parse_response(input, &limits, method, &h);
	MUST(whole != HTTP_OK || (scan == HEAD_SCAN_DONE && end == input.len));
	if (scan == HEAD_SCAN_DONE) {
		struct bytes head = copy_of(bytes_of(input.ptr, end));
		if (http_parse_response(head, &limits, method, &h) == HTTP_OK) {
			check_status_line(&h);
			check_fields(&h);
			check_framing(&h);
			check_bodyless(&h, method);
			check_second_reader(&h);
			check_copy(&h, parse, &method);
		}
		free((char *)head.ptr);
	}
	free((char *)input.ptr);
	return 0;
}
