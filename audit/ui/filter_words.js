// SPDX-License-Identifier: MIT
//
// The filter language, as far as the page must know it: to complete what is being typed, and to add and remove the terms
// of the facets. What is right and what is wrong the server alone decides. Pure.

const YES_NO = ["yes", "no"];

export const FIELDS = [
	{ name: "status", about: "status of any redirect or final response", facet: "status" },
	{ name: "final.status", about: "status that the chain ended in" },
	{ name: "verdict", about: "worst finding", values: ["ok", "info", "warning", "error"] },
	{ name: "rule", about: "id of a rule that fired", facet: "rule" },
	{ name: "severity", about: "at least one such finding", values: ["info", "warning", "error"] },
	{ name: "outcome", about: "how the chain ended", values: ["completed", "loop", "not_followed", "left_visibility", "aborted", "open"] },
	{ name: "fault", about: "whose fault a finding is", values: ["client", "server", "intermediary", "proxy", "unknown"] },
	{ name: "method", about: "of any request", values: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] },
	{ name: "url", about: "any URL of the chain" },
	{ name: "host", about: "any host of the chain", facet: "host" },
	{ name: "path", about: "any path of the chain" },
	{ name: "target", about: "where a redirect led" },
	{ name: "tag", about: "the proxy user name", facet: "tag" },
	{ name: "test", about: "the mark that the chain began after" },
	{ name: "client", about: "User-Agent", facet: "client" },
	{ name: "chain.length", about: "number of hops", operator: ">" },
	{ name: "chain.id", about: "number of the chain in its run" },
	{ name: "elapsed", about: "from first request to last response", operator: ">", values: ["10ms", "100ms", "1s", "10s"] },
	{ name: "cross-origin", about: "does a hop leave its origin?", values: YES_NO },
	{ name: "confidence", about: "of a match", values: ["high", "medium", "low", "none"] },
	{ name: "unverifiable", about: "number of properties that could not be verified", operator: ">" },
	{ name: "suppressed", about: "is a finding accepted by --ignore?", values: YES_NO },
	{ name: "time", about: "of the first request", operator: ">" },
	{ name: "run", about: "id of the run" },
];
const BY_NAME = new Map(FIELDS.map((field) => [field.name, field]));

export const EXAMPLES = [
	["status=307 and not verdict=ok", "307s with which something is wrong"],
	["rule=method-not-preserved", "the method was changed where it must be kept"],
	["host~shop and chain.length>3", "long chains of one shop"],
	["fault=client and severity>=warning", "what clients do wrong"],
	["elapsed>500ms and cross-origin=yes", "slow and through other origins"],
	["outcome=not_followed or outcome=loop", "chains that led nowhere"],
	["\"/v2/pay\"", "a piece of a URL, tag, test or rule"],
];

const TOKEN = /\s+|"(?:[^"\\]|\\[^])*"?|!=|<=|>=|!~|[=<>~()]|[^\s"=<>~()!]+|!/gu;

export function tokens(text) {
	const out = [];
	for (const match of text.matchAll(TOKEN)) {
		const token = { text: match[0], from: match.index, to: match.index + match[0].length };
		if (/^\s/u.test(token.text))
			continue;
		if (token.text === "(" || token.text === ")")
			token.kind = token.text;
		else if (token.text.startsWith("\""))
			token.kind = "quoted";
		else if (/^(?:!=|<=|>=|!~|[=<>~])$/.test(token.text))
			token.kind = "operator";
		else if (/^(?:and|or|not)$/i.test(token.text))
			token.kind = token.text.toLowerCase();
		else
			token.kind = "word";
		out.push(token);
	}
	return out;
}

// A value as it can stand behind an operator.
export function quoted(value) {
	const text = String(value);
	if (/^[\p{L}\p{N}._:/@+-]+$/u.test(text) && !/^(?:and|or|not)$/i.test(text))
		return text;
	return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

export function termOf(field, value, { not = false } = {}) {
	return `${not ? "not " : ""}${field}=${quoted(value)}`;
}

// The terms that must all hold, as {text, from, to}; null where the whole is no such list.
export function topTerms(text) {
	const out = [];
	let depth = 0;
	let from = null;
	let to = 0;
	for (const token of tokens(text)) {
		if (depth === 0 && token.kind === "or")
			return null;
		if (depth === 0 && token.kind === "and") {
			if (from !== null)
				out.push({ text: text.slice(from, to), from, to });
			from = null;
			continue;
		}
		from ??= token.from;
		to = token.to;
		depth += token.kind === "(" ? 1 : token.kind === ")" ? -1 : 0;
	}
	if (from !== null)
		out.push({ text: text.slice(from, to), from, to });
	return out;
}

export function hasTerm(text, term) {
	return (topTerms(text) ?? []).some((each) => each.text === term);
}

// Adds a term to a filter; takes it out where it is there already.
export function toggled(text, term) {
	const terms = topTerms(text);
	if (terms === null)
		return `(${text.trim()}) and ${term}`;
	const kept = terms.filter((each) => each.text !== term);
	if (kept.length === terms.length)
		kept.push({ text: term });
	return kept.map((each) => each.text).join(" and ");
}

function startsOrHolds(candidates, typed) {
	const small = typed.toLowerCase();
	const first = candidates.filter((each) => each.label.toLowerCase().startsWith(small));
	const later = candidates.filter((each) => !first.includes(each) && small && each.label.toLowerCase().includes(small));
	return [...first, ...later];
}

const fieldItems = () => FIELDS.map((field) =>
	({ label: field.name, insert: `${field.name}${field.operator ?? "="}`, about: field.about, goesOn: true }));
const wordItems = (words) => words.map(([label, about]) => ({ label, insert: `${label} `, about, goesOn: true }));

function valueItems(field, known) {
	const of = known(field.facet ?? field.name) ?? [];
	const values = of.length ? of : (field.values ?? []).map((value) => ({ value }));
	return values.map(({ value, count }) =>
		({ label: String(value), insert: `${quoted(value)} `, about: count === undefined ? "" : String(count), goesOn: false }));
}

// What could stand at the caret: {from, to, items: [{label, insert, about, goesOn}]}. known(field) gives values of that
// field that were seen, or nothing.
export function completions(text, caret, known) {
	const before = tokens(text.slice(0, caret));
	let typed = before.at(-1);
	if (typed && (typed.to < caret || typed.kind === "operator" || typed.kind === "(" || typed.kind === ")"))
		typed = undefined;
	else
		before.pop();
	const last = before.at(-1);
	const from = typed ? typed.from : caret;
	const word = typed ? typed.text.replace(/^"|"$/g, "") : "";
	let items;
	if (last?.kind === "operator") {
		const field = BY_NAME.get(before.at(-2)?.text);
		items = field ? startsOrHolds(valueItems(field, known), word) : [];
	} else if (!last || ["and", "or", "not", "("].includes(last.kind)) {
		items = startsOrHolds([...fieldItems(), ...wordItems([["not", "the opposite of what follows"]])], word);
	} else {
		items = startsOrHolds(wordItems([["and", "both must hold"], ["or", "one of both must hold"]]), word);
	}
	if (items.length === 1 && items[0].insert.trim() === word)
		items = [];
	return { from, to: caret, items: items.slice(0, 40) };
}
