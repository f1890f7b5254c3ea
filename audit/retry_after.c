/* SPDX-License-Identifier: MIT
 *
 * Reads Retry-After. */
#include "audit/retry_after.h"

#include "parser/http_date.h"

int64_t retry_after_s(const struct field_list *response)
{
	struct bytes value = bytes_trim(field_get(response, "retry-after"));
	int64_t seconds;
	int64_t until;
	int64_t date;
	if (bytes_to_int64(value, &seconds))
		return seconds;
	if (!http_date(value, &until) || !http_date(field_get(response, "date"), &date) || until < date)
		return 0;
	return until - date;
}
