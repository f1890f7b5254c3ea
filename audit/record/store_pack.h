/* SPDX-License-Identifier: MIT
 *
 * The details of chains, packed: by zlib, which is told beforehand what they are made of, for each is short and all are
 * alike. It makes a store a third as large. */
#ifndef AUDIT_RECORD_STORE_PACK_H
#define AUDIT_RECORD_STORE_PACK_H

#include "audit/record/text_buf.h"

/* Both directions; made once and used often, by one thread. */
struct store_packer;

/* NULL when memory is short. */
struct store_packer *store_packer_new(void) NODISCARD;
void store_packer_free(struct store_packer *p);

/* Appends the text packed; false when memory is short. */
bool store_pack(struct store_packer *p, struct bytes text, struct text_buf *out) NODISCARD;
/* Appends what was packed; false when it is damaged, or memory is short. */
bool store_unpack(struct store_packer *p, struct bytes packed, struct text_buf *out) NODISCARD;

#endif
