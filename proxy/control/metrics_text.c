/* SPDX-License-Identifier: MIT */
#include "proxy/control/metrics_text.h"

#include <stdio.h>

void metric_begin(struct text_buf *t, const char *name, const char *type, const char *help)
{
	TEXT_BUF_LITERAL(t, "# HELP ");
	text_buf_add_str(t, name);
	text_buf_add_char(t, ' ');
	text_buf_add_str(t, help);
	TEXT_BUF_LITERAL(t, "\n# TYPE ");
	text_buf_add_str(t, name);
	text_buf_add_char(t, ' ');
	text_buf_add_str(t, type);
	text_buf_add_char(t, '\n');
}

static void put_value(struct text_buf *t, uint64_t value)
{
	text_buf_add_char(t, ' ');
	text_buf_add_uint(t, value);
	text_buf_add_char(t, '\n');
}

void metric_put(struct text_buf *t, const char *name, uint64_t value)
{
	text_buf_add_str(t, name);
	put_value(t, value);
}

void metric_put_labels(struct text_buf *t, const char *name, const char *labels, uint64_t value)
{
	text_buf_add_str(t, name);
	text_buf_add_char(t, '{');
	text_buf_add_str(t, labels);
	text_buf_add_char(t, '}');
	put_value(t, value);
}

void metric_put_labelled(struct text_buf *t, const char *name, const char *label, const char *text, uint64_t value)
{
	char labels[160];

	snprintf(labels, sizeof(labels), "%s=\"%s\"", label, text);
	metric_put_labels(t, name, labels, value);
}

/* "0.000035", without zeros at the end: what a bound of a histogram must be called in every scrape alike. */
static void seconds(uint64_t us, char out[40])
{
	int n =
	    snprintf(out, 40, "%llu.%06llu", (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));

	while (n > 0 && out[n - 1] == '0')
		n--;
	if (n > 0 && out[n - 1] == '.')
		n--;
	out[n] = '\0';
}

void metric_put_seconds(struct text_buf *t, const char *name, uint64_t us)
{
	char text[40];

	seconds(us, text);
	text_buf_add_str(t, name);
	text_buf_add_char(t, ' ');
	text_buf_add_str(t, text);
	text_buf_add_char(t, '\n');
}

void metric_single(struct text_buf *t, const char *name, const char *type, const char *help, uint64_t value)
{
	metric_begin(t, name, type, help);
	metric_put(t, name, value);
}

void metric_histogram(struct text_buf *t, const char *name, const char *help, const uint32_t bounds[HISTOGRAM_BOUNDS],
		      const struct histogram *h)
{
	char bucket[96], sum[96], count[96], bound[40];
	uint64_t below = 0;

	snprintf(bucket, sizeof(bucket), "%s_bucket", name);
	snprintf(sum, sizeof(sum), "%s_sum", name);
	snprintf(count, sizeof(count), "%s_count", name);
	metric_begin(t, name, "histogram", help);
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		below += h->counts[i];
		if (i < HISTOGRAM_BOUNDS)
			seconds(bounds[i], bound);
		metric_put_labelled(t, bucket, "le", i < HISTOGRAM_BOUNDS ? bound : "+Inf", below);
	}
	metric_put_seconds(t, sum, h->sum_us);
	metric_put(t, count, below);
}
