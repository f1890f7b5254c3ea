/* SPDX-License-Identifier: MIT
 *
 * The three forms of http_date.h have the same words in two orders, so they are read word by word. */
#include "parser/http_date.h"

#define WORDS_MAX 9u /* one more than a date has */

/* Letters and digits are words, all else stands between them. Returns how many words there are. */
static unsigned split(struct bytes value, struct bytes words[WORDS_MAX])
{
	unsigned count = 0;
	size_t at = 0;
	while (at < value.len && count < WORDS_MAX) {
		size_t from = at;
		while (at < value.len && (ascii_is_digit((unsigned char)value.ptr[at]) ||
					  (unsigned char)(ascii_lower((unsigned char)value.ptr[at]) - 'a') < 26))
			at++;
		if (at > from)
			words[count++] = bytes_slice(value, from, at);
		else
			at++;
	}
	return count;
}

/* 1 to 12; 0 for what is no month. */
static int month_of(struct bytes word)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int m = 0; word.len == 3 && m < 12; m++) {
		if (memcmp(word.ptr, names + (size_t)m * 3, 3) == 0)
			return m + 1;
	}
	return 0;
}

static bool number_in(struct bytes word, int64_t min, int64_t max, int64_t *out)
{
	return word.len <= 4 && bytes_to_int64(word, out) && *out >= min && *out <= max;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; years that begin in March have the leap day at their end.
 */
static int64_t days_of(int64_t year, int month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400;
	int64_t in_era = year - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

bool http_date(struct bytes value, int64_t *seconds)
{
	struct bytes words[WORDS_MAX];
	unsigned count = split(value, words);
	if (count < 7)
		return false;
	/* "Sun Nov 6 08 49 37 1994", else "Sun 06 Nov 1994 08 49 37 GMT" */
	bool old = count == 7 && month_of(words[1]) != 0;
	if (!old && (count != 8 || !bytes_equal(words[7], BYTES("GMT"))))
		return false;
	int month = month_of(words[old ? 1 : 2]);
	struct bytes year_word = words[old ? 6 : 3];
	unsigned time_at = old ? 3 : 4;
	int64_t day, year, hour, minute, second;
	if (month == 0 || !number_in(words[old ? 2 : 1], 1, 31, &day) || !number_in(year_word, 0, 9999, &year) ||
	    !number_in(words[time_at], 0, 23, &hour) || !number_in(words[time_at + 1], 0, 59, &minute) ||
	    !number_in(words[time_at + 2], 0, 60, &second))
		return false;
	if (year_word.len == 2)
		year += year < 70 ? 2000 : 1900;
	else if (year_word.len != 4)
		return false;
	*seconds = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}
