/* SPDX-License-Identifier: MIT
 *
 * Private to the log: what an existing file ends with, which is what its next line is chained to. */
#ifndef AUDIT_RECORD_LOG_TAIL_H
#define AUDIT_RECORD_LOG_TAIL_H

#include "audit/record/log.h"

struct log_tail {
	int64_t size;
	bool torn; /* the last line has no newline */
	uint8_t
	    digest[LOG_DIGEST_BYTES]; /* of the last line, torn or not, without its newline; zeros: the file is empty */
};

enum log_tail_result { LOG_TAIL_OK, LOG_TAIL_NOT_A_LOG, LOG_TAIL_ERROR }; /* ERROR: see errno */
enum log_tail_result log_tail_read(int fd, struct log_tail *tail) NODISCARD;

/* SHA-256. False only when libcrypto fails. */
bool log_digest(struct bytes line, uint8_t digest[LOG_DIGEST_BYTES]);

#endif
