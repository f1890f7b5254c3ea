/* SPDX-License-Identifier: MIT
 *
 * What `hopaudit review` says of the reading of a log. */
#include "proxy/cli/review_progress.h"

#include <stdlib.h>

#include "tests/unit/audit/run_suite.h"

static char *text;
static size_t len;
static struct review_progress progress;

static void open_output(void)
{
	progress = (struct review_progress){.out = open_memstream(&text, &len)};
}

static void close_output(void)
{
	fclose(progress.out);
	free(text);
}

static void tell(struct control_reading r)
{
	review_progress_tell(&progress, &r);
}

START_TEST(a_terminal_shows_how_far_it_is_on_one_line)
{
	progress.terminal = true;
	tell((struct control_reading){.offset = 50, .size = 200, .chains = 1234});
	tell((struct control_reading){.offset = 100, .size = 200, .chains = 1234567});
	tell((struct control_reading){.offset = 200, .size = 200, .chains = 2000000, .done = true});
	ck_assert_str_eq(text, "hopaudit: reading, 25%: 1,234 chains\r\033[K"
			       "hopaudit: reading, 50%: 1,234,567 chains\r\033[K"
			       "hopaudit: 2,000,000 chains read\n");
}
END_TEST

START_TEST(what_is_no_terminal_gets_the_end_alone_and_once)
{
	tell((struct control_reading){.offset = 50, .size = 200, .chains = 12});
	tell((struct control_reading){.offset = 200, .size = 200, .chains = 1, .done = true});
	tell((struct control_reading){.offset = 300, .size = 300, .chains = 2, .done = true});
	ck_assert_str_eq(text, "hopaudit: 1 chain read\n");
}
END_TEST

START_TEST(a_log_without_chains_is_told)
{
	tell((struct control_reading){.size = 10, .offset = 10, .done = true});
	ck_assert_str_eq(text, "hopaudit: there is no chain in it: nothing was redirected, or it is no audit log\n");
}
END_TEST

START_TEST(a_reading_that_gave_up_says_why)
{
	progress.terminal = true;
	tell((struct control_reading){.size = 10, .offset = 5, .chains = 3, .error = "disk full"});
	ck_assert_str_eq(text, "hopaudit: the rest of the log can't be shown: disk full\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_terminal_shows_how_far_it_is_on_one_line,
				      what_is_no_terminal_gets_the_end_alone_and_once, a_log_without_chains_is_told,
				      a_reading_that_gave_up_says_why, NULL};
	return run_suite("review_progress", tests, open_output, close_output);
}
