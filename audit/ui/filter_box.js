// SPDX-License-Identifier: MIT
//
// The filter box: completion of fields and values, and where a filter is wrong shown at its column. A combobox by the
// ARIA pattern, so that it can be used without seeing it.

import { byId, el, fill } from "./dom.js";
import { completions } from "./filter_words.js";
import { settled } from "./pace.js";
import { shown } from "./text.js";

const PAUSE_MS = 350; // of typing, before what stands there is tried
const ERROR_MS = 900; // before an unfinished filter is called wrong

// onChange(text, {final}): try it; `final` where the user says that it is whole. known(field): values for completion.
export class FilterBox {
	#input = byId("filter");
	#list = byId("completions");
	#error = byId("filter-error");
	#clear = byId("filter-clear");
	#offer = { from: 0, to: 0, items: [] };
	#active = -1;
	#known;
	#change;
	#try;
	#tell;

	constructor({ onChange, known }) {
		this.#known = known;
		this.#change = onChange;
		this.#try = settled(() => onChange(this.#input.value, { final: false }), PAUSE_MS);
		this.#tell = settled((problem) => this.#showError(problem), ERROR_MS);
		this.#input.addEventListener("input", () => this.#typed());
		this.#input.addEventListener("keydown", (event) => this.#key(event));
		this.#input.addEventListener("blur", () => this.#close());
		this.#input.addEventListener("click", () => this.#suggest());
		this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the box
		this.#list.addEventListener("click", (event) => {
			const option = event.target.closest("[role=option]");
			if (option)
				this.#take(Number(option.id.slice("completion-".length)));
		});
		this.#clear.addEventListener("click", () => {
			this.set("");
			this.#whole();
			this.focus();
		});
		byId("filter-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#whole();
		});
	}

	get text() {
		return this.#input.value;
	}

	// From outside: a facet, the back button.
	set(text) {
		if (this.#input.value !== text)
			this.#input.value = text;
		this.#clear.hidden = text === "";
		this.#try.cancel();
		this.right();
	}

	focus() {
		this.#input.focus();
		this.#input.select();
	}

	right() {
		this.#tell.cancel();
		fill(this.#error);
		this.#input.removeAttribute("aria-invalid");
	}

	// `soon`: the user may still be typing.
	wrong(problem, { soon }) {
		if (soon) {
			this.#tell(problem);
			return;
		}
		this.#tell.cancel();
		this.#showError(problem);
		if (problem.column && document.activeElement === this.#input) {
			const at = [...this.#input.value].slice(0, problem.column - 1).join("").length;
			this.#input.setSelectionRange(at, at);
		}
	}

	#showError(problem) {
		this.#input.setAttribute("aria-invalid", "true");
		fill(this.#error);
		const characters = [...this.#input.value];
		if (problem.column) {
			const from = Math.max(0, problem.column - 40);
			const at = problem.column - 1;
			this.#error.append(el("pre", { "aria-hidden": "true" },
				from > 0 ? "…" : "", shown(characters.slice(from, at).join("")),
				el("mark", {}, at < characters.length ? shown(characters[at]) : " "),
				shown(characters.slice(at + 1, at + 40).join(""))));
		}
		this.#error.append(el("p", {}, problem.column ? `Column ${problem.column}: ` : "", shown(problem.message),
			problem.possible ? [el("span", { class: "dim" }, " · possible: "), shown(problem.possible)] : null));
	}

	#typed() {
		this.#clear.hidden = this.#input.value === "";
		this.right(); // until it is tried
		this.#try();
		this.#suggest();
	}

	#whole() {
		this.#close();
		this.#try.cancel();
		this.#change(this.#input.value, { final: true });
	}

	#suggest() {
		this.#offer = completions(this.#input.value, this.#input.selectionStart ?? 0, this.#known);
		this.#active = -1;
		fill(this.#list, this.#offer.items.map((item, i) =>
			el("li", { role: "option", id: `completion-${i}`, "aria-selected": "false" },
				el("span", { class: "label" }, shown(item.label)), el("span", { class: "about" }, item.about))));
		const open = this.#offer.items.length > 0;
		this.#list.hidden = !open;
		this.#input.setAttribute("aria-expanded", String(open));
		this.#input.removeAttribute("aria-activedescendant");
	}

	#close() {
		this.#list.hidden = true;
		this.#active = -1;
		this.#input.setAttribute("aria-expanded", "false");
		this.#input.removeAttribute("aria-activedescendant");
	}

	#activate(i) {
		const options = [...this.#list.children];
		options[this.#active]?.setAttribute("aria-selected", "false");
		this.#active = (i + options.length) % options.length;
		const option = options[this.#active];
		option.setAttribute("aria-selected", "true");
		option.scrollIntoView({ block: "nearest" });
		this.#input.setAttribute("aria-activedescendant", option.id);
	}

	#take(i) {
		const item = this.#offer.items[i];
		const { from, to } = this.#offer;
		const text = this.#input.value;
		this.#input.value = text.slice(0, from) + item.insert + text.slice(to).replace(/^\s+/, "");
		const caret = from + item.insert.length;
		this.#input.setSelectionRange(caret, caret);
		this.#clear.hidden = false;
		if (item.goesOn) {
			this.#tell.cancel();
			this.#suggest();
		} else {
			this.#close();
			this.#try();
		}
	}

	#key(event) {
		if (event.isComposing || event.ctrlKey || event.metaKey)
			return;
		const open = !this.#list.hidden;
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			if (!open)
				this.#suggest();
			if (!this.#list.hidden)
				this.#activate(event.key === "ArrowDown" ? this.#active + 1 : Math.max(this.#active, 0) - 1);
		} else if (open && this.#active >= 0 && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
			this.#take(this.#active);
		} else if (open && event.key === "Escape") {
			this.#close();
		} else {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
	}
}
