// SPDX-License-Identifier: MIT
//
// The help: keys, and the filter language by examples.

import { button, el, fill } from "./dom.js";
import { EXAMPLES, FIELDS } from "./filter_words.js";

const KEYS = [
	["j  ↓", "next chain"], ["k  ↑", "chain before"], ["PgDn PgUp", "a screen on, or back"], ["Home End", "first, last"],
	["Enter", "into the chosen chain"], ["/", "to the filter"], ["f", "facets, where they are hidden"], ["c", "copy the curl line"],
	["Esc", "back to the list; then without a chosen chain"], ["?", "this help"],
];

const keys = (text) => text.split(/\s+/).map((key, i) => [i ? " " : null, el("kbd", {}, key)]);

export class Help {
	#dialog;

	// onExample(filter)
	constructor(dialog, { onExample }) {
		this.#dialog = dialog;
		fill(dialog,
			el("header", {}, el("h2", { id: "help-title" }, "Help"), button("Close", () => dialog.close(), { class: "quiet" })),
			el("div", { class: "help-body", tabindex: "0", role: "group", "aria-label": "Keys and the filter language" },
				el("h3", {}, "Keys"),
				el("dl", { class: "keys" }, KEYS.map(([key, words]) => [el("dt", {}, keys(key)), el("dd", {}, words)])),
				el("h3", {}, "Filter"),
				el("p", {}, "Comparisons with ", ["and", "or", "not"].map((word, i) => [i ? ", " : "", el("code", {}, word)]),
					" and parentheses. A field compares by ", ["=", "!=", "<", "<=", ">", ">="].map((word, i) => [i ? " " : "", el("code", {}, word)]),
					", or by ", el("code", {}, "~"), " and ", el("code", {}, "!~"), " (contains, whatever the case). A word or ",
					el("code", {}, "\"text\""), " alone is looked for in URLs, tag, test and rules."),
				el("ul", { class: "examples" }, EXAMPLES.map(([filter, words]) => el("li", {},
					button(el("code", {}, filter), () => {
						dialog.close();
						onExample(filter);
					}, { class: "quiet" }), el("span", { class: "dim" }, words)))),
				el("h3", {}, "Fields"),
				el("dl", { class: "keys fields" }, FIELDS.map((field) => [el("dt", {}, el("code", {}, field.name)),
					el("dd", {}, field.about, field.values ? el("span", { class: "dim" }, `: ${field.values.join(", ")}`) : null)]))));
		dialog.addEventListener("click", (event) => {
			if (event.target === dialog) // its backdrop
				dialog.close();
		});
	}

	open() {
		if (!this.#dialog.open)
			this.#dialog.showModal();
	}

	get isOpen() {
		return this.#dialog.open;
	}
}
