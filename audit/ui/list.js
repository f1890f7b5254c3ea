// SPDX-License-Identifier: MIT
//
// The list of chains, of which only the rows that are seen are elements, however many there are. A listbox by the ARIA
// pattern: the focus is on the list, and aria-activedescendant names the row.
//
// Rows have one height, so that a row's place is its number times that. Browsers can't lay out millions of pixels, so
// above MAX_HEIGHT the scroll bar stands for the whole in proportion, and small movements still move by pixels.

import { el, fill } from "./dom.js";
import { kindOf } from "./names.js";
import { chainRow, chainWords } from "./row.js";

const MAX_HEIGHT = 8_000_000;
const MORE = 8; // rows beyond the edges
const STILL_MS = 150;

export class List {
	total = 0;
	active = -1; // number of the row that the keys are at
	#box;
	#row;
	#onChoose;
	#onWindow;
	#space = el("div", { class: "space", role: "none" });
	#elements = new Map(); // number of a row -> its element
	#height = 46;
	#top = 0; // of the window, in pixels of the whole list
	#scrolled = 0; // scrollTop as last seen
	#frame = 0;
	#still = 0;
	#waiting = false; // for the active row, to choose it

	// row(i) -> summary or undefined; onChoose(summary, how: "key" | "click" | "enter"); onWindow(first, last) before
	// rows are shown.
	constructor(box, { row, onChoose, onWindow }) {
		this.#box = box;
		this.#row = row;
		this.#onChoose = onChoose;
		this.#onWindow = onWindow;
		box.append(this.#space);
		box.addEventListener("scroll", () => this.#onScroll(), { passive: true });
		box.addEventListener("keydown", (event) => this.#key(event));
		box.addEventListener("click", (event) => this.#click(event));
		new ResizeObserver(() => this.#resized()).observe(box);
		this.#resized();
	}

	get atTop() {
		return this.#top < this.#height / 2;
	}

	get first() {
		return Math.floor(this.#top / this.#height);
	}

	get last() {
		return Math.min(this.total, Math.ceil((this.#top + this.#box.clientHeight) / this.#height)) - 1;
	}

	// Another list: from its top, unless a row is to be seen.
	reset(total, active) {
		this.total = total;
		this.active = active;
		this.#waiting = false;
		this.#resize();
		this.#moveTo(0);
		if (active >= 0)
			this.reveal(active);
		this.#again();
	}

	// `added` rows came above; what is seen stays where it is, unless that is the top.
	grown(total, added) {
		this.total = total;
		if (this.active >= 0)
			this.active = Math.min(total - 1, Math.max(0, this.active + added));
		this.#resize();
		if (!this.atTop && added !== 0)
			this.#moveTo(this.#top + added * this.#height);
		this.#again();
	}

	// Rows have come or changed.
	changed(total) {
		if (total !== this.total) {
			this.total = total;
			this.#resize();
		}
		this.#again();
		if (this.#waiting)
			this.#chooseActive("key");
	}

	toTop() {
		this.#moveTo(0);
		this.#draw();
	}

	reveal(i) {
		const from = i * this.#height;
		const view = this.#box.clientHeight;
		if (from < this.#top)
			this.#moveTo(from);
		else if (from + this.#height > this.#top + view)
			this.#moveTo(from + this.#height - view);
		this.#draw();
	}

	// The row that the chosen chain is at moves by `step`.
	move(step) {
		if (this.total > 0)
			this.#goTo(this.active < 0 ? (step > 0 ? 0 : this.total - 1) : this.active + step);
	}

	focus() {
		this.#box.focus({ preventScroll: true });
	}

	// Only the mark of what is chosen has changed.
	mark(active) {
		this.active = active;
		this.#again();
	}

	#goTo(i) {
		this.active = Math.min(this.total - 1, Math.max(0, i));
		this.reveal(this.active);
		this.#again();
		this.#chooseActive("key");
	}

	#chooseActive(how) {
		const row = this.#row(this.active);
		this.#waiting = !row && this.active >= 0;
		if (row)
			this.#onChoose(row, how);
	}

	// places

	get #whole() {
		return this.total * this.#height;
	}

	get #scrollable() {
		return Math.max(0, Math.min(this.#whole, MAX_HEIGHT) - this.#box.clientHeight);
	}

	get #movable() {
		return Math.max(0, this.#whole - this.#box.clientHeight);
	}

	#resize() {
		this.#space.style.height = `${Math.min(this.#whole, MAX_HEIGHT)}px`;
		this.#top = Math.min(this.#top, this.#movable);
	}

	#resized() {
		const probe = el("div", { class: "row", "aria-hidden": "true" });
		this.#space.append(probe);
		const height = probe.getBoundingClientRect().height || 46;
		probe.remove();
		if (height !== this.#height) {
			const first = this.#top / this.#height;
			this.#height = height;
			this.#resize();
			this.#moveTo(first * height);
		}
		this.#draw();
	}

	#moveTo(top) {
		this.#top = Math.min(Math.max(0, top), this.#movable);
		const share = this.#movable > 0 ? this.#top / this.#movable : 0;
		this.#box.scrollTop = this.#whole > MAX_HEIGHT ? share * this.#scrollable : this.#top;
		this.#scrolled = this.#box.scrollTop;
	}

	#onScroll() {
		const now = this.#box.scrollTop;
		const by = now - this.#scrolled;
		if (by === 0)
			return;
		this.#scrolled = now;
		if (this.#whole <= MAX_HEIGHT)
			this.#top = now;
		else if (now <= 0)
			this.#top = 0;
		else if (now >= this.#scrollable)
			this.#top = this.#movable;
		else if (Math.abs(by) > 2 * this.#box.clientHeight) // the scroll bar was dragged
			this.#top = now / this.#scrollable * this.#movable;
		else
			this.#top = Math.min(Math.max(0, this.#top + by), this.#movable);
		if (this.#whole > MAX_HEIGHT) {
			clearTimeout(this.#still);
			this.#still = setTimeout(() => { // the bar goes to where it belongs
				this.#moveTo(this.#top);
				this.#draw();
			}, STILL_MS);
		}
		if (!this.#frame)
			this.#frame = requestAnimationFrame(() => {
				this.#frame = 0;
				this.#draw();
			});
	}

	// elements

	#again() {
		for (const element of this.#elements.values())
			element.dirty = true;
		this.#draw();
	}

	#draw() {
		const first = Math.max(0, this.first - MORE);
		const last = Math.min(this.total - 1, this.last + MORE);
		this.#onWindow(this.first, Math.max(this.first, this.last));
		for (const [i, element] of this.#elements) {
			if (i < first || i > last) {
				element.node.remove();
				this.#elements.delete(i);
			}
		}
		const shift = this.#scrolled - this.#top; // 0 but where the bar stands for more than it is long
		for (let i = first; i <= last; i++)
			this.#drawRow(i, i * this.#height + shift);
		const active = this.#elements.get(this.active);
		if (active)
			this.#box.setAttribute("aria-activedescendant", active.node.id);
		else
			this.#box.removeAttribute("aria-activedescendant");
	}

	#drawRow(i, y) {
		let element = this.#elements.get(i);
		const row = this.#row(i);
		if (!element) {
			element = { node: el("div", { role: "option", id: `row-${i}` }), row: null, dirty: true, y: NaN };
			this.#elements.set(i, element);
			this.#insert(i, element.node);
		}
		if (element.y !== y) {
			element.y = y;
			element.node.style.transform = `translateY(${y}px)`;
		}
		if (!element.dirty && element.row === row)
			return;
		const { node } = element;
		const chosen = i === this.active;
		if (element.row !== row || !node.firstChild) {
			fill(node, row ? chainRow(row) : el("span", { class: "coming" }, "…"));
			node.setAttribute("aria-label", row ? chainWords(row) : "not here yet");
		}
		node.className = `row ${kindOf(row?.verdict)}${chosen ? " chosen" : ""}`;
		node.setAttribute("aria-setsize", this.total);
		node.setAttribute("aria-posinset", i + 1);
		node.setAttribute("aria-selected", String(chosen));
		element.row = row;
		element.dirty = false;
	}

	// In the order of the rows, for those who don't see them.
	#insert(i, node) {
		let next = null;
		for (let j = i + 1; j <= i + 2 * MORE + 200 && !next; j++)
			next = this.#elements.get(j)?.node ?? null;
		this.#box.insertBefore(node, next);
	}

	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey || this.total === 0)
			return;
		const screen = Math.max(1, Math.floor(this.#box.clientHeight / this.#height) - 1);
		const at = Math.max(0, this.active);
		switch (event.key) {
		case "ArrowDown": this.move(1); break;
		case "ArrowUp": this.move(-1); break;
		case "PageDown": this.#goTo(at + screen); break;
		case "PageUp": this.#goTo(at - screen); break;
		case "Home": this.#goTo(0); break;
		case "End": this.#goTo(this.total - 1); break;
		case "Enter":
		case " ": this.#chooseActive("enter"); break;
		default: return;
		}
		event.preventDefault();
	}

	#click(event) {
		const node = event.target.closest("[role=option]");
		if (!node)
			return;
		this.active = Number(node.id.slice("row-".length));
		this.#again();
		this.#chooseActive("click");
	}
}
