/* SPDX-License-Identifier: MIT
 *
 * The file of spill.h: blocks of one size, the free ones on a stack. AES-256 in counter mode; a block's counters begin
 * at its serial number, which is used once. */
#include "audit/record/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#define KEY_BYTES 32
#define COUNTER_BYTES 16

struct spill {
	char *folder; /* owned: where the file is made */
	int fd;       /* -1: not made yet */
	uint32_t block_count;
	uint32_t *free_blocks; /* owned */
	size_t free_count;
	size_t free_max;
	uint64_t serial;
	uint8_t key[KEY_BYTES];
	EVP_CIPHER_CTX *cipher; /* owned */
	char *block;            /* owned: one block, encrypted */
};

struct spill *spill_new(const char *path)
{
	struct spill *s = calloc(1, sizeof(*s));
	const char *slash = strrchr(path, '/');

	if (!s)
		return NULL;
	s->fd = -1;
	s->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	s->cipher = EVP_CIPHER_CTX_new();
	s->block = malloc(SPILL_BLOCK_BYTES);
	if (s->folder && s->cipher && s->block && RAND_bytes(s->key, sizeof(s->key)) == 1 &&
	    EVP_EncryptInit_ex(s->cipher, EVP_aes_256_ctr(), NULL, s->key, NULL) == 1)
		return s;
	spill_free(s);
	return NULL;
}

void spill_free(struct spill *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	EVP_CIPHER_CTX_free(s->cipher);
	OPENSSL_cleanse(s->key, sizeof(s->key));
	free(s->free_blocks);
	free(s->folder);
	free(s->block);
	free(s);
}

/* Not every file system knows O_TMPFILE. */
static bool open_file(struct spill *s)
{
	char *name = NULL;

	if (s->fd >= 0)
		return true;
	s->fd = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (s->fd >= 0)
		return true;
	if (asprintf(&name, "%s/.hopaudit-XXXXXX", s->folder) < 0)
		return false;
	s->fd = mkostemp(name, O_CLOEXEC);
	if (s->fd >= 0)
		unlink(name);
	free(name);
	return s->fd >= 0;
}

/* Counter mode: the same for both directions. */
static bool encrypt(struct spill *s, uint64_t serial, char *to, const char *from)
{
	uint8_t counter[COUNTER_BYTES] = {0};
	int len;

	memcpy(counter, &serial, sizeof(serial));
	return EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, counter) == 1 &&
	       EVP_EncryptUpdate(s->cipher, (unsigned char *)to, &len, (const unsigned char *)from,
				 (int)SPILL_BLOCK_BYTES) == 1;
}

static off_t place_of(uint32_t index)
{
	return (off_t)index * (off_t)SPILL_BLOCK_BYTES;
}

static bool write_block(struct spill *s, uint32_t index, uint64_t serial, const char *from)
{
	size_t done = 0;

	if (!encrypt(s, serial, s->block, from)) {
		errno = EIO;
		return false;
	}
	while (done < SPILL_BLOCK_BYTES) {
		ssize_t n = pwrite(s->fd, s->block + done, SPILL_BLOCK_BYTES - done, place_of(index) + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENOSPC;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

static void give_block(struct spill *s, uint32_t index)
{
	if (s->free_count == s->free_max) {
		size_t max = s->free_max ? 2 * s->free_max : 64;
		uint32_t *free_blocks = realloc(s->free_blocks, max * sizeof(*free_blocks));

		if (!free_blocks)
			return; /* the block is not used again */
		s->free_blocks = free_blocks;
		s->free_max = max;
	}
	s->free_blocks[s->free_count++] = index;
}

static bool reserve(struct spilled *c)
{
	size_t max = c->blocks_max ? 2 * c->blocks_max : 8;
	struct spill_block *blocks;

	if (c->block_count < c->blocks_max)
		return true;
	blocks = realloc(c->blocks, max * sizeof(*blocks));
	if (!blocks)
		return false;
	c->blocks = blocks;
	c->blocks_max = max;
	return true;
}

/* The tail is a whole block: to the file with it. */
static bool spill_tail(struct spilled *c, struct spill *s)
{
	struct spill_block block = {.serial = ++s->serial};

	if (!reserve(c) || !open_file(s))
		return false;
	block.index = s->free_count > 0 ? s->free_blocks[--s->free_count] : s->block_count++;
	if (!write_block(s, block.index, block.serial, c->tail.ptr)) {
		int error = errno;

		give_block(s, block.index);
		errno = error;
		return false;
	}
	c->spill = s;
	c->blocks[c->block_count++] = block;
	text_buf_cut(&c->tail, 0);
	return true;
}

void spilled_add(struct spilled *c, struct spill *s, struct bytes data)
{
	while (data.len > 0 && c->error == 0) {
		size_t room = SPILL_BLOCK_BYTES - c->tail.len;

		text_buf_add(&c->tail, bytes_slice(data, 0, room));
		if (c->tail.failed)
			c->error = ENOMEM;
		else if (c->tail.len == SPILL_BLOCK_BYTES && !spill_tail(c, s))
			c->error = errno ? errno : EIO;
		data = bytes_slice(data, room, data.len);
	}
}

size_t spilled_length(const struct spilled *c)
{
	return c->block_count * SPILL_BLOCK_BYTES + c->tail.len;
}

static bool read_block(struct spill *s, const struct spill_block *block, char *to)
{
	ssize_t n;

	do {
		n = pread(s->fd, s->block, SPILL_BLOCK_BYTES, place_of(block->index));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)SPILL_BLOCK_BYTES && encrypt(s, block->serial, to, s->block))
		return true;
	errno = n < 0 ? errno : EIO;
	return false;
}

bool spilled_read(struct spilled *c, struct text_buf *out)
{
	size_t length = spilled_length(c);

	if (length == 0)
		return true;
	if (out->max - out->len < length && !text_buf_grow(out, length)) {
		c->error = ENOMEM;
		return false;
	}
	for (size_t i = 0; i < c->block_count; i++) {
		if (!read_block(c->spill, &c->blocks[i], out->ptr + out->len)) {
			c->error = errno;
			return false;
		}
		out->len += SPILL_BLOCK_BYTES;
	}
	text_buf_add(out, text_buf_view(&c->tail));
	return !out->failed;
}

void spilled_drop(struct spilled *c)
{
	for (size_t i = 0; i < c->block_count; i++)
		give_block(c->spill, c->blocks[i].index);
	free(c->blocks);
	text_buf_free(&c->tail);
	*c = (struct spilled){0};
}
