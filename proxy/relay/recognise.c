/* SPDX-License-Identifier: MIT */
#include "proxy/relay/recognise.h"

static const size_t method_max = 32;

/* Length of the run of bytes from `at` that `fits`. */
static size_t run(struct bytes b, size_t at, bool (*fits)(unsigned char))
{
	size_t n = 0;

	while (at + n < b.len && fits((unsigned char)b.ptr[at + n]))
		n++;
	return n;
}

static bool is_target_byte(unsigned char c)
{
	return c > 0x20 && c != 0x7f;
}

enum recognised recognise(struct bytes first, size_t target_max)
{
	const struct bytes version = BYTES("HTTP/1.x\r\n");
	size_t method = run(first, 0, is_tchar), at = method + 1, target;

	if (method > method_max || (method == 0 && first.len > 0))
		return RECOGNISED_OTHER;
	if (method == first.len)
		return RECOGNISED_MORE;
	/* CONNECT inside a tunnel: to another proxy, and what follows is anything. */
	if (first.ptr[method] != ' ' || bytes_equal(bytes_slice(first, 0, method), BYTES("CONNECT")))
		return RECOGNISED_OTHER;
	target = run(first, at, is_target_byte);
	if (target > target_max || (target == 0 && at < first.len))
		return RECOGNISED_OTHER;
	at += target;
	if (at >= first.len)
		return RECOGNISED_MORE;
	if (first.ptr[at] != ' ')
		return RECOGNISED_OTHER;
	at++;
	for (size_t i = 0; i < version.len; i++) {
		unsigned char c;

		if (at + i == first.len)
			return RECOGNISED_MORE;
		c = (unsigned char)first.ptr[at + i];
		if (version.ptr[i] == 'x' ? !ascii_is_digit(c) : c != (unsigned char)version.ptr[i])
			return RECOGNISED_OTHER;
	}
	return RECOGNISED_HTTP;
}
