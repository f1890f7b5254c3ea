/* SPDX-License-Identifier: MIT
 *
 * The few compiler attributes that the whole tree uses. Nothing else belongs here. */
#ifndef PARSER_ATTRIB_H
#define PARSER_ATTRIB_H

/* The caller must look at the result. */
#define NODISCARD __attribute__((warn_unused_result))
/* printf-like: argument `a` is the format, `b` the first value. */
#define PRINTF(a, b) __attribute__((format(printf, a, b)))
/* None of the pointer arguments may be NULL. */
#define NONNULL __attribute__((nonnull))


/* On an enum that many structures hold: it takes one byte, not four. */
#define ONE_BYTE __attribute__((packed))

#endif
