/* SPDX-License-Identifier: MIT
 *
 * Reference resolution by RFC 3986 §5.2.2, strict: what the client must ask for after a Location. Works in the caller's
 * buffer and keeps every byte as written but for dot segments. Knows nothing of the other readings that clients have:
 * those are uri_alternatives.c's. */
#include "parser/uri_private.h"

static bool at(const char *path, size_t len, size_t i, const char *what)
{
	size_t n = strlen(what);
	return len - i >= n && memcmp(path + i, what, n) == 0;
}

/* Drops the last segment that has been written, with the slash before it. */
static size_t pop_segment(const char *path, size_t written)
{
	while (written > 0 && path[--written] != '/')
		;
	return written;
}

size_t remove_dot_segments(char *path, size_t len)
{
	size_t i = 0, written = 0; /* written <= i, so writing never touches what is still to be read */

	while (i < len) {
		if (at(path, len, i, "/./")) {
			i += 2;
		} else if (at(path, len, i, "/../")) {
			i += 3;
			written = pop_segment(path, written);
		} else if (at(path, len, i, "/.") && i + 2 == len) {
			path[++i] = '/';
		} else if (at(path, len, i, "/..") && i + 3 == len) {
			i += 2;
			path[i] = '/';
			written = pop_segment(path, written);
		} else if (at(path, len, i, "../")) {
			i += 3;
		} else if (at(path, len, i, "./")) {
			i += 2;
		} else if ((at(path, len, i, ".") && i + 1 == len) || (at(path, len, i, "..") && i + 2 == len)) {
			i = len;
		} else {
			do
				path[written++] = path[i++];
			while (i < len && path[i] != '/');
		}
	}
	return written;
}

/* The path before dot removal (RFC 3986 §5.2.3): two pieces, the first from the base. */
static void merge(const struct uri *base, const struct uri *ref, struct bytes *directory, struct bytes *tail)
{
	*directory = bytes_of("", 0);
	*tail = ref->path;
	if (ref->scheme.ptr || ref->authority.ptr || (ref->path.len && ref->path.ptr[0] == '/'))
		return;
	if (base->authority.ptr && base->path.len == 0) {
		*directory = BYTES("/");
		return;
	}
	const char *slash = base->path.len ? memrchr(base->path.ptr, '/', base->path.len) : NULL;
	if (slash)
		*directory = bytes_of(base->path.ptr, (size_t)(slash - base->path.ptr) + 1);
}

/* The target's components, all but a path that has still to be merged. */
static struct uri target_of(const struct uri *base, const struct uri *ref)
{
	struct uri target = *ref;
	if (ref->scheme.ptr)
		return target;
	target.scheme = base->scheme;
	if (ref->authority.ptr)
		return target;
	target.authority = base->authority;
	if (ref->path.len == 0 && !ref->query.ptr)
		target.query = base->query;
	return target;
}

/* Appends the merged path. Without an authority a path that begins with "//" would read as one, so it gets "/." in
 * front, which resolves to the same path again. */
static bool put_merged_path(const struct uri *base, const struct uri *ref, bool has_authority, struct uri_buf *out)
{
	size_t start = out->len;
	struct bytes directory, tail;

	merge(base, ref, &directory, &tail);
	if (!buf_put(out, directory) || !buf_put(out, tail))
		return false;
	size_t len = remove_dot_segments(out->ptr + start, out->len - start);
	out->len = start + len;
	if (has_authority || len < 2 || memcmp(out->ptr + start, "//", 2) != 0)
		return true;
	if (!buf_put(out, BYTES("/.")))
		return false;
	memmove(out->ptr + start + 2, out->ptr + start, len);
	memcpy(out->ptr + start, "/.", 2);
	return true;
}

enum uri_error uri_resolve(const struct uri *base, const struct uri *ref, struct uri_buf *out)
{
	size_t start = out->len;
	struct uri target = target_of(base, ref);
	bool same_path = !ref->scheme.ptr && !ref->authority.ptr && ref->path.len == 0;

	bool fits = put_before_path(&target, out);
	if (fits && same_path)
		fits = buf_put(out, base->path);
	else if (fits)
		fits = put_merged_path(base, ref, target.authority.ptr, out);
	if (fits && put_after_path(&target, out))
		return URI_OK;
	out->len = start;
	return URI_ERR_TOO_LONG;
}
