/* SPDX-License-Identifier: MIT
 *
 * Many bytes at a time: the loops over heads are the relay's hottest code. Sixteen in a vector register where the
 * machine has SSE2 (every x86-64), eight in an ordinary one elsewhere. Private to parser/. */
#ifndef PARSER_SCAN_H
#define PARSER_SCAN_H

#include "parser/bytes.h"
#include "parser/swar.h"

/* A block is loaded once and asked for marks: one or more bits for each byte, none for the others. Marks may be or-ed.
 * Only "is there any" and "the first" may be asked of them, since without SSE2 a borrow can mark a byte above a marked
 * one. */
#ifdef __SSE2__
#include <emmintrin.h>

#define BLOCK_LEN 16
typedef __m128i scan_block;
typedef unsigned scan_marks;

static inline scan_block block_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline scan_marks block_below(scan_block b, unsigned char limit)
{
	__m128i most = _mm_set1_epi8((char)(limit - 1));
	return (scan_marks)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(b, most), b));
}

static inline scan_marks block_equal(scan_block b, unsigned char c)
{
	return (scan_marks)_mm_movemask_epi8(_mm_cmpeq_epi8(b, _mm_set1_epi8((char)c)));
}

/* Marks all that is neither a letter nor '-', of which most field names are made. */
static inline scan_marks block_no_name(scan_block b)
{
	__m128i from_a = _mm_sub_epi8(_mm_or_si128(b, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	__m128i letters = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a);
	__m128i dashes = _mm_cmpeq_epi8(b, _mm_set1_epi8('-'));
	return (scan_marks)_mm_movemask_epi8(_mm_or_si128(letters, dashes)) ^ 0xffff;
}

static inline unsigned marks_first(scan_marks m)
{
	return (unsigned)__builtin_ctz(m);
}
#else
#define BLOCK_LEN 8
typedef uint64_t scan_block;
typedef uint64_t scan_marks;

static inline scan_block block_load(const char *p)
{
	return load_le64(p);
}

static inline scan_marks block_below(scan_block b, unsigned char limit)
{
	return swar_below(b, limit);
}

static inline scan_marks block_equal(scan_block b, unsigned char c)
{
	return swar_equal(b, c);
}

static inline scan_marks block_no_name(scan_block b)
{
	uint64_t other = (b & ~SWAR_HIGH) ^ (SWAR_ONES * '-');
	uint64_t dashes = ~(other + ~SWAR_HIGH) & ~b & SWAR_HIGH; /* bit 7: no other bit is set */
	return (swar_letters(b) | dashes) ^ SWAR_HIGH;
}

static inline unsigned marks_first(scan_marks m)
{
	return swar_first(m);
}
#endif

/* 1 for each tchar of RFC 9110 §5.6.2: letters, digits and !#$%&'*+-.^_`|~ */
static const unsigned char tchar_table[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

/* The first byte at or after `i` that is no tchar, or b.len. */
static inline size_t scan_token(struct bytes b, size_t i)
{
	while (i + BLOCK_LEN <= b.len) {
		scan_marks m = block_no_name(block_load(b.ptr + i));
		if (!m) {
			i += BLOCK_LEN;
			continue;
		}
		i += marks_first(m);
		if (!tchar_table[(unsigned char)b.ptr[i]])
			return i;
		i++;
	}
	while (i < b.len && tchar_table[(unsigned char)b.ptr[i]])
		i++;
	return i;
}

/* The first byte at or after `i` that is not is_text(), or b.len. */
static inline size_t scan_text(struct bytes b, size_t i)
{
	while (i + BLOCK_LEN <= b.len) {
		scan_block here = block_load(b.ptr + i);
		scan_marks m = block_below(here, ' ') | block_equal(here, 0x7f);
		if (!m) {
			i += BLOCK_LEN;
			continue;
		}
		i += marks_first(m);
		if (b.ptr[i] != '\t')
			return i;
		i++;
	}
	while (i < b.len && is_text((unsigned char)b.ptr[i]))
		i++;
	return i;
}

/* The first SP or control byte (HTAB and DEL too) at or after `i`, or b.len. */
static inline size_t scan_visible(struct bytes b, size_t i)
{
	for (; i + BLOCK_LEN <= b.len; i += BLOCK_LEN) {
		scan_block here = block_load(b.ptr + i);
		scan_marks m = block_below(here, ' ' + 1) | block_equal(here, 0x7f);
		if (m)
			return i + marks_first(m);
	}
	while (i < b.len && (unsigned char)b.ptr[i] > ' ' && b.ptr[i] != 0x7f)
		i++;
	return i;
}

/* The first NUL, LF or CR at or after `i`, or b.len. */
static inline size_t scan_line(struct bytes b, size_t i)
{
	while (i + BLOCK_LEN <= b.len) {
		scan_marks m = block_below(block_load(b.ptr + i), '\r' + 1);
		if (!m) {
			i += BLOCK_LEN;
			continue;
		}
		i += marks_first(m);
		if (b.ptr[i] == '\r' || b.ptr[i] == '\n' || b.ptr[i] == '\0')
			return i;
		i++; /* HTAB, or a control byte that is a field parser's business */
	}
	while (i < b.len && b.ptr[i] != '\r' && b.ptr[i] != '\n' && b.ptr[i] != '\0')
		i++;
	return i;
}

#endif
