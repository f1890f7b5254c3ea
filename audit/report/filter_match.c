/* SPDX-License-Identifier: MIT
 *
 * Filters judged in memory: what a chain's values of a field are, and whether one of them fits. */
#include "audit/report/filter_private.h"

#include "parser/uri.h"

struct bytes filter_host_of(struct bytes url)
{
	struct uri u;

	return uri_parse(url, &u) == URI_OK ? u.host : bytes_of(NULL, 0);
}

struct bytes filter_path_of(struct bytes url)
{
	struct uri u;

	return uri_parse(url, &u) == URI_OK ? u.path : bytes_of(NULL, 0);
}

bool filter_hop_crosses(const struct filter_hop *h)
{
	struct uri from, to;

	return uri_parse_http(h->url, &from) == URI_OK &&
	       uri_parse_http(h->followed && h->follow_url.len > 0 ? h->follow_url : h->target, &to) == URI_OK &&
	       !uri_same_origin(&from, &to);
}

static bool tell(filter_text_cb *cb, void *arg, struct bytes text)
{
	return text.len == 0 || cb(arg, text);
}

static struct bytes whole_url(struct bytes url)
{
	return url;
}

/* What `part` makes of each URL that was asked. */
static void asked_urls(const struct filter_chain *c, struct bytes (*part)(struct bytes), filter_text_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->hop_count; i++) {
		const struct filter_hop *h = &c->hops[i];

		if (!tell(cb, arg, part(h->url)) || (h->followed && !tell(cb, arg, part(h->follow_url))))
			return;
	}
}

static void methods(const struct filter_chain *c, filter_text_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->hop_count; i++) {
		const struct filter_hop *h = &c->hops[i];

		if (!tell(cb, arg, h->method) || (h->followed && !tell(cb, arg, h->follow_method)))
			return;
	}
}

static void targets(const struct filter_chain *c, filter_text_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->hop_count && tell(cb, arg, c->hops[i].target); i++)
		;
}

static void rules(const struct filter_chain *c, filter_text_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->finding_count && tell(cb, arg, c->findings[i].rule); i++)
		;
}

void filter_texts(enum filter_field field, const struct filter_chain *c, filter_text_cb *cb, void *arg)
{
	switch (field) {
	case BY_METHOD:
		methods(c, cb, arg);
		break;
	case BY_URL:
		asked_urls(c, whole_url, cb, arg);
		break;
	case BY_HOST:
		asked_urls(c, filter_host_of, cb, arg);
		break;
	case BY_PATH:
		asked_urls(c, filter_path_of, cb, arg);
		break;
	case BY_TARGET:
		targets(c, cb, arg);
		break;
	case BY_RULE:
		rules(c, cb, arg);
		break;
	case BY_TAG:
		cb(arg, c->tag);
		break;
	case BY_TEST:
		cb(arg, c->test);
		break;
	case BY_CLIENT:
		cb(arg, c->client);
		break;
	case BY_RUN:
		cb(arg, c->run);
		break;
	default:
		break;
	}
}

static void statuses(const struct filter_chain *c, filter_number_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->hop_count && cb(arg, c->hops[i].status); i++)
		;
}

/* Those of hops that chains do not have; the others a chain has from its last hop, and `open` while one is. */
static void outcomes(const struct filter_chain *c, filter_number_cb *cb, void *arg)
{
	static const int of_hop[OUTCOME_ABORTED + 1] = {
	    [OUTCOME_OPEN] = CHAIN_OPEN,
	    [OUTCOME_FOLLOWED] = FILTER_FOLLOWED,
	    [OUTCOME_NOT_FOLLOWED] = CHAIN_NOT_FOLLOWED,
	    [OUTCOME_RETRIED] = FILTER_RETRIED,
	    [OUTCOME_LEFT_VISIBILITY] = CHAIN_LEFT_VISIBILITY,
	    [OUTCOME_ABORTED] = CHAIN_ABORTED,
	};

	if (!cb(arg, c->outcome))
		return;
	for (size_t i = 0;
	     i < c->hop_count && (c->hops[i].outcome == OUTCOME_OPEN || cb(arg, of_hop[c->hops[i].outcome])); i++)
		;
}

static void of_findings(enum filter_field field, const struct filter_chain *c, filter_number_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->finding_count; i++) {
		const struct filter_finding *f = &c->findings[i];
		int value = field == BY_SEVERITY ? (int)f->severity
			    : field == BY_FAULT  ? (int)f->fault
						 : (int)f->confidence;

		if (!f->suppressed && !cb(arg, value))
			return;
	}
}

static void confidences(const struct filter_chain *c, filter_number_cb *cb, void *arg)
{
	for (size_t i = 0; i < c->hop_count; i++) {
		if (c->hops[i].confidence != CONFIDENCE_NONE && !cb(arg, c->hops[i].confidence))
			return;
	}
	of_findings(BY_CONFIDENCE, c, cb, arg);
}

static bool is_suppressed(const struct filter_chain *c)
{
	for (size_t i = 0; i < c->finding_count; i++) {
		if (c->findings[i].suppressed)
			return true;
	}
	return false;
}

static bool crosses(const struct filter_chain *c)
{
	for (size_t i = 0; i < c->hop_count; i++) {
		if (filter_hop_crosses(&c->hops[i]))
			return true;
	}
	return false;
}

void filter_numbers(enum filter_field field, const struct filter_chain *c, filter_number_cb *cb, void *arg)
{
	switch (field) {
	case BY_STATUS:
		statuses(c, cb, arg);
		break;
	case BY_OUTCOME:
		outcomes(c, cb, arg);
		break;
	case BY_SEVERITY:
	case BY_FAULT:
		of_findings(field, c, cb, arg);
		break;
	case BY_CONFIDENCE:
		confidences(c, cb, arg);
		break;
	case BY_FINAL_STATUS:
		cb(arg, c->final_status);
		break;
	case BY_VERDICT:
		cb(arg, c->verdict);
		break;
	case BY_CHAIN_LENGTH:
		cb(arg, c->length);
		break;
	case BY_CHAIN_ID:
		cb(arg, (int64_t)c->id);
		break;
	case BY_UNVERIFIABLE:
		cb(arg, c->unverifiable);
		break;
	case BY_ELAPSED:
		cb(arg, c->elapsed_us);
		break;
	case BY_TIME:
		cb(arg, c->time_us);
		break;
	case BY_SUPPRESSED:
		cb(arg, is_suppressed(c));
		break;
	case BY_CROSS_ORIGIN:
		cb(arg, crosses(c));
		break;
	default:
		break;
	}
}

/* A comparison under way. */
struct question {
	const struct filter_node *node;
	bool fits;
};

static bool ask_text(void *arg, struct bytes value)
{
	struct question *q = arg;

	q->fits = filter_text_fits(q->node->op, value, q->node->text);
	return !q->fits;
}

static bool ask_number(void *arg, int64_t value)
{
	struct question *q = arg;

	q->fits = filter_number_fits(q->node->op, value, q->node->low, q->node->high);
	return !q->fits;
}

const enum filter_field filter_anywhere[FILTER_ANYWHERE_COUNT] = {BY_URL, BY_TARGET, BY_TAG, BY_TEST, BY_RULE};

static bool stands_anywhere(struct question *q, const struct filter_chain *c)
{
	for (unsigned i = 0; i < FILTER_ANYWHERE_COUNT && !q->fits; i++)
		filter_texts(filter_anywhere[i], c, ask_text, q);
	return q->fits;
}

static bool judge(const struct filter_node *n, const struct filter_chain *c)
{
	struct question q = {.node = n};

	switch (n->kind) {
	case NODE_AND:
		return judge(n->left, c) && judge(n->right, c);
	case NODE_OR:
		return judge(n->left, c) || judge(n->right, c);
	case NODE_NOT:
		return !judge(n->left, c);
	case NODE_NUMBER:
		filter_numbers(n->field, c, ask_number, &q);
		break;
	case NODE_TEXT:
		filter_texts(n->field, c, ask_text, &q);
		break;
	case NODE_ANYWHERE:
		return stands_anywhere(&q, c);
	}
	return q.fits;
}

bool filter_matches(const struct filter *f, const struct filter_chain *c)
{
	return !f->root || judge(f->root, c);
}
