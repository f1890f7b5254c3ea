// SPDX-License-Identifier: MIT
//
// One chain as a row of the list, for eyes and for ears.

import { el } from "./dom.js";
import { mark, outcomeKind, outcomeName, wordOf } from "./names.js";
import { brief, moment, plain, shown, splitUrl } from "./text.js";
import { duration } from "./units.js";

const RULES_MAX = 2; // of a chain are named
const PART_MAX = 160; // of a URL; a row is one line

const cut = (text, className) => brief(text, PART_MAX, className);

function place(text, base) {
	const { scheme, authority, rest } = splitUrl(text);
	const near = base === null ? null : splitUrl(base);
	const same = near !== null && scheme.toLowerCase() === near.scheme.toLowerCase() && authority === near.authority;
	return el("span", { class: "url" },
		scheme && !same ? [cut(scheme, "scheme"), cut(authority, base === null ? "authority" : "authority other")] : null,
		cut(rest || "/", "path"));
}

function end(chain) {
	if (chain.outcome && chain.outcome !== "completed")
		return el("span", { class: `end ${outcomeKind(chain.outcome)}` }, outcomeName(chain.outcome));
	return chain.final_status ? el("span", { class: "end" }, String(chain.final_status)) : null;
}

// "─307→", "─302→ ×4": one arrow for neighbours that are alike.
function arrows(statuses) {
	const runs = [];
	for (const status of (statuses ?? []).filter((each) => each >= 300 && each < 400)) {
		if (runs.at(-1)?.status === status)
			runs.at(-1).times++;
		else
			runs.push({ status, times: 1 });
	}
	const told = runs.slice(0, 4).map(({ status, times }) => `─${status}→${times > 1 ? ` ×${times}` : ""}`).join(" ");
	return el("span", { class: "arrows" }, told || "→", runs.length > 4 ? " …" : null);
}

function owner(chain) {
	return [chain.tag, chain.test].filter(Boolean).map((text) => brief(text, 60, "owner"));
}

export function chainRow(chain) {
	const rules = chain.rules ?? [];
	return [
		mark(chain.verdict, { spoken: false }),
		el("span", { class: "line" },
			el("span", { class: "from" }, el("b", {}, brief(chain.method, 24, "method")), " ", place(chain.url, null)), " ",
			el("span", { class: "to" }, arrows(chain.statuses), " ", chain.target ? place(chain.target, chain.url) : null, " ", end(chain))),
		moment(chain.time),
		el("span", { class: "line second" },
			rules.length ? el("span", { class: "rules" }, shown(plain(rules.slice(0, RULES_MAX).join(" · "))),
				rules.length > RULES_MAX ? ` +${rules.length - RULES_MAX}` : null) : null,
			chain.unverifiable ? el("span", { class: "unsure" }, `${chain.unverifiable} unverifiable`) : null,
			owner(chain),
			chain.client ? cut(chain.client, "client") : null),
		el("span", { class: "elapsed" }, duration(chain.elapsed_us)),
	];
}

export function chainWords(chain) {
	const statuses = (chain.statuses ?? []).join(", ");
	return plain([
		wordOf(chain.verdict),
		`${chain.method} ${chain.url}`,
		statuses && `redirected by ${statuses}`,
		chain.target && `to ${chain.target}`,
		chain.outcome === "completed" ? `ended in ${chain.final_status}` : outcomeName(chain.outcome),
		(chain.rules ?? []).join(", "),
	].filter(Boolean).join("; "), 400);
}
