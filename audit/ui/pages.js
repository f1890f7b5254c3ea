// SPDX-License-Identifier: MIT
//
// The chains that match, of which only the pages around what is seen are here. A row that is not yet here is undefined; it
// comes, and `onRows` is called. At any time the server may have more: refresh() asks anew and keeps what is shown until
// the answer is there.

const PAGE = 100;
const KEPT = 24; // pages

export class Pages {
	total = 0;
	#fetch;
	#onRows;
	#onProblem;
	#pages = new Map(); // number -> {rows, stale}, the least recently used first
	#loading = new Map(); // number -> AbortController
	#query = null;
	#generation = 0;

	// fetch({filter, order, offset, limit}, signal) -> {total, chains}
	constructor({ fetch, onRows, onProblem }) {
		this.#fetch = fetch;
		this.#onRows = onRows;
		this.#onProblem = onProblem;
	}

	row(i) {
		return this.#pages.get(Math.floor(i / PAGE))?.rows[i % PAGE];
	}

	// Of the rows that are here.
	indexOf(id) {
		for (const [number, page] of this.#pages) {
			const at = page.rows.findIndex((row) => String(row.id) === String(id));
			if (at >= 0)
				return number * PAGE + at;
		}
		return -1;
	}

	// Another filter or order. Resolves when its first page is here; rejects with a Problem, and then the old rows stay.
	async ask(query) {
		this.#stop();
		const generation = ++this.#generation;
		const controller = new AbortController();
		this.#loading.set(0, controller);
		try {
			const answer = await this.#fetch({ ...query, offset: 0, limit: PAGE }, controller.signal);
			if (generation !== this.#generation)
				return false;
			this.#query = query;
			this.#pages.clear();
			this.#take(0, answer);
			return true;
		} catch (error) {
			if (error.name === "AbortError" || generation !== this.#generation)
				return false;
			throw error;
		} finally {
			if (generation === this.#generation)
				this.#loading.delete(0);
		}
	}

	// Makes sure that the rows from `first` to `last` are here or come. Pages far away are not worth waiting for.
	want(first, last) {
		if (this.#query === null)
			return;
		const from = Math.max(0, Math.floor(first / PAGE));
		const to = Math.min(Math.floor(last / PAGE), Math.floor(Math.max(0, this.total - 1) / PAGE));
		for (const [number, controller] of this.#loading) {
			if (number < from || number > to) {
				controller.abort();
				this.#loading.delete(number);
			}
		}
		for (let number = from; number <= to; number++) {
			const page = this.#pages.get(number);
			if (page) { // now the most recently used
				this.#pages.delete(number);
				this.#pages.set(number, page);
			}
			if ((!page || page.stale) && !this.#loading.has(number))
				this.#load(number);
		}
	}

	// Everything may have changed. Resolves to the change of the total.
	async refresh(first, last) {
		if (this.#query === null)
			return 0;
		const before = this.total;
		for (const page of this.#pages.values())
			page.stale = true;
		const from = Math.max(0, Math.floor(first / PAGE));
		const to = Math.max(from, Math.floor(last / PAGE));
		const loads = [];
		for (let number = from; number <= to; number++) {
			if (!this.#loading.has(number))
				loads.push(this.#load(number, { quiet: true }));
		}
		await Promise.all(loads);
		return this.total - before;
	}

	#stop() {
		for (const controller of this.#loading.values())
			controller.abort();
		this.#loading.clear();
	}

	async #load(number, { quiet = false } = {}) {
		const generation = this.#generation;
		const controller = new AbortController();
		this.#loading.set(number, controller);
		try {
			const answer = await this.#fetch({ ...this.#query, offset: number * PAGE, limit: PAGE }, controller.signal);
			if (generation === this.#generation)
				this.#take(number, answer, { quiet });
		} catch (error) {
			if (error.name !== "AbortError" && generation === this.#generation)
				this.#onProblem(error);
		} finally {
			if (this.#loading.get(number) === controller)
				this.#loading.delete(number);
		}
	}

	#take(number, answer, { quiet = false } = {}) {
		this.total = answer.total;
		this.#pages.delete(number);
		this.#pages.set(number, { rows: answer.chains, stale: false });
		for (const old of this.#pages.keys()) {
			if (this.#pages.size <= KEPT)
				break;
			this.#pages.delete(old);
		}
		if (!quiet)
			this.#onRows();
	}
}
