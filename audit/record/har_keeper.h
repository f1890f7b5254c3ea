/* SPDX-License-Identifier: MIT
 *
 * The keeper of a HAR: a small process that does nothing until ours ends without having said so, and then puts the file
 * right. A write() is not all or nothing where its process is killed: the kernel may stop between two pages, and no
 * order of writing gives JSON that is whole in between, for what closes it can't stand before and behind that gap. So
 * somebody who is not killed with us has to look after it. (Kill both in that microsecond, and the file lacks its end.)
 */
#ifndef AUDIT_RECORD_HAR_KEEPER_H
#define AUDIT_RECORD_HAR_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/attrib.h"

#define HAR_CLOSING "\n]}}\n"

struct har_keeper;

/* Makes the process, for an open file whose closing brackets stand at `end`. Call it before there are threads. NULL
 * when the system gives none: the file is written all the same. */
struct har_keeper *har_keeper_start(int fd, int64_t end) NODISCARD;

/* A write has begun that moves the closing brackets to `end`; it is over, and they stand at `end`. NULL is fine. */
void har_keeper_announce(struct har_keeper *k, int64_t end);
void har_keeper_written(struct har_keeper *k, int64_t end);

/* The file is whole and stays so: ends the process and waits for it. NULL is fine. */
void har_keeper_stop(struct har_keeper *k);

#endif
