/* SPDX-License-Identifier: MIT
 *
 * Feeds parser/uri two texts (the input, split at its first line feed) and checks what must hold of any: composing
 * gives back what was split, normalising twice changes nothing more, an absolute result resolves to itself, comparing
 * is symmetric and reflexive, equal URIs have equal origins and hashes, and alternatives are other http URIs. Buffers
 * are on the heap and exactly as large as uri.h asks, so that ASan sees one byte too many. */
#include <stdio.h>
#include <stdlib.h>

#include "parser/uri.h"

#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __func__, __LINE__, #condition);                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct uri_buf new_buf(size_t max)
{
	struct uri_buf buf = {.ptr = malloc(max + 1), .max = max}; /* + 1: malloc(0) may be NULL */
	MUST(buf.ptr);
	return buf;
}

static struct bytes all_of(const struct uri_buf *buf)
{
	return bytes_of(buf->ptr, buf->len);
}

static enum uri_match compare(struct bytes a, struct bytes b)
{
	struct uri_buf scratch = new_buf(4 * (a.len + b.len) + 64);
	enum uri_match match = uri_compare(a, b, &scratch);
	MUST(scratch.len == 0);
	free(scratch.ptr);
	return match;
}

static void check_composing(struct bytes text)
{
	struct uri u;
	if (uri_parse(text, &u) != URI_OK)
		return;
	struct uri_buf out = new_buf(text.len);
	MUST(uri_write(&u, &out) == URI_OK);
	MUST(bytes_equal(all_of(&out), text));
	free(out.ptr);

	uint32_t addr4;
	uint8_t addr6[16];
	if (uri_host_ipv6(u.host, addr6))
		MUST(!uri_host_ipv4(u.host, &addr4));
	if (uri_is_strict(&u)) {
		for (size_t i = 0; i < text.len; i++)
			MUST((unsigned char)text.ptr[i] > ' ' && (unsigned char)text.ptr[i] < 0x7f);
	}
}

static void check_authority_form(struct bytes text)
{
	struct uri u;
	if (uri_parse_authority(text, &u) != URI_OK)
		return;
	MUST(u.host.len > 0 && u.port.len > 0 && !u.userinfo.ptr);
	MUST(u.host.len + 1 + u.port.len == text.len);
	MUST(uri_same_origin(&u, &u) && uri_origin_hash(&u, 1) == uri_origin_hash(&u, 1));
}

static void check_normal_form(struct bytes text)
{
	struct uri u, normal;
	if (uri_parse_http(text, &u) != URI_OK)
		return;
	struct uri_buf once = new_buf(text.len + 8), twice = new_buf(text.len + 8);
	MUST(uri_normalize(&u, &once) == URI_OK);
	MUST(uri_parse_http(all_of(&once), &normal) == URI_OK);
	MUST(!normal.userinfo.ptr && !normal.fragment.ptr);
	MUST(uri_normalize(&normal, &twice) == URI_OK);
	MUST(bytes_equal(all_of(&once), all_of(&twice)));
	MUST(compare(text, all_of(&once)) <= URI_E1);
	MUST(uri_origin_hash(&u, 7) == uri_origin_hash(&normal, 7));

	struct uri_buf origin = new_buf(text.len + 8);
	MUST(uri_write_origin(&u, &origin) == URI_OK);
	MUST(origin.len < once.len && memcmp(origin.ptr, once.ptr, origin.len) == 0);
	free(origin.ptr);
	free(once.ptr);
	free(twice.ptr);
}

static void check_resolving(struct bytes base_text, struct bytes ref_text)
{
	struct uri base, ref, target;
	if (uri_parse(base_text, &base) != URI_OK || !base.scheme.ptr || uri_parse(ref_text, &ref) != URI_OK)
		return;
	struct uri_buf once = new_buf(base_text.len + ref_text.len + 3), twice = new_buf(once.max);
	MUST(uri_resolve(&base, &ref, &once) == URI_OK);
	MUST(uri_parse(all_of(&once), &target) == URI_OK && target.scheme.ptr);
	MUST(uri_resolve(&base, &target, &twice) == URI_OK);
	/* The base's own path is taken over with its dot segments (RFC 3986 §5.2.2). */
	bool path_of_base = !ref.scheme.ptr && !ref.authority.ptr && ref.path.len == 0;
	MUST(path_of_base || bytes_equal(all_of(&once), all_of(&twice)));
	free(once.ptr);
	free(twice.ptr);
}

static void check_comparing(struct bytes a, struct bytes b)
{
	struct uri ua, ub;

	MUST(compare(a, a) == URI_E0);
	enum uri_match match = compare(a, b);
	MUST(match == compare(b, a));
	MUST(match != URI_E3);
	if (uri_parse_http(a, &ua) != URI_OK || uri_parse_http(b, &ub) != URI_OK)
		return;
	bool same = uri_same_origin(&ua, &ub);
	MUST(same == uri_same_origin(&ub, &ua));
	MUST(!same || uri_origin_hash(&ua, 3) == uri_origin_hash(&ub, 3));
	MUST(same || match == URI_DIFFERENT);
}

static bool check_alternative(void *arg, enum uri_alternative why, struct bytes target)
{
	const struct uri_buf *right = arg;
	struct uri u;

	MUST(why < URI_ALT_COUNT);
	MUST(uri_parse_http(target, &u) == URI_OK);
	MUST(compare(target, all_of(right)) == URI_DIFFERENT);
	return true;
}

static void check_alternatives(struct bytes base_text, struct bytes location)
{
	struct uri base, ref;
	if (uri_parse_http(base_text, &base) != URI_OK)
		return;
	struct uri_buf right = new_buf(base_text.len + location.len + 3);
	if (uri_parse(bytes_trim(location), &ref) == URI_OK) {
		ref.fragment = bytes_of(NULL, 0);
		MUST(uri_resolve(&base, &ref, &right) == URI_OK);
	}
	struct uri_buf scratch = new_buf(8 * (base_text.len + location.len) + 256);
	uri_alternatives(&base, location, &scratch, check_alternative, &right);
	MUST(scratch.len == 0);
	free(scratch.ptr);
	free(right.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes a = bytes_of((const char *)data, size), b = bytes_of("", 0);
	size_t line = bytes_find(a, '\n');

	if (line < a.len) {
		b = bytes_slice(a, line + 1, a.len);
		a = bytes_slice(a, 0, line);
	}
	check_composing(a);
	check_composing(b);
	check_authority_form(a);
	check_normal_form(a);
	check_normal_form(b);
	check_resolving(a, b);
	check_comparing(a, b);
	check_alternatives(a, b);
	return 0;
}
