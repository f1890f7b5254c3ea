/* SPDX-License-Identifier: MIT
 *
 * The spill file gives back what it was given, keeps it unreadable on the disk, and uses its blocks again. */
#include "audit/record/spill.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

enum { CONTENTS = 20 };

static struct scratch scratch;
static struct spill *spill;

static void begin(void)
{
	scratch_begin(&scratch);
	spill = spill_new(scratch_path(&scratch, "a.har"));
	ck_assert_ptr_nonnull(spill);
}

static void end(void)
{
	spill_free(spill);
	scratch_end(&scratch);
}

static char byte_of(unsigned content, size_t at)
{
	return (char)('a' + (content * 7 + at / 1000) % 26);
}

static size_t length_of(unsigned content)
{
	return content * 13000;
}

/* Contents of all lengths, their pieces mixed, as they come. */
static void add_all(struct spilled *contents)
{
	for (size_t at = 0; at < length_of(CONTENTS); at += 1000) {
		for (unsigned i = 0; i < CONTENTS; i++) {
			char piece[1000];

			memset(piece, byte_of(i, at), sizeof(piece));
			if (at < length_of(i))
				spilled_add(&contents[i], spill, bytes_of(piece, sizeof(piece)));
		}
	}
}

static void check(struct spilled *c, unsigned number)
{
	struct text_buf out = {0};

	ck_assert_uint_eq(spilled_length(c), length_of(number));
	ck_assert(spilled_read(c, &out));
	ck_assert_uint_eq(out.len, length_of(number));
	for (size_t at = 0; at < out.len; at++) {
		if (out.ptr[at] != byte_of(number, at))
			ck_abort_msg("content %u at %zu", number, at);
	}
	text_buf_free(&out);
}

START_TEST(contents_come_back_as_they_were)
{
	struct spilled contents[CONTENTS] = {0};

	for (unsigned round = 0; round < 3; round++) {
		add_all(contents);
		for (unsigned i = 0; i < CONTENTS; i++) {
			check(&contents[i], i);
			spilled_drop(&contents[i]);
		}
	}
}
END_TEST

/* A limit on the size of files is met by the second content only if the blocks of the first are used again. */
START_TEST(blocks_are_used_again_and_a_full_disk_is_told)
{
	const struct rlimit limit = {.rlim_cur = 4 * SPILL_BLOCK_BYTES, .rlim_max = RLIM_INFINITY};
	struct spilled c = {0};
	char block[1000] = "x";
	int errors[2] = {0, 0};

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 65; i++)
			spilled_add(&c, spill, bytes_of(block, sizeof(block)));
		errors[0] |= c.error;
		spilled_drop(&c);
	}
	for (unsigned i = 0; i < 100; i++)
		spilled_add(&c, spill, bytes_of(block, sizeof(block)));
	errors[1] = c.error;
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
	ck_assert_int_eq(errors[0], 0);
	ck_assert_int_eq(errors[1], EFBIG);
	ck_assert_uint_ge(spilled_length(&c), 4 * SPILL_BLOCK_BYTES);
	spilled_drop(&c);
}
END_TEST

/* The file has no name: it is found among our descriptors. */
START_TEST(what_lies_in_the_file_is_not_what_was_given)
{
	struct spilled c = {0};
	char block[SPILL_BLOCK_BYTES], seen[SPILL_BLOCK_BYTES];
	bool found = false;

	memset(block, 'S', sizeof(block));
	spilled_add(&c, spill, bytes_of(block, sizeof(block)));
	ck_assert_int_eq(c.error, 0);
	for (int fd = 3; fd < 64 && !found; fd++)
		found = pread(fd, seen, sizeof(seen), 0) == (ssize_t)sizeof(seen);
	ck_assert(found);
	ck_assert_ptr_null(memmem(seen, sizeof(seen), "SSSSSSSS", 8));
	spilled_drop(&c);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {contents_come_back_as_they_were, blocks_are_used_again_and_a_full_disk_is_told,
				      what_lies_in_the_file_is_not_what_was_given, NULL};

	return run_suite("spill", tests, begin, end);
}
