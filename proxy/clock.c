/* SPDX-License-Identifier: MIT */
#include "proxy/clock.h"

#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_used_us(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_of_boot_ticks_us(uint64_t ticks)
{
	int64_t per_second = sysconf(_SC_CLK_TCK);
	int64_t slept_us = read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);

	return (int64_t)ticks * (1000000 / (per_second > 0 ? per_second : 100)) - slept_us;
}
