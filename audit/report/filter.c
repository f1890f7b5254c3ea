/* SPDX-License-Identifier: MIT
 *
 * From the text of a filter to its tree: descent by the grammar of filter.h, which also knows for each place what could
 * have stood there. */
#include "audit/report/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/report/filter_private.h"

struct parser {
	struct filter *filter;
	struct bytes text;
	size_t at;
	unsigned depth;
	struct filter_error *error;
	size_t value_len; /* of the filter's texts that are used */
};

static struct filter_node *parse_expression(struct parser *p);

/* Characters, not bytes: what continues one of UTF-8 does not count. */
static unsigned column_of(struct bytes text, size_t at)
{
	unsigned column = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return column;
}

static void *fail(struct parser *p, size_t at, const char *possible, const char *message, ...) PRINTF(4, 5);
static void *fail(struct parser *p, size_t at, const char *possible, const char *message, ...)
{
	va_list args;

	p->error->column = column_of(p->text, at);
	va_start(args, message);
	vsnprintf(p->error->message, sizeof(p->error->message), message, args);
	va_end(args);
	snprintf(p->error->possible, sizeof(p->error->possible), "%s", possible ? possible : "");
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const struct parser *p)
{
	return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static void skip_spaces(struct parser *p)
{
	while (p->at < p->text.len && is_space(p->text.ptr[p->at]))
		p->at++;
}

static bool is_field_char(char c)
{
	unsigned char lower = ascii_lower((unsigned char)c);

	return (lower >= 'a' && lower <= 'z') || ascii_is_digit(lower) || c == '.' || c == '-' || c == '_';
}

static bool is_operator_char(char c)
{
	return c == '=' || c == '!' || c == '<' || c == '>' || c == '~';
}

/* A word of letters at the parser's place. */
static struct bytes peek_name(const struct parser *p)
{
	size_t end = p->at;

	while (end < p->text.len && is_field_char(p->text.ptr[end]))
		end++;
	return bytes_slice(p->text, p->at, end);
}

/* A word that ends where words end: "and", but neither "android" nor "and=". */
static bool take_keyword(struct parser *p, struct bytes keyword)
{
	struct bytes name = peek_name(p);
	size_t end = p->at + name.len;

	if (!bytes_equal_nocase(name, keyword))
		return false;
	if (end < p->text.len && !is_space(p->text.ptr[end]) && p->text.ptr[end] != '(' && p->text.ptr[end] != ')' &&
	    p->text.ptr[end] != '"')
		return false;
	p->at = end;
	return true;
}

static struct filter_node *new_node(struct parser *p, size_t at, enum filter_kind kind)
{
	struct filter *f = p->filter;

	if (f->count == FILTER_NODES_MAX)
		return fail(p, at, NULL, "the filter has more than %d comparisons and words between them",
			    FILTER_NODES_MAX);
	f->nodes[f->count] = (struct filter_node){.kind = kind};
	return &f->nodes[f->count++];
}

static struct filter_node *join(struct parser *p, enum filter_kind kind, struct filter_node *left,
				struct filter_node *right)
{
	struct filter_node *n = right ? new_node(p, p->at, kind) : NULL;

	if (!n)
		return NULL;
	n->left = left;
	n->right = right;
	return n;
}

/* One byte of a value. There is room: a value is never longer than the text that it stands in. */
static void keep(struct parser *p, char c)
{
	p->filter->text[p->value_len++] = (char)ascii_lower((unsigned char)c);
}

static bool read_quoted(struct parser *p, struct bytes *value)
{
	size_t start = p->at++, from = p->value_len;

	while (p->at < p->text.len && p->text.ptr[p->at] != '"') {
		char next = p->at + 1 < p->text.len ? p->text.ptr[p->at + 1] : '\0';

		if (p->text.ptr[p->at] == '\\' && (next == '"' || next == '\\'))
			p->at++;
		keep(p, p->text.ptr[p->at++]);
	}
	if (p->at == p->text.len) {
		fail(p, start, "a \" at its end", "a quoted text has no end");
		return false;
	}
	p->at++;
	*value = bytes_of(p->filter->text + from, p->value_len - from);
	return true;
}

/* Up to the next space, or a ')' that was not opened in it. */
static struct bytes read_bare(struct parser *p)
{
	size_t from = p->value_len;
	unsigned open = 0;

	while (p->at < p->text.len && !is_space(p->text.ptr[p->at])) {
		if (p->text.ptr[p->at] == '(')
			open++;
		else if (p->text.ptr[p->at] == ')' && open-- == 0)
			break;
		keep(p, p->text.ptr[p->at++]);
	}
	return bytes_of(p->filter->text + from, p->value_len - from);
}

static bool read_value(struct parser *p, struct bytes *value)
{
	if (peek(p) == '"')
		return read_quoted(p, value);
	*value = read_bare(p);
	return true;
}

static const struct filter_field_row *find_field(struct bytes name)
{
	for (unsigned i = 0; i < BY_COUNT; i++) {
		struct bytes known = bytes_str(filter_fields[i].name);

		if (bytes_equal_nocase(name, known))
			return &filter_fields[i];
	}
	return NULL;
}

static const char *list_fields(char *out, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; i < BY_COUNT && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", filter_fields[i].name);
	return out;
}

static const char *list_words(const struct filter_word *words, char *out, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; words[i].word && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", words[i].word);
	return out;
}

static bool has_order(enum filter_type type)
{
	return type != TYPE_TEXT && type != TYPE_CHOICE && type != TYPE_YES_NO;
}

static const char *operators_of(enum filter_type type)
{
	if (type == TYPE_TEXT)
		return "=, !=, ~, !~";
	return has_order(type) ? "=, !=, <, <=, >, >=" : "=, !=";
}

/* Longer ones first. */
static const struct {
	const char *text;
	enum filter_op op;
	bool negated;
} operators[] = {
    {"<=", OP_AT_MOST, false}, {">=", OP_AT_LEAST, false}, {"!=", OP_EQUAL, true}, {"!~", OP_CONTAINS, true},
    {"=", OP_EQUAL, false},    {"<", OP_LESS, false},      {">", OP_MORE, false},  {"~", OP_CONTAINS, false},
};

static bool read_operator(struct parser *p, const struct filter_field_row *field, enum filter_op *op, bool *negated)
{
	struct bytes rest = bytes_slice(p->text, p->at, p->text.len);
	bool ok;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!bytes_starts_nocase(rest, bytes_str(operators[i].text)))
			continue;
		*op = operators[i].op;
		*negated = operators[i].negated;
		ok = *op == OP_EQUAL ||
		     (field->type == TYPE_TEXT ? *op == OP_CONTAINS : has_order(field->type) && *op != OP_CONTAINS);
		if (!ok)
			fail(p, p->at, operators_of(field->type), "%s can't be compared by %s", field->name,
			     operators[i].text);
		p->at += strlen(operators[i].text);
		return ok;
	}
	fail(p, p->at, operators_of(field->type), "this is no comparison");
	return false;
}

static bool read_operand(struct parser *p, const struct filter_field_row *field, struct filter_node *n)
{
	size_t at = p->at;
	const char *possible;
	char words[160];

	if (p->at == p->text.len || (peek(p) == ')' && field->type != TYPE_TEXT)) {
		fail(p, at, "a value, or \"\"", "%s is compared with nothing", field->name);
		return false;
	}
	if (!read_value(p, &n->text))
		return false;
	if (n->text.len == 0 && p->text.ptr[at] != '"') {
		fail(p, at, "a value, or \"\"", "%s is compared with nothing", field->name);
		return false;
	}
	if (field->type == TYPE_TEXT || filter_value_read(field, n->text, &n->low, &n->high, &possible))
		return true;
	if (field->words)
		possible = list_words(field->words, words, sizeof(words));
	fail(p, at, possible, "%s can't be \"%.*s\"", field->name, (int)(n->text.len > 80 ? 80 : n->text.len),
	     n->text.ptr);
	return false;
}

static struct filter_node *parse_comparison(struct parser *p, struct bytes name)
{
	const struct filter_field_row *field = find_field(name);
	struct filter_node *n, *not_n;
	size_t at = p->at;
	bool negated;
	enum filter_op op;
	char fields[sizeof(p->error->possible)];

	if (!field)
		return fail(p, at, list_fields(fields, sizeof(fields)), "there is no field \"%.*s\"",
			    (int)(name.len > 80 ? 80 : name.len), name.ptr);
	p->at += name.len;
	skip_spaces(p);
	if (!read_operator(p, field, &op, &negated))
		return NULL;
	skip_spaces(p);
	n = new_node(p, at, field->type == TYPE_TEXT ? NODE_TEXT : NODE_NUMBER);
	if (!n)
		return NULL;
	n->field = (enum filter_field)(field - filter_fields);
	n->op = op;
	if (!read_operand(p, field, n))
		return NULL;
	if (!negated)
		return n;
	not_n = new_node(p, at, NODE_NOT);
	if (not_n)
		not_n->left = n;
	return not_n;
}

static struct filter_node *parse_text(struct parser *p)
{
	struct filter_node *n = new_node(p, p->at, NODE_ANYWHERE);

	if (!n)
		return NULL;
	n->op = OP_CONTAINS;
	return read_value(p, &n->text) ? n : NULL;
}

/* Is what stands here a field and its operator? */
static bool is_comparison(const struct parser *p, struct bytes name)
{
	size_t at = p->at + name.len;

	while (at < p->text.len && is_space(p->text.ptr[at]))
		at++;
	return name.len > 0 && at < p->text.len && is_operator_char(p->text.ptr[at]);
}

static struct filter_node *parse_deeper(struct parser *p, size_t at, struct filter_node *(*parse)(struct parser *p))
{
	struct filter_node *n;

	if (p->depth == FILTER_DEPTH_MAX)
		return fail(p, at, NULL, "more than %d parentheses and \"not\" within each other", FILTER_DEPTH_MAX);
	p->depth++;
	n = parse(p);
	p->depth--;
	return n;
}

static struct filter_node *parse_term(struct parser *p);

static struct filter_node *parse_parentheses(struct parser *p)
{
	size_t at = p->at++;
	struct filter_node *n = parse_deeper(p, at, parse_expression);

	if (!n)
		return NULL;
	if (peek(p) != ')')
		return p->at == p->text.len ? fail(p, at, "a ) at its end", "this parenthesis is not closed")
					    : fail(p, p->at, "and, or, )", "two terms need a word between them");
	p->at++;
	return n;
}

static struct filter_node *parse_not(struct parser *p, size_t at)
{
	struct filter_node *about = parse_deeper(p, at, parse_term);
	struct filter_node *n = about ? new_node(p, at, NODE_NOT) : NULL;

	if (n)
		n->left = about;
	return n;
}

static const char a_term[] = "a comparison (status=307), a text, not, (";

static struct filter_node *parse_term(struct parser *p)
{
	struct bytes name;
	size_t at;

	skip_spaces(p);
	at = p->at;
	if (at == p->text.len)
		return fail(p, at, a_term, "the filter ends too early");
	if (peek(p) == '(')
		return parse_parentheses(p);
	if (peek(p) == ')')
		return fail(p, at, a_term, "nothing stands before this parenthesis");
	if (is_operator_char(peek(p)))
		return fail(p, at, a_term, "a comparison begins with a field");
	name = peek_name(p);
	if (is_comparison(p, name))
		return parse_comparison(p, name);
	if (take_keyword(p, BYTES("not")))
		return parse_not(p, at);
	if (take_keyword(p, BYTES("and")) || take_keyword(p, BYTES("or")))
		return fail(p, at, a_term, "nothing stands before \"%.*s\"", (int)name.len, name.ptr);
	return parse_text(p);
}

static struct filter_node *parse_either(struct parser *p)
{
	struct filter_node *n = parse_term(p);

	for (;;) {
		skip_spaces(p);
		if (!n || !take_keyword(p, BYTES("and")))
			return n;
		n = join(p, NODE_AND, n, parse_term(p));
	}
}

static struct filter_node *parse_expression(struct parser *p)
{
	struct filter_node *n = parse_either(p);

	while (n && take_keyword(p, BYTES("or")))
		n = join(p, NODE_OR, n, parse_either(p));
	return n;
}

static bool parse(struct parser *p)
{
	skip_spaces(p);
	if (p->at == p->text.len)
		return true;
	p->filter->root = parse_expression(p);
	if (!p->filter->root)
		return false;
	if (p->at == p->text.len)
		return true;
	if (peek(p) == ')')
		fail(p, p->at, "and, or, the end", "this parenthesis was not opened");
	else
		fail(p, p->at, "and, or, the end", "two terms need a word between them");
	return false;
}

static struct filter *new_filter(struct parser *p)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f) {
		f->nodes = calloc(FILTER_NODES_MAX, sizeof(*f->nodes));
		f->text = malloc(p->text.len + 1);
	}
	if (f && f->nodes && f->text)
		return f;
	filter_free(f);
	return fail(p, 0, NULL, "memory is short");
}

struct filter *filter_parse(struct bytes text, struct filter_error *e)
{
	struct parser p = {.text = text, .error = e};

	*e = (struct filter_error){0};
	if (text.len > FILTER_TEXT_MAX)
		return fail(&p, FILTER_TEXT_MAX, NULL, "the filter is longer than %d bytes", FILTER_TEXT_MAX);
	p.filter = new_filter(&p);
	if (!p.filter)
		return NULL;
	if (parse(&p))
		return p.filter;
	filter_free(p.filter);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	free(f->nodes);
	free(f->text);
	free(f);
}

bool filter_is_empty(const struct filter *f)
{
	return !f->root;
}

void filter_error_write(struct text_buf *out, struct bytes text, const struct filter_error *e)
{
	TEXT_BUF_LITERAL(out, "column ");
	text_buf_add_uint(out, e->column);
	TEXT_BUF_LITERAL(out, ": ");
	text_buf_add_str(out, e->message);
	TEXT_BUF_LITERAL(out, "\n  ");
	for (size_t i = 0; i < text.len; i++)
		text_buf_add_char(out, (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f ? ' ' : text.ptr[i]);
	TEXT_BUF_LITERAL(out, "\n  ");
	for (unsigned i = 1; i < e->column; i++)
		TEXT_BUF_LITERAL(out, " ");
	TEXT_BUF_LITERAL(out, "^\n");
	if (e->possible[0]) {
		TEXT_BUF_LITERAL(out, "  possible here: ");
		text_buf_add_str(out, e->possible);
		TEXT_BUF_LITERAL(out, "\n");
	}
}
