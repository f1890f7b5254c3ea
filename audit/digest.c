/* SPDX-License-Identifier: MIT
 *
 * Digests of content. Small contents are copied and hashed when somebody asks; large ones are hashed as they pass, with
 * a digest noted at every stride. Called by the relay's thread while content comes, by the tracker afterwards. */
#include "audit/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define POINTS_MIN 16u
/* What OpenSSL allocates for a running SHA-256, about. */
#define RUNNING_BYTES 320u

struct content_stream {
	EVP_MD_CTX *running; /* of everything so far; NULL once ended */
	EVP_MD_CTX *copy;    /* to finish a digest without ending the running one */
	uint64_t stride;
	uint32_t count; /* points[i] is the digest of the first (i + 1) * stride bytes */
	uint32_t room;
	uint8_t (*points)[SHA256_BYTES]; /* owned */
};

bool digester_init(struct digester *d, struct budget *budget)
{
	d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	d->budget = budget;
	return d->sha256 != NULL;
}

void digester_free(struct digester *d)
{
	EVP_MD_free(d->sha256);
	d->sha256 = NULL;
}

struct content_digest *content_new(const struct digester *d)
{
	struct content_digest *c = calloc(1, sizeof(*c));
	if (c)
		budget_take(d->budget, sizeof(*c) + BUDGET_BLOCK);
	return c;
}

static uint64_t stream_bytes(const struct content_stream *s)
{
	return sizeof(*s) + BUDGET_BLOCK + (uint64_t)s->room * SHA256_BYTES + (s->running ? 2 * RUNNING_BYTES : 0);
}

static void stream_end(const struct digester *d, struct content_stream *s)
{
	if (!s->running)
		return;
	budget_give(d->budget, 2 * RUNNING_BYTES);
	EVP_MD_CTX_free(s->running);
	EVP_MD_CTX_free(s->copy);
	s->running = NULL;
	s->copy = NULL;
}

static void stream_free(const struct digester *d, struct content_stream *s)
{
	if (!s)
		return;
	stream_end(d, s);
	budget_give(d->budget, stream_bytes(s));
	free(s->points);
	free(s);
}

static struct content_stream *stream_new(const struct digester *d)
{
	struct content_stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	budget_take(d->budget, sizeof(*s) + BUDGET_BLOCK + 2 * RUNNING_BYTES);
	s->stride = CONTENT_KEPT_MAX;
	s->running = EVP_MD_CTX_new();
	s->copy = EVP_MD_CTX_new();
	if (!s->running || !s->copy || EVP_DigestInit_ex(s->running, d->sha256, NULL) != 1) {
		/* stream_end() expects both or none. */
		if (!s->running)
			s->running = EVP_MD_CTX_new();
		stream_free(d, s);
		return NULL;
	}
	return s;
}

static uint64_t bytes_given_back(const struct digester *d, struct content_digest *c)
{
	uint64_t given = c->bytes ? c->room + BUDGET_BLOCK : 0;
	budget_give(d->budget, given);
	free(c->bytes);
	c->bytes = NULL;
	c->kept = 0;
	c->room = 0;
	return given;
}

static void marks_free(const struct digester *d, struct content_digest *c)
{
	if (!c->marks)
		return;
	budget_give(d->budget, CONTENT_MARKS_MAX * sizeof(*c->marks) + BUDGET_BLOCK);
	free(c->marks);
	c->marks = NULL;
	c->mark_count = 0;
}

void content_give_up(const struct digester *d, struct content_digest *c)
{
	bytes_given_back(d, c);
	marks_free(d, c);
	stream_free(d, c->stream);
	c->stream = NULL;
	c->given_up = true;
	c->has_sha256 = false;
}

void content_free(const struct digester *d, struct content_digest *c)
{
	if (!c)
		return;
	content_give_up(d, c);
	budget_give(d->budget, sizeof(*c) + BUDGET_BLOCK);
	free(c);
}

/* Room for the verbatim bytes after `more` have come: what is declared at once where that is known (one allocation),
 * else doubled. */
static uint32_t room_wanted(const struct content_digest *c, size_t more, int64_t declared)
{
	uint64_t need = c->length + more;
	if (need > CONTENT_KEPT_MAX)
		need = CONTENT_KEPT_MAX;
	if (need <= c->room)
		return c->room;
	uint64_t room = declared >= 0 ? (uint64_t)declared : (uint64_t)c->room * 2;
	if (room < need)
		room = need;
	return room > CONTENT_KEPT_MAX ? CONTENT_KEPT_MAX : (uint32_t)room;
}

uint64_t content_cost(const struct content_digest *c, size_t more, int64_t declared)
{
	if (c->given_up)
		return 0;
	uint64_t cost = room_wanted(c, more, declared) - c->room;
	if (!c->stream && c->length + more > CONTENT_KEPT_MAX)
		cost += sizeof(*c->stream) + 2 * RUNNING_BYTES + POINTS_MIN * SHA256_BYTES;
	return cost;
}

static bool keep(const struct digester *d, struct content_digest *c, struct bytes data, int64_t declared)
{
	if (c->length >= CONTENT_KEPT_MAX)
		return true;
	uint32_t room = room_wanted(c, data.len, declared);
	if (room > c->room) {
		char *bytes = realloc(c->bytes, room);
		if (!bytes)
			return false;
		budget_take(d->budget, room - c->room + (c->bytes ? 0 : BUDGET_BLOCK));
		c->bytes = bytes;
		c->room = room;
	}
	uint32_t n = data.len > CONTENT_KEPT_MAX - c->kept ? CONTENT_KEPT_MAX - c->kept : (uint32_t)data.len;
	if (n > 0)
		memcpy(c->bytes + c->kept, data.ptr, n);
	c->kept += n;
	return true;
}

/* Finishes a copy of the running digest. */
static bool running_digest(const struct content_stream *s, uint8_t out[SHA256_BYTES])
{
	return EVP_MD_CTX_copy_ex(s->copy, s->running) == 1 && EVP_DigestFinal_ex(s->copy, out, NULL) == 1;
}

/* The stride doubles: every second point stays. */
static void points_thin(struct content_stream *s)
{
	for (uint32_t i = 0; i < s->count / 2; i++)
		memcpy(s->points[i], s->points[2 * i + 1], SHA256_BYTES);
	s->count /= 2;
	s->stride *= 2;
}

/* A point is an aid, not evidence that anything rests on alone: where memory for one is short the stride doubles. */
static bool point_add(const struct digester *d, struct content_stream *s)
{
	if (s->count == s->room && s->room < CONTENT_POINTS_MAX) {
		uint32_t room = s->room ? s->room * 2 : POINTS_MIN;
		void *points = realloc(s->points, (size_t)room * SHA256_BYTES);
		if (points) {
			budget_take(d->budget, (uint64_t)(room - s->room) * SHA256_BYTES);
			s->points = points;
			s->room = room;
		}
	}
	if (s->count == s->room) {
		if (s->room == 0)
			return false;
		points_thin(s);
		return true; /* the length is no multiple of the new stride or has its point already */
	}
	if (!running_digest(s, s->points[s->count]))
		return false;
	s->count++;
	return true;
}

static struct content_mark *mark_due(struct content_digest *c, uint64_t length)
{
	for (unsigned i = 0; i < c->mark_count; i++) {
		if (!c->marks[i].reached && c->marks[i].length == length)
			return &c->marks[i];
	}
	return NULL;
}

/* The next length at which a digest must be taken. */
static uint64_t next_stop(const struct content_digest *c, uint64_t at)
{
	uint64_t stop = (at / c->stream->stride + 1) * c->stream->stride;
	for (unsigned i = 0; i < c->mark_count; i++) {
		if (c->marks[i].length > at && c->marks[i].length < stop)
			stop = c->marks[i].length;
	}
	return stop;
}

static bool stream_feed(const struct digester *d, struct content_digest *c, struct bytes data, uint64_t at)
{
	struct content_stream *s = c->stream;
	while (data.len > 0) {
		uint64_t stop = next_stop(c, at);
		size_t n = stop - at < data.len ? (size_t)(stop - at) : data.len;
		if (EVP_DigestUpdate(s->running, data.ptr, n) != 1)
			return false;
		at += n;
		data = bytes_slice(data, n, data.len);
		if (at != stop)
			break;
		struct content_mark *mark = mark_due(c, at);
		if (mark)
			mark->reached = running_digest(s, mark->sha256);
		if (at % s->stride == 0 && !point_add(d, s))
			return false;
	}
	return true;
}

void content_feed(const struct digester *d, struct content_digest *c, struct bytes data, int64_t declared)
{
	uint64_t before = c->length;
	bool ok = true;
	if (!c->given_up && data.len > 0) {
		ok = keep(d, c, data, declared);
		if (ok && !c->stream && before + data.len > CONTENT_KEPT_MAX) {
			c->stream = stream_new(d);
			ok = c->stream && stream_feed(d, c, bytes_of(c->bytes, (size_t)before), 0);
		}
		if (ok && c->stream)
			ok = stream_feed(d, c, data, before);
	}
	c->length += data.len;
	if (!ok)
		content_give_up(d, c);
}

static bool digest_of(const struct digester *d, const char *ptr, size_t len, uint8_t out[SHA256_BYTES])
{
	return EVP_Digest(len ? ptr : "", len, out, NULL, d->sha256, NULL) == 1;
}

void content_want(const struct digester *d, struct content_digest *c, uint64_t length)
{
	if (c->given_up || length < c->length || c->mark_count == CONTENT_MARKS_MAX || length == 0)
		return;
	if (!c->marks) {
		c->marks = calloc(CONTENT_MARKS_MAX, sizeof(*c->marks));
		if (!c->marks)
			return;
		budget_take(d->budget, CONTENT_MARKS_MAX * sizeof(*c->marks) + BUDGET_BLOCK);
	}
	struct content_mark *mark = &c->marks[c->mark_count++];
	mark->length = length;
	if (length == c->length && c->stream && c->stream->running)
		mark->reached = running_digest(c->stream, mark->sha256);
}

void content_end(const struct digester *d, struct content_digest *c)
{
	if (c->ended)
		return;
	c->ended = true;
	if (c->stream) {
		c->has_sha256 = EVP_DigestFinal_ex(c->stream->running, c->sha256, NULL) == 1;
		stream_end(d, c->stream);
	} else if (c->room > c->kept && c->kept > 0) {
		char *bytes = realloc(c->bytes, c->kept);
		if (bytes) {
			budget_give(d->budget, c->room - c->kept);
			c->bytes = bytes;
			c->room = c->kept;
		}
	}
}

bool content_hash(const struct digester *d, struct content_digest *c)
{
	if (!c->has_sha256 && !c->given_up && !c->stream)
		c->has_sha256 = digest_of(d, c->bytes, c->kept, c->sha256);
	return c->has_sha256;
}

uint64_t content_strip(const struct digester *d, struct content_digest *c)
{
	if (!c->bytes || !content_hash(d, c))
		return 0;
	return bytes_given_back(d, c);
}

bool content_prefix(const struct digester *d, const struct content_digest *c, uint64_t length,
		    uint8_t sha256[SHA256_BYTES])
{
	const uint8_t *known = NULL;
	if (c->given_up || length > c->length)
		return false;
	if (length == c->length && c->ended && c->has_sha256)
		known = c->sha256;
	else if (c->bytes ? length <= c->kept : length == 0)
		return digest_of(d, c->bytes, (size_t)length, sha256);
	else if (c->stream && length % c->stream->stride == 0 && length / c->stream->stride <= c->stream->count)
		known = c->stream->points[length / c->stream->stride - 1];
	for (unsigned i = 0; !known && i < c->mark_count; i++) {
		if (c->marks[i].reached && c->marks[i].length == length)
			known = c->marks[i].sha256;
	}
	if (known)
		memcpy(sha256, known, SHA256_BYTES);
	return known != NULL;
}

static bool prefixes_known(const struct digester *d, const struct content_digest *a, const struct content_digest *b,
			   uint64_t length, bool *equal)
{
	uint8_t of_a[SHA256_BYTES];
	uint8_t of_b[SHA256_BYTES];
	if (!content_prefix(d, a, length, of_a) || !content_prefix(d, b, length, of_b))
		return false;
	*equal = memcmp(of_a, of_b, SHA256_BYTES) == 0;
	return true;
}

/* The longest length up to `limit` at which both have a digest; 0: none. Small lengths are the verbatim bytes' work. */
static uint64_t longest_common(const struct digester *d, const struct content_digest *a, const struct content_digest *b,
			       uint64_t limit, bool *equal)
{
	if (prefixes_known(d, a, b, limit, equal))
		return limit;
	uint64_t best = 0;
	bool same = false;
	uint64_t stride = CONTENT_KEPT_MAX;
	if (a->stream && a->stream->stride > stride)
		stride = a->stream->stride;
	if (b->stream && b->stream->stride > stride)
		stride = b->stream->stride;
	if (limit >= stride && prefixes_known(d, a, b, limit - limit % stride, &same)) {
		best = limit - limit % stride;
		*equal = same;
	}
	const struct content_digest *both[] = {a, b};
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned i = 0; i < both[side]->mark_count; i++) {
			uint64_t at = both[side]->marks[i].length;
			if (at > best && at <= limit && prefixes_known(d, a, b, at, &same)) {
				best = at;
				*equal = same;
			}
		}
	}
	return best;
}

enum agreement content_agree(const struct digester *d, const struct content_digest *a, const struct content_digest *b,
			     uint64_t limit, uint64_t *length)
{
	*length = 0;
	if (limit > a->length)
		limit = a->length;
	if (limit > b->length)
		limit = b->length;
	uint64_t verbatim = a->kept < b->kept ? a->kept : b->kept;
	if (verbatim > limit)
		verbatim = limit;
	if (verbatim > 0) {
		*length = verbatim;
		if (memcmp(a->bytes, b->bytes, (size_t)verbatim) != 0)
			return AGREEMENT_DIFFER;
		if (verbatim == limit)
			return AGREEMENT_EQUAL;
	}
	bool equal = false;
	uint64_t hashed = longest_common(d, a, b, limit, &equal);
	if (hashed > *length) {
		*length = hashed;
		return equal ? AGREEMENT_EQUAL : AGREEMENT_DIFFER;
	}
	return *length > 0 ? AGREEMENT_EQUAL : AGREEMENT_UNKNOWN;
}
