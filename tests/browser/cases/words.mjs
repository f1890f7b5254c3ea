// SPDX-License-Identifier: MIT
//
// The page's pure parts, without a browser: terms and completion of the filter language, units.
import { equal } from "../browser.mjs";
import { pure } from "../pure.mjs";

const same = (seen, expected, what) => equal(JSON.stringify(seen), JSON.stringify(expected), what);

export default async function words() {
	const { completions, hasTerm, quoted, termOf, toggled, tokens, topTerms } = await pure("filter_words.js");
	same(tokens("a!=\"b c\" and(not d~e)").map(({ kind }) => kind),
		["word", "operator", "quoted", "and", "(", "not", "word", "operator", "word", ")"], "tokens");
	same(tokens("x=\"never ends").map(({ text }) => text), ["x", "=", "\"never ends"], "a quote without an end");
	same(quoted("method-not-preserved"), "method-not-preserved", "an id as it is");
	same(quoted("a \"b\" \\"), "\"a \\\"b\\\" \\\\\"", "quotes and backslashes");
	same(quoted("and"), "\"and\"", "a word of the language");
	same(quoted(""), "\"\"", "nothing");
	same(termOf("host", "a=b", { not: true }), "not host=\"a=b\"", "a term");

	same(topTerms("a=1 and (b=2 or c=3) and not d").map(({ text }) => text), ["a=1", "(b=2 or c=3)", "not d"], "terms");
	same(topTerms("a=1 or b=2"), null, "alternatives are no list of terms");
	same(toggled("", "a=1"), "a=1", "the first term");
	same(toggled("a=1", "b=2"), "a=1 and b=2", "one more");
	same(toggled("a=1 and b=2 and c=3", "b=2"), "a=1 and c=3", "taken out");
	same(toggled("a=1 or c=3", "b=2"), "(a=1 or c=3) and b=2", "behind alternatives");
	same(hasTerm("a=1 and host=\"x y\"", "host=\"x y\""), true, "is there");
	same(hasTerm("not a=1", "a=1"), false, "its opposite is there");

	const known = (field) => ({ host: [{ value: "shop.test", count: 3 }, { value: "a b", count: 1 }] })[field];
	const offer = (text, caret = text.length) => completions(text, caret, known);
	const labels = (text, caret) => offer(text, caret).items.map(({ label }) => label);
	same(labels("verd"), ["verdict"], "a field");
	same(labels("status=307 "), ["and", "or"], "what goes on");
	same(labels("status=307 a"), ["and"], "what goes on, begun");
	same(labels("verdict="), ["ok", "info", "warning", "error"], "values of the language");
	same(labels("host="), ["shop.test", "a b"], "values that were seen");
	same(offer("host=\"a").items[0].insert, "\"a b\" ", "a value in quotes");
	same([offer("host=sh").from, offer("host=sh").to], [5, 7], "what is replaced");
	same(labels("nonsense="), [], "values of no field");
	same(labels("ho and status=1", 2), ["host", "method"], "in the middle");
	same(labels("and"), [], "a whole word offers nothing to begin with");

	const { bytes, clock, count, counted, duration } = await pure("units.js");
	same([0, 999, 1000, 12345, 1.5e6, 200e6].map(duration), ["0 µs", "999 µs", "1.00 ms", "12.3 ms", "1.50 s", "3 min 20 s"], "durations");
	same([0, 9, 10239, 10240, 5 * 1024 ** 2, 3 * 1024 ** 3].map(bytes), ["0 B", "9 B", "10,239 B", "10.0 KiB", "5.00 MiB", "3.00 GiB"], "sizes");
	same([count(undefined), count(200000), counted(1, "chain"), counted(0, "chain")], ["0", "200,000", "1 chain", "0 chains"], "counts");
	same(clock("no time"), "no time", "what is no time");
	const now = new Date(2026, 10, 24, 12, 0, 0);
	same(clock(new Date(2026, 10, 24, 9, 5, 7, 42).toISOString(), { now, fraction: true }), "09:05:07.042", "a time of today");
	same(clock(new Date(2026, 9, 4, 9, 5, 7).toISOString(), { now }), "10-04 09:05:07", "a time of another day");
	same(clock(new Date(2025, 9, 4, 9, 5, 7).toISOString(), { now }), "2025-10-04 09:05:07", "a time of another year");
}
