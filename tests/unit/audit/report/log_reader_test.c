/* SPDX-License-Identifier: MIT
 *
 * From the lines of a log to the model: what revised matches undo, what stays bounded, what hostile logs can't do. */
#include "audit/report/log_reader.h"

#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];
static struct report report;

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
	report_init(&report);
}

static void end(void)
{
	report_free(&report);
	scratch_end(&scratch);
}

static void read_log(const char *lines)
{
	file_write(path, bytes_str(lines));
	ck_assert_msg(report_read(&report, path, 0, error, sizeof(error)), "%s", error);
}

#define EXCHANGE(number, method, url)                                                                                  \
	"{\"type\":\"exchange\",\"exchange\":" #number ",\"request\":{\"method\":\"" method "\",\"url\":\"" url "\"}}" \
														"\n"
#define OBSERVED(seq, redirect, chain, url)                                                                            \
	EXCHANGE(1, "POST", url)                                                                                       \
	"{\"seq\":" #seq ",\"type\":\"redirect.observed\",\"redirect\":" #redirect ",\"chain\":" #chain                \
	",\"hop\":1,\"exchange\":1,\"response\":{\"status\":307},\"target\":\"http://a/t\"}\n"
#define FOLLOWED(seq, number, verdict)                                                                                 \
	EXCHANGE(number, "GET", "http://a/" #number)                                                                   \
	"{\"seq\":" #seq ",\"type\":\"redirect.followed\",\"redirect\":1,\"chain\":1,\"hop\":1,\"exchange\":1,"        \
	"\"follow\":{\"exchange\":" #number "},\"verdicts\":{\"body\":\"" verdict "\"}}\n"
#define FINDING(seq, exchange)                                                                                         \
	"{\"seq\":" #seq                                                                                               \
	",\"type\":\"finding\",\"rule\":\"r\",\"severity\":\"error\",\"fault\":\"client\",\"chain\":1,"                \
	"\"redirect\":1,\"exchange\":" #exchange "}\n"

START_TEST(a_revised_match_takes_back_what_was_found_about_the_wrong_exchange)
{
	read_log(
	    "{\"seq\":1,\"type\":\"run.started\",\"run\":\"00\"}\n" OBSERVED(2, 1, 1, "http://a/") FOLLOWED(
		3, 7, "unverifiable") FINDING(4, 7)
		FINDING(5, 8) "{\"seq\":6,\"type\":\"match.revised\",\"redirect\":1,\"from\":7,\"to\":8}\n" FOLLOWED(
		    7, 8, "pass"));
	ck_assert_uint_eq(report.group_count, 1);
	ck_assert_uint_eq(report.totals.findings[SEVERITY_ERROR], 1);
	ck_assert_uint_eq(report.groups[0].chain->findings->exchange, 8);
	ck_assert_ptr_null(report.groups[0].chain->findings->next);
	ck_assert(bytes_equal(report.groups[0].chain->hops->follow_url, BYTES("http://a/8")));
	ck_assert_uint_eq(report.groups[0].chain->unverifiable, 0);
}
END_TEST

START_TEST(a_match_that_is_taken_back_leaves_the_redirect_unfollowed)
{
	read_log("{\"seq\":1,\"type\":\"run.started\",\"run\":\"00\"}\n" OBSERVED(2, 1, 1, "http://a/") FOLLOWED(
	    3, 7, "pass") FINDING(4, 7) "{\"seq\":5,\"type\":\"match.revised\",\"redirect\":1,\"from\":7,\"to\":0}\n");
	ck_assert(!report.groups[0].chain->hops->followed);
	ck_assert_ptr_null(report.groups[0].chain->findings);
	ck_assert_int_eq(report.groups[0].chain->verdict, SEVERITY_NONE);
}
END_TEST

START_TEST(what_comes_after_a_chain_has_finished_still_belongs_to_it)
{
	read_log("{\"seq\":1,\"type\":\"run.started\",\"run\":\"00\"}\n" OBSERVED(
	    2, 1, 1,
	    "http://a/") "{\"seq\":3,\"type\":\"chain.finished\",\"chain\":1,\"outcome\":\"completed\"}\n" FINDING(4,
														   7));
	ck_assert_uint_eq(report.group_count, 1);
	ck_assert_int_eq(report.groups[0].chain->verdict, SEVERITY_ERROR);
}
END_TEST

START_TEST(a_rotated_log_is_read_from_where_it_goes_on)
{
	read_log("{\"type\":\"run.continued\",\"run\":\"0011\",\"previous_head\":\"00\"}\n" OBSERVED(900, 1, 1,
												     "http://a/"));
	ck_assert_uint_eq(report.missing, 0);
	ck_assert(bytes_equal(report.run, BYTES("0011")));
	ck_assert_uint_eq(report.totals.redirects, 1);
}
END_TEST

START_TEST(wrong_types_and_missing_members_read_as_nothing)
{
	read_log("{\"seq\":1,\"type\":\"run.started\",\"run\":7}\n"
		 "{\"seq\":2,\"type\":\"redirect.observed\"}\n"
		 "{\"seq\":3,\"type\":\"redirect.observed\",\"redirect\":-1,\"chain\":\"x\",\"hop\":99999999999,"
		 "\"request\":[]}\n"
		 "{\"seq\":4,\"type\":\"redirect.followed\",\"follow\":7,\"verdicts\":\"pass\"}\n"
		 "{\"seq\":5,\"type\":\"finding\",\"severity\":\"terrible\",\"fault\":null}\n"
		 "{\"seq\":6,\"type\":\"chain.finished\",\"outcome\":{}}\n"
		 "{\"seq\":7,\"type\":\"run.finished\",\"totals\":[1,2]}\n"
		 "{\"seq\":8,\"type\":\"something.new\"}\n"
		 "[]\n7\n\"x\"\n\n{\"type\":1}\n");
	ck_assert_uint_eq(report.unreadable, 5);
	ck_assert_uint_eq(report.missing, 0);
	ck_assert_uint_eq(report.group_count, 1);
}
END_TEST

/* Writes a log of many chains without the recorder. `wrong` of them have an error, each kind under its own rule. */
static void write_large_log(unsigned chains, unsigned wrong)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "{\"seq\":1,\"type\":\"run.started\",\"run\":\"00\"}\n");
	for (unsigned i = 1; i <= chains; i++) {
		fprintf(f,
			"{\"type\":\"exchange\",\"exchange\":%u,\"request\":{\"method\":\"GET\",\"url\":"
			"\"http://a/%u\"}}\n"
			"{\"type\":\"redirect.observed\",\"redirect\":%u,\"chain\":%u,\"hop\":1,\"exchange\":%u,"
			"\"response\":{\"status\":302},\"target\":\"http://a/t\"}\n",
			i, i, i, i, i);
		if (i > chains - wrong)
			fprintf(f, "{\"type\":\"finding\",\"rule\":\"r%u\",\"severity\":\"error\",\"chain\":%u}\n", i,
				i);
		if (i % 2)
			fprintf(f, "{\"type\":\"chain.finished\",\"chain\":%u,\"outcome\":\"completed\"}\n", i);
	}
	fclose(f);
}

START_TEST(what_is_kept_is_bounded_and_errors_displace_what_is_right)
{
	enum { CHAINS = 150000, WRONG = 100 };

	write_large_log(CHAINS, WRONG);
	ck_assert(report_read(&report, path, 0, error, sizeof(error)));
	ck_assert_uint_eq(report.totals.chains, CHAINS);
	ck_assert_uint_eq(report.group_count, REPORT_GROUPS_MAX);
	for (unsigned i = 0; i < WRONG; i++)
		ck_assert_int_eq(report.groups[i].chain->verdict, SEVERITY_ERROR);
	ck_assert_uint_eq(report.more[SEVERITY_ERROR], 0);
	ck_assert_uint_eq(report.more[SEVERITY_NONE], CHAINS - REPORT_GROUPS_MAX);
}
END_TEST

START_TEST(more_kinds_of_errors_than_are_kept_are_counted)
{
	write_large_log(REPORT_GROUPS_MAX + 50, REPORT_GROUPS_MAX + 50);
	ck_assert(report_read(&report, path, 0, error, sizeof(error)));
	ck_assert_uint_eq(report.group_count, REPORT_GROUPS_MAX);
	ck_assert_uint_eq(report.more[SEVERITY_ERROR], 50);
}
END_TEST

START_TEST(what_was_told_in_another_file_is_left_empty)
{
	read_log("{\"type\":\"run.continued\",\"run\":\"0011\"}\n"
		 "{\"seq\":9,\"type\":\"redirect.observed\",\"redirect\":3,\"chain\":2,\"hop\":1,\"exchange\":4,"
		 "\"response\":{\"status\":308},\"target\":\"http://a/t\"}\n");
	ck_assert_uint_eq(report.group_count, 1);
	ck_assert_int_eq(report.groups[0].chain->hops->status, 308);
	ck_assert_uint_eq(report.groups[0].chain->hops->url.len, 0);
}
END_TEST

START_TEST(a_log_of_another_format_is_refused_and_named)
{
	file_write(path, BYTES("{\"seq\":1,\"type\":\"run.started\",\"format\":1,\"run\":\"00\"}\n"));
	ck_assert(!report_read(&report, path, 0, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "format 1, of another version of hopaudit; this one reads format 2"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_revised_match_takes_back_what_was_found_about_the_wrong_exchange,
				      a_match_that_is_taken_back_leaves_the_redirect_unfollowed,
				      what_comes_after_a_chain_has_finished_still_belongs_to_it,
				      a_rotated_log_is_read_from_where_it_goes_on,
				      wrong_types_and_missing_members_read_as_nothing,
				      what_is_kept_is_bounded_and_errors_displace_what_is_right,
				      more_kinds_of_errors_than_are_kept_are_counted,
				      what_was_told_in_another_file_is_left_empty,
				      a_log_of_another_format_is_refused_and_named,
				      NULL};

	return run_suite("log_reader", tests, begin, end);
}
