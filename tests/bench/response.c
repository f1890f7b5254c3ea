/* SPDX-License-Identifier: MIT
 *
 * The load generator's own reader of responses: a head that comes in one piece is read where it lies, one in pieces is
 * gathered first; a body is only counted. Chunked bodies are refused, since the origin of the bench never sends one
 * and a proxy has no reason to make one. */
#include "tests/bench/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void response_reset(struct response *r, bool tunnel)
{
	memset(r, 0, offsetof(struct response, head));
	r->tunnel = tunnel;
}

static void fail(struct response *r, const char *error)
{
	r->state = RESPONSE_BAD;
	r->error = error;
}

/* The value of the field if the line is one of that name, else NULL. Sets its size without surrounding blanks. */
static const char *field_value(const char *line, size_t size, const char *name, size_t *value_size)
{
	size_t n = strlen(name);

	if (size <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return NULL;
	const char *value = line + n + 1;
	const char *end = line + size;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*value_size = (size_t)(end - value);
	return value;
}

static bool parse_length(const char *value, size_t size, uint64_t *length)
{
	uint64_t n = 0;

	if (size == 0 || size > 18)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	*length = n;
	return true;
}

static void read_field(struct response *r, const char *line, size_t size)
{
	size_t n;
	const char *value;

	if ((value = field_value(line, size, "Content-Length", &n)) != NULL) {
		if (!r->until_close || !parse_length(value, n, &r->left))
			fail(r, "Content-Length is malformed or there are two");
		r->until_close = false;
	} else if ((value = field_value(line, size, "Connection", &n)) != NULL ||
		   (value = field_value(line, size, "Proxy-Connection", &n)) != NULL) {
		if (n == 5 && strncasecmp(value, "close", 5) == 0)
			r->close = true;
	} else if ((value = field_value(line, size, "Location", &n)) != NULL) {
		if (n >= sizeof(r->location) || r->location[0] != '\0') {
			fail(r, "Location is too long or there are two");
			return;
		}
		memcpy(r->location, value, n);
	} else if (field_value(line, size, "Transfer-Encoding", &n) != NULL) {
		fail(r, "Transfer-Encoding, which the origin never sent");
	}
}

/* `head` ends with its blank line. */
static void read_head(struct response *r, const char *head, size_t size)
{
	if (size < 16 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ') {
		fail(r, "no HTTP/1.x status line");
		return;
	}
	r->status = atoi(head + 9);
	r->close = head[7] == '0';
	r->until_close = true;
	const char *end = head + size - 2;
	const char *line = (const char *)memchr(head, '\n', size) + 1;
	while (line < end && r->state != RESPONSE_BAD) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)(lf - line);
		read_field(r, line, n > 0 && line[n - 1] == '\r' ? n - 1 : n);
		line = lf + 1;
	}
	if (r->state == RESPONSE_BAD)
		return;
	if (r->status / 100 == 1) {
		response_reset(r, r->tunnel);
		return;
	}
	if ((r->tunnel && r->status / 100 == 2) || r->status == 204 || r->status == 304) {
		r->until_close = false;
		r->left = 0;
	}
	r->close |= r->until_close;
	r->state = r->until_close || r->left > 0 ? RESPONSE_BODY : RESPONSE_DONE;
}

/* Returns how many bytes went into the head. */
static size_t feed_head(struct response *r, const char *bytes, size_t size)
{
	const char *end;
	size_t before = r->head_size;

	if (before == 0 && (end = memmem(bytes, size, "\r\n\r\n", 4)) != NULL) {
		size_t n = (size_t)(end - bytes) + 4;
		read_head(r, bytes, n);
		return n;
	}
	size_t n = size < sizeof(r->head) - before ? size : sizeof(r->head) - before;
	memcpy(r->head + before, bytes, n);
	r->head_size += n;
	end = memmem(r->head, r->head_size, "\r\n\r\n", 4);
	if (end == NULL) {
		if (r->head_size == sizeof(r->head))
			fail(r, "head too large");
		return n;
	}
	size_t head_size = (size_t)(end - r->head) + 4;
	r->head_size = 0;
	read_head(r, r->head, head_size);
	return head_size - before;
}

size_t response_feed(struct response *r, const char *bytes, size_t size)
{
	size_t used = 0;

	while (r->state == RESPONSE_HEAD && used < size)
		used += feed_head(r, bytes + used, size - used);
	if (r->state == RESPONSE_BODY) {
		size_t n = size - used;
		if (!r->until_close && n > r->left)
			n = (size_t)r->left;
		r->length += n;
		used += n;
		if (!r->until_close) {
			r->left -= n;
			if (r->left == 0)
				r->state = RESPONSE_DONE;
		}
	}
	return used;
}

void response_end(struct response *r)
{
	if (r->state == RESPONSE_BODY && r->until_close)
		r->state = RESPONSE_DONE;
	else if (r->state == RESPONSE_BODY)
		fail(r, "the connection ended inside a body");
	else if (r->state == RESPONSE_HEAD)
		fail(r, r->head_size == 0 ? "the connection ended before a response"
					  : "the connection ended inside a head");
}
