/* SPDX-License-Identifier: MIT
 *
 * What the audit keeps of one message's content: its length, its first 64 KiB verbatim, its SHA-256, and digests at
 * regular lengths, so that a shorter or interrupted second copy can still be compared. The relay's thread feeds it
 * without a lock; once ended it is the tracker's. It knows nothing of HTTP. */
#ifndef AUDIT_DIGEST_H
#define AUDIT_DIGEST_H

#include "audit/budget.h"
#include "parser/bytes.h"

#define CONTENT_KEPT_MAX 65536u  /* first bytes kept verbatim; also the first stride between digests */
#define CONTENT_POINTS_MAX 1024u /* digests at multiples of the stride; one more and the stride doubles */
#define CONTENT_MARKS_MAX 5u     /* digests at lengths that somebody asked for */
#define SHA256_BYTES 32

/* The digest algorithm, fetched once in a run; read-only and shared by all threads. Borrows the budget. */
struct digester {
	struct evp_md_st *sha256; /* owned */
	struct budget *budget;
};
bool digester_init(struct digester *d, struct budget *budget) NODISCARD;
void digester_free(struct digester *d);

struct content_mark {
	uint64_t length;
	bool reached; /* the digest is known */
	uint8_t sha256[SHA256_BYTES];
};

/* The part that only contents over 64 KiB have. */
struct content_stream;

/* Content while it comes (fed) and after (ended). At most CONTENT_KEPT_MAX bytes are only copied: whether they are
 * worth a digest is known when the response is. More than that is hashed as it passes. */
struct content_digest {
	uint64_t length;
	uint32_t kept; /* bytes[0, kept) is the content's beginning */
	uint32_t room;
	bool ended;
	bool given_up; /* for want of memory or budget: there will be no digest */
	bool has_sha256;
	uint8_t mark_count;
	char *bytes;                   /* owned */
	struct content_mark *marks;    /* owned, CONTENT_MARKS_MAX of them; NULL until one is wanted */
	struct content_stream *stream; /* owned; NULL up to CONTENT_KEPT_MAX */
	uint8_t sha256[SHA256_BYTES];
};

/* NULL when memory is short. */
struct content_digest *content_new(const struct digester *d) NODISCARD;
void content_free(const struct digester *d, struct content_digest *c); /* NULL is fine */

/* How many bytes of memory the next `more` bytes of content will cost. `declared` is the whole length if it is known,
 * else -1. */
uint64_t content_cost(const struct content_digest *c, size_t more, int64_t declared);

/* Takes the next bytes. Gives up (and says so in the structure) when memory is short. */
void content_feed(const struct digester *d, struct content_digest *c, struct bytes data, int64_t declared);

/* Asks for the digest at a length not yet reached; or, with the present length, for the digest of what is there. */
void content_want(const struct digester *d, struct content_digest *c, uint64_t length);

/* No more will come: memory that is not needed is given back. */
void content_end(const struct digester *d, struct content_digest *c);

/* Makes `sha256` of an ended content; false when it was given up. */
bool content_hash(const struct digester *d, struct content_digest *c);

/* Lets go of the verbatim bytes, after hashing them. Returns the bytes of memory given back. */
uint64_t content_strip(const struct digester *d, struct content_digest *c);

/* Lets go of everything. */
void content_give_up(const struct digester *d, struct content_digest *c);

/* The digest of the first `length` bytes, where it is known or can be made. */
bool content_prefix(const struct digester *d, const struct content_digest *c, uint64_t length,
		    uint8_t sha256[SHA256_BYTES]) NODISCARD;

/* How two contents agree as far as both can be known. */
enum agreement {
	AGREEMENT_UNKNOWN, /* no length at which both are known */
	AGREEMENT_EQUAL,   /* the first `*length` bytes are equal */
	AGREEMENT_DIFFER   /* they differ within the first `*length` bytes */
};

/* Compares the first `limit` bytes of both, or as much of that as both can prove; `*length` says how much. */
enum agreement content_agree(const struct digester *d, const struct content_digest *a, const struct content_digest *b,
			     uint64_t limit, uint64_t *length);

#endif
