/* SPDX-License-Identifier: MIT
 *
 * Finds the Location of a redirect that was refused (refused_head.h). */
#include "parser/refused_head.h"

/* Takes a line with what ends it; false at the end, and at the blank line. */
static bool next_line(struct bytes *rest, struct bytes *line)
{
	*line = bytes_slice(*rest, 0, bytes_find(*rest, '\n') + 1);
	*rest = bytes_slice(*rest, line->len, rest->len);
	return line->len > 0 && line->ptr[0] != '\n' && !bytes_equal(*line, BYTES("\r\n"));
}

static bool ends_in_crlf(struct bytes line)
{
	return line.len >= 2 && line.ptr[line.len - 2] == '\r' && line.ptr[line.len - 1] == '\n';
}

/* The status of "HTTP/1.1 302 Found"; 0 where there is none of a redirect. */
static uint16_t redirect_status(struct bytes line)
{
	const size_t at = sizeof("HTTP/1.x ") - 1;
	if (line.len < at + 3 || memcmp(line.ptr, "HTTP/1.", 7) != 0 || line.ptr[at - 1] != ' ' ||
	    line.ptr[at] != '3' || !ascii_is_digit((unsigned char)line.ptr[at + 1]) ||
	    !ascii_is_digit((unsigned char)line.ptr[at + 2]))
		return 0;
	return (uint16_t)(300 + (line.ptr[at + 1] - '0') * 10 + (line.ptr[at + 2] - '0'));
}

static bool has_control(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!is_text((unsigned char)b.ptr[i]))
			return true;
	}
	return false;
}

/* Without the line break that belongs to the line. */
static struct bytes value_of(struct bytes line, size_t from, bool crlf)
{
	size_t end = line.len;
	if (ends_in_crlf(line))
		end -= 2;
	else if (!crlf && line.ptr[end - 1] == '\n')
		end--;
	return bytes_trim(bytes_slice(line, from, end));
}

bool refused_redirect(struct bytes raw, struct http_field *field, struct http_head *head)
{
	const struct bytes name = BYTES("location:");
	struct bytes rest = raw;
	struct bytes line;
	if (!next_line(&rest, &line) || redirect_status(line) == 0)
		return false;
	*head = (struct http_head){.raw = raw.ptr,
				   .raw_len = raw.len,
				   .fields = field,
				   .field_count = 1,
				   .fields_max = 1,
				   .status = redirect_status(line),
				   .content_length = -1};
	head->first[FIELD_LOCATION] = 1;
	bool crlf = ends_in_crlf(line);
	while (next_line(&rest, &line)) {
		if (!bytes_starts_nocase(line, name))
			continue;
		struct bytes value = value_of(line, name.len, crlf);
		if (!has_control(value))
			continue;
		*field = (struct http_field){.name_at = (uint32_t)(line.ptr - raw.ptr),
					     .name_len = (uint16_t)(name.len - 1),
					     .value_at = (uint32_t)(value.ptr - raw.ptr),
					     .value_len = (uint32_t)value.len,
					     .line_end = (uint32_t)(line.ptr + line.len - raw.ptr),
					     .id = FIELD_LOCATION};
		return true;
	}
	return false;
}
