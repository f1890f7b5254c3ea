/* SPDX-License-Identifier: MIT
 *
 * Eight bytes at a time in an ordinary register: the loops over heads are the relay's hottest code. Private to parser/.
 * Every function takes words from load_le64(), in which byte i of memory is bits [8i, 8i + 8) on every machine. */
#ifndef PARSER_SWAR_H
#define PARSER_SWAR_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define SWAR_ONES 0x0101010101010101ULL
#define SWAR_HIGH 0x8080808080808080ULL

static inline uint64_t load_le64(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline uint64_t load_le32(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof(word));
	return le32toh(word);
}

/* Marks (bit 7 of a byte) the bytes that are less than `limit` (1 to 128). A byte above a marked one may be marked
 * wrongly by the borrow: only "any" and "the first" may be asked of the result. */
static inline uint64_t swar_below(uint64_t word, unsigned char limit)
{
	return (word - SWAR_ONES * limit) & ~word & SWAR_HIGH;
}

/* Marks the bytes equal to `c`, with the same caveat. */
static inline uint64_t swar_equal(uint64_t word, unsigned char c)
{
	return swar_below(word ^ (SWAR_ONES * c), 1);
}

/* The index in memory of the first marked byte; `marks` must not be 0. */
static inline unsigned swar_first(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) >> 3;
}

/* Marks the bytes that are ASCII letters in either case; exact for every byte. */
static inline uint64_t swar_letters(uint64_t word)
{
	uint64_t low = (word | SWAR_ONES * 0x20) & ~SWAR_HIGH;
	uint64_t from_a = low + SWAR_ONES * (0x80 - 'a');     /* bit 7: at least 'a' */
	uint64_t past_z = low + SWAR_ONES * (0x80 - 'z' - 1); /* bit 7: more than 'z' */
	return from_a & ~past_z & ~word & SWAR_HIGH;
}

/* Lower-cases the ASCII letters of a word. */
static inline uint64_t swar_lower(uint64_t word)
{
	return word | swar_letters(word) >> 2;
}

#endif
