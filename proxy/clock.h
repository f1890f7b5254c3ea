/* SPDX-License-Identifier: MIT
 *
 * The only place that asks the operating system for the time. */
#ifndef PROXY_CLOCK_H
#define PROXY_CLOCK_H

#include <stdint.h>

int64_t clock_now_us(void);  /* monotonic microseconds; all durations and deadlines */
int64_t clock_wall_us(void); /* Unix time in microseconds; for people */
/* The monotonic time of what /proc tells in clock ticks since the system started. */
int64_t clock_of_boot_ticks_us(uint64_t ticks);
int64_t clock_used_us(void); /* processor time of this thread, in microseconds */

#endif
