/* SPDX-License-Identifier: MIT
 *
 * The tracker's scratch memory: URLs put together and normalised for the length of one call. It grows to the longest
 * URL seen, which the relay bounds. Under the tracker's lock. */
#include <stdlib.h>

#include "audit/state.h"

/* Room for `need` bytes from the start. */
static bool scratch_room(struct audit *a, size_t need)
{
	a->scratch.len = 0;
	if (need <= a->scratch.max)
		return true;
	char *ptr = realloc(a->scratch.ptr, need * 2);
	if (!ptr)
		return false;
	a->scratch.ptr = ptr;
	a->scratch.max = need * 2;
	return true;
}

static size_t written_length(const struct uri *url)
{
	return url->scheme.len + url->authority.len + url->path.len + url->query.len + url->fragment.len + 16;
}

bool scratch_url(struct audit *a, const struct uri *url, struct bytes *out)
{
	if (!scratch_room(a, written_length(url)) || uri_write(url, &a->scratch) != URI_OK)
		return false;
	*out = bytes_of(a->scratch.ptr, a->scratch.len);
	return true;
}

bool scratch_both(struct audit *a, const struct uri *url, struct bytes *written, struct bytes *normal)
{
	/* A normal form may be longer than what was written: an IPv6 address, a path that was empty. */
	if (!scratch_room(a, 4 * written_length(url) + 256))
		return false;
	if (uri_write(url, &a->scratch) != URI_OK)
		return false;
	size_t end = a->scratch.len;
	if (uri_normalize(url, &a->scratch) != URI_OK)
		return false;
	*written = bytes_of(a->scratch.ptr, end);
	*normal = bytes_of(a->scratch.ptr + end, a->scratch.len - end);
	return true;
}

bool scratch_target(struct audit *a, const struct uri *base, struct bytes location, struct uri *target_uri,
		    struct bytes *target, struct bytes *normal)
{
	struct uri ref = {.path = BYTES("")};
	/* An empty Location is a reference to the base itself (RFC 3986 §4.4). */
	if (location.len > 0 && uri_parse(location, &ref) != URI_OK)
		return false;
	ref.fragment = bytes_of(NULL, 0);
	if (!scratch_room(a, 8 * (written_length(base) + location.len) + 512))
		return false;
	if (uri_resolve(base, &ref, &a->scratch) != URI_OK)
		return false;
	*target = bytes_of(a->scratch.ptr, a->scratch.len);
	if (uri_parse_http(*target, target_uri) != URI_OK || uri_normalize(target_uri, &a->scratch) != URI_OK)
		return false;
	*normal = bytes_of(a->scratch.ptr + target->len, a->scratch.len - target->len);
	return true;
}

bool scratch_alternatives(struct audit *a, const struct uri *base, struct bytes location)
{
	return scratch_room(a, 10 * (written_length(base) + location.len) + 512);
}

bool url_spelling(struct audit *a, const struct uri *url, uint64_t origin, uint64_t *out)
{
	struct uri_buf *scratch = &a->scratch;
	size_t start = scratch->len;
	bool fits = uri_write_canonical(url, scratch);
	if (fits)
		*out = bytes_hash(bytes_of(scratch->ptr + start, scratch->len - start), a->config.seed, false) ^
		       origin * 0x9e3779b97f4a7c15u;
	scratch->len = start;
	return fits;
}

bool scratch_spelling(struct audit *a, const struct uri *url, uint64_t origin, uint64_t *out)
{
	return scratch_room(a, url->path.len + url->query.len + 16) && url_spelling(a, url, origin, out);
}
