/* SPDX-License-Identifier: MIT
 *
 * The redaction key: made once, kept private, never half written. */
#include <pthread.h>

#include "audit/record/recorder.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char error[256];

static void begin(void)
{
	scratch_begin(&scratch);
	error[0] = 0;
}

static void end(void)
{
	scratch_end(&scratch);
}

START_TEST(a_key_is_made_once_and_is_private)
{
	const char *path = scratch_path(&scratch, "new/folder/redaction.key");
	uint8_t first[32], second[32], zeros[32] = {0};
	struct stat st;

	ck_assert_msg(redaction_key_load(path, first, error, sizeof(error)), "%s", error);
	ck_assert_mem_ne(first, zeros, 32);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert(redaction_key_load(path, second, error, sizeof(error)));
	ck_assert_mem_eq(first, second, 32);
	ck_assert_int_eq(stat(scratch_path(&scratch, "new"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_key_of_another_length_is_refused)
{
	const char *path = scratch_path(&scratch, "key");
	uint8_t key[32];

	for (size_t len = 0; len < 40; len += 31) {
		file_write(path, bytes_of("0123456789012345678901234567890123456789", len));
		ck_assert_int_eq(chmod(path, 0600), 0);
		ck_assert(!redaction_key_load(path, key, error, sizeof(error)));
		ck_assert_ptr_nonnull(strstr(error, path));
		ck_assert_ptr_nonnull(strstr(error, "not 32 bytes"));
	}
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused)
{
	const char *path = scratch_path(&scratch, "key");
	uint8_t key[32];

	file_write(path, BYTES("01234567890123456789012345678901"));
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert(!redaction_key_load(path, key, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "others may use it"));
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert(redaction_key_load(path, key, error, sizeof(error)));
	ck_assert_mem_eq(key, "01234567890123456789012345678901", 32);
}
END_TEST

START_TEST(a_folder_is_no_key)
{
	uint8_t key[32];

	ck_assert(!redaction_key_load(scratch.folder, key, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
}
END_TEST

static void *load(void *key)
{
	char own_error[256];

	return redaction_key_load(scratch.path[0], key, own_error, sizeof(own_error)) ? key : NULL;
}

START_TEST(processes_that_start_at_once_agree_on_one_key)
{
	enum { THREADS = 16 };
	pthread_t threads[THREADS];
	uint8_t keys[THREADS][32];

	(void)scratch_path(&scratch, "a/b/key");
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, load, keys[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *ok;

		pthread_join(threads[i], &ok);
		ck_assert_ptr_nonnull(ok);
		ck_assert_mem_eq(keys[i], keys[0], 32);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_key_is_made_once_and_is_private,
				      a_key_of_another_length_is_refused,
				      a_key_that_others_may_read_is_refused,
				      a_folder_is_no_key,
				      processes_that_start_at_once_agree_on_one_key,
				      NULL};

	return run_suite("key", tests, begin, end);
}
