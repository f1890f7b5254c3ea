/* SPDX-License-Identifier: MIT
 *
 * What the review store makes of a log: how fast it is imported, how long the first page, filters and facets take, and
 * how much memory that needs. Prints a table.
 *
 *     store_bench LOG [DATABASE]        a temporary database unless one is named; LOG may be "-": it is filled already
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "audit/record/store_follow.h"

#define TIMES 5 /* each question is asked so often; the median counts */

static const char *const filters[] = {
    "",
    "status=307",
    "host~shop",
    "url~/v2/media/4",
    "path~orders and verdict=error",
    "status=307 and host~shop and not verdict=ok and chain.length>3",
    "media",
    "rule=method-not-preserved or elapsed>2s",
    "tag=team-7 and client~curl",
    "url=http://nowhere.test/",
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_mib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

static void fail(const char *why)
{
	fprintf(stderr, "store_bench: %s\n", why);
	exit(1);
}

static double mib_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (double)st.st_size / 1048576 : 0;
}

static void import(struct store *s, const char *log)
{
	struct store_follower *f = store_follower_new(s, log);
	double began = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), took;
	enum store_follow result;
	struct store_progress p;

	if (!f)
		fail("memory is short");
	while ((result = store_follower_step(f)) == STORE_FOLLOW_MORE)
		;
	if (result == STORE_FOLLOW_FAILED)
		fail(store_follower_error(f));
	store_follower_free(f);
	took = seconds(CLOCK_MONOTONIC) - began;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	p = store_progress(s);
	printf("%llu chains, log %.0f MiB, store %.0f MiB\n", (unsigned long long)p.chains, mib_of(log),
	       mib_of(store_path(s)));
	printf("import: %.1f s (%.1f s of processor time), %.0f chains a second; %ld MiB of memory at most\n\n", took,
	       cpu, (double)p.chains / took, peak_mib());
}

typedef bool question(struct store_reader *r, const struct store_query *q, struct text_buf *out);

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median, in milliseconds of processor time: other processes do not count. */
static double time_of(struct store_reader *r, question *ask, const struct store_query *q)
{
	double times[TIMES];
	struct text_buf out = {0};

	for (unsigned i = 0; i < TIMES; i++) {
		double began = seconds(CLOCK_PROCESS_CPUTIME_ID);

		text_buf_cut(&out, 0);
		if (!ask(r, q, &out))
			fail(store_reader_error(r));
		times[i] = (seconds(CLOCK_PROCESS_CPUTIME_ID) - began) * 1e3;
	}
	text_buf_free(&out);
	qsort(times, TIMES, sizeof(times[0]), by_value);
	return times[TIMES / 2];
}

static void measure(struct store_reader *r, const char *text)
{
	struct filter_error error;
	struct filter *f = filter_parse(bytes_str(text), &error);
	struct store_query q = {.filter = f, .limit = 100};
	struct store_tally tally;

	if (!f)
		fail(error.message);
	if (!store_read_tally(r, &q, &tally))
		fail(store_reader_error(r));
	printf("| `%s` | %llu | %.1f |", *text ? text : " ", (unsigned long long)tally.chains,
	       time_of(r, store_read_chains, &q));
	q.order = STORE_WORST;
	printf(" %.1f |", time_of(r, store_read_chains, &q));
	q.order = STORE_NEWEST;
	q.offset = tally.chains > 100 ? tally.chains - 100 : 0;
	printf(" %.1f |", time_of(r, store_read_chains, &q));
	q.offset = 0;
	printf(" %.1f |", time_of(r, store_read_facets, &q));
	printf(" %.1f |\n", time_of(r, store_read_findings, &q));
	filter_free(f);
}

int main(int argc, char **argv)
{
	const struct store_limits limits = {0};
	char notice[STORE_ERROR_MAX], error[STORE_ERROR_MAX];
	struct store *s;
	struct store_reader *r;

	if (argc < 2) {
		fprintf(stderr, "usage: store_bench LOG [DATABASE]\n");
		return 2;
	}
	s = store_open(argc > 2 ? argv[2] : NULL, &limits, notice, sizeof(notice), error, sizeof(error));
	if (!s)
		fail(error);
	if (strcmp(argv[1], "-") != 0)
		import(s, argv[1]);
	r = store_reader_open(s, error, sizeof(error));
	if (!r)
		fail(error);
	printf("Milliseconds of processor time:\n\n| filter | matches | first page | the worst first | last page | "
	       "facets | findings |\n"
	       "|---|---:|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		measure(r, filters[i]);
	printf("\n%ld MiB of memory at most\n\n", peak_mib());
	store_reader_free(r);
	store_close(s);
	return 0;
}
