/* SPDX-License-Identifier: MIT
 *
 * Lines of Prometheus' text format. Label values are ours, and need no escaping. Pure. */
#ifndef PROXY_CONTROL_METRICS_TEXT_H
#define PROXY_CONTROL_METRICS_TEXT_H

#include "audit/histogram.h"
#include "audit/record/text_buf.h"

/* HELP and TYPE. */
void metric_begin(struct text_buf *t, const char *name, const char *type, const char *help);

/* One sample each. `labels` are written as they are: `rule="x",severity="y"`. */
void metric_put(struct text_buf *t, const char *name, uint64_t value);
void metric_put_labelled(struct text_buf *t, const char *name, const char *label, const char *text, uint64_t value);
void metric_put_labels(struct text_buf *t, const char *name, const char *labels, uint64_t value);
void metric_put_seconds(struct text_buf *t, const char *name, uint64_t us);

/* All of a metric without labels. */
void metric_single(struct text_buf *t, const char *name, const char *type, const char *help, uint64_t value);

/* A whole histogram, in seconds. */
void metric_histogram(struct text_buf *t, const char *name, const char *help, const uint32_t bounds[HISTOGRAM_BOUNDS],
		      const struct histogram *h);

#endif
