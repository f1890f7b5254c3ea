// SPDX-License-Identifier: MIT
//
// What was found at the chosen chain: what was expected, what was seen, why, and what the rule means.

import { askRule } from "./api.js";
import { button, el, fill } from "./dom.js";
import { faultName, mark, wordOf } from "./names.js";
import { shown, value } from "./text.js";

function evidence(finding) {
	const also = Array.isArray(finding.also) ? finding.also.join(" ") : finding.also;
	const rows = [["expected", finding.expected], ["seen", finding.seen], ["why", finding.source], ["also", also],
		["accepted", finding.suppressed && finding.suppressed !== true ? finding.suppressed : null]].filter(([, text]) => text);
	return el("dl", { class: "evidence" }, rows.map(([label, text]) =>
		[el("dt", {}, label), el("dd", { class: label }, value(text, { name: label === "why" ? "span" : "code" }))]));
}

function ruleWords(rule) {
	const rows = [["fires when", rule.condition], ["example", rule.example], ["what to do", rule.advice], ["source", rule.source]];
	return [rule.summary ? el("p", {}, shown(rule.summary)) : null,
		el("dl", { class: "evidence" }, rows.filter(([, text]) => text).map(([label, text]) =>
			[el("dt", {}, label), el("dd", {}, value(text, { max: 2000, name: label === "example" ? "code" : "span" }))]))];
}

// What the rule means, asked for when it is opened.
function explanation(finding) {
	const body = el("div", { class: "rule-words" }, finding.explanation ? el("p", {}, shown(finding.explanation)) : null);
	const details = el("details", { class: "rule" }, el("summary", {}, "About this rule"), body);
	details.addEventListener("toggle", async () => {
		if (!details.open || details.dataset.asked)
			return;
		details.dataset.asked = "yes";
		try {
			fill(body, ruleWords(await askRule(finding.rule)));
		} catch (problem) {
			delete details.dataset.asked;
			if (!finding.explanation)
				fill(body, el("p", { class: "dim" }, shown(problem.message)));
		}
	});
	return details;
}

function one(finding, chain, onRule) {
	const accepted = Boolean(finding.suppressed);
	const severity = accepted ? "accepted" : finding.severity;
	const fault = faultName(finding.fault);
	const where = finding.hop && chain.hops > 1 ? `hop ${finding.hop}` : null;
	return el("li", { class: `finding ${severity}` },
		el("h4", {}, mark(severity), " ",
			el("span", { class: "severity", "aria-hidden": "true" }, wordOf(severity)), " ",
			button(value(finding.rule, { max: 100, name: "code", className: "rule-id" }), () => onRule(finding.rule),
				{ class: "quiet rule-filter", title: "Show the chains with this rule" })),
		el("p", { class: "message" }, shown(finding.message)),
		el("p", { class: "facts" }, [where, fault, finding.confidence && finding.confidence !== "none" ? `confidence ${finding.confidence}` : null]
			.filter(Boolean).map((text) => el("span", {}, shown(text)))),
		evidence(finding), explanation(finding));
}

// The list, or a sentence. onRule(id) filters by that rule.
export function findingList(chain, onRule) {
	const all = chain.finding_list ?? [];
	if (all.length === 0)
		return el("p", { class: "nothing" }, chain.outcome === "open" ? "Nothing was found so far." : "Nothing was found.");
	return el("ul", { class: "findings" }, all.map((finding) => one(finding, chain, onRule)));
}
