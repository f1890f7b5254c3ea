/* SPDX-License-Identifier: MIT */
#include "audit/report/url_pattern.h"

#include "parser/uri.h"

#define HEX_MIN 8     /* hexadecimal digits that are no word: "deadbeef" is one, hence a decimal digit is asked for */
#define RANDOM_MIN 16 /* letters and digits mixed; shorter ones are names like "oauth2" */
#define RANDOM_DIGITS_MIN 4
#define DIGEST_LENGTH 16 /* behind '~', as redaction writes it */

/* How many bytes of each kind a segment has. */
struct kinds {
	size_t digits;
	size_t hex; /* digits among them */
	size_t letters;
	size_t dashes; /* '-' and '_' */
	size_t others;
};

static struct kinds kinds_of(struct bytes segment)
{
	struct kinds k = {0};

	for (size_t i = 0; i < segment.len; i++) {
		unsigned char c = (unsigned char)segment.ptr[i];

		k.hex += hex_value(c) >= 0;
		if (ascii_is_digit(c))
			k.digits++;
		else if ((unsigned char)(ascii_lower(c) - 'a') < 26)
			k.letters++;
		else if (c == '-' || c == '_')
			k.dashes++;
		else
			k.others++;
	}
	return k;
}

static bool has_digest(struct bytes segment)
{
	size_t at = bytes_find(segment, '~');
	struct bytes digest = bytes_slice(segment, at + 1, at + 1 + DIGEST_LENGTH);

	return digest.len == DIGEST_LENGTH && kinds_of(digest).hex == DIGEST_LENGTH;
}

bool url_pattern_is_id(struct bytes segment)
{
	struct kinds k = kinds_of(segment);

	if (has_digest(segment))
		return true;
	if (k.digits == 0 || k.others > 0)
		return false;
	if (k.letters == 0) /* 12345, 2026-11-24 */
		return true;
	if (k.hex + k.dashes == segment.len && k.hex >= HEX_MIN)
		return true;
	return segment.len >= RANDOM_MIN && k.digits >= RANDOM_DIGITS_MIN;
}

static void add_path(struct text_buf *out, struct bytes path)
{
	if (path.len == 0)
		TEXT_BUF_LITERAL(out, "/");
	while (path.len > 0) {
		size_t end = bytes_find(path, '/');
		struct bytes segment = bytes_slice(path, 0, end);

		text_buf_add(out, url_pattern_is_id(segment) ? BYTES("{id}") : segment);
		text_buf_add(out, bytes_slice(path, end, end + 1));
		path = bytes_slice(path, end + 1, path.len);
	}
}

static bool is_loopback(struct bytes host)
{
	static const uint8_t one[16] = {[15] = 1};
	uint8_t v6[16];
	uint32_t v4;

	if (uri_host_ipv4(host, &v4))
		return v4 >> 24 == 127;
	if (uri_host_ipv6(host, v6))
		return memcmp(v6, one, sizeof(v6)) == 0;
	return bytes_equal_nocase(host, BYTES("localhost"));
}

static void add_lower(struct text_buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		text_buf_add_char(out, (char)ascii_lower((unsigned char)text.ptr[i]));
}

void url_pattern_add(struct text_buf *out, struct bytes url)
{
	struct uri u;

	if (uri_parse_http(url, &u) != URI_OK) {
		text_buf_add(out, bytes_slice(url, 0, bytes_find(url, '?')));
		return;
	}
	add_lower(out, u.scheme);
	TEXT_BUF_LITERAL(out, "://");
	add_lower(out, u.host);
	if (!is_loopback(u.host) && uri_port(&u) != scheme_default_port(u.scheme)) {
		TEXT_BUF_LITERAL(out, ":");
		text_buf_add_uint(out, uri_port(&u));
	}
	add_path(out, u.path);
}
